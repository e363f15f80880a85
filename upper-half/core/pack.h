// Data of derived types, as bytes: walking a type, packing, unpacking.
//
// A packed message is the concatenation of its basic elements in the order of the type map. That is also what both
// MPIs send between equal machines, so MPI_Pack, the drain's buffers and bsend's copies are one format.
#pragma once
#include "core/datatypes.h"

namespace mana {

// Bytes that `count` items take when packed.
inline std::int64_t packed_bytes(std::int64_t count, const Datatype *type) { return count * type->size; }

// Copies `count` items from `user` (their MPI address; MPI_BOTTOM with absolute types works) to `packed`.
void pack_bytes(const void *user, std::int64_t count, const Datatype *type, void *packed);

// The reverse. `bytes` may be less than the items hold: the rest of `user` is not touched. No more than the items
// hold is used.
void unpack_bytes(const void *packed, std::int64_t bytes, void *user, std::int64_t count, const Datatype *type);

// How many basic elements the first `bytes` bytes of a message of this type hold; -1 when they end within one.
std::int64_t elements_in(std::int64_t bytes, const Datatype *type);

} // namespace mana
