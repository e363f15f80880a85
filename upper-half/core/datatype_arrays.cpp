// MPI_Type_create_subarray and MPI_Type_create_darray, as nested simpler types.
//
// Both choose, in each dimension, some of the indices. From the fastest dimension outwards, the type of dimension d
// is
//
//     the inner type at the chosen indices, one every `extent of the inner type`, resized to the whole dimension
//
// so that each level's extent is the stride of the next one, and the last one's the size of the array.
#include "core/call.h"
#include "core/datatypes.h"
#include "core/errors.h"
#include "core/large_types.h"
#include "core/memory.h"
#include "core_api.h"

namespace mana {

namespace {

// What one process holds of a dimension: `blocks` of `length` indices, one every `period`, then `rest` more.
struct Chosen {
  std::int64_t start, blocks, length, period, rest;
};

// Consumes the reference to `inner`.
Datatype *add_dimension(Datatype *inner, const Chosen &chosen, std::int64_t whole) {
  const std::int64_t stride = inner->extent;
  Datatype *regular = large_hvector(chosen.blocks, chosen.length, chosen.period * stride, inner);
  const std::int64_t lengths[] = {1, chosen.rest};
  const std::int64_t at[] = {chosen.start * stride, (chosen.start + chosen.blocks * chosen.period) * stride};
  Datatype *const types[] = {regular, inner};
  Datatype *placed = large_struct(chosen.rest ? 2 : 1, lengths, at, types);
  Datatype *resized = build_resized(placed, 0, whole * stride);
  release(regular);
  release(placed);
  release(inner);
  return resized;
}

Chosen choose_range(std::int64_t start, std::int64_t n) { return {start, 1, n, 0, 0}; }

Chosen choose_block(std::int64_t whole, int processes, int place, int darg) {
  const std::int64_t block = darg == kDefaultDarg ? (whole + processes - 1) / processes : darg;
  const std::int64_t start = block * place, left = whole - start;
  return choose_range(left > 0 ? start : 0, left <= 0 ? 0 : left < block ? left : block);
}

Chosen choose_cyclic(std::int64_t whole, int processes, int place, int darg) {
  const std::int64_t block = darg == kDefaultDarg ? 1 : darg;
  const std::int64_t start = block * place, period = block * processes, left = whole - start;
  if (left <= 0)
    return {0, 0, block, period, 0};
  const std::int64_t rest = left % period;
  if (rest >= block)
    return {start, left / period + 1, block, period, 0};
  return {start, left / period, block, period, rest};
}

int check_darg(int distribution, int darg, std::int64_t whole, int processes) {
  switch (distribution) {
  case abi::DISTRIBUTE_NONE:
    return processes == 1 ? 0 : abi::ERR_ARG;
  case abi::DISTRIBUTE_CYCLIC:
    return darg == kDefaultDarg || darg > 0 ? 0 : abi::ERR_ARG;
  case abi::DISTRIBUTE_BLOCK:
    if (darg == kDefaultDarg)
      return 0;
    return darg > 0 && std::int64_t{darg} * processes >= whole ? 0 : abi::ERR_ARG;
  default:
    return abi::ERR_ARG;
  }
}

Chosen choose(int distribution, int darg, std::int64_t whole, int processes, int place) {
  switch (distribution) {
  case abi::DISTRIBUTE_BLOCK:
    return choose_block(whole, processes, place, darg);
  case abi::DISTRIBUTE_CYCLIC:
    return choose_cyclic(whole, processes, place, darg);
  default:
    return choose_range(0, whole);
  }
}

bool is_order(int order) { return order == abi::ORDER_C || order == abi::ORDER_FORTRAN; }

// Dimension number `step` counted from the fastest.
int from_fastest(int order, int ndims, int step) { return order == abi::ORDER_C ? ndims - 1 - step : step; }

// The sizes of both are ints or, in the constructors of MPI-4, large counts.
template <class Size> int check_subarray(int ndims, const Size *sizes, const Size *subsizes, const Size *starts, int order) {
  if (ndims < 1 || !is_order(order))
    return abi::ERR_ARG;
  for (int i = 0; i < ndims; ++i)
    if (sizes[i] < 1 || subsizes[i] < 1 || subsizes[i] > sizes[i] || starts[i] < 0 ||
        starts[i] > sizes[i] - subsizes[i])
      return abi::ERR_ARG;
  return 0;
}

template <class Size>
Datatype *subarray_body(int ndims, const Size *sizes, const Size *subsizes, const Size *starts, int order,
                        Datatype *oldtype) {
  retain(oldtype);
  Datatype *body = oldtype;
  for (int step = 0; step < ndims; ++step) {
    const int i = from_fastest(order, ndims, step);
    body = add_dimension(body, choose_range(starts[i], subsizes[i]), sizes[i]);
  }
  return body;
}

template <class Size>
int check_darray(int size, int rank, int ndims, const Size *gsizes, const int *distribs, const int *dargs,
                 const int *psizes, int order) {
  if (rank < 0 || rank >= size || ndims < 1 || !is_order(order))
    return abi::ERR_ARG;
  std::int64_t processes = 1;
  for (int i = 0; i < ndims; ++i) {
    if (gsizes[i] < 1 || psizes[i] < 1)
      return abi::ERR_ARG;
    if (check_darg(distribs[i], dargs[i], gsizes[i], psizes[i]))
      return abi::ERR_ARG;
    if ((processes *= psizes[i]) > size)
      return abi::ERR_ARG;
  }
  return processes == size ? 0 : abi::ERR_ARG;
}

// The grid of processes is row major, whatever the order of the array.
template <class Size>
Datatype *darray_body(int rank, int ndims, const Size *gsizes, const int *distribs, const int *dargs, const int *psizes,
                      int order, Datatype *oldtype) {
  int *places = core_array<int>(static_cast<std::size_t>(ndims));
  for (int i = ndims - 1, left = rank; i >= 0; left /= psizes[i--])
    places[i] = left % psizes[i];
  retain(oldtype);
  Datatype *body = oldtype;
  for (int step = 0; step < ndims; ++step) {
    const int i = from_fastest(order, ndims, step);
    body = add_dimension(body, choose(distribs[i], dargs[i], gsizes[i], psizes[i], places[i]), gsizes[i]);
  }
  core_free(places);
  return body;
}

// Appends n values; returns the place behind them.
template <class To, class From> To *put(To *to, const From *values, int n) {
  for (int i = 0; i < n; ++i)
    *to++ = values[i];
  return to;
}

Datatype *with_body(int combiner, int ni, const int *integers, Datatype *oldtype, Datatype *body) {
  Datatype *type = new_type(combiner, ni, integers, 0, nullptr, 1, &oldtype);
  type->body = body;
  compute_bounds(type);
  return type;
}

} // namespace

namespace api {

int Type_create_subarray(int ndims, const int *sizes, const int *subsizes, const int *starts, int order,
                         Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_create_subarray);
  if (is_null(oldtype))
    return raise(abi::ERR_TYPE);
  if (const int error = check_subarray(ndims, sizes, subsizes, starts, order))
    return raise(error);
  const int ni = 3 * ndims + 2;
  int *integers = core_array<int>(static_cast<std::size_t>(ni));
  integers[0] = ndims;
  *put(put(put(integers + 1, sizes, ndims), subsizes, ndims), starts, ndims) = order;
  *newtype = with_body(abi::COMBINER_SUBARRAY, ni, integers, oldtype,
                       subarray_body(ndims, sizes, subsizes, starts, order, oldtype));
  core_free(integers);
  return 0;
}

int Type_create_subarray_c(int ndims, const std::int64_t *sizes, const std::int64_t *subsizes,
                           const std::int64_t *starts, int order, Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_create_subarray_c);
  if (is_null(oldtype))
    return raise(abi::ERR_TYPE);
  if (const int error = check_subarray(ndims, sizes, subsizes, starts, order))
    return raise(error);
  const int integers[] = {ndims, order};
  std::int64_t *counts = core_array<std::int64_t>(3 * static_cast<std::size_t>(ndims));
  put(put(put(counts, sizes, ndims), subsizes, ndims), starts, ndims);
  *newtype = large_type(abi::COMBINER_SUBARRAY, 2, integers, 3 * ndims, counts, 1, &oldtype,
                        subarray_body(ndims, sizes, subsizes, starts, order, oldtype));
  core_free(counts);
  return 0;
}

