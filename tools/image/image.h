// The image of one rank: an ELF core file that gdb opens and restart maps.
//
//     +--------------------------------+ 0
//     | ELF header                     |
//     | section header 0               |  only with more than 65,534 program headers (PN_XNUM)
//     | program headers                |  PT_NOTE head, PT_NOTE tail, PT_LOAD ...
//     | notes                          |  CORE: registers, auxv, mapped files: for gdb
//     |                                |  MANA: the Description below: for restart
//     +--------------------------------+ page boundary
//     | pages, in order of address     |  what PT_LOADs with p_filesz point to, without gaps
//     +--------------------------------+ page boundary
//     | tail note                      |  digest of all above the pages, digest of each PT_LOAD's pages,
//     |                                |  zeros to the page's end, digest of the tail itself
//     +--------------------------------+ multiple of the page size
//
// A PT_LOAD has all of its pages in the file or none (p_filesz 0: zeros, or never touched). It is at most
// kMaxSegment long, so that segments can be hashed and read in parallel and damage is named to within that.
//
// Digests stand behind the data because a file is written in one pass from front to back and the pages are
// read only once, straight from the application's memory into the (unbuffered) write. The tail's own digest is over all
// other digests, hence over every byte: it is "the hash of the image" which the manifest holds.
//
// Nothing from a file is believed before it is checked: layout.h checks numbers for overflow, order and bounds
// even when all the digests are right, because a digest only tells of accidents.
//
// Bump kFormatVersion with every change of the Description or of the layout.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "interface/seam.h"

