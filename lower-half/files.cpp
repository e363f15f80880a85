// See files.h.
#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "descriptors.h"

namespace mana {

using image::FileKind;
using image::Problem;
using image::SavedFile;

namespace {

struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  bool open = false;
  bool operator==(const Identity &) const = default;
};
Identity launchers[3];

Identity identity_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return {};
  return {status.st_dev, status.st_ino, true};
}

std::string proc_fd(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

std::string path_of(int fd) {
  char path[PATH_MAX];
  const ssize_t n = ::readlink(proc_fd(fd).c_str(), path, sizeof path);
  return n > 0 ? std::string(path, static_cast<std::size_t>(n)) : std::string();
}

// The value of a line "name: value" in fdinfo, in `numeric_base`.
std::uint64_t info_of(int fd, const std::string &name, int numeric_base) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(fd));
  for (std::string line; std::getline(info, line);)
    if (line.starts_with(name + ":")) return std::strtoull(line.c_str() + name.size() + 1, nullptr, numeric_base);
  return 0;
}

std::vector<int> applications_descriptors() {
  std::vector<int> found;
  DIR *folder = ::opendir("/proc/self/fd");
  if (!folder) return found;
  while (const dirent *entry = ::readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd != ::dirfd(folder) && fd < descriptor_base()) found.push_back(fd);
  }
  ::closedir(folder);
  std::sort(found.begin(), found.end());
  return found;
}

// Two descriptors share an open file description: one offset, one set of flags. Where kcmp is not to be had, moving one
// offset and looking at the other tells; what has no offset is then taken to be its own.
bool same_description(int a, int b) {
  const long order = ::syscall(SYS_kcmp, ::getpid(), ::getpid(), KCMP_FILE, a, b);
  if (order >= 0) return order == 0;
  if (identity_of(a) != identity_of(b)) return false;
  const off_t before = ::lseek(a, 0, SEEK_CUR), other = ::lseek(b, 0, SEEK_CUR);
  if (before < 0 || before != other) return false;
  ::lseek(a, before + 1, SEEK_SET);
  const bool moved = ::lseek(b, 0, SEEK_CUR) == before + 1;
  ::lseek(a, before, SEEK_SET);
  return moved;
}

// Without taking it out: tee() copies references to the pipe's pages into a pipe of our own.
bool pipe_contents(int fd, std::string *contents) {
  int copy[2];
  if (::pipe2(copy, O_NONBLOCK | O_CLOEXEC) != 0) return false;
  ::fcntl(copy[1], F_SETPIPE_SZ, ::fcntl(fd, F_GETPIPE_SZ));
  const ssize_t size = ::tee(fd, copy[1], 1 << 30, SPLICE_F_NONBLOCK);
  if (size > 0) {
    contents->resize(static_cast<std::size_t>(size));
    contents->resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(copy[0], contents->data(), contents->size()))));
  }
  ::close(copy[0]);
  ::close(copy[1]);
  return size >= 0 || errno == EAGAIN;
}

bool file_contents(int fd, std::uint64_t size, std::string *contents) {
  if (size > kMaxUnlinked) return false;
  // The description may be write-only: a new one of the same file is not.
  const int reader = ::open(proc_fd(fd).c_str(), O_RDONLY | O_CLOEXEC);
  if (reader < 0) return false;
  contents->resize(size);
  const bool whole = ::pread(reader, contents->data(), size, 0) == static_cast<ssize_t>(size);
  ::close(reader);
  return whole;
}

bool describe_regular(SavedFile *file, const struct stat &status, const std::string &path) {
  file->offset = static_cast<std::uint64_t>(std::max<off_t>(0, ::lseek(file->fd, 0, SEEK_CUR)));
  file->size = static_cast<std::uint64_t>(status.st_size);
  if (status.st_nlink == 0 && S_ISREG(status.st_mode)) {
    file->kind = FileKind::unlinked;
    return file_contents(file->fd, file->size, &file->contents);
  }
  struct stat by_path {};
  if (path.empty() || path[0] != '/' || ::stat(path.c_str(), &by_path) != 0 || by_path.st_ino != status.st_ino ||
      by_path.st_dev != status.st_dev)
    return false;
  file->kind = FileKind::regular;
  file->path = path;
  const bool writes = (file->flags & O_ACCMODE) != O_RDONLY && S_ISREG(status.st_mode);
  file->cut_back = writes && ((file->flags & O_APPEND) || file->offset == file->size);
  return true;
}