int Type_create_darray(int size, int rank, int ndims, const int *gsizes, const int *distribs, const int *dargs,
                       const int *psizes, int order, Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_create_darray);
  if (is_null(oldtype))
    return raise(abi::ERR_TYPE);
  if (const int error = check_darray(size, rank, ndims, gsizes, distribs, dargs, psizes, order))
    return raise(error);
  const int ni = 4 * ndims + 4, first[] = {size, rank, ndims};
  int *integers = core_array<int>(static_cast<std::size_t>(ni));
  int *end = put(put(integers, first, 3), gsizes, ndims);
  *put(put(put(end, distribs, ndims), dargs, ndims), psizes, ndims) = order;
  *newtype = with_body(abi::COMBINER_DARRAY, ni, integers, oldtype,
                       darray_body(rank, ndims, gsizes, distribs, dargs, psizes, order, oldtype));
  core_free(integers);
  return 0;
}

int Type_create_darray_c(int size, int rank, int ndims, const std::int64_t *gsizes, const int *distribs,
                         const int *dargs, const int *psizes, int order, Datatype *oldtype, Datatype **newtype) {
  Call call(Fn::Type_create_darray_c);
  if (is_null(oldtype))
    return raise(abi::ERR_TYPE);
  if (const int error = check_darray(size, rank, ndims, gsizes, distribs, dargs, psizes, order))
    return raise(error);
  const int ni = 3 * ndims + 4, first[] = {size, rank, ndims};
  int *integers = core_array<int>(static_cast<std::size_t>(ni));
  *put(put(put(put(integers, first, 3), distribs, ndims), dargs, ndims), psizes, ndims) = order;
  *newtype = large_type(abi::COMBINER_DARRAY, ni, integers, ndims, gsizes, 1, &oldtype,
                        darray_body(rank, ndims, gsizes, distribs, dargs, psizes, order, oldtype));
  core_free(integers);
  return 0;
}

} // namespace api

} // namespace mana
