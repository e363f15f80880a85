// See pages.h.
//
// What a page holds, by kind of mapping:
//   private, no file     present or swapped in the page tables, else zeros
//   private, of a file   the file's contents unless written: read in any case, so that an image needs no file
//   shared, no file      may hold data without being in our page tables: read in any case, but of segments that ranks
//                        share (shared_memory.h) only what is ours
// PAGEMAP_SCAN finds present pages at 2.3 ms per GiB and jumps over holes; kernels before 6.7 have /proc/self/pagemap,
// 8 bytes for each page, touched or not. Looking for zeros costs 50 ms per GiB, far less than writing them.
#include "pages.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>

#include "saved.h"
#include "shared_memory.h"

namespace mana {

using image::kPage;
using image::Region;
using image::RegionKind;
using image::Segment;

namespace {

constexpr std::uint64_t kMaxGap = 3 * kPage;  // zeros between two runs that are stored rather than cut out

// <linux/fs.h> since 6.7.
struct ScanArgument {
  std::uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
  std::uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
struct ScanRange {
  std::uint64_t start, end, categories;
};
constexpr unsigned long kPagemapScan = _IOWR('f', 16, ScanArgument);
constexpr std::uint64_t kIsPresent = 1 << 3, kIsSwapped = 1 << 4, kIsZeroPage = 1 << 5;

struct Run {
  std::uint64_t low, high;
};

// Appends [low, high), joined to the last run when they touch.
void extend(std::vector<Run> *runs, std::uint64_t low, std::uint64_t high) {
  if (!runs->empty() && low <= runs->back().high)
    runs->back().high = high;
  else
    runs->push_back({low, high});
}

// Present pages of private memory. The descriptor is of /proc/self/pagemap.
class PageTables {
public:
  PageTables() : fd_(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)) {}
  ~PageTables() {
    if (fd_ >= 0) ::close(fd_);
  }
  PageTables(const PageTables &) = delete;
  PageTables &operator=(const PageTables &) = delete;

  std::vector<Run> present(const Region &region) {
    std::vector<Run> runs;
    const std::uint64_t low = region.address, high = region.address + region.length;
    if (can_scan_ && scan(low, high, &runs)) return runs;
    can_scan_ = false;
    runs.clear();
    if (!read_entries(low, high, &runs)) runs = {{low, high}};
    return runs;
  }

private:
  bool scan(std::uint64_t low, std::uint64_t high, std::vector<Run> *runs) {
    ScanRange found[256];
    while (low < high) {
      ScanArgument scan{};
      scan.size = sizeof scan;
      scan.start = low;
      scan.end = high;
      scan.vec = reinterpret_cast<std::uint64_t>(found);
      scan.vec_len = std::size(found);
      scan.category_anyof_mask = kIsPresent | kIsSwapped;
      scan.return_mask = kIsPresent | kIsSwapped | kIsZeroPage;
      const int count = ::ioctl(fd_, kPagemapScan, &scan);
      if (count < 0) return false;
      for (int i = 0; i < count; ++i)
        if (!(found[i].categories & kIsZeroPage)) extend(runs, found[i].start, found[i].end);
      if (scan.walk_end <= low) return false;
      low = scan.walk_end;
    }
    return true;
  }

  bool read_entries(std::uint64_t low, std::uint64_t high, std::vector<Run> *runs) {
    constexpr std::uint64_t kPresentOrSwapped = std::uint64_t{3} << 62;
    std::uint64_t entries[512];
    while (low < high) {
      const std::uint64_t pages = std::min<std::uint64_t>(std::size(entries), (high - low) / kPage);
      if (::pread(fd_, entries, pages * 8, static_cast<off_t>(low / kPage * 8)) != static_cast<ssize_t>(pages * 8))
        return false;
      for (std::uint64_t i = 0; i < pages; ++i)
        if (entries[i] & kPresentOrSwapped) extend(runs, low + i * kPage, low + (i + 1) * kPage);
      low += pages * kPage;
    }
    return true;
  }

