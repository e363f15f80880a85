// inotify_add_watch of the application. See watched_paths.h; the rules are those of intercept.h.
//
// The table is small: what does not fit is named when a checkpoint is taken. A descriptor that is closed leaves its
// entries; they are overwritten when the number is used again for a watch.
#include "watched_paths.h"

#include <asm/unistd.h>

#include <cstddef>
#include <cstdint>

#include "arch/x86_64/raw_syscall.h"
#include "intercept.h"

namespace mana {

namespace {

constexpr int kWatches = 256, kPathBytes = 1024;

struct Watched {
  int fd, watch;  // watch 0: free
  char path[kPathBytes];
};
Watched watched[kWatches];
std::uint32_t word = 0;

class TableLock {
public:
  TableLock() {
    while (__atomic_exchange_n(&word, 1, __ATOMIC_ACQUIRE) != 0)
      raw_syscall(__NR_sched_yield);
  }
  ~TableLock() { __atomic_store_n(&word, 0, __ATOMIC_RELEASE); }
};

Watched *find(int fd, int watch) {
  Watched *free = nullptr;
  for (Watched &entry : watched) {
    if (entry.fd == fd && entry.watch == watch)
      return &entry;
    if (entry.watch == 0 && !free)
      free = &entry;
  }
  return free;
}

// Appends; false when it does not fit.
bool append(char *to, std::size_t *length, const char *text) {
  for (; *text; ++text) {
    if (*length == kPathBytes - 1)
      return false;
    to[(*length)++] = *text;
  }
  to[*length] = '\0';
  return true;
}

void note(int fd, int watch, const char *path) {
  Watched *entry = find(fd, watch);
  if (!entry)
    return;
  std::size_t length = 0;
  entry->watch = 0;
  if (path[0] != '/') {
    const long got = raw_syscall(__NR_getcwd, reinterpret_cast<std::uint64_t>(entry->path), kPathBytes);
    if (failed(got))
      return;
    length = static_cast<std::size_t>(got) - 1;
    if (!append(entry->path, &length, "/"))
      return;
  }
  if (!append(entry->path, &length, path))
    return;
  entry->fd = fd;
  entry->watch = watch;
}

long on_inotify_add_watch(SyscallFrame *frame) {
  const long watch = pass_on(frame);
  if (!failed(watch))
    remember_watched_path(static_cast<int>(frame->arg[0]), static_cast<int>(watch),
                          reinterpret_cast<const char *>(frame->arg[1]));
  return watch;
}

} // namespace

void remember_watched_path(int fd, int watch, const char *path) {
  const TableLock lock;
  note(fd, watch, path);
}

const char *watched_path(int fd, int watch) {
  for (Watched &entry : watched)
    if (entry.fd == fd && entry.watch == watch)
      return entry.path;
  return nullptr;
}

void register_watch_calls() { intercept_register(__NR_inotify_add_watch, on_inotify_add_watch); }

} // namespace mana
