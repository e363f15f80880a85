// The window: where everything of the application lives, and who may have which addresses of it.
//
// The upper half's mappings are placed here so that an image can be put back at the same addresses in any
// process. Nothing is reserved from the kernel: no kernel places anything in 0x2000'0000'0000..0x3000'0000'0000 by
// itself (mmap goes down from the stack, PIE and brk lie at 0x5555...), and a reserved 16 TiB mapping
// would break `ulimit -v`. So the allocator below is the only one that hands out addresses there; it knows no more
// than used or free (ranges.h) and is rebuilt from the list of regions at a restart.
//
//   kFirstFree   libraries and other files, first fit from below   stubs of rewritten calls lie between them
//   + 1 TiB      anonymous memory, thread stacks, shared memory    2 MiB aligned from 2 MiB up, for huge pages
//   + 13 TiB     brk heap, 1 TiB reserved
//   + 14 TiB     main stack at the end
//
// A second, small area serves what cannot be in the window: an ET_EXEC program at its linked address, its
// stubs and MAP_32BIT, all in the first 2 GiB, which are as empty in every new PIE process. Its used part is
// SavedProcess::exec_low .. exec_high.
//
// First fit from below keeps the used part dense, and makes addresses equal from run to run.
#pragma once
#include <cstddef>
#include <cstdint>

#include "interface/seam.h"
#include "ranges.h"

namespace mana {

inline constexpr std::size_t kPageSize = 4096;
inline constexpr std::size_t kHugePageSize = 2 << 20;
inline constexpr std::uint64_t kTiB = std::uint64_t{1} << 40;
inline constexpr std::uintptr_t kAnonymousBase = kWindowBase + kTiB;
inline constexpr std::uintptr_t kBrkBase = kWindowBase + 13 * kTiB;
inline constexpr std::uint64_t kBrkReserved = kTiB;
inline constexpr std::uintptr_t kStackTop = kWindowEnd - kTiB;
inline constexpr std::uintptr_t kLowBase = 0x10000;
inline constexpr std::uintptr_t kLowEnd = 0x80000000;

inline std::uint64_t page_up(std::uint64_t bytes) { return (bytes + kPageSize - 1) & ~(kPageSize - 1); }
inline std::uint64_t page_down(std::uint64_t address) { return address & ~(kPageSize - 1); }

// --- at launch and restart, with libc (window.cpp) ---

// Checks that nothing lies in the window and that nothing needed is in the way. Everything above kFirstFree and all
// of the low area are free afterwards, but for the brk reserve.
void window_reserve();

// At restart, after window_reserve(): a region that the image has put there. Any order.
void window_insert(std::uintptr_t start, std::uintptr_t end);

// Both areas' used ranges in order of address: {0, 0} at the end. Includes the brk reserve and addresses that are
// set aside but not mapped; the truth about mappings is /proc/self/maps.
Extent window_next_used(std::uintptr_t from);

// --- everywhere, no libc (window_nolibc.cpp) ---

// The allocator's lock. The holder must be in a critical section (intercept.h) or alone in the process.
void window_lock();
void window_unlock();

// The functions below want the lock held.

// What the caller may do with [start, end): lies wholly in the window above kFirstFree, or wholly in the low area.
bool window_contains(std::uintptr_t start, std::uintptr_t end);
bool window_is_free(std::uintptr_t start, std::uintptr_t end);
void window_take(std::uintptr_t start, std::uintptr_t end);
void window_give(std::uintptr_t start, std::uintptr_t end);

enum class Place { file, anonymous, low };
// A free place of `bytes`; it is not taken yet. 0: there is none.
std::uintptr_t window_find(std::size_t bytes, std::size_t align, Place place);
// A free place whose every byte is within `reach` bytes of every byte of [start, end); 0: there is none.
std::uintptr_t window_find_near(std::uintptr_t start, std::uintptr_t end, std::size_t bytes, std::uint64_t reach);

// Zeroed read-write pages for services of the upper half, taking the lock itself. Called on a thread with a
// ThreadBlock, outside of interception handlers. Null when there is no memory.
void *window_map_pages(std::size_t bytes);
void window_unmap_pages(void *address, std::size_t bytes);

// Maps a file shared and read-write, likewise: where there is room, or at `at` in place of what is there.
void *window_map_shared(int fd, std::size_t bytes, void *at);

} // namespace mana
