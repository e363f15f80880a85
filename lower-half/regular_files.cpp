// Regular files, directories and harmless devices: by path; files without a name: by contents. See file_kinds.h.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include "file_kinds.h"
#include "files.h"

namespace mana {

using image::FileKind;
using image::FileLock;
using image::Problem;
using image::SavedFile;

namespace {

constexpr std::uint32_t kNotAgain = O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY;

std::map<std::uint64_t, int> &memory_objects = *new std::map<std::uint64_t, int>;

bool harmless_device(const struct stat &status) {
  if (!S_ISCHR(status.st_mode) || major(status.st_rdev) != 1) return false;
  const unsigned number = minor(status.st_rdev);
  return number == 3 || number == 5 || number == 7 || number == 8 || number == 9;  // null zero full random urandom
}

// The parts of the file that are no holes. The description may be write-only: a new one of the same file is not.
bool file_contents(SavedFile *file) {
  const int reader = ::open(proc_fd(file->fd).c_str(), O_RDONLY | O_CLOEXEC);
  if (reader < 0) return false;
  const auto end = static_cast<off_t>(file->size);
  bool whole = true;
  for (off_t at = 0; whole && at < end;) {
    const off_t data = ::lseek(reader, at, SEEK_DATA);
    if (data < 0 || data >= end) break;  // ENXIO: a hole up to the end
    const off_t hole = std::min(::lseek(reader, data, SEEK_HOLE), end);
    const auto length = static_cast<std::size_t>(hole - data), before = file->contents.size();
    if (hole <= data || before + length > kMaxUnlinked) {
      whole = false;
      break;
    }
    file->contents.resize(before + length);
    whole = ::pread(reader, file->contents.data() + before, length, data) == static_cast<ssize_t>(length);
    file->numbers.insert(file->numbers.end(), {static_cast<std::uint64_t>(data), length});
    at = hole;
  }
  ::close(reader);
  return whole;
}

// "lock:	1: POSIX  ADVISORY  READ 19418 fe:00:11028239 3 9"
void describe_locks(SavedFile *file) {
  for (const std::string &line : info_lines(file->fd)) {
    char kind[16] = "", access[16] = "", end[32] = "";
    unsigned long long start = 0;
    if (std::sscanf(line.c_str(), "lock: %*d: %15s %*s %15s %*d %*s %llu %31s", kind, access, &start, end) != 4) continue;
    FileLock lock;
    if (std::strcmp(kind, "POSIX") == 0)
      lock.kind = 1;
    else if (std::strcmp(kind, "OFDLCK") == 0)
      lock.kind = 2;
    else if (std::strcmp(kind, "FLOCK") != 0)
      continue;
    lock.writes = std::strcmp(access, "WRITE") == 0;
    lock.start = start;
    lock.length = std::strcmp(end, "EOF") == 0 ? 0 : std::strtoull(end, nullptr, 10) - start + 1;
    file->locks.push_back(lock);
  }
}

bool leads_to(const std::string &path, const struct stat &status) {
  struct stat by_path {};
  return !path.empty() && path[0] == '/' && ::stat(path.c_str(), &by_path) == 0 && by_path.st_ino == status.st_ino &&
         by_path.st_dev == status.st_dev;
}

Found describe_nameless(SavedFile *file, const Opened &opened, std::string *what) {
  file->kind = FileKind::unlinked;
  file->id = image::object_id(major(opened.status.st_dev), minor(opened.status.st_dev), opened.status.st_ino);
  if (file_contents(file)) return Found::saved;
  *what = "the file without a name " + image::printable(opened.path) + ", which holds more than 64 MiB";
  return Found::lost;
}

// What /proc tells about this process is, after a restart, about the one that this has become.
std::string of_whichever_process(const std::string &path) {
  const std::string own = "/proc/" + std::to_string(::getpid()) + "/";
  return path.starts_with(own) ? "/proc/self/" + path.substr(own.size()) : path;
}

}  // namespace

Found describe_regular(SavedFile *file, const Opened &opened, std::string *what) {
  const struct stat &status = opened.status;
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) && !harmless_device(status)) return Found::other;
  file->offset = static_cast<std::uint64_t>(std::max<off_t>(0, ::lseek(file->fd, 0, SEEK_CUR)));
  file->size = static_cast<std::uint64_t>(status.st_size);
  const bool regular = S_ISREG(status.st_mode);
  if (regular) describe_locks(file);
  if (regular && status.st_nlink == 0) return describe_nameless(file, opened, what);
  if (!leads_to(opened.path, status)) {
    *what = image::printable(opened.path) + ", which is not there under this name any more";
    return Found::lost;
  }
  file->kind = FileKind::regular;
  file->path = of_whichever_process(opened.path);
  const bool writes = (file->flags & O_ACCMODE) != O_RDONLY && regular;
  file->cut_back = writes && ((file->flags & O_APPEND) || file->offset == file->size);
  return Found::saved;
}

// ---------------------------------------------------------------------------------
// Restart

