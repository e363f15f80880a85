// Files of the live MPI: which ones are open, so that a job that stops can close them, what the file system says, and who sees
// the same one.
//
// A job that stops after a checkpoint leaves files open that its restart opens again. Thrown away open, they would leave
// things behind: ROMIO a hidden file beside each one with a shared pointer, OMPIO a named semaphore and a mapped file. So they are
// closed before MPI_Finalize, in an order that all ranks share, because closing is collective.
#include "backends/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backends/convert.h"
#include "backends/narrow.h"
#include "crossing.h"

namespace mana {

namespace {

struct OpenFile {
  MPI_File file;
  std::uint64_t order;
};
std::vector<OpenFile> open_files;
std::mutex mutex;  // threads of the application open files too

// ROMIO's way to name the file system: a word and a colon before the path.
const char *without_prefix(const char *name) {
  const char *colon = std::strchr(name, ':');
  return colon && colon - name > 1 && !std::memchr(name, '/', static_cast<std::size_t>(colon - name)) ? colon + 1 : name;
}

// What the first process asks all others: do you mean this directory, and do you see this file in it?
struct Question {
  char directory[PATH_MAX], file[PATH_MAX];
};

void ask_about(const char *directory, Question *question) {
  std::snprintf(question->directory, sizeof question->directory, "%s", directory);
  std::string path = std::string(directory) + "/.mana-who-sees-this-XXXXXX";
  const int file = *directory && path.size() < sizeof question->file ? ::mkostemp(path.data(), O_CLOEXEC) : -1;
  if (file < 0) return;
  ::close(file);
  std::memcpy(question->file, path.c_str(), path.size());
}

// Those who can see a file that the first makes in the directory: all of them, or the processes of each machine.
int split_by_directory(MPI_Comm comm, const char *directory, MPI_Comm *made) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  const auto question = std::make_unique<Question>();  // the program's stack may be small
  if (rank == 0) ask_about(directory, question.get());
  MPI_Bcast(question.get(), sizeof *question, MPI_BYTE, 0, comm);
  enum { kAgreed, kSeen, kAnswers };
  int answers[kAnswers] = {std::strcmp(question->directory, directory) == 0, ::access(question->file, F_OK) == 0};
  const int error = MPI_Allreduce(MPI_IN_PLACE, answers, kAnswers, MPI_INT, MPI_MIN, comm);
  if (rank == 0 && *question->file) ::unlink(question->file);
  if (error != MPI_SUCCESS) return error;
  if (!answers[kAgreed] || !*directory) return MPI_SUCCESS;
  if (!*question->file) return MPI_ERR_IO;
  return answers[kSeen] ? MPI_Comm_dup(comm, made) : MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, made);
}

}  // namespace

int amode_to_native(int amode) {
  static constexpr int kBits[][2] = {
      {abi::MODE_APPEND, MPI_MODE_APPEND},       {abi::MODE_CREATE, MPI_MODE_CREATE},
      {abi::MODE_EXCL, MPI_MODE_EXCL},           {abi::MODE_DELETE_ON_CLOSE, MPI_MODE_DELETE_ON_CLOSE},
      {abi::MODE_RDONLY, MPI_MODE_RDONLY},       {abi::MODE_RDWR, MPI_MODE_RDWR},
      {abi::MODE_SEQUENTIAL, MPI_MODE_SEQUENTIAL}, {abi::MODE_UNIQUE_OPEN, MPI_MODE_UNIQUE_OPEN},
      {abi::MODE_WRONLY, MPI_MODE_WRONLY}};
  int native = 0;
  for (const auto &[ours, theirs] : kBits)
    if (amode & ours) native |= theirs;
  return native;
}

int lower_open_file(NativeComm comm, const char *path, int amode, NativeInfo info, std::uint64_t order, NativeFile *file) {
  Crossing crossing;
  MPI_File opened = MPI_FILE_NULL;
  const int error = MPI_File_open(unwrap<MPI_Comm>(comm), path, amode_to_native(amode), unwrap<MPI_Info>(info), &opened);
  if (error != MPI_SUCCESS) return error_class_to_abi(error);
  const std::lock_guard lock(mutex);
  open_files.push_back({opened, order});
  *file = wrap<NativeFile>(opened);
  return 0;
}

int lower_close_file(NativeFile *file) {
  Crossing crossing;
  MPI_File closing = unwrap<MPI_File>(*file);
  {
    const std::lock_guard lock(mutex);
    std::erase_if(open_files, [&](const OpenFile &open) { return open.file == closing; });
  }
  const int error = MPI_File_close(&closing);
  *file = wrap<NativeFile>(closing);
  return error_from_native(error);
}

int lower_identify_file(const char *path, FileIdentity *identity) {
  Crossing crossing;
  struct stat status {};
  if (::stat(path, &status) != 0) return errno;
  identity->device = status.st_dev;
  identity->inode = status.st_ino;
  identity->bytes = status.st_size;
  identity->modified_ns = status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec;
  return 0;
}

int lower_absolute_path(const char *name, char *path, int room) {
  Crossing crossing;
  std::string absolute = without_prefix(name);
  if (!absolute.starts_with('/')) {
    char here[PATH_MAX];
    if (!::getcwd(here, sizeof here)) return errno;
    absolute = std::string(here) + '/' + absolute;
  }
  if (absolute.size() >= static_cast<std::size_t>(room)) return ENAMETOOLONG;
  std::memcpy(path, absolute.c_str(), absolute.size() + 1);
  return 0;
}

int lower_split_type_of_mpich(NativeComm comm, int type, int key, const char *directory, NativeComm *made) {
  Crossing crossing;
  MPI_Comm concerned = MPI_COMM_NULL, result = MPI_COMM_NULL;
  int error = MPI_Comm_split(unwrap<MPI_Comm>(comm), type == abi::UNDEFINED ? MPI_UNDEFINED : 0, key, &concerned);
  if (error == MPI_SUCCESS && concerned != MPI_COMM_NULL) {
    error = directory ? split_by_directory(concerned, directory, &result)
                      : MPI_Comm_split_type(concerned, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &result);
    MPI_Comm_free(&concerned);
  }
  *made = wrap<NativeComm>(result);
  return error_from_native(error);
}

void close_open_files() {
  std::sort(open_files.begin(), open_files.end(), [](const OpenFile &a, const OpenFile &b) { return a.order < b.order; });
  for (OpenFile &open : open_files) MPI_File_close(&open.file);
  open_files.clear();
}

}  // namespace mana
