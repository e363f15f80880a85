// See large_types.h.
#include "core/large_types.h"

#include <initializer_list>

#include "abi_constants.h"
#include "core/call.h"
#include "core/memory.h"

namespace mana {

namespace {

// Items in one block.
constexpr std::int64_t kChunk = std::int64_t{1} << 30;

std::int64_t chunks_of(std::int64_t n) { return n <= kChunk ? 1 : (n + kChunk - 1) / kChunk; }

// Strided blocks in two levels have the type map of one; the bounds are set where rounding has moved them.
Datatype *with_bounds(Datatype *type, std::int64_t lb, std::int64_t extent) {
  if (type->lb == lb && type->extent == extent) return type;
  Datatype *resized = build_resized(type, lb, extent);
  release(type);
  return resized;
}

Datatype *hvector_of(std::int64_t count, std::int64_t stride, Datatype *block) {
  if (fits_int(count)) return build_hvector(static_cast<int>(count), 1, stride, block);
  Datatype *chunk = build_hvector(kChunk, 1, stride, block);
  Datatype *rest = build_hvector(static_cast<int>(count % kChunk), 1, stride, block);
  Datatype *chunks = build_hvector(static_cast<int>(count / kChunk), 1, kChunk * stride, chunk);
  const int once[] = {1, 1};
  const std::int64_t at[] = {0, count / kChunk * kChunk * stride};
  Datatype *const parts[] = {chunks, rest};
  Datatype *all = build_struct(2, once, at, parts);
  for (Datatype *part : {chunk, rest, chunks}) release(part);
  const std::int64_t span = (count - 1) * (stride < 0 ? -stride : stride);
  return with_bounds(all, block->lb + (stride < 0 ? -span : 0), block->extent + span);
}

bool all_equal(int n, Datatype *const *types) {
  for (int i = 1; i < n; ++i)
    if (types[i] != types[0]) return false;
  return true;
}

}  // namespace

Datatype *large_contiguous(std::int64_t count, Datatype *old) {
  if (fits_int(count)) return build_contiguous(static_cast<int>(count), old);
  const std::int64_t at = 0;
  return large_hindexed(1, &count, &at, old);
}

Datatype *large_hvector(std::int64_t count, std::int64_t blocklength, std::int64_t stride, Datatype *old) {
  if (fits_int(count) && fits_int(blocklength))
    return build_hvector(static_cast<int>(count), static_cast<int>(blocklength), stride, old);
  Datatype *block = large_contiguous(blocklength, old);
  Datatype *all = hvector_of(count, stride, block);
  release(block);
  return all;
}

Datatype *large_hindexed(int count, const std::int64_t *blocklengths, const std::int64_t *displacements, Datatype *old) {
  std::int64_t blocks = 1;
  for (int i = 0; i < count; ++i) blocks += chunks_of(blocklengths[i]);
  int *integers = core_array<int>(static_cast<std::size_t>(blocks));
  std::int64_t *at = core_array<std::int64_t>(static_cast<std::size_t>(blocks));
  int n = 0;
  for (int i = 0; i < count; ++i) {
    std::int64_t done = 0;
    do {
      const std::int64_t left = blocklengths[i] - done;
      at[n] = displacements[i] + done * old->extent;
      integers[1 + n++] = static_cast<int>(left < kChunk ? left : kChunk);
      done += kChunk;
    } while (done < blocklengths[i]);
  }
  integers[0] = n;
  Datatype *type = new_type(abi::COMBINER_HINDEXED, 1 + n, integers, n, at, 1, &old);
  compute_bounds(type);
  core_free(integers);
  core_free(at);
  return type;
}

Datatype *large_struct(int count, const std::int64_t *blocklengths, const std::int64_t *displacements,
                       Datatype *const *types) {
  if (count > 0 && all_equal(count, types)) return large_hindexed(count, blocklengths, displacements, types[0]);
  int *once = core_array<int>(static_cast<std::size_t>(count));
  Datatype **blocks = core_array<Datatype *>(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const bool fits = fits_int(blocklengths[i]);
    once[i] = fits ? static_cast<int>(blocklengths[i]) : 1;
    if (fits)
      retain(blocks[i] = types[i]);
    else
      blocks[i] = large_contiguous(blocklengths[i], types[i]);
  }
  Datatype *all = build_struct(count, once, displacements, blocks);
  for (int i = 0; i < count; ++i) release(blocks[i]);
  core_free(once);
  core_free(blocks);
  return all;
}

Datatype *large_type(int combiner, int ni, const int *integers, int nc, const std::int64_t *counts, int nd,
                     Datatype *const *types, Datatype *body) {
  Datatype *type = new_type(combiner, ni, integers, 0, nullptr, nd, types);
  type->nc = nc;
  type->large_counts = core_copy(counts, static_cast<std::size_t>(nc));
  type->body = body;
  compute_bounds(type);
  return type;
}

// ---------------------------------------------------------------------------------
// Arguments of communication

LargeItems::LargeItems(std::int64_t n, Datatype *items) : count(static_cast<int>(n)), type(items) {
  if (fits_int(n)) [[likely]] return;
  count = n < 0 ? -1 : 1;
  if (n < 0 || !is_usable(items)) return;
  const InCore in_core;
  type = large_contiguous(n, items);
  type->committed = 1;
  made_ = true;
}

LargeItems::~LargeItems() {
  if (!made_) return;
  const InCore in_core;
  release(type);
}

}  // namespace mana