  int fd_;
  bool can_scan_ = true;
};

bool is_zero(const char *page) {
  std::uint64_t word;
  std::memcpy(&word, page, sizeof word);
  return word == 0 && std::memcmp(page, page + sizeof word, kPage - sizeof word) == 0;
}

// Parts of `run` that hold anything but zeros. `in_place`: touching any of its pages is safe. It is not where a file
// may end before its mapping does; such pages hold nothing.
void add_nonzero(const Run &run, bool in_place, OwnMemory &memory, std::vector<Run> *out) {
  const std::unique_ptr<char[]> copy(in_place ? nullptr : new char[kPage]);
  for (std::uint64_t page = run.low; page < run.high; page += kPage) {
    const char *data = reinterpret_cast<const char *>(page);
    if (!in_place) {
      if (!memory.copy(page, kPage, copy.get())) continue;
      data = copy.get();
    }
    if (!is_zero(data)) extend(out, page, page + kPage);
  }
}

bool has_file(const Region &region) { return !region.path.empty() && region.path[0] == '/'; }

// Shared memory without a file that another process could open by name.
bool is_anonymous_shared(const std::string &path) {
  return path.starts_with("/dev/zero") || path.starts_with("/memfd:") || path.starts_with("/SYSV") ||
         path.ends_with(" (deleted)");
}

bool is_device(const std::string &path) { return path.starts_with("/dev/") && !path.starts_with("/dev/shm/"); }

// One entry of /proc/self/smaps while it is being read.
struct Entry {
  Region region;
  bool shared = false, may_write = false, userfault = false;
  std::uint64_t id = 0;
};

void classify(Entry *entry, std::vector<std::string> *warnings, std::vector<std::string> *refused) {
  Region &region = entry->region;
  if (entry->userfault) refused->push_back("memory whose page faults the program serves itself (userfaultfd) cannot be saved");
  if (!entry->shared) return;
  if (is_anonymous_shared(region.path)) {
    region.kind = RegionKind::shared;
    region.id = entry->id;
    if (region.path.starts_with("/SYSV"))
      warnings->push_back("System V shared memory is restored without its key and not shared with other processes");
  } else if (is_device(region.path)) {
    region.kind = RegionKind::shared;
    warnings->push_back("memory of the device " + image::printable(region.path) + " is restored as plain memory");
  } else if (entry->may_write) {
    region.kind = RegionKind::shared_file;
  }
}

bool inside(const Region &region) {
  const std::uint64_t low = region.address, high = region.address + region.length;
  return (low >= kWindowBase && high <= kWindowEnd) || (low >= saved()->exec_low && high <= saved()->exec_high);
}

// "start-end rwxp offset major:minor inode   path": false for the lines that follow it.
bool parse_head(const char *line, Entry *entry) {
  std::uint64_t low = 0, high = 0, offset = 0, inode = 0;
  unsigned major = 0, minor = 0;
  char permissions[5] = "";
  int path = 0;
  if (std::sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &low, &high, permissions, &offset, &major,
                  &minor, &inode, &path) < 7)
    return false;
  *entry = {};
  Region &region = entry->region;
  region.address = low;
  region.length = high - low;
  region.offset = offset;
  region.prot = (permissions[0] == 'r' ? PROT_READ : 0u) | (permissions[1] == 'w' ? PROT_WRITE : 0u) |
                (permissions[2] == 'x' ? PROT_EXEC : 0u);
  entry->shared = permissions[3] == 's';
  entry->id = image::object_id(major, minor, inode);
  region.path = path > 0 ? line + path : "";
  while (region.path.ends_with('\n')) region.path.pop_back();
  return true;
}

constexpr struct {
  char name[3];
  std::uint32_t advice;
} kFlagNames[] = {{"dc", image::kAdviceDontFork},  {"dd", image::kAdviceDontDump},  {"wf", image::kAdviceWipeOnFork},
                  {"hg", image::kAdviceHuge},      {"nh", image::kAdviceNoHuge},    {"mg", image::kAdviceMergeable},
                  {"lo", image::kAdviceLocked},    {"ht", image::kAdviceHugePages}, {"gd", image::kAdviceGrowsDown}};

// "VmFlags: rd wr mr mw me gd ac"
void parse_flags(const char *flags, Entry *entry) {
  for (; *flags; flags += 3) {
    for (const auto &[name, advice] : kFlagNames)
      if (std::strncmp(flags, name, 2) == 0) entry->region.advice |= advice;
    if (std::strncmp(flags, "mw", 2) == 0) entry->may_write = true;
    if (std::strncmp(flags, "um", 2) == 0 || std::strncmp(flags, "uw", 2) == 0 || std::strncmp(flags, "ui", 2) == 0) entry->userfault = true;
    if (!flags[1] || !flags[2]) return;
  }
}

// Lines behind the head. True at the last of them.
bool parse_line(const char *line, Entry *entry) {
  std::uint64_t kb = 0;
  if (std::sscanf(line, "KernelPageSize: %" SCNu64, &kb) == 1) entry->region.page_size = kb << 10;
  if (std::sscanf(line, "Swap: %" SCNu64, &kb) == 1) entry->region.swapped = kb != 0;
  constexpr char kFlags[] = "VmFlags: ";
  if (std::strncmp(line, kFlags, sizeof kFlags - 1) != 0) return false;
  parse_flags(line + sizeof kFlags - 1, entry);
  return true;
}

// Of a segment that ranks share, what this one is to save: reading the rest would only fill it with pages.
void own_parts(const Run &region, std::vector<Run> *runs) {
  std::vector<mana::Extent> own;
  if (!shared_memory_own(region.low, region.high, &own)) return;
  runs->clear();
  for (const mana::Extent &part : own) extend(runs, part.start, part.end);
}

void cut(const Region &region, const std::vector<Run> &stored, std::vector<Segment> *out) {
  std::uint64_t at = region.address;
  const auto zeros_up_to = [&](std::uint64_t end) {
    if (at < end) out->push_back({at, end - at, 0, region.prot, false});
  };
  for (const Run &run : stored) {
    zeros_up_to(run.low);
    out->push_back({run.low, run.high - run.low, 0, region.prot, true});
    at = run.high;
  }
  zeros_up_to(region.address + region.length);
}

}  // namespace

