// The constructors and queries of datatypes with MPI_Count arguments (MPI-4).
//
// A type made by one of them answers MPI_Type_get_contents_c in large counts, however small they are, and has a body of
// ordinary constructors (large_types.h).
#include "core/call.h"
#include "core/errors.h"
#include "core/large_types.h"
#include "core/memory.h"
#include "core_api.h"

namespace mana {

namespace {

// Of the arrays: as many blocks as an int says.
int check(std::int64_t count, const Datatype *old) {
  if (is_null(old)) return abi::ERR_TYPE;
  return count < 0 || !fits_int(count) ? abi::ERR_COUNT : 0;
}

bool any_negative(std::int64_t n, const std::int64_t *values) {
  for (std::int64_t i = 0; i < n; ++i)
    if (values[i] < 0) return true;
  return false;
}

// Arguments in the order in which MPI_Type_get_contents_c gives them.
class Counts {
public:
  explicit Counts(std::int64_t room) : values_(core_array<std::int64_t>(static_cast<std::size_t>(room))) {}
  ~Counts() { core_free(values_); }
  Counts(const Counts &) = delete;
  Counts &operator=(const Counts &) = delete;
  Counts &add(std::int64_t value) { return add(&value, 1); }
  Counts &add(const std::int64_t *values, std::int64_t n) {
    __builtin_memcpy(values_ + n_, values, static_cast<std::size_t>(n) * sizeof(std::int64_t));
    n_ += static_cast<int>(n);
    return *this;
  }
  Datatype *type(int combiner, Datatype *old, Datatype *body) const { return type(combiner, 1, &old, body); }
  Datatype *type(int combiner, int nd, Datatype *const *types, Datatype *body) const {
    return large_type(combiner, 0, nullptr, n_, values_, nd, types, body);
  }

private:
  std::int64_t *values_;
  int n_ = 0;
};

// The same block length everywhere, displacements in items or bytes.
Datatype *blocks(int count, std::int64_t blocklength, const std::int64_t *displacements, std::int64_t unit, Datatype *old) {
  const std::size_t n = static_cast<std::size_t>(count);
  std::int64_t *lengths = core_array<std::int64_t>(n), *at = core_array<std::int64_t>(n);
  for (int i = 0; i < count; ++i) {
    lengths[i] = blocklength;
    at[i] = displacements[i] * unit;
  }
  Datatype *body = large_hindexed(count, lengths, at, old);
  core_free(lengths);
  core_free(at);
  return body;
}

int block_type(int combiner, std::int64_t count, std::int64_t blocklength, const std::int64_t *displacements,
               std::int64_t unit, Datatype *old, Datatype **newtype) {
  if (blocklength < 0) return raise(abi::ERR_ARG);
  Datatype *body = blocks(static_cast<int>(count), blocklength, displacements, unit, old);
  *newtype = Counts(2 + count).add(count).add(blocklength).add(displacements, count).type(combiner, old, body);
  return 0;
}

int vector_type(int combiner, std::int64_t count, std::int64_t blocklength, std::int64_t stride, std::int64_t unit,
                Datatype *old, Datatype **newtype) {
  if (is_null(old)) return raise(abi::ERR_TYPE);
  if (count < 0) return raise(abi::ERR_COUNT);
  if (blocklength < 0) return raise(abi::ERR_ARG);
  Datatype *body = large_hvector(count, blocklength, stride * unit, old);
  *newtype = Counts(3).add(count).add(blocklength).add(stride).type(combiner, old, body);
  return 0;
}

}  // namespace

namespace api {

int Type_contiguous_c(std::int64_t count, Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_contiguous_c);
  if (is_null(oldtype)) return raise(abi::ERR_TYPE);
  if (count < 0) return raise(abi::ERR_COUNT);
  *newtype = Counts(1).add(count).type(abi::COMBINER_CONTIGUOUS, oldtype, large_contiguous(count, oldtype));
  return 0;
}

int Type_vector_c(std::int64_t count, std::int64_t blocklength, std::int64_t stride, Datatype *oldtype,
                  Datatype **newtype) {
  Call call(Fn::Type_vector_c);
  return vector_type(abi::COMBINER_VECTOR, count, blocklength, stride, oldtype->extent, oldtype, newtype);
}

int Type_create_hvector_c(std::int64_t count, std::int64_t blocklength, std::int64_t stride, Datatype *oldtype,
                          Datatype **newtype) {
  Call call(Fn::Type_create_hvector_c);
  return vector_type(abi::COMBINER_HVECTOR, count, blocklength, stride, 1, oldtype, newtype);
}

int Type_indexed_c(std::int64_t count, const std::int64_t *blocklengths, const std::int64_t *displacements,
                   Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_indexed_c);
  if (const int error = check(count, oldtype)) return raise(error);
  if (any_negative(count, blocklengths)) return raise(abi::ERR_ARG);
  std::int64_t *at = core_array<std::int64_t>(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) at[i] = displacements[i] * oldtype->extent;
  Datatype *body = large_hindexed(static_cast<int>(count), blocklengths, at, oldtype);
  core_free(at);
  *newtype = Counts(1 + 2 * count).add(count).add(blocklengths, count).add(displacements, count)
                 .type(abi::COMBINER_INDEXED, oldtype, body);
  return 0;
}

