// Memory that the ranks of one host share, and memory of theirs that they do not: what one-sided communication is
// made of (core/windows.h). Included by both halves; covered by kSeamVersion.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mana {

// A segment as it is mapped in this process. Every process saves its own parts of it and no others, so that an image
// of the job holds each byte once. Offsets are multiples of the page size.
struct SharedSegment {
  char *address;
  std::size_t bytes;
  struct {
    std::size_t low, high;
  } own[2];
};

// Where a process can be reached: two with the same `host` can share memory.
struct HostProcess {
  std::uint64_t host;
  std::int32_t pid;  // as the kernel knows it now
  std::int32_t reserved;
};

// Memory of another process. The layout of struct iovec.
struct RemotePiece {
  std::uint64_t address, bytes;
};

inline constexpr int kSegmentName = 64;

// Called with the upper half's TLS. Errors are errno values.
struct SharedMemory {
  void (*self)(HostProcess *process);
  // A new segment of zeros; `name` is how other processes of this user attach it while the descriptor is open.
  // Returns the descriptor or -errno.
  int (*create)(std::size_t bytes, char *name);
  void (*close)(int descriptor);
  // Maps it in the window. address null: where there is room. Otherwise, after a restart: its own parts are written into
  // the segment from what is mapped at `address`, which it then replaces. 0 or errno.
  int (*attach)(const char *name, SharedSegment *segment);
  void (*detach)(SharedSegment *segment);
  // Copies between `local` and the pieces in that process, in order. 0 or errno: EFAULT when a piece is not memory,
  // EPERM when this host does not let processes read each other.
  int (*read)(std::int32_t pid, void *local, const RemotePiece *pieces, int n);
  int (*write)(std::int32_t pid, const void *local, const RemotePiece *pieces, int n);
};

}  // namespace mana