bool harmless_device(const struct stat &status) {
  if (!S_ISCHR(status.st_mode) || major(status.st_rdev) != 1) return false;
  const unsigned number = minor(status.st_rdev);
  return number == 3 || number == 5 || number == 7 || number == 8 || number == 9;  // null zero full random urandom
}

bool standard(SavedFile *file, int number) {
  file->kind = FileKind::standard;
  file->same_as = number;
  return true;
}

// What `file->fd` is; false: not something that can be restored.
bool describe(SavedFile *file, const std::vector<SavedFile> &earlier) {
  const Identity identity = identity_of(file->fd);
  if (file->fd < 3 && identity == launchers[file->fd]) return standard(file, file->fd);
  for (const SavedFile &other : earlier)
    if (same_description(other.fd, file->fd)) {
      file->kind = FileKind::duplicate;
      file->same_as = other.fd;
      return true;
    }
  struct stat status {};
  if (::fstat(file->fd, &status) != 0) return false;
  const std::string path = path_of(file->fd);
  if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || harmless_device(status))
    return describe_regular(file, status, path);
  // A copy whose original the program has closed.
  for (int number = 0; number < 3; ++number)
    if (identity == launchers[number]) return standard(file, number);
  if (S_ISFIFO(status.st_mode)) {
    file->offset = status.st_ino;
    file->kind = (file->flags & O_ACCMODE) == O_WRONLY ? FileKind::pipe_write : FileKind::pipe_read;
    return path.starts_with("pipe:") && (file->kind == FileKind::pipe_write || pipe_contents(file->fd, &file->contents));
  }
  if (path == "anon_inode:[eventfd]") {
    file->kind = FileKind::event;
    file->offset = info_of(file->fd, "eventfd-count", 16);
    return true;
  }
  return false;
}

std::string warning_for(int fd) {
  const std::string path = path_of(fd);
  return "descriptor " + std::to_string(fd) + " (" + image::printable(path) + ") is not restored: it will be closed";
}

// Pipes whose other end is in another process go.
void drop_half_pipes(std::vector<SavedFile> *files, std::vector<std::string> *warnings) {
  const auto has = [&](FileKind kind, std::uint64_t id) {
    return std::any_of(files->begin(), files->end(), [&](const SavedFile &f) { return f.kind == kind && f.offset == id; });
  };
  const auto lost = [&](const SavedFile &f) {
    if (f.kind == FileKind::pipe_read) return !has(FileKind::pipe_write, f.offset);
    return f.kind == FileKind::pipe_write && !has(FileKind::pipe_read, f.offset);
  };
  std::vector<SavedFile> kept;
  std::vector<int> gone;
  for (const SavedFile &file : *files) {
    const bool of_gone = file.kind == FileKind::duplicate && std::count(gone.begin(), gone.end(), file.same_as);
    if (!lost(file) && !of_gone) {
      kept.push_back(file);
      continue;
    }
    gone.push_back(file.fd);
    warnings->push_back(warning_for(file.fd));
  }
  *files = std::move(kept);
}

}  // namespace

void files_start() {
  for (int fd = 0; fd < 3; ++fd) launchers[fd] = identity_of(fd);
}

