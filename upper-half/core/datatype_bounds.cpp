// Size, bounds and extents of a type from its constructor (MPI-3.1, section 4.1).
//
// lb and ub are the least and greatest bounds of the blocks' items. If any of them is explicit (a marker: resized
// types, arrays, MPI_LB, MPI_UB), only the explicit ones count. Without an explicit ub the extent is rounded up to
// the widest alignment inside. The MPIs read these rules differently:
//
//                            Open MPI 4.1                               MPICH 4.0
//   rounds                   every constructor, after each block       structs of unequal types, once
//   resized, as a part       its bounds are explicit                   as if they were natural ones
//   parts without data       count for the bounds                      count for the bounds, empty blocks too
//
// An application gets what the MPI that it was compiled for says, for as long as it lives; only the last row of MPICH
// is not followed. Compared with both over random type trees: tests/unit/datatype_oracle.cpp.
#include "core/datatype_walk.h"
#include "core/start.h"

namespace mana {

namespace {

class Range {
public:
  void add(std::int64_t low, std::int64_t high) {
    if (!any_ || low < low_)
      low_ = low;
    if (!any_ || high > high_)
      high_ = high;
    any_ = true;
  }
  bool any() const { return any_; }
  std::int64_t low() const { return any_ ? low_ : 0; }
  std::int64_t high() const { return any_ ? high_ : 0; }

private:
  std::int64_t low_ = 0, high_ = 0;
  bool any_ = false;
};

class Bounds {
public:
  explicit Bounds(bool round_once) : round_once_(round_once), round_always_(as_open_mpi()) {}

  void add(std::int64_t at, std::int64_t count, const Datatype *child) {
    in_order_ = in_order_ && child->contiguous && (at == size_ || count * child->size == 0);
    size_ += count * child->size;
    elements_ += count * child->elements;
    const bool counts = child->elements != 0 || child->markers != 0 || round_always_;
    if (count == 0 || !counts)
      return;
    if (child->alignment > alignment_)
      alignment_ = child->alignment;
    const std::int64_t span = (count - 1) * child->extent;
    const std::int64_t first = at + (span < 0 ? span : 0), last = at + (span > 0 ? span : 0);
    const std::int64_t low = first + child->lb, high = last + child->lb + child->extent;
    if (child->elements)
      true_.add(first + child->true_lb, last + child->true_lb + child->true_extent);
    if (child->markers & kLbMarker)
      marked_low_.add(low, low);
    if (child->markers & kUbMarker)
      marked_high_.add(high, high);
    if (child->elements || round_always_)
      plain_.add(low, high);
    if (round_always_)
      round();
  }

  // The blocks between the first and the last of `count` equal ones, which do not matter for the bounds.
  void add_middle(std::int64_t count, const Datatype *child) {
    size_ += count * child->size;
    elements_ += count * child->elements;
  }
  void not_in_order() { in_order_ = false; }

  void store(Datatype *type) {
    if (round_once_)
      round();
    type->size = size_;
    type->elements = elements_;
    type->alignment = alignment_;
    type->markers =
        static_cast<std::uint8_t>((marked_low_.any() ? kLbMarker : 0) | (marked_high_.any() ? kUbMarker : 0));
    type->true_lb = true_.low();
    type->true_extent = true_.high() - true_.low();
    type->lb = lower();
    type->extent = upper() - type->lb;
    type->contiguous = in_order_ && type->lb == 0 && type->extent == size_;
  }

private:
  std::int64_t lower() const { return marked_low_.any() ? marked_low_.low() : plain_.low(); }
  std::int64_t upper() const { return marked_high_.any() ? marked_high_.high() : plain_.high(); }
  // Moves a natural upper bound up to the next multiple of the alignment from the lower one.
  void round() {
    const std::int64_t over = (upper() - lower()) % alignment_;
    if (!marked_high_.any() && over != 0)
      plain_.add(lower(), upper() + alignment_ - over);
  }

  bool round_once_, round_always_;
  std::int64_t size_ = 0, elements_ = 0;
  std::uint8_t alignment_ = 1;
  bool in_order_ = true;
  Range true_, plain_, marked_low_, marked_high_;
};

// Vectors may have millions of blocks: only the first and the last matter.
void add_vector(Bounds &bounds, int count, int blocklength, std::int64_t stride, const Datatype *child) {
  if (count == 0)
    return;
  bounds.add(0, blocklength, child);
  if (count == 1)
    return;
  if (stride != blocklength * child->extent)
    bounds.not_in_order();
  bounds.add_middle(std::int64_t{count - 2} * blocklength, child);
  bounds.add(stride * (count - 1), blocklength, child);
}

void copy_bounds(Datatype *to, const Datatype *from) {
  to->size = from->size;
  to->lb = from->lb;
  to->extent = from->extent;
  to->true_lb = from->true_lb;
  to->true_extent = from->true_extent;
  to->elements = from->elements;
  to->contiguous = from->contiguous;
  to->alignment = from->alignment;
  to->markers = from->markers;
}

void set_resized(Datatype *type) {
  copy_bounds(type, type->types[0]);
  type->lb = type->addresses[0];
  type->extent = type->addresses[1];
  type->markers = as_open_mpi() ? kLbMarker | kUbMarker : 0;
  type->contiguous = type->types[0]->contiguous && type->lb == 0 && type->extent == type->size;
}

bool has_unequal_types(const Datatype *type) {
  for (int i = 1; i < type->nd; ++i)
    if (type->types[i] != type->types[0])
      return true;
  return false;
}

} // namespace

void compute_bounds(Datatype *type) {
  if (type->body)
    return copy_bounds(type, type->body);
  if (type->combiner == abi::COMBINER_RESIZED)
    return set_resized(type);
  Bounds bounds(has_unequal_types(type));
  const std::int32_t *i = type->integers;
  if (type->combiner == abi::COMBINER_VECTOR)
    add_vector(bounds, i[0], i[1], i[2] * type->types[0]->extent, type->types[0]);
  else if (type->combiner == abi::COMBINER_HVECTOR)
    add_vector(bounds, i[0], i[1], type->addresses[0], type->types[0]);
  else
    visit_blocks(type, [&](std::int64_t at, int count, const Datatype *child) {
      bounds.add(at, count, child);
      return true;
    });
  bounds.store(type);
}

} // namespace mana
