// The core's own memory: size classes over pages of the window.
//
// The application's malloc is out of bounds: a checkpoint may run while the application is stopped inside it, and
// the records must come back with the window. Pages come from the lower half (LowerServices::map_pages), so there is
// no memory before core_start() has seen the seam.
//
//     block:  [ 16 bytes: class, or size of a large one ][ what core_alloc returns, 16-aligned ... ]
//
// Four classes per power of two (at most 25 % lost), one free list each; blocks above kLargest are
// mapped and unmapped on their own. Small blocks never go back to the system: programs use what they have used
// before. Protected by the core's lock (lock.h), as all records are.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mana {

// Never null: ends the job with a sentence when memory is out. Not zeroed. Zero bytes are a valid size.
[[nodiscard]] void *core_alloc(std::size_t bytes);
[[nodiscard]] void *core_zalloc(std::size_t bytes);    // zeroed
[[nodiscard]] void *core_try_alloc(std::size_t bytes); // null when memory is out: for sizes the application chooses
void core_free(void *block);                           // null is allowed

template <class T> [[nodiscard]] T *core_array(std::size_t n) { return static_cast<T *>(core_alloc(n * sizeof(T))); }

// Copy of n items; null stays null.
template <class T> [[nodiscard]] T *core_copy(const T *from, std::size_t n) {
  if (!from)
    return nullptr;
  T *to = core_array<T>(n);
  __builtin_memcpy(to, from, n * sizeof(T));
  return to;
}

} // namespace mana
