// Descriptors for events: eventfd, timerfd, signalfd, epoll, inotify. See file_kinds.h.
//
// All that restart needs stands in /proc/self/fdinfo, but for the paths that an inotify descriptor watches: those are noted when
// the program asks for them (watched_paths.h).
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "descriptors.h"
#include "file_kinds.h"
#include "files.h"
#include "watched_paths.h"

namespace mana {

using image::FileKind;
using image::Problem;
using image::SavedFile;

namespace {

constexpr std::uint64_t kSecond = 1000000000;
constexpr unsigned long kSetTicks = _IOW('T', 0, std::uint64_t);  // TFD_IOC_SET_TICKS, <linux/timerfd.h>

std::uint64_t number(const std::vector<std::string> &lines, const char *name, int base) {
  return std::strtoull(info_of(lines, name).c_str(), nullptr, base);
}

// "(seconds, nanoseconds)"
std::uint64_t time_in(const std::string &text) {
  unsigned long long seconds = 0, nanoseconds = 0;
  std::sscanf(text.c_str(), " (%llu, %llu)", &seconds, &nanoseconds);
  return seconds * kSecond + nanoseconds;
}

std::uint64_t now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * kSecond + static_cast<std::uint64_t>(time.tv_nsec);
}

bool is_wall_clock(std::uint64_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM; }

// An absolute time of the wall clock stays what it is; of any other clock the rest of the time counts.
void describe_timer(SavedFile *file, const std::vector<std::string> &lines) {
  const std::uint64_t clock = number(lines, "clockid", 10);
  const std::uint64_t interval = time_in(info_of(lines, "it_interval"));
  std::uint64_t value = time_in(info_of(lines, "it_value"));
  // A periodic timer that has expired stands still at 0 until it is read.
  if (value == 0) value = interval;
  const bool absolute = (number(lines, "settime flags", 8) & TFD_TIMER_ABSTIME) && is_wall_clock(clock) && value != 0;
  if (absolute) value += now(CLOCK_REALTIME);
  file->kind = FileKind::timer;
  file->numbers = {clock, number(lines, "ticks", 10), absolute, value, interval};
}

// "tfd:        3 events: 40000000 data:       1234567890  pos:0 ino:680ee5 sdev:9"
bool describe_epoll(SavedFile *file, const std::vector<std::string> &lines, std::string *what) {
  file->kind = FileKind::epoll;
  for (const std::string &line : lines) {
    int fd = -1;
    unsigned events = 0;
    unsigned long long data = 0, inode = 0;
    if (std::sscanf(line.c_str(), "tfd: %d events: %x data: %llx pos:%*s ino:%llx", &fd, &events, &data, &inode) != 4) continue;
    struct stat status {};
    if (fd >= descriptor_base() || ::fstat(fd, &status) != 0 || status.st_ino != inode) {
      *what = "an epoll set that watches a file which its descriptor " + std::to_string(fd) + " names no more";
      return false;
    }
    file->numbers.insert(file->numbers.end(), {static_cast<std::uint64_t>(fd), events, data});
  }
  return true;
}

// "inotify wd:1 ino:3c51a sdev:fe00000 mask:100 ..."
bool describe_inotify(SavedFile *file, const std::vector<std::string> &lines, std::string *what) {
  file->kind = FileKind::inotify;
  int waiting = 0;
  if (::ioctl(file->fd, FIONREAD, &waiting) == 0 && waiting > 0) {
    *what = "an inotify descriptor with events that have not been read";
    return false;
  }
  for (const std::string &line : lines) {
    int watch = 0;
    unsigned mask = 0;
    if (std::sscanf(line.c_str(), "inotify wd:%d ino:%*s sdev:%*s mask:%x", &watch, &mask) != 2) continue;
    const char *path = watched_path(file->fd, watch);
    if (!path) {
      *what = "an inotify descriptor whose paths are not known";
      return false;
    }
    file->numbers.insert(file->numbers.end(), {static_cast<std::uint64_t>(watch), mask});
    file->contents.append(path).push_back('\0');
  }
  return true;
}

}  // namespace

Found describe_event(SavedFile *file, const Opened &opened, std::string *what) {
  if (!opened.path.starts_with("anon_inode:")) return Found::other;
  const std::string type = opened.path.substr(std::strlen("anon_inode:"));
  const std::vector<std::string> lines = info_lines(file->fd);
  if (type == "[eventfd]") {
    file->kind = FileKind::event;
    file->numbers = {number(lines, "eventfd-count", 16), number(lines, "eventfd-semaphore", 10)};
  } else if (type == "[timerfd]") {
    describe_timer(file, lines);
  } else if (type == "[signalfd]") {
    file->kind = FileKind::signal;
    file->numbers = {number(lines, "sigmask", 16)};
  } else if (type == "[eventpoll]") {
    return describe_epoll(file, lines, what) ? Found::saved : Found::lost;
  } else if (type == "inotify") {
    return describe_inotify(file, lines, what) ? Found::saved : Found::lost;
  } else {
    return Found::other;
  }
  return Found::saved;
}