void files_describe(std::vector<SavedFile> *files, std::vector<std::string> *warnings) {
  for (const int fd : applications_descriptors()) {
    SavedFile file;
    file.fd = fd;
    file.flags = static_cast<std::uint32_t>(::fcntl(fd, F_GETFL));
    file.cloexec = (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
    if (describe(&file, *files))
      files->push_back(std::move(file));
    else
      warnings->push_back(warning_for(fd));
  }
  drop_half_pipes(files, warnings);
}

// ---------------------------------------------------------------------------------
// Restart

namespace {

constexpr std::uint32_t kNotAgain = O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY;
constexpr std::uint32_t kStatusFlags = O_APPEND | O_NONBLOCK;

Problem problem_with(const SavedFile &file, int error) {
  return {image::kNotThere, error,
          "descriptor " + std::to_string(file.fd) + ": cannot open " + image::printable(file.path) + " again: " +
              std::strerror(error)};
}

// Puts `from` at the application's number. dup3 wants two numbers that differ.
bool place(int from, const SavedFile &file) {
  if (from != file.fd) {
    if (::syscall(SYS_dup3, from, file.fd, file.cloexec ? O_CLOEXEC : 0) < 0) return false;
    ::close(from);
  }
  return ::fcntl(file.fd, F_SETFD, file.cloexec ? FD_CLOEXEC : 0) == 0;
}

Problem reopen(const SavedFile &file) {
  const int fd = ::open(file.path.c_str(), static_cast<int>(file.flags & ~kNotAgain));
  if (fd < 0) return problem_with(file, errno);
  struct stat status {};
  ::fstat(fd, &status);
  const bool regular = S_ISREG(status.st_mode);
  if (regular && static_cast<std::uint64_t>(status.st_size) < file.size) {
    ::close(fd);
    return {image::kNotThere, 0,
            "descriptor " + std::to_string(file.fd) + ": " + image::printable(file.path) + " has " +
                std::to_string(status.st_size) + " bytes; it had " + std::to_string(file.size) + " at the checkpoint"};
  }
  if (regular && file.cut_back && ::ftruncate(fd, static_cast<off_t>(file.size)) != 0) return problem_with(file, errno);
  if (regular || S_ISDIR(status.st_mode)) ::lseek(fd, static_cast<off_t>(file.offset), SEEK_SET);
  return place(fd, file) ? Problem{} : problem_with(file, errno);
}

Problem remake_unlinked(const SavedFile &file) {
  const int fd = ::memfd_create("restored", 0);
  if (fd < 0) return problem_with(file, errno);
  if (::pwrite(fd, file.contents.data(), file.contents.size(), 0) != static_cast<ssize_t>(file.contents.size()))
    return problem_with(file, errno);
  const int again = ::open(proc_fd(fd).c_str(), static_cast<int>(file.flags & ~kNotAgain));
  ::close(fd);
  if (again < 0) return problem_with(file, errno);
  ::lseek(again, static_cast<off_t>(file.offset), SEEK_SET);
  return place(again, file) ? Problem{} : problem_with(file, errno);
}

// Both ends at once; called for the reading one.
Problem remake_pipe(const SavedFile &file, const std::vector<SavedFile> &files) {
  int ends[2];
  if (::pipe2(ends, 0) != 0) return problem_with(file, errno);
  if (file.contents.size() > 65536) ::fcntl(ends[1], F_SETPIPE_SZ, file.contents.size());
  if (!file.contents.empty() &&
      ::write(ends[1], file.contents.data(), file.contents.size()) != static_cast<ssize_t>(file.contents.size()))
    return problem_with(file, errno);
  for (const SavedFile &other : files) {
    if (other.kind != FileKind::pipe_write || other.offset != file.offset) continue;
    ::fcntl(ends[1], F_SETFL, other.flags & kStatusFlags);
    if (!place(ends[1], other)) return problem_with(other, errno);
  }
  ::fcntl(ends[0], F_SETFL, file.flags & kStatusFlags);
  return place(ends[0], file) ? Problem{} : problem_with(file, errno);
}

Problem remake_event(const SavedFile &file) {
  const int fd = static_cast<int>(::syscall(SYS_eventfd2, 0, 0));
  if (fd < 0) return problem_with(file, errno);
  const int up = descriptor_move_up(fd);
  if (file.offset != 0 && ::write(up, &file.offset, 8) != 8) return problem_with(file, errno);
  ::fcntl(up, F_SETFL, file.flags & kStatusFlags);
  return place(up, file) ? Problem{} : problem_with(file, errno);
}

// Copies of what is there already: of the launcher's descriptors, or of one restored before.
Problem duplicate(const SavedFile &file, int from) {
  if (from == file.fd) return {};
  if (::syscall(SYS_dup3, from, file.fd, file.cloexec ? O_CLOEXEC : 0) < 0) return problem_with(file, errno);
  return {};
}

Problem restore(const SavedFile &file, const std::vector<SavedFile> &files, const int standard[3]) {
  switch (file.kind) {
  case FileKind::standard: return duplicate(file, standard[file.same_as]);
  case FileKind::duplicate: return duplicate(file, file.same_as);
  case FileKind::regular: return reopen(file);
  case FileKind::unlinked: return remake_unlinked(file);
  case FileKind::pipe_read: return remake_pipe(file, files);
  case FileKind::event: return remake_event(file);
  case FileKind::pipe_write: return {};  // with its other end
  }
  return {};
}

}  // namespace

Problem files_restore(const std::vector<SavedFile> &files) {
  if (!files.empty() && files.back().fd >= descriptor_base())
    return {image::kHostUnfit, 0, "descriptor " + std::to_string(files.back().fd) + " is above the limit on open files (ulimit -n)"};
  int standard[3];
  for (int fd = 0; fd < 3; ++fd) standard[fd] = ::dup(fd);  // above the base, out of the way
  for (const int fd : applications_descriptors()) ::close(fd);
  Problem outcome;
  for (const SavedFile &file : files)
    if (!outcome) outcome = restore(file, files, standard);
  for (const int fd : standard)
    if (fd >= 0) ::close(fd);
  return outcome;
}

}  // namespace mana
