// Constructors of datatypes, and their life. See datatypes.h; bounds are computed in datatype_bounds.cpp.
#include "core/datatypes.h"

#include "core/attributes.h"
#include "core/call.h"
#include "core/errors.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

Datatype *new_type(int combiner, int ni, const int *integers, int na, const std::int64_t *addresses, int nd,
                   Datatype *const *types) {
  Datatype *type = make<Datatype>();
  type->combiner = combiner;
  type->ni = ni;
  type->na = na;
  type->nd = nd;
  type->integers = ni ? core_copy(integers, static_cast<std::size_t>(ni)) : nullptr;
  type->addresses = na ? core_copy(addresses, static_cast<std::size_t>(na)) : nullptr;
  type->types = nd ? core_copy(types, static_cast<std::size_t>(nd)) : nullptr;
  for (int i = 0; i < nd; ++i)
    retain(types[i]);
  return type;
}

void destroy_type(Datatype *type) {
  delete_attributes(type);
  // The native of a type with a body is the body's.
  if (type->native_live != kNativeNone && !type->body)
    seam()->mpi->Type_free(&type->native);
  for (int i = 0; i < type->nd; ++i)
    release(type->types[i]);
  if (type->body)
    release(type->body);
  core_free(type->integers);
  core_free(type->addresses);
  core_free(type->large_counts);
  core_free(type->types);
  destroy(type);
}

namespace {

Datatype *finished(Datatype *type) {
  compute_bounds(type);
  return type;
}

// Arguments of a constructor that are a count followed by arrays of that length.
class Integers {
public:
  explicit Integers(std::int64_t room) : values_(core_array<int>(static_cast<std::size_t>(room))) {}
  ~Integers() { core_free(values_); }
  Integers(const Integers &) = delete;
  Integers &operator=(const Integers &) = delete;
  Integers &add(int value) {
    values_[n_++] = value;
    return *this;
  }
  Integers &add(const int *values, int n) {
    for (int i = 0; i < n; ++i)
      add(values[i]);
    return *this;
  }
  int size() const { return n_; }
  const int *data() const { return values_; }

private:
  int *values_;
  int n_ = 0;
};

bool any_negative(const int *values, int n) {
  for (int i = 0; i < n; ++i)
    if (values[i] < 0)
      return true;
  return false;
}

int check(int count, const Datatype *old) { return is_null(old) ? abi::ERR_TYPE : count < 0 ? abi::ERR_COUNT : 0; }

} // namespace

Datatype *build_contiguous(int count, Datatype *old) {
  return finished(new_type(abi::COMBINER_CONTIGUOUS, 1, &count, 0, nullptr, 1, &old));
}

Datatype *build_vector(int count, int blocklength, int stride, Datatype *old) {
  const int integers[] = {count, blocklength, stride};
  return finished(new_type(abi::COMBINER_VECTOR, 3, integers, 0, nullptr, 1, &old));
}

Datatype *build_hvector(int count, int blocklength, std::int64_t stride, Datatype *old) {
  const int integers[] = {count, blocklength};
  return finished(new_type(abi::COMBINER_HVECTOR, 2, integers, 1, &stride, 1, &old));
}

Datatype *build_resized(Datatype *old, std::int64_t lb, std::int64_t extent) {
  const std::int64_t addresses[] = {lb, extent};
  return finished(new_type(abi::COMBINER_RESIZED, 0, nullptr, 2, addresses, 1, &old));
}

Datatype *build_struct(int count, const int *blocklengths, const std::int64_t *displacements,
                       Datatype *const *types) {
  Integers integers(1 + std::int64_t{count});
  integers.add(count).add(blocklengths, count);
  return finished(
      new_type(abi::COMBINER_STRUCT, integers.size(), integers.data(), count, displacements, count, types));
}

namespace api {

int Type_contiguous(int count, Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_contiguous);
  if (const int error = check(count, oldtype))
    return raise(error);
  *newtype = build_contiguous(count, oldtype);
  return 0;
}

int Type_vector(int count, int blocklength, int stride, Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_vector);
  if (const int error = check(count, oldtype))
    return raise(error);
  if (blocklength < 0)
    return raise(abi::ERR_ARG);
  *newtype = build_vector(count, blocklength, stride, oldtype);
  return 0;
}

int Type_create_hvector(int count, int blocklength, std::int64_t stride, Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_create_hvector);
  if (const int error = check(count, oldtype))
    return raise(error);
  if (blocklength < 0)
    return raise(abi::ERR_ARG);
  *newtype = build_hvector(count, blocklength, stride, oldtype);
  return 0;
}