// ---------------------------------------------------------------------------------
// Restart

namespace {

timespec time_of(std::uint64_t ns) { return {static_cast<time_t>(ns / kSecond), static_cast<long>(ns % kSecond)}; }

// Expirations that have not been read: TFD_IOC_SET_TICKS, where the kernel has it; else the timer expires once at once.
int restore_timer(const SavedFile &file) {
  if (file.numbers.size() != 5) return -1;
  const int fd = ::timerfd_create(static_cast<int>(file.numbers[0]), TFD_CLOEXEC);
  if (fd < 0) return -1;
  const std::uint64_t ticks = file.numbers[1];
  itimerspec time{time_of(file.numbers[4]), time_of(file.numbers[3])};
  if (file.numbers[3] != 0 && ::timerfd_settime(fd, file.numbers[2] ? TFD_TIMER_ABSTIME : 0, &time, nullptr) != 0) return -1;
  if (ticks != 0 && ::ioctl(fd, kSetTicks, &ticks) != 0) {
    time.it_value = {0, 1};
    ::timerfd_settime(fd, 0, &time, nullptr);
  }
  return fd;
}

// Watches are numbered from 1; what the program had removed in between is made and removed again.
bool restore_watches_of(int fd, const SavedFile &file) {
  const char *path = file.contents.c_str(), *end = path + file.contents.size();
  for (std::size_t i = 0; i + 1 < file.numbers.size() && path < end; i += 2, path += std::strlen(path) + 1) {
    const int wanted = static_cast<int>(file.numbers[i]);
    const std::string here = mapped_path(path);
    int watch = ::inotify_add_watch(fd, here.c_str(), static_cast<std::uint32_t>(file.numbers[i + 1]));
    for (int tries = 0; watch >= 0 && watch < wanted && tries < 100000; ++tries) {
      ::inotify_rm_watch(fd, watch);
      watch = ::inotify_add_watch(fd, here.c_str(), static_cast<std::uint32_t>(file.numbers[i + 1]));
    }
    if (watch != wanted) return false;
    remember_watched_path(file.fd, watch, here.c_str());
  }
  char event[4096];  // that a watch was removed
  while (::read(fd, event, sizeof event) > 0) {
  }
  return true;
}

int restore_inotify(const SavedFile &file) {
  const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  return fd >= 0 && restore_watches_of(fd, file) ? fd : -1;
}

int make(const SavedFile &file) {
  switch (file.kind) {
  case FileKind::event:
    if (file.numbers.size() != 2) return -1;
    if (const int fd = ::eventfd(0, EFD_CLOEXEC | (file.numbers[1] ? EFD_SEMAPHORE : 0)); fd >= 0) {
      if (file.numbers[0] != 0 && ::write(fd, file.numbers.data(), 8) != 8) return -1;
      return fd;
    }
    return -1;
  case FileKind::timer: return restore_timer(file);
  case FileKind::signal: {
    sigset_t mask;
    ::sigemptyset(&mask);
    if (file.numbers.size() == 1) std::memcpy(&mask, file.numbers.data(), 8);
    return ::signalfd(-1, &mask, SFD_CLOEXEC);
  }
  case FileKind::epoll: return ::epoll_create1(EPOLL_CLOEXEC);
  case FileKind::inotify: return restore_inotify(file);
  default: return -1;
  }
}

}  // namespace

int restore_event(const SavedFile &file) {
  errno = EINVAL;
  const int fd = make(file);
  if (fd < 0) return -1;
  ::fcntl(fd, F_SETFL, file.flags & kStatusFlags);
  return fd;
}

Problem restore_watches(const SavedFile &file) {
  for (std::size_t i = 0; i + 2 < file.numbers.size(); i += 3) {
    epoll_event event{};
    event.events = static_cast<std::uint32_t>(file.numbers[i + 1]);
    event.data.u64 = file.numbers[i + 2];
    const int fd = static_cast<int>(file.numbers[i]);
    // A descriptor that was not restored cannot be watched either: its loss has been told.
    if (::epoll_ctl(file.fd, EPOLL_CTL_ADD, fd, &event) != 0 && errno != EBADF)
      return {image::kHostUnfit, errno, "descriptor " + std::to_string(file.fd) + ": epoll cannot watch descriptor " + std::to_string(fd) +
                                            ": " + std::strerror(errno)};
  }
  return {};
}

}  // namespace mana
