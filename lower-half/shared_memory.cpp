// Segments that ranks of one host share, and copies between their private memories.
//
// A segment is a memfd: no name that could be left behind, no limit of /dev/shm. Others open it through /proc/PID/fd/N of
// the process that made it, which may close it once all have. The mapping lies in the window like all memory of
// the application.
//
// Private memory is copied with process_vm_readv and process_vm_writev. Where the Yama module restricts these to
// descendants, a process may say that it allows them (UCX and Open MPI's vader do the same).
#include "shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <string>

#include "crossing.h"
#include "window.h"

namespace mana {

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of one system call

std::mutex mutex;
std::vector<SharedSegment> segments;

std::uint64_t hash(const std::string &text) {
  std::uint64_t value = 0xcbf29ce484222325ull;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return value;
}

// Processes reach each other when they run under one kernel and know each other's numbers.
std::uint64_t host_identity() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  char space[64] = "";
  const ssize_t n = ::readlink("/proc/self/ns/pid", space, sizeof space - 1);
  return hash(boot + std::string(space, n > 0 ? static_cast<std::size_t>(n) : 0));
}

void self(HostProcess *process) {
  Crossing crossing;
  static const std::uint64_t host = host_identity();
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  *process = {host, ::getpid(), 0};
}

int create(std::size_t bytes, char *name) {
  Crossing crossing;
  const int fd = ::memfd_create("mpi-window", MFD_CLOEXEC);
  if (fd < 0) return -errno;
  if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0) {
    const int error = errno;
    ::close(fd);
    return -error;
  }
  std::snprintf(name, kSegmentName, "/proc/%d/fd/%d", ::getpid(), fd);
  return fd;
}

void close_descriptor(int descriptor) {
  Crossing crossing;
  ::close(descriptor);
}

int open_segment(const char *name, int *error) {
  Crossing crossing;
  const int fd = ::open(name, O_RDWR | O_CLOEXEC);
  *error = fd < 0 ? errno : 0;
  return fd;
}

int write_part(int fd, const char *from, std::size_t low, std::size_t high) {
  while (low < high) {
    const ssize_t n = ::pwrite(fd, from + low, std::min(high - low, kMostBytes), static_cast<off_t>(low));
    if (n <= 0) return n < 0 ? errno : EIO;
    low += static_cast<std::size_t>(n);
  }
  return 0;
}

int write_own_parts(int fd, const SharedSegment &segment) {
  Crossing crossing;
  for (const auto &part : segment.own)
    if (const int error = write_part(fd, segment.address, part.low, part.high)) return error;
  return 0;
}

void remember(const SharedSegment &segment) {
  Crossing crossing;
  std::lock_guard guard(mutex);
  segments.push_back(segment);
}

void forget(const char *address) {
  Crossing crossing;
  std::lock_guard guard(mutex);
  std::erase_if(segments, [&](const SharedSegment &s) { return s.address == address; });
}

// The window is the application's: mapping goes on outside of the crossing.
int attach(const char *name, SharedSegment *segment) {
  int error;
  const int fd = open_segment(name, &error);
  if (fd < 0) return error;
  if (segment->address) error = write_own_parts(fd, *segment);
  if (!error) {
    void *got = window_map_shared(fd, segment->bytes, segment->address);
    if (got)
      segment->address = static_cast<char *>(got);
    else
      error = ENOMEM;
  }
  close_descriptor(fd);
  if (!error) remember(*segment);
  return error;
}

void detach(SharedSegment *segment) {
  forget(segment->address);
  window_unmap_pages(segment->address, segment->bytes);
  segment->address = nullptr;
}

using Transfer = ssize_t (*)(pid_t, const iovec *, unsigned long, const iovec *, unsigned long, unsigned long);

// A call moves less than it was asked to at the first page that is not there, or when it was asked for too much.
int transfer(Transfer call, std::int32_t pid, char *local, const RemotePiece *pieces, int n) {
  Crossing crossing;
  std::size_t skip = 0;  // of the first piece
  while (n > 0) {
    iovec remote[64];
    int batch = 0;
    std::size_t bytes = 0;
    for (; batch < n && batch < 64 && bytes < kMostBytes; ++batch) {
      const std::size_t skipped = batch == 0 ? skip : 0;
      remote[batch].iov_base = reinterpret_cast<void *>(pieces[batch].address + skipped);
      remote[batch].iov_len = std::min<std::size_t>(pieces[batch].bytes - skipped, kMostBytes);
      bytes += remote[batch].iov_len;
    }
    const iovec own{local, bytes};
    const ssize_t moved = call(pid, &own, 1, remote, static_cast<unsigned long>(batch), 0);
    if (moved <= 0) return moved < 0 ? errno : EFAULT;
    local += moved;
    for (skip += static_cast<std::size_t>(moved); n > 0 && skip >= pieces->bytes; ++pieces, --n) skip -= pieces->bytes;
  }
  return 0;
}

int read_process(std::int32_t pid, void *local, const RemotePiece *pieces, int n) {
  return transfer(::process_vm_readv, pid, static_cast<char *>(local), pieces, n);
}
int write_process(std::int32_t pid, const void *local, const RemotePiece *pieces, int n) {
  return transfer(::process_vm_writev, pid, const_cast<char *>(static_cast<const char *>(local)), pieces, n);
}

constexpr SharedMemory kServices = {self, create, close_descriptor, attach, detach, read_process, write_process};

}  // namespace

const SharedMemory *shared_memory_services() { return &kServices; }

bool shared_memory_own(std::uint64_t low, std::uint64_t high, std::vector<Extent> *own) {
  std::lock_guard guard(mutex);
  for (const SharedSegment &segment : segments) {
    const auto start = reinterpret_cast<std::uintptr_t>(segment.address);
    if (high <= start || low >= start + segment.bytes) continue;
    for (const auto &part : segment.own)
      if (start + part.low < high && start + part.high > low)
        own->push_back({std::max(low, start + part.low), std::min(high, start + part.high)});
    return true;
  }
  return false;
}

}  // namespace mana
