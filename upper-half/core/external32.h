// Data in the representation "external32" (MPI-3.1, section 13.5.2). See external32.cpp.
#pragma once
#include "core/objects.h"

namespace mana {

// Bytes of `count` items there.
std::int64_t external_bytes(const Datatype *type, std::int64_t count);

// `count` items of the user's memory, converted. Returns the end of what was written.
unsigned char *pack_external(const void *user, std::int64_t count, const Datatype *type, unsigned char *external);

// The first `bytes` of up to `count` items, back into the user's memory; a part of an element at the end is left out.
// Returns how many bytes of memory were filled, holes not counted.
std::int64_t unpack_external(const unsigned char *external, std::int64_t bytes, void *user, std::int64_t count,
                             const Datatype *type);

// A type whose basic elements have the sizes that they have there: a new reference, to `type` itself where nothing differs.
// Null for constructors which have turned extents into bytes already (subarray, darray, pair types).
Datatype *external_type(Datatype *type);

}  // namespace mana
