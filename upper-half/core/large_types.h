// Datatypes with more items, longer blocks and wider strides than an int says, built of ordinary ones.
//
//     large_contiguous(3e9, INT)   =   hindexed { 1 << 30 items at 0, 1 << 30 at 4 << 30, the rest at 8 << 30 }
//
// They have the type map and the bounds that the large constructor of MPI-4 asks for, so everything that walks a type or
// makes it below works with them, under an MPI without large counts too. Each returns a new reference and takes none;
// arguments have been checked.
#pragma once
#include "core/datatypes.h"

namespace mana {

inline bool fits_int(std::int64_t n) { return n == static_cast<std::int32_t>(n); }

Datatype *large_contiguous(std::int64_t count, Datatype *old);
// Strides and displacements in bytes. The number of blocks of the last two is an int: the arguments of more would
// hardly fit into memory.
Datatype *large_hvector(std::int64_t count, std::int64_t blocklength, std::int64_t stride, Datatype *old);
Datatype *large_hindexed(int count, const std::int64_t *blocklengths, const std::int64_t *displacements, Datatype *old);
Datatype *large_struct(int count, const std::int64_t *blocklengths, const std::int64_t *displacements,
                       Datatype *const *types);

// The arguments of a large constructor, as MPI_Type_get_contents_c answers them, over the type that they mean. Takes the
// reference to `body`.
Datatype *large_type(int combiner, int ni, const int *integers, int nc, const std::int64_t *counts, int nd,
                     Datatype *const *types, Datatype *body);

// `count` items of `type` as arguments of a call which takes an int: themselves, or one item of a type of theirs, alive as
// long as this is. What is no valid count or type is passed on for the call to say so.
class LargeItems {
public:
  LargeItems(std::int64_t count, Datatype *type);
  ~LargeItems();
  LargeItems(const LargeItems &) = delete;
  LargeItems &operator=(const LargeItems &) = delete;

  int count;
  Datatype *type;

private:
  bool made_ = false;
};

}  // namespace mana