int Type_indexed(int count, const int *blocklengths, const int *displacements, Datatype *oldtype,
                 Datatype **newtype) {
  Call call(Fn::Type_indexed);
  if (const int error = check(count, oldtype))
    return raise(error);
  if (any_negative(blocklengths, count))
    return raise(abi::ERR_ARG);
  Integers integers(1 + 2 * std::int64_t{count});
  integers.add(count).add(blocklengths, count).add(displacements, count);
  *newtype = finished(new_type(abi::COMBINER_INDEXED, integers.size(), integers.data(), 0, nullptr, 1, &oldtype));
  return 0;
}

int Type_create_hindexed(int count, const int *blocklengths, const std::int64_t *displacements, Datatype *oldtype,
                         Datatype **newtype) {
  Call call(Fn::Type_create_hindexed);
  if (const int error = check(count, oldtype))
    return raise(error);
  if (any_negative(blocklengths, count))
    return raise(abi::ERR_ARG);
  Integers integers(1 + std::int64_t{count});
  integers.add(count).add(blocklengths, count);
  *newtype =
      finished(new_type(abi::COMBINER_HINDEXED, integers.size(), integers.data(), count, displacements, 1, &oldtype));
  return 0;
}

int Type_create_indexed_block(int count, int blocklength, const int *displacements, Datatype *oldtype,
                              Datatype **newtype) {
  Call call(Fn::Type_create_indexed_block);
  if (const int error = check(count, oldtype))
    return raise(error);
  if (blocklength < 0)
    return raise(abi::ERR_ARG);
  Integers integers(2 + std::int64_t{count});
  integers.add(count).add(blocklength).add(displacements, count);
  *newtype =
      finished(new_type(abi::COMBINER_INDEXED_BLOCK, integers.size(), integers.data(), 0, nullptr, 1, &oldtype));
  return 0;
}

int Type_create_hindexed_block(int count, int blocklength, const std::int64_t *displacements, Datatype *oldtype,
                               Datatype **newtype) {
  Call call(Fn::Type_create_hindexed_block);
  if (const int error = check(count, oldtype))
    return raise(error);
  if (blocklength < 0)
    return raise(abi::ERR_ARG);
  const int integers[] = {count, blocklength};
  *newtype = finished(new_type(abi::COMBINER_HINDEXED_BLOCK, 2, integers, count, displacements, 1, &oldtype));
  return 0;
}

int Type_create_struct(int count, const int *blocklengths, const std::int64_t *displacements, Datatype *const *types,
                       Datatype **newtype) {
  Call call(Fn::Type_create_struct);
  if (count < 0)
    return raise(abi::ERR_COUNT);
  if (any_negative(blocklengths, count))
    return raise(abi::ERR_ARG);
  for (int i = 0; i < count; ++i)
    if (is_null(types[i]))
      return raise(abi::ERR_TYPE);
  *newtype = build_struct(count, blocklengths, displacements, types);
  return 0;
}

int Type_create_resized(Datatype *oldtype, std::int64_t lb, std::int64_t extent, Datatype **newtype) {
  Call call(Fn::Type_create_resized);
  if (is_null(oldtype))
    return raise(abi::ERR_TYPE);
  *newtype = build_resized(oldtype, lb, extent);
  return 0;
}

int Type_dup(Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_dup);
  if (is_null(oldtype))
    return raise(abi::ERR_TYPE);
  Datatype *type = new_type(abi::COMBINER_DUP, 0, nullptr, 0, nullptr, 1, &oldtype);
  retain(type->body = oldtype);
  compute_bounds(type);
  type->committed = oldtype->committed;
  if (const int error = copy_attributes(oldtype, type)) {
    release(type);
    *newtype = predefined<Datatype>(abi::DATATYPE_NULL);
    return raise(error);
  }
  *newtype = type;
  return 0;
}

// The native type is made when it is used.
int Type_commit(Datatype **datatype) {
  Call call(Fn::Type_commit);
  if (is_null(*datatype))
    return raise(abi::ERR_TYPE);
  (*datatype)->committed = 1;
  return 0;
}

int Type_free(Datatype **datatype) {
  Call call(Fn::Type_free);
  Datatype *type = *datatype;
  if (is_null(type) || (type->flags & kPredefined))
    return raise(abi::ERR_TYPE);
  // With other users of the record its attributes live on, as they do in both MPIs.
  if (type->refs == 1)
    if (const int error = delete_attributes(type))
      return raise(error);
  release(type);
  *datatype = predefined<Datatype>(abi::DATATYPE_NULL);
  return 0;
}

} // namespace api

} // namespace mana
