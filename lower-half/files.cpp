// See files.h: the list of descriptors, what is common to all kinds, and the order in which they come back.
#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "descriptors.h"
#include "file_kinds.h"

namespace mana {

using image::FileKind;
using image::Problem;
using image::SavedFile;

std::string proc_fd(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

std::vector<std::string> info_lines(int fd) {
  std::vector<std::string> lines;
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(fd));
  for (std::string line; std::getline(info, line);) lines.push_back(line);
  return lines;
}

std::string info_of(const std::vector<std::string> &lines, const std::string &name) {
  for (const std::string &line : lines)
    if (line.starts_with(name + ":")) return line.substr(name.size() + 1);
  return "";
}

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

std::string path_of(int fd) {
  char path[PATH_MAX];
  const ssize_t n = ::readlink(proc_fd(fd).c_str(), path, sizeof path);
  return n > 0 ? std::string(path, static_cast<std::size_t>(n)) : std::string();
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

Found standard(SavedFile *file, int number) {
  file->kind = FileKind::standard;
  file->same_as = number;
  return Found::saved;
}

Found describe(SavedFile *file, const std::vector<SavedFile> &earlier, std::string *what) {
  const Identity identity = identity_of(file->fd);
  if (file->fd < 3 && identity == launchers[file->fd]) return standard(file, file->fd);
  for (const SavedFile &other : earlier)
    if (other.kind != FileKind::duplicate && same_description(other.fd, file->fd)) {
      file->kind = FileKind::duplicate;
      file->same_as = other.fd;
      return Found::saved;
    }
  Opened opened;
  opened.path = path_of(file->fd);
  *what = image::printable(opened.path);
  if (::fstat(file->fd, &opened.status) != 0) return Found::lost;
  if (const Found found = describe_regular(file, opened, what); found != Found::other) return found;
  // A copy whose original the program has closed.
  for (int number = 0; number < 3; ++number)
    if (identity == launchers[number]) return standard(file, number);
  for (const auto kind : {describe_pipe, describe_socket, describe_event})
    if (const Found found = kind(file, opened, what); found != Found::other) return found;
  return Found::lost;
}

// The kernel writes to the program's memory through these, or waits for it to serve page faults.
bool acts_on_memory(const std::string &what) { return what == "anon_inode:[io_uring]" || what == "anon_inode:[userfaultfd]"; }

void report_lost(int fd, const std::string &what, Unsaveable *unsaveable) {
  const std::string name = "descriptor " + std::to_string(fd) + " (" + what + ")";
  if (acts_on_memory(what))
    unsaveable->refused.push_back(name + " cannot be saved");
  else
    unsaveable->lost.push_back(name + " is not restored: it will be closed");
}

}  // namespace

void files_start() {
  for (int fd = 0; fd < 3; ++fd) launchers[fd] = identity_of(fd);
}

void files_describe(std::vector<SavedFile> *files, Unsaveable *unsaveable) {
  for (const int fd : applications_descriptors()) {
    SavedFile file;
    std::string what;
    file.fd = fd;
    file.flags = static_cast<std::uint32_t>(::fcntl(fd, F_GETFL));
    file.cloexec = (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
    if (describe(&file, *files, &what) == Found::saved)
      files->push_back(std::move(file));
    else
      report_lost(fd, what, unsaveable);
  }
  for (const int fd : drop_half_pipes(files)) report_lost(fd, "a pipe to another process", unsaveable);
  for (const int fd : drop_half_pairs(files)) report_lost(fd, "a socket to another process", unsaveable);
}

// ---------------------------------------------------------------------------------
// Restart

namespace {

Problem problem_with(const SavedFile &file, int error) {
  return {image::kNotThere, error, "descriptor " + std::to_string(file.fd) + " cannot be made again: " + std::strerror(error)};
}

// Puts `from` at the application's number. dup3 wants two numbers that differ.
bool place(int from, const SavedFile &file) {
  if (from != file.fd) {
    if (::syscall(SYS_dup3, from, file.fd, file.cloexec ? O_CLOEXEC : 0) < 0) return false;
    ::close(from);
  }
  return ::fcntl(file.fd, F_SETFD, file.cloexec ? FD_CLOEXEC : 0) == 0;
}

// Copies of what is there already: of the launcher's descriptors, or of one restored before.
Problem duplicate(const SavedFile &file, int from) {
  if (from == file.fd) return {};
  if (::syscall(SYS_dup3, from, file.fd, file.cloexec ? O_CLOEXEC : 0) < 0) return problem_with(file, errno);
  return {};
}

bool is_saved(int fd, const std::vector<SavedFile> &files) {
  return std::any_of(files.begin(), files.end(), [&](const SavedFile &file) { return file.fd == fd; });
}

Problem restore(const SavedFile &file, const std::vector<SavedFile> &files, const int standard[3]) {
  int fd = -1;
  Problem problem;
  switch (file.kind) {
  case FileKind::standard: return duplicate(file, standard[file.same_as]);
  case FileKind::duplicate: return duplicate(file, file.same_as);
  case FileKind::regular: problem = restore_regular(file, &fd); break;
  case FileKind::unlinked: problem = restore_unlinked(file, &fd); break;
  case FileKind::pipe_read:
  case FileKind::pipe_write: fd = restore_pipe(file, files); break;
  case FileKind::socket: fd = restore_socket(file, files); break;
  default: fd = restore_event(file); break;
  }
  if (problem) return problem;
  if (fd < 0) return problem_with(file, errno);
  const int up = descriptor_move_up(fd);
  return place(up, file) ? restore_locks(file) : problem_with(file, errno);
}

}  // namespace

Problem files_reserve(const std::vector<SavedFile> &files) {
  if (!files.empty() && files.back().fd >= descriptor_base())
    return {image::kHostUnfit, 0, "descriptor " + std::to_string(files.back().fd) + " is above the limit on open files (ulimit -n)"};
  for (const int fd : applications_descriptors())
    if (fd > STDERR_FILENO && !is_saved(fd, files)) ::close(fd);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const SavedFile &file : files)
    if (::fcntl(file.fd, F_GETFD) < 0 && ::syscall(SYS_dup3, null, file.fd, O_CLOEXEC) < 0) return problem_with(file, errno);
  ::close(null);
  return {};
}

Problem files_restore(const std::vector<SavedFile> &files) {
  int standard[3];
  for (int fd = 0; fd < 3; ++fd) {
    standard[fd] = ::dup(fd);  // above the base, out of the way
    if (!is_saved(fd, files)) ::close(fd);
  }
  Problem outcome;
  for (const SavedFile &file : files)
    if (!outcome) outcome = restore(file, files, standard);
  for (const SavedFile &file : files)
    if (!outcome && file.kind == FileKind::epoll) outcome = restore_watches(file);
  for (const int fd : standard)
    if (fd >= 0) ::close(fd);
  forget_memory_objects();
  return outcome;
}

}  // namespace mana
