// Native types: made from the constructor tree when first used, forgotten at a restart.
//
// The tree is followed one to one, but blocks without data are left out, types with a body are made from it, and
// wherever the live MPI would place the next item elsewhere (its idea of alignment, MPI_LB and MPI_UB) the
// result is resized to our bounds. So `count` items mean the same bytes under every MPI.
#include "core/datatypes.h"

#include "abi_constants.h"
#include "core/memory.h"
#include "core/pool.h"
#include "lower_mpi.h"

namespace mana {

namespace {

NativeDatatype null_native() { return static_cast<NativeDatatype>(seam()->mpi->predefined(abi::DATATYPE_NULL)); }

int build(Datatype *type, NativeDatatype *native);

// Native of a part: made but not committed.
int part(Datatype *type, NativeDatatype *native) {
  if (type->native_live != kNativeNone) {
    *native = type->native;
    return 0;
  }
  if (const int error = build(type, native))
    return error;
  type->native = *native;
  type->native_live = kNativeBuilt;
  return 0;
}

int build_native_struct(Datatype *type, NativeDatatype *native) {
  const int n = type->integers[0];
  int *lengths = core_array<int>(static_cast<std::size_t>(n));
  std::int64_t *at = core_array<std::int64_t>(static_cast<std::size_t>(n));
  NativeDatatype *parts = core_array<NativeDatatype>(static_cast<std::size_t>(n));
  int used = 0, error = 0;
  for (int i = 0; i < n && !error; ++i) {
    if (type->integers[1 + i] == 0 || type->types[i]->elements == 0)
      continue;
    lengths[used] = type->integers[1 + i];
    at[used] = type->addresses[i];
    error = part(type->types[i], &parts[used++]);
  }
  if (!error)
    error = seam()->mpi->Type_create_struct(used, lengths, at, parts, native);
  core_free(lengths);
  core_free(at);
  core_free(parts);
  return error;
}

int construct(Datatype *type, NativeDatatype *native) {
  const LowerMpi &mpi = *seam()->mpi;
  const std::int32_t *i = type->integers;
  const std::int64_t *a = type->addresses;
  if (type->combiner == abi::COMBINER_STRUCT)
    return build_native_struct(type, native);
  NativeDatatype old;
  if (const int error = part(type->types[0], &old))
    return error;
  switch (type->combiner) {
  case abi::COMBINER_CONTIGUOUS:
    return mpi.Type_contiguous(i[0], old, native);
  case abi::COMBINER_VECTOR:
    return mpi.Type_vector(i[0], i[1], i[2], old, native);
  case abi::COMBINER_HVECTOR:
    return mpi.Type_create_hvector(i[0], i[1], a[0], old, native);
  case abi::COMBINER_INDEXED:
    return mpi.Type_indexed(i[0], i + 1, i + 1 + i[0], old, native);
  case abi::COMBINER_HINDEXED:
    return mpi.Type_create_hindexed(i[0], i + 1, a, old, native);
  case abi::COMBINER_INDEXED_BLOCK:
    return mpi.Type_create_indexed_block(i[0], i[1], i + 2, old, native);
  case abi::COMBINER_HINDEXED_BLOCK:
    return mpi.Type_create_hindexed_block(i[0], i[1], a, old, native);
  case abi::COMBINER_RESIZED:
    return mpi.Type_create_resized(old, a[0], a[1], native);
  default:
    return abi::ERR_TYPE;
  }
}

// Replaces *native by one with the bounds of our record, if it has others.
int agree(const Datatype *type, NativeDatatype *native) {
  std::int64_t lb, extent;
  if (const int error = seam()->mpi->Type_get_extent(*native, &lb, &extent))
    return error;
  if (lb == type->lb && extent == type->extent)
    return 0;
  NativeDatatype before = *native;
  const int error = seam()->mpi->Type_create_resized(before, type->lb, type->extent, native);
  seam()->mpi->Type_free(&before);
  return error;
}

int build_empty(NativeDatatype *native) {
  const auto byte = static_cast<NativeDatatype>(seam()->mpi->predefined(abi::BYTE));
  return seam()->mpi->Type_contiguous(0, byte, native);
}

int build(Datatype *type, NativeDatatype *native) {
  if (is_named(type)) {
    *native = static_cast<NativeDatatype>(seam()->mpi->predefined(type->abi));
    return *native == null_native() ? abi::ERR_TYPE : 0;
  }
  if (type->body)
    return part(type->body, native);
  if (const int error = type->elements == 0 ? build_empty(native) : construct(type, native))
    return error;
  return agree(type, native);
}

void forget(Datatype *type) {
  type->native_live = kNativeNone;
  if (type->body)
    type->body->native_live = kNativeNone;
}

} // namespace

NativeDatatype make_native(Datatype *type) {
  if ((type->flags & kNull) || !type->committed || part(type, &type->native) != 0)
    return null_native();
  // Of a type with a body the native is the body's (or a predefined type's), committed once.
  Datatype *owner = type;
  while (owner->body && !is_named(owner))
    owner = owner->body;
  if (!is_named(owner) && owner->native_live != kNativeCommitted) {
    if (seam()->mpi->Type_commit(&owner->native) != 0)
      return null_native();
    owner->native_live = kNativeCommitted;
  }
  type->native = owner->native;
  type->native_live = kNativeCommitted;
  return type->native;
}

void forget_native_types() {
  for_each_predefined_type(forget);
  for_each<Datatype>(forget);
}

} // namespace mana
