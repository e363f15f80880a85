// See memory.h.
#include "core/memory.h"

#include <bit>

#include "interface/seam.h"

namespace mana {

namespace {

constexpr std::size_t kHeader = 16;
constexpr std::size_t kSmallest = 32; // block size with header
constexpr std::size_t kLargest = 128 * 1024;
constexpr std::size_t kArena = 1024 * 1024;
constexpr std::uint64_t kLarge = ~std::uint64_t{0};

struct Block {
  std::uint64_t size_class; // or kLarge
  std::uint64_t mapped;     // bytes of a large one
  Block *next;              // only while free
};

// Classes: 32 40 48 56 | 64 80 96 112 | 128 160 ... rounded up to multiples of 16.
constexpr int kClasses = 64;
Block *free_blocks[kClasses];
char *arena_at, *arena_end;

constexpr std::size_t class_size(unsigned c) {
  return (((kSmallest << (c / 4)) * (4 + c % 4) / 4) + 15) & ~std::size_t{15};
}

// Smallest class with class_size(c) >= total.
constexpr unsigned class_for(std::size_t total) {
  if (total <= kSmallest)
    return 0;
  const unsigned exponent =
      static_cast<unsigned>(std::bit_width(total - 1)) - 1; // 2^exponent < total <= 2^(exponent+1)
  const std::size_t step = (std::size_t{1} << exponent) / 4;
  const unsigned quarter = static_cast<unsigned>((total - (std::size_t{1} << exponent) + step - 1) / step); // 1..4
  return (exponent - 5) * 4 + quarter;
}

constexpr bool classes_fit() {
  for (std::size_t n = 1; n <= 4096; ++n)
    if (class_size(class_for(n)) < n)
      return false;
  return class_size(class_for(kLargest)) == kLargest && class_for(kLargest) < kClasses;
}
static_assert(classes_fit());

Block *map_large(std::size_t total) {
  Block *block = static_cast<Block *>(seam()->services->map_pages(total));
  if (!block)
    return nullptr;
  block->size_class = kLarge;
  block->mapped = total;
  return block;
}

Block *carve(unsigned size_class) {
  const std::size_t size = class_size(size_class);
  if (static_cast<std::size_t>(arena_end - arena_at) < size) {
    // The rest of the old arena is lost: less than one block of this class.
    char *arena = static_cast<char *>(seam()->services->map_pages(kArena));
    if (!arena)
      return nullptr;
    arena_at = arena;
    arena_end = arena + kArena;
  }
  Block *block = reinterpret_cast<Block *>(arena_at);
  arena_at += size;
  block->size_class = size_class;
  return block;
}

Block *take(unsigned size_class) {
  Block *block = free_blocks[size_class];
  if (!block)
    return carve(size_class);
  free_blocks[size_class] = block->next;
  return block;
}

} // namespace

void *core_try_alloc(std::size_t bytes) {
  if (bytes > SIZE_MAX / 2)
    return nullptr;
  const std::size_t total = bytes + kHeader;
  Block *block = total > kLargest ? map_large(total) : take(class_for(total));
  return block ? reinterpret_cast<char *>(block) + kHeader : nullptr;
}

void *core_alloc(std::size_t bytes) {
  void *block = core_try_alloc(bytes);
  if (!block) [[unlikely]]
    seam()->services->die(1, "out of memory for MPI objects (address space, RLIMIT_AS or overcommit limit)");
  return block;
}

void *core_zalloc(std::size_t bytes) { return __builtin_memset(core_alloc(bytes), 0, bytes); }

void core_free(void *memory) {
  if (!memory)
    return;
  Block *block = reinterpret_cast<Block *>(static_cast<char *>(memory) - kHeader);
  if (block->size_class == kLarge)
    return seam()->services->unmap_pages(block, block->mapped);
  block->next = free_blocks[block->size_class];
  free_blocks[block->size_class] = block;
}

} // namespace mana
