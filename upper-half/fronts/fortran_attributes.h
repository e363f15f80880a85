// Attributes as Fortran sees them: integers (core/attributes.h). Predefined ones are addresses of integers in C. What both
// fronts share; included after the conversions of one of them.
#pragma once
#include "core/attributes.h"
#include "fronts/front.h"

namespace mana::front_side::fortran {

inline MPI_Aint integer_of(const AttributeValue &value) { return reinterpret_cast<MPI_Aint>(value.value); }

// The integer at the address that C gets for a predefined keyval. MPI_WIN_BASE is an address in both languages.
inline MPI_Aint predefined_integer(int abi_keyval, const void *address) {
  switch (abi_keyval) {
  case abi::WIN_BASE:
    return reinterpret_cast<MPI_Aint>(address);
  case abi::WIN_SIZE:
    return *static_cast<const MPI_Aint *>(address);
  default:
    return *static_cast<const int *>(address);
  }
}

// `get_in_c(&address, flag)` is the function `fn` of C for this object and keyval.
template <class GetInC>
int get_attribute(Fn fn, Object *object, int keyval, GetInC get_in_c, MPI_Aint *value, int *flag) {
  const int abi_keyval = keyval_in(keyval);
  *flag = 0;
  if (abi_keyval < kFirstKeyval) {
    void *address;
    const int code = get_in_c(&address, flag);
    if (code == MPI_SUCCESS && *flag)
      *value = predefined_integer(abi_keyval, address);
    return code;
  }
  AttributeValue set;
  const int error = get_attribute_as(fn, object, abi_keyval, &set, flag);
  if (error == 0 && *flag)
    *value = integer_of(set);
  return error_out(error);
}

inline int set_attribute(Fn fn, Object *object, int keyval, MPI_Aint value, AttributeForm form) {
  return error_out(set_attribute_as(fn, object, keyval_in(keyval), {reinterpret_cast<void *>(value), form}));
}

} // namespace mana::front_side::fortran