namespace {

Problem problem_with(const SavedFile &file, const std::string &path, int error) {
  return {image::kNotThere, error,
          "descriptor " + std::to_string(file.fd) + ": cannot open " + image::printable(path) + " again: " +
              std::strerror(error)};
}

bool keep_files() {
  const char *wish = std::getenv("MANA_FILES");
  return wish && std::strcmp(wish, "keep") == 0;
}

bool fill(int fd, const SavedFile &file) {
  std::size_t at = 0;
  for (std::size_t i = 0; i + 1 < file.numbers.size(); i += 2) {
    const std::uint64_t length = file.numbers[i + 1];
    if (length > file.contents.size() - at) return false;
    if (::pwrite(fd, file.contents.data() + at, length, static_cast<off_t>(file.numbers[i])) != static_cast<ssize_t>(length))
      return false;
    at += length;
  }
  return ::ftruncate(fd, static_cast<off_t>(file.size)) == 0;
}

// ext4 forgets to begin anew when a directory is read for the first time at its end and then rewound: it notes the place of the last
// reading only when it has read something. So one reading comes first.
void read_once(int folder) {
  alignas(8) char entries[1024];
  ::syscall(SYS_getdents64, folder, entries, sizeof entries);
}

}  // namespace

Problem restore_regular(const SavedFile &file, int *result) {
  const std::string path = mapped_path(file.path);
  const int fd = ::open(path.c_str(), static_cast<int>(file.flags & ~kNotAgain));
  if (fd < 0) return problem_with(file, path, errno);
  struct stat status {};
  ::fstat(fd, &status);
  const bool regular = S_ISREG(status.st_mode);
  if (regular && static_cast<std::uint64_t>(status.st_size) < file.size) {
    ::close(fd);
    return {image::kNotThere, 0,
            "descriptor " + std::to_string(file.fd) + ": " + image::printable(path) + " has " +
                std::to_string(status.st_size) + " bytes; it had " + std::to_string(file.size) + " at the checkpoint"};
  }
  if (regular && file.cut_back && !keep_files() && ::ftruncate(fd, static_cast<off_t>(file.size)) != 0)
    return problem_with(file, path, errno);
  if (S_ISDIR(status.st_mode)) read_once(fd);
  if (regular || S_ISDIR(status.st_mode)) ::lseek(fd, static_cast<off_t>(file.offset), SEEK_SET);
  *result = fd;
  return {};
}

Problem restore_unlinked(const SavedFile &file, int *result) {
  const int mapped = memory_object(file.id);
  const int fd = mapped ? mapped : ::memfd_create("restored", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0 || !fill(fd, file)) return problem_with(file, "a file without a name", errno);
  const int again = ::open(proc_fd(fd).c_str(), static_cast<int>(file.flags & ~kNotAgain));
  const int error = errno;
  if (!mapped) ::close(fd);
  if (again < 0) return problem_with(file, "a file without a name", error);
  ::lseek(again, static_cast<off_t>(file.offset), SEEK_SET);
  *result = again;
  return {};
}

Problem restore_locks(const SavedFile &file) {
  for (const FileLock &lock : file.locks) {
    struct flock record {};
    record.l_type = lock.writes ? F_WRLCK : F_RDLCK;
    record.l_whence = SEEK_SET;
    record.l_start = static_cast<off_t>(lock.start);
    record.l_len = static_cast<off_t>(lock.length);
    const int failed = lock.kind == 0 ? ::flock(file.fd, (lock.writes ? LOCK_EX : LOCK_SH) | LOCK_NB)
                                      : ::fcntl(file.fd, lock.kind == 1 ? F_SETLK : F_OFD_SETLK, &record);
    if (failed)
      return {image::kHostUnfit, errno,
              "descriptor " + std::to_string(file.fd) + ": the program had locked " + image::printable(file.path) +
                  ", which cannot be locked again: " + std::strerror(errno)};
  }
  return {};
}

int memory_object(std::uint64_t id) {
  const auto found = memory_objects.find(id);
  return id != 0 && found != memory_objects.end() ? found->second : 0;
}
void remember_memory_object(std::uint64_t id, int fd) { memory_objects[id] = fd; }
void forget_memory_objects() {
  for (const auto &[id, fd] : memory_objects) ::close(fd);
  memory_objects.clear();
}

std::string mapped_path(const std::string &path) {
  const char *rules = std::getenv("MANA_MAP_PATH");
  for (std::string rest = rules ? rules : ""; !rest.empty();) {
    const std::string rule = rest.substr(0, rest.find('\n'));
    rest.erase(0, rule.size() + 1);
    const std::size_t equals = rule.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    std::string from = rule.substr(0, equals);
    while (from.size() > 1 && from.back() == '/') from.pop_back();
    if (path.starts_with(from) && (path.size() == from.size() || path[from.size()] == '/'))
      return rule.substr(equals + 1) + path.substr(from.size());
  }
  return path;
}

}  // namespace mana
