// See filesystem.h.
#include "tools/filesystem.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace mana {

namespace {

int write_all(int fd, const std::string &content) {
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = ::write(fd, content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    done += static_cast<std::size_t>(n);
  }
  return ::fsync(fd) != 0 ? errno : 0;
}

} // namespace

int FileSystem::make_directory(const std::string &path) {
  if (::mkdir(path.c_str(), 0700) != 0)
    return errno;
  return ::chmod(path.c_str(), 0700) != 0 ? errno : 0;
}

int FileSystem::write_file(const std::string &path, const std::string &content) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return errno;
  const int error = write_all(fd, content);
  return ::close(fd) != 0 && error == 0 ? errno : error;
}

int FileSystem::rename(const std::string &from, const std::string &to) {
  return ::rename(from.c_str(), to.c_str()) != 0 ? errno : 0;
}

int FileSystem::sync_directory(const std::string &path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno;
  const int error = ::fsync(fd) != 0 ? errno : 0;
  ::close(fd);
  return error;
}

int FileSystem::remove_tree(const std::string &path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  return error.value();
}

int FileSystem::size_of(const std::string &path, std::uint64_t *bytes) {
  struct stat status;
  if (::lstat(path.c_str(), &status) != 0)
    return errno;
  if (!S_ISREG(status.st_mode))
    return EINVAL;
  *bytes = static_cast<std::uint64_t>(status.st_size);
  return 0;
}

int FileSystem::read_file(const std::string &path, std::string *content) {
  constexpr std::size_t kMost = 1 << 20;
  std::uint64_t size = 0;
  if (int error = size_of(path, &size))
    return error;
  if (size > kMost)
    return EFBIG;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return errno;
  content->resize(size);
  std::size_t done = 0;
  int error = 0;
  while (done < content->size()) {
    const ssize_t n = ::read(fd, content->data() + done, content->size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      error = errno;
    if (n <= 0)
      break;
    done += static_cast<std::size_t>(n);
  }
  content->resize(done);
  ::close(fd);
  return error;
}

int FileSystem::list(const std::string &path, std::vector<std::string> *names) {
  std::error_code error;
  names->clear();
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end; it.increment(error))
    names->push_back(it->path().filename().string());
  return error.value();
}

Problem file_problem(const std::string &what, const std::string &path, int error) {
  const int code = error == EACCES || error == EPERM                                          ? image::kNotAllowed
                   : error == ENOENT || error == ENOTDIR || error == EEXIST || error == EROFS ? image::kCannotCreate
                                                                                              : image::kIoError;
  return {code, error, fmt::format("{} {}: {}", what, image::printable(path), std::strerror(error))};
}

} // namespace mana