int Type_create_hindexed_c(std::int64_t count, const std::int64_t *blocklengths, const std::int64_t *displacements,
                           Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_create_hindexed_c);
  if (const int error = check(count, oldtype)) return raise(error);
  if (any_negative(count, blocklengths)) return raise(abi::ERR_ARG);
  Datatype *body = large_hindexed(static_cast<int>(count), blocklengths, displacements, oldtype);
  *newtype = Counts(1 + 2 * count).add(count).add(blocklengths, count).add(displacements, count)
                 .type(abi::COMBINER_HINDEXED, oldtype, body);
  return 0;
}

int Type_create_indexed_block_c(std::int64_t count, std::int64_t blocklength, const std::int64_t *displacements,
                                Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_create_indexed_block_c);
  if (const int error = check(count, oldtype)) return raise(error);
  return block_type(abi::COMBINER_INDEXED_BLOCK, count, blocklength, displacements, oldtype->extent, oldtype, newtype);
}

int Type_create_hindexed_block_c(std::int64_t count, std::int64_t blocklength, const std::int64_t *displacements,
                                 Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_create_hindexed_block_c);
  if (const int error = check(count, oldtype)) return raise(error);
  return block_type(abi::COMBINER_HINDEXED_BLOCK, count, blocklength, displacements, 1, oldtype, newtype);
}

int Type_create_struct_c(std::int64_t count, const std::int64_t *blocklengths, const std::int64_t *displacements,
                         Datatype *const *types, Datatype **newtype) {
  Call call(Fn::Type_create_struct_c);
  if (count < 0 || !fits_int(count)) return raise(abi::ERR_COUNT);
  if (any_negative(count, blocklengths)) return raise(abi::ERR_ARG);
  const int n = static_cast<int>(count);
  for (int i = 0; i < n; ++i)
    if (is_null(types[i])) return raise(abi::ERR_TYPE);
  Datatype *body = large_struct(n, blocklengths, displacements, types);
  *newtype = Counts(1 + 2 * count).add(count).add(blocklengths, count).add(displacements, count)
                 .type(abi::COMBINER_STRUCT, n, types, body);
  return 0;
}

int Type_create_resized_c(Datatype *oldtype, std::int64_t lb, std::int64_t extent, Datatype **newtype) {
  Call call(Fn::Type_create_resized_c);
  if (is_null(oldtype)) return raise(abi::ERR_TYPE);
  *newtype = Counts(2).add(lb).add(extent).type(abi::COMBINER_RESIZED, oldtype, build_resized(oldtype, lb, extent));
  return 0;
}

// ---------------------------------------------------------------------------------
// Queries

int Type_get_envelope_c(Datatype *type, std::int64_t *num_integers, std::int64_t *num_addresses,
                        std::int64_t *num_large_counts, std::int64_t *num_datatypes, int *combiner) {
  Call call(Fn::Type_get_envelope_c);
  if (is_null(type)) return raise(abi::ERR_TYPE);
  *num_integers = type->ni;
  *num_addresses = type->na;
  *num_large_counts = type->nc;
  *num_datatypes = type->nd;
  *combiner = type->combiner;
  return 0;
}

int Type_get_contents_c(Datatype *type, std::int64_t max_integers, std::int64_t max_addresses,
                        std::int64_t max_large_counts, std::int64_t max_datatypes, int *integers,
                        std::int64_t *addresses, std::int64_t *large_counts, Datatype **types) {
  Call call(Fn::Type_get_contents_c);
  if (is_null(type) || is_named(type)) return raise(abi::ERR_TYPE);
  if (max_integers < type->ni || max_addresses < type->na || max_large_counts < type->nc || max_datatypes < type->nd)
    return raise(abi::ERR_ARG);
  for (int i = 0; i < type->ni; ++i) integers[i] = type->integers[i];
  for (int i = 0; i < type->na; ++i) addresses[i] = type->addresses[i];
  for (int i = 0; i < type->nc; ++i) large_counts[i] = type->large_counts[i];
  give_types(type, types);
  return 0;
}

}  // namespace api

}  // namespace mana
