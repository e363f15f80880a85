// See descriptors.h. The exported functions below stand in place of libc's for every library of the lower half.
//
// They make the system call themselves and move the result. What cannot be caught so are descriptors that
// libc opens internally (fopen, opendir, getaddrinfo ...): these live for a moment only.
#include "descriptors.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#define MANA_EXPORTED extern "C" __attribute__((visibility("default")))

namespace mana {

namespace {

constexpr rlim_t kForLowerHalf = 4096;  // descriptors that an MPI may need: one per connected peer
constexpr rlim_t kHighestBase = 16384;  // the kernel's table grows with the highest number in use

int base = 0;  // 0: not chosen yet, nothing is moved
bool all_above = true;  // whatever the lower half has opened
rlim_t limit_at_start = 0, raised_limit = 0;

int choose_base() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit_at_start = raised_limit = limit.rlim_cur;
  if (limit.rlim_cur >= 2 * kHighestBase) return kHighestBase;
  rlimit raised = limit;
  raised.rlim_cur = limit.rlim_cur + kForLowerHalf;
  if (limit.rlim_max != RLIM_INFINITY && raised.rlim_cur > limit.rlim_max) raised.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0) raised = limit;
  raised_limit = raised.rlim_cur;
  // A limit that cannot be raised is divided: a quarter for the lower half.
  const rlim_t room = raised.rlim_cur - limit.rlim_cur;
  const rlim_t own = room >= 256 ? limit.rlim_cur : limit.rlim_cur / 4 * 3;
  return static_cast<int>(own);
}

bool users_own(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

std::vector<int> open_descriptors() {
  std::vector<int> found;
  DIR *folder = ::opendir("/proc/self/fd");
  if (!folder) return found;
  while (const dirent *entry = ::readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd != ::dirfd(folder)) found.push_back(fd);
  }
  ::closedir(folder);
  return found;
}

// Variables by which a process manager names a descriptor.
void tell_environment(int from, int to) {
  for (const char *name : {"PMI_FD", "PMI_CONTROL_FD", "HYDI_CONTROL_FD"}) {
    const char *value = std::getenv(name);
    if (!value || std::atoi(value) != from || value[0] < '0' || value[0] > '9') continue;
    char text[16];
    std::snprintf(text, sizeof text, "%d", to);
    ::setenv(name, text, 1);
  }
}

// The kernel enlarges the table of descriptors at once as long as nobody shares it, and for milliseconds once there are threads.
void enlarge_table() {
  const long any = ::syscall(SYS_openat, AT_FDCWD, "/", O_PATH | O_CLOEXEC);
  if (any < 0) return;
  ::syscall(SYS_close, ::syscall(SYS_fcntl, any, F_DUPFD_CLOEXEC, base));
  ::syscall(SYS_close, any);
}

// Results of system calls that make a descriptor.
int up(long fd) { return fd < 0 ? static_cast<int>(fd) : descriptor_move_up(static_cast<int>(fd)); }

template <class... Arguments> int moved(long number, Arguments... arguments) { return up(::syscall(number, arguments...)); }

int moved_pair(int result, int pair[2]) {
  if (result != 0) return result;
  pair[0] = descriptor_move_up(pair[0]);
  pair[1] = descriptor_move_up(pair[1]);
  return 0;
}

template <class Function> Function *real(const char *name) {
  return reinterpret_cast<Function *>(::dlsym(RTLD_NEXT, name));
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

void descriptors_start() {
  const int chosen = choose_base();
  const char *executed = std::getenv(kExecutedVariable);
  const int first = executed ? std::atoi(executed) : 3;
  const std::vector<int> inherited = open_descriptors();
  base = chosen;
  enlarge_table();
  for (const int fd : inherited) {
    if (fd < first || fd >= base || users_own(fd)) continue;
    const int to = descriptor_move_up(fd);
    if (to != fd) tell_environment(fd, to);
  }
}

void descriptors_before_exec() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur != raised_limit) return;
  limit.rlim_cur = limit_at_start;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int descriptor_base() { return base; }

void descriptors_close_all() {
  if (!all_above) return;
  if (::syscall(SYS_close_range, 3, base - 1, 0) == 0) return;
  for (int fd = 3; fd < base; ++fd) ::syscall(SYS_close, fd);
}
unsigned long descriptor_limit_at_start() { return limit_at_start; }

int descriptor_move_up(int fd) {
  if (fd < 0 || base == 0 || fd >= base) return fd;
  const int saved_errno = errno;
  const long flags = ::syscall(SYS_fcntl, fd, F_GETFD);
  const long to = ::syscall(SYS_fcntl, fd, flags & FD_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, base);
  if (to >= 0)
    ::syscall(SYS_close, fd);
  else
    all_above = false;
  errno = saved_errno;
  return to >= 0 ? static_cast<int>(to) : fd;
}

}  // namespace mana

using namespace mana;

