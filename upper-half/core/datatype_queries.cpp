// What MPI can be asked about a datatype, and types found by their properties (MPI_Type_match_size, Fortran 90
// kinds).
#include <climits>

#include "core/call.h"
#include "core/datatypes.h"
#include "core/errors.h"
#include "core/pool.h"
#include "core_api.h"

namespace mana {

namespace {

int raise_null() { return raise(abi::ERR_TYPE); }

// Unnamed predefined types of the Fortran 90 constructors: equal arguments give the same handle. Never freed.
Datatype *fortran90_types[64];
int fortran90_count;

int fortran90(int combiner, int ni, const int *integers, int abi_type, Datatype **out) {
  for (int i = 0; i < fortran90_count; ++i) {
    Datatype *known = fortran90_types[i];
    bool same = known->combiner == combiner;
    for (int k = 0; k < ni && same; ++k)
      same = known->integers[k] == integers[k];
    if (same)
      return *out = known, 0;
  }
  Datatype *type = new_type(combiner, ni, integers, 0, nullptr, 0, nullptr);
  retain(type->body = predefined<Datatype>(abi_type));
  compute_bounds(type);
  type->committed = 1;
  type->flags |= kPredefined;
  if (fortran90_count < static_cast<int>(sizeof fortran90_types / sizeof fortran90_types[0]))
    fortran90_types[fortran90_count++] = type;
  *out = type;
  return 0;
}

struct RealKind {
  int digits, range, real, complex;
};
// As gfortran's kinds 4, 8, 10 and 16.
constexpr RealKind kRealKinds[] = {
    {6, 37, abi::REAL, abi::COMPLEX},
    {15, 307, abi::DOUBLE_PRECISION, abi::DOUBLE_COMPLEX},
    {18, 4931, abi::LONG_DOUBLE, abi::C_LONG_DOUBLE_COMPLEX},
    {33, 4931, abi::REAL16, abi::COMPLEX32},
};

const RealKind *find_real(int digits, int range) {
  if (digits == abi::UNDEFINED && range == abi::UNDEFINED)
    return nullptr;
  for (const RealKind &kind : kRealKinds)
    if (digits <= kind.digits && range <= kind.range)
      return &kind; // MPI_UNDEFINED is below all
  return nullptr;
}

int find_integer(int range) {
  return range <= 2    ? abi::INTEGER1
         : range <= 4  ? abi::INTEGER2
         : range <= 9  ? abi::INTEGER4
         : range <= 18 ? abi::INTEGER8
         : range <= 38 ? abi::INTEGER16
                       : abi::DATATYPE_NULL;
}

struct SizedType {
  int typeclass, size, type;
};
constexpr SizedType kSizedTypes[] = {
    {abi::TYPECLASS_REAL, 4, abi::REAL4},         {abi::TYPECLASS_REAL, 8, abi::REAL8},
    {abi::TYPECLASS_REAL, 16, abi::REAL16},       {abi::TYPECLASS_REAL, 2, abi::REAL2},
    {abi::TYPECLASS_INTEGER, 1, abi::INTEGER1},   {abi::TYPECLASS_INTEGER, 2, abi::INTEGER2},
    {abi::TYPECLASS_INTEGER, 4, abi::INTEGER4},   {abi::TYPECLASS_INTEGER, 8, abi::INTEGER8},
    {abi::TYPECLASS_INTEGER, 16, abi::INTEGER16}, {abi::TYPECLASS_COMPLEX, 8, abi::COMPLEX8},
    {abi::TYPECLASS_COMPLEX, 16, abi::COMPLEX16}, {abi::TYPECLASS_COMPLEX, 32, abi::COMPLEX32},
};

} // namespace

void give_types(const Datatype *type, Datatype **out) {
  for (int i = 0; i < type->nd; ++i) {
    out[i] = type->types[i];
    if (!(out[i]->flags & kPredefined))
      retain(out[i]);
  }
}

namespace api {

int Type_get_value_index(Datatype *value, Datatype *index, Datatype **pair) {
  Call call(Fn::Type_get_value_index);
  if (is_null(value) || is_null(index)) return raise_null();
  *pair = predefined_pair(value, index);
  return 0;
}

int Type_size(Datatype *datatype, int *size) {
  Call call(Fn::Type_size);
  if (is_null(datatype))
    return raise_null();
  *size = datatype->size > INT_MAX ? abi::UNDEFINED : static_cast<int>(datatype->size);
  return 0;
}

int Type_size_x(Datatype *datatype, std::int64_t *size) {
  Call call(Fn::Type_size_x);
  if (is_null(datatype))
    return raise_null();
  *size = datatype->size;
  return 0;
}

int Type_get_extent(Datatype *datatype, std::int64_t *lb, std::int64_t *extent) {
  Call call(Fn::Type_get_extent);
  if (is_null(datatype))
    return raise_null();
  *lb = datatype->lb;
  *extent = datatype->extent;
  return 0;
}

int Type_get_extent_x(Datatype *datatype, std::int64_t *lb, std::int64_t *extent) {
  Call call(Fn::Type_get_extent_x);
  if (is_null(datatype))
    return raise_null();
  *lb = datatype->lb;
  *extent = datatype->extent;
  return 0;
}

int Type_get_true_extent(Datatype *datatype, std::int64_t *true_lb, std::int64_t *true_extent) {
  Call call(Fn::Type_get_true_extent);
  if (is_null(datatype))
    return raise_null();
  *true_lb = datatype->true_lb;
  *true_extent = datatype->true_extent;
  return 0;
}

int Type_get_true_extent_x(Datatype *datatype, std::int64_t *true_lb, std::int64_t *true_extent) {
  Call call(Fn::Type_get_true_extent_x);
  if (is_null(datatype))
    return raise_null();
  *true_lb = datatype->true_lb;
  *true_extent = datatype->true_extent;
  return 0;
}

int Type_get_envelope(Datatype *datatype, int *num_integers, int *num_addresses, int *num_datatypes, int *combiner) {
  Call call(Fn::Type_get_envelope);
  if (is_null(datatype))
    return raise_null();
  if (datatype->nc)
    return raise(abi::ERR_OTHER); // its arguments are large counts: MPI_Type_get_envelope_c
  *num_integers = datatype->ni;
  *num_addresses = datatype->na;
  *num_datatypes = datatype->nd;
  *combiner = datatype->combiner;
  return 0;
}

int Type_get_contents(Datatype *datatype, int max_integers, int max_addresses, int max_datatypes, int *integers,
                      std::int64_t *addresses, Datatype **types) {
  Call call(Fn::Type_get_contents);
  if (is_null(datatype) || is_named(datatype))
    return raise_null();
  if (datatype->nc)
    return raise(abi::ERR_OTHER);
  if (max_integers < datatype->ni || max_addresses < datatype->na || max_datatypes < datatype->nd)
    return raise(abi::ERR_ARG);
  for (int i = 0; i < datatype->ni; ++i)
    integers[i] = datatype->integers[i];
  for (int i = 0; i < datatype->na; ++i)
    addresses[i] = datatype->addresses[i];
  give_types(datatype, types);
  return 0;
}

int Type_match_size(int typeclass, int size, Datatype **datatype) {
  Call call(Fn::Type_match_size);
  for (const SizedType &sized : kSizedTypes)
    if (sized.typeclass == typeclass && sized.size == size)
      return *datatype = predefined<Datatype>(sized.type), 0;
  *datatype = predefined<Datatype>(abi::DATATYPE_NULL);
  return raise(abi::ERR_ARG);
}

int Type_create_f90_real(int p, int r, Datatype **newtype) {
  Call call(Fn::Type_create_f90_real);
  const RealKind *kind = find_real(p, r);
  const int integers[] = {p, r};
  return kind ? fortran90(abi::COMBINER_F90_REAL, 2, integers, kind->real, newtype) : raise(abi::ERR_ARG);
}

int Type_create_f90_complex(int p, int r, Datatype **newtype) {
  Call call(Fn::Type_create_f90_complex);
  const RealKind *kind = find_real(p, r);
  const int integers[] = {p, r};
  return kind ? fortran90(abi::COMBINER_F90_COMPLEX, 2, integers, kind->complex, newtype) : raise(abi::ERR_ARG);
}

int Type_create_f90_integer(int r, Datatype **newtype) {
  Call call(Fn::Type_create_f90_integer);
  const int found = find_integer(r);
  return found != abi::DATATYPE_NULL ? fortran90(abi::COMBINER_F90_INTEGER, 1, &r, found, newtype)
                                     : raise(abi::ERR_ARG);
}

int Get_address(const void *location, std::int64_t *address) {
  Call call(Fn::Get_address);
  *address = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(location));
  return 0;
}

} // namespace api

} // namespace mana