namespace mana::image {

inline constexpr std::uint32_t kFormatVersion = 3;
inline constexpr std::uint64_t kPage = 4096;
inline constexpr std::uint64_t kMaxSegment = 16u << 20;
inline constexpr std::uint64_t kMaxNotes = 256u << 20;  // bound on what a reader allocates for the head
// Where an ET_EXEC program's pages may lie: the low area of the lower half's allocator.
inline constexpr std::uint64_t kExecLow = 0x10000, kExecHigh = 0x80000000;

// ---------------------------------------------------------------------------------
// Outcome of an operation: code 0, or an exit code of sysexits and a sentence that names the file.

enum : int { kDamaged = 65, kNotThere = 66, kInternal = 70, kCannotCreate = 73, kIoError = 74, kNotAllowed = 77, kHostUnfit = 78 };

struct [[nodiscard]] Problem {
  int code = 0;
  int error = 0;  // errno value where there is one
  std::string text;
  explicit operator bool() const { return code != 0; }
};

// XXH3, 128 bits.
struct Digest {
  std::uint64_t low = 0, high = 0;
  bool operator==(const Digest &) const = default;
};

// ---------------------------------------------------------------------------------
// Description: what restart must know besides the pages. fields() is the order in the file.

enum class RegionKind : std::uint32_t {
  memory = 0,       // private; contents saved, wherever they came from
  shared = 1,       // shared anonymous memory
  shared_file = 2,  // writable shared mapping of `path` at `offset`
};

// Identity of a file without a name, as descriptors and mappings of it tell it.
inline std::uint64_t object_id(std::uint32_t major, std::uint32_t minor, std::uint64_t inode) {
  return inode ^ (std::uint64_t{major} << 52) ^ (std::uint64_t{minor} << 40);
}

// What madvise(2), mlock(2) and the flags of mmap(2) have said about a region.
enum Advice : std::uint32_t {
  kAdviceDontFork = 1, kAdviceDontDump = 2, kAdviceWipeOnFork = 4, kAdviceHuge = 8, kAdviceNoHuge = 16,
  kAdviceMergeable = 32, kAdviceLocked = 64, kAdviceHugePages = 128, kAdviceGrowsDown = 256,
};

// One line of /proc/self/maps.
struct Region {
  std::uint64_t address = 0, length = 0;
  std::uint32_t prot = 0;  // PROT_*
  RegionKind kind = RegionKind::memory;
  std::uint64_t offset = 0;
  std::uint64_t id = 0;    // of shared: regions with the same id are windows on one memory; 0 elsewhere
  std::uint32_t advice = 0; // kAdvice*
  std::uint64_t page_size = kPage; // of the kernel's pages, more for huge ones
  std::string path;        // as in maps; informative except for shared_file
  bool swapped = false;    // parts of it are; not kept in an image
  template <class A> void fields(A &a) {
    auto number = static_cast<std::uint32_t>(kind);
    a(address, length, prot, number, offset, id, advice, page_size, path);
    kind = static_cast<RegionKind>(number);
  }
};

enum class FileKind : std::uint32_t {
  standard = 0,   // the launcher's descriptor `same_as` (0-2)
  regular = 1,    // also directories and devices: reopened by path
  duplicate = 2,  // shares the open file description of descriptor `same_as`
  pipe_read = 3,  // `contents` is in it, `size` its capacity; the other end is a pipe_write with the same `id`, or closed
  pipe_write = 4,
  unlinked = 5,   // regular file without a name, or memfd: `contents` are its extents, `numbers` {offset, length} of each;
                  // mapped memory with the same `id` is this file
  event = 6,      // eventfd; `numbers` {count, semaphore}
  socket = 7,     // of a pair (`id`, `peer`; 0: the peer is closed), or never bound nor connected (both 0);
                  // `numbers` as lower-half/sockets.cpp writes them, `contents` waits to be received
  timer = 8,      // timerfd; `numbers` {clock, ticks, absolute, value ns, interval ns}
  signal = 9,     // signalfd; `numbers` {mask}
  epoll = 10,     // `numbers` {descriptor, events, data} of each that it watches
  inotify = 11,   // `numbers` {watch, mask} of each, `contents` their paths, each with a zero behind it
};

// A lock on a file: flock(2), or a record of fcntl(2).
struct FileLock {
  std::uint32_t kind = 0;   // 0 flock, 1 fcntl of the process, 2 fcntl of the open file description
  std::uint32_t writes = 0; // exclusive
  std::uint64_t start = 0, length = 0; // 0: to the end
  template <class A> void fields(A &a) { a(kind, writes, start, length); }
};

// A descriptor of the application.
struct SavedFile {
  std::int32_t fd = -1, same_as = -1;
  FileKind kind = FileKind::regular;
  std::uint32_t flags = 0;    // F_GETFL
  std::uint32_t cloexec = 0;
  std::uint32_t cut_back = 0; // on restart the file is truncated to `size`: append or sequential writing
  std::uint64_t offset = 0, size = 0;
  std::uint64_t id = 0, peer = 0;  // of the object behind it, in this image
  std::string path, contents;
  std::vector<std::uint64_t> numbers;
  std::vector<FileLock> locks;
  template <class A> void fields(A &a) {
    auto number = static_cast<std::uint32_t>(kind);
    a(fd, same_as, number, flags, cloexec, cut_back, offset, size, id, peer, path, contents, numbers, locks);
    kind = static_cast<FileKind>(number);
  }
};

struct Limit {
  std::uint32_t resource = 0;  // RLIMIT_*
  std::uint64_t soft = 0;
  template <class A> void fields(A &a) { a(resource, soft); }
};

struct Timer {
  std::uint32_t which = 0;  // ITIMER_*
  std::uint64_t value_us = 0, interval_us = 0;
  template <class A> void fields(A &a) { a(which, value_us, interval_us); }
};

struct Description {
  std::uint32_t format_version = kFormatVersion;  // first: read before anything else is
  std::uint32_t seam_version = kSeamVersion;
  std::int32_t rank = 0, size = 1;                // of the world; 0 of 1 before MPI_Init
  std::uint32_t backend = 0, front = 0;           // LowerServices::backend, UpperServices::front
  std::uint32_t mpi_initialized = 0;              // Seam::mpi_initialized
  std::int32_t thread_level = 0;                  // Seam::thread_level
  std::uint32_t threads = 0;
  std::string job, host, kernel, exe, cwd;
  std::uint64_t time_ns = 0;                      // CLOCK_REALTIME
  std::uint64_t exec_low = 0, exec_high = 0;      // SavedProcess
  std::uint64_t brk_start = 0, brk_now = 0;
  std::uint32_t umask = 0;
  std::vector<Region> regions;
  std::vector<SavedFile> files;
  std::vector<Limit> limits;
  std::vector<Timer> timers;
  std::vector<std::string> cpu_features;
  std::vector<std::string> warnings;              // what was not saved
  template <class A> void fields(A &a) {
    a(format_version, seam_version, rank, size, backend, front, mpi_initialized, thread_level, threads, job, host,
      kernel, exe, cwd, time_ns, exec_low, exec_high, brk_start, brk_now, umask, regions, files, limits,
      timers, cpu_features, warnings);
  }
};

// Instruction set extensions that a program can see on this processor ("avx2", "avx512f", ...).
std::vector<std::string> cpu_features();

// A name with everything that is not printable ASCII escaped, for messages.
std::string printable(const std::string &text);

}  // namespace mana::image