int find_regions(std::vector<Region> *regions, std::vector<std::string> *warnings, std::vector<std::string> *refused) {
  std::FILE *maps = std::fopen("/proc/self/smaps", "re");
  if (!maps) return errno;
  char *line = nullptr;
  std::size_t capacity = 0;
  Entry entry;
  while (::getline(&line, &capacity, maps) > 0) {
    if (!parse_head(line, &entry) && parse_line(line, &entry) && inside(entry.region)) {
      classify(&entry, warnings, refused);
      regions->push_back(std::move(entry.region));
    }
  }
  std::free(line);
  std::fclose(maps);
  return 0;
}

namespace {

// Shared memory is present when it is in the page cache, whether or not this mapping has touched it; reading the
// rest would make it. What is swapped out only reading finds.
std::vector<Run> shared_runs(const Region &region) {
  std::vector<Run> runs;
  std::vector<unsigned char> present(4096);
  const std::uint64_t end = region.address + region.length, step = present.size() * kPage;
  for (std::uint64_t at = region.address; at < end; at += step) {
    const std::uint64_t length = std::min(step, end - at);
    if (region.swapped || ::mincore(reinterpret_cast<void *>(at), length, present.data()) != 0) return {{region.address, end}};
    for (std::uint64_t page = 0; page < length / kPage; ++page)
      if (present[page] & 1) extend(&runs, at + page * kPage, at + (page + 1) * kPage);
  }
  return runs;
}

}  // namespace

std::vector<Segment> find_segments(const std::vector<Region> &regions, OwnMemory &memory) {
  std::vector<Segment> segments;
  PageTables tables;
  for (const Region &region : regions) {
    const bool readable = region.prot & PROT_READ;
    const Run whole{region.address, region.address + region.length};
    if (is_device(region.path) && region.kind == RegionKind::shared && !is_anonymous_shared(region.path)) continue;

    const bool from_tables = region.kind == RegionKind::memory && (!has_file(region) || region.prot == PROT_NONE);
    std::vector<Run> runs = from_tables ? tables.present(region)
                            : region.kind == RegionKind::shared ? shared_runs(region)
                                                                : std::vector<Run>{whole};
    if (region.kind == RegionKind::shared) own_parts(whole, &runs);
    std::vector<Run> stored;
    for (const Run &run : runs) add_nonzero(run, readable && !has_file(region), memory, &stored);
    if (!readable && !stored.empty()) memory.always_copy(whole.low, whole.high);

    std::vector<Run> merged;
    for (const Run &run : stored) {
      if (!merged.empty() && run.low - merged.back().high <= kMaxGap)
        merged.back().high = run.high;
      else
        merged.push_back(run);
    }
    if (region.prot != PROT_NONE || !merged.empty()) cut(region, merged, &segments);
  }
  return image::split_long(segments);
}

OwnMemory::OwnMemory() : memory_(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC)) {}
OwnMemory::~OwnMemory() {
  if (memory_ >= 0) ::close(memory_);
}

void OwnMemory::always_copy(std::uint64_t low, std::uint64_t high) { copied_.push_back({low, high}); }

const void *OwnMemory::direct(std::uint64_t address, std::uint64_t size) {
  for (const Extent &extent : copied_)
    if (address < extent.high && extent.low < address + size) return nullptr;
  return reinterpret_cast<const void *>(address);
}

bool OwnMemory::copy(std::uint64_t address, std::uint64_t size, void *to) {
  auto *at = static_cast<char *>(to);
  while (size > 0) {
    const ssize_t n = ::pread(memory_, at, size, static_cast<off_t>(address));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n, address += static_cast<std::uint64_t>(n), size -= static_cast<std::uint64_t>(n);
  }
  return true;
}

}  // namespace mana