// --- sockets ---
MANA_EXPORTED int socket(int domain, int type, int protocol) noexcept { return moved(SYS_socket, domain, type, protocol); }
MANA_EXPORTED int socketpair(int domain, int type, int protocol, int pair[2]) noexcept {
  return moved_pair(static_cast<int>(::syscall(SYS_socketpair, domain, type, protocol, pair)), pair);
}
MANA_EXPORTED int accept(int fd, sockaddr *address, socklen_t *length) {
  return moved(SYS_accept4, fd, address, length, 0);
}
MANA_EXPORTED int accept4(int fd, sockaddr *address, socklen_t *length, int flags) {
  return moved(SYS_accept4, fd, address, length, flags);
}

// --- files ---
#define MANA_OPEN(name)                                                                                              \
  MANA_EXPORTED int name(const char *path, int flags, ...) {                                                         \
    va_list arguments;                                                                                               \
    va_start(arguments, flags);                                                                                      \
    const mode_t mode = mode_of(flags, arguments);                                                                   \
    va_end(arguments);                                                                                               \
    return moved(SYS_openat, AT_FDCWD, path, flags, mode);                                                           \
  }
MANA_OPEN(open)
MANA_OPEN(open64)
#define MANA_OPENAT(name)                                                                                            \
  MANA_EXPORTED int name(int folder, const char *path, int flags, ...) {                                             \
    va_list arguments;                                                                                               \
    va_start(arguments, flags);                                                                                      \
    const mode_t mode = mode_of(flags, arguments);                                                                   \
    va_end(arguments);                                                                                               \
    return moved(SYS_openat, folder, path, flags, mode);                                                             \
  }
MANA_OPENAT(openat)
MANA_OPENAT(openat64)
MANA_EXPORTED int __open_2(const char *path, int flags) { return moved(SYS_openat, AT_FDCWD, path, flags, 0); }
MANA_EXPORTED int __open64_2(const char *path, int flags) { return moved(SYS_openat, AT_FDCWD, path, flags, 0); }
MANA_EXPORTED int __openat_2(int folder, const char *path, int flags) { return moved(SYS_openat, folder, path, flags, 0); }
MANA_EXPORTED int __openat64_2(int folder, const char *path, int flags) { return moved(SYS_openat, folder, path, flags, 0); }
MANA_EXPORTED int creat(const char *path, mode_t mode) {
  return moved(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
MANA_EXPORTED int creat64(const char *path, mode_t mode) { return creat(path, mode); }
MANA_EXPORTED int memfd_create(const char *name, unsigned flags) noexcept { return moved(SYS_memfd_create, name, flags); }
MANA_EXPORTED int shm_open(const char *name, int flags, mode_t mode) {
  return up(real<int(const char *, int, mode_t)>("shm_open")(name, flags, mode));
}
MANA_EXPORTED int mkstemp(char *name) { return up(real<int(char *)>("mkstemp")(name)); }
MANA_EXPORTED int mkstemp64(char *name) { return mkstemp(name); }
MANA_EXPORTED int mkostemp(char *name, int flags) { return up(real<int(char *, int)>("mkostemp")(name, flags)); }
MANA_EXPORTED int mkostemp64(char *name, int flags) { return mkostemp(name, flags); }

// --- pipes, events, copies ---
MANA_EXPORTED int pipe2(int pair[2], int flags) noexcept {
  return moved_pair(static_cast<int>(::syscall(SYS_pipe2, pair, flags)), pair);
}
MANA_EXPORTED int pipe(int pair[2]) noexcept { return pipe2(pair, 0); }
MANA_EXPORTED int eventfd(unsigned count, int flags) noexcept { return moved(SYS_eventfd2, count, flags); }
MANA_EXPORTED int epoll_create1(int flags) noexcept { return moved(SYS_epoll_create1, flags); }
MANA_EXPORTED int epoll_create(int size) noexcept { return moved(SYS_epoll_create, size); }
MANA_EXPORTED int timerfd_create(int clock, int flags) noexcept { return moved(SYS_timerfd_create, clock, flags); }
MANA_EXPORTED int inotify_init1(int flags) noexcept { return moved(SYS_inotify_init1, flags); }
MANA_EXPORTED int inotify_init() noexcept { return inotify_init1(0); }
MANA_EXPORTED int dup(int fd) noexcept { return moved(SYS_dup, fd); }

// F_DUPFD takes the lowest free number from its argument on.
static int duplicate_or_pass(int fd, int command, void *argument) {
  if (command != F_DUPFD && command != F_DUPFD_CLOEXEC)
    return static_cast<int>(::syscall(SYS_fcntl, fd, command, argument));
  const long lowest = static_cast<int>(reinterpret_cast<std::intptr_t>(argument));
  const long result = ::syscall(SYS_fcntl, fd, command, lowest >= 0 && lowest < base ? static_cast<long>(base) : lowest);
  return static_cast<int>(result >= 0 ? result : ::syscall(SYS_fcntl, fd, command, lowest));
}
#define MANA_FCNTL(name)                                                                                             \
  MANA_EXPORTED int name(int fd, int command, ...) {                                                                 \
    va_list arguments;                                                                                               \
    va_start(arguments, command);                                                                                    \
    void *argument = va_arg(arguments, void *);                                                                      \
    va_end(arguments);                                                                                               \
    return duplicate_or_pass(fd, command, argument);                                                                 \
  }
MANA_FCNTL(fcntl)
MANA_FCNTL(fcntl64)
