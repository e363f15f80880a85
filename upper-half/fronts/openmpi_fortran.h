// The Open MPI front calls the application's callbacks that are written in Fortran (fortran_callbacks.h): everything by
// reference, handles as integers, the error code in the last argument. Included by callbacks.h.
#pragma once
#include "fronts/fortran_callbacks.h"
#include "fronts/own.h"

namespace mana::front_side::fortran {

using namespace mana::mpifh;

inline constexpr const char *kCommonOfOneInteger = "mpi_fortran_bottom_";

inline bool is_fortran(void (*function)()) { return has_mark(function, kWrittenInFortran); }
inline bool has_fortran_callbacks(void (*function)(), int) { return is_fortran(function); }

inline void call_op(void (*function)(), void *in, void *inout, int *len, Datatype *type) {
  MPI_Fint handle = own::to_fortran(type);
  unmarked<void(void *, void *, int *, MPI_Fint *)>(function)(in, inout, len, &handle);
}

inline void call_errhandler(void (*function)(), Object *object, int *code) {
  MPI_Fint handle = own::to_fortran(object);
  unmarked<void(MPI_Fint *, int *)>(function)(&handle, code);
}

inline int call_copy_attr(void (*function)(), Object *object, int keyval, void *extra, AttributeValue &value,
                          AttributeValue *out, int *flag) {
  MPI_Fint handle = own::to_fortran(object), code = MPI_SUCCESS, logical = 0;
  auto extra_state = reinterpret_cast<MPI_Aint>(extra), in = reinterpret_cast<MPI_Aint>(value.value), copy = MPI_Aint{0};
  // A default integer is the lower half of an address integer.
  unmarked<void(MPI_Fint *, int *, MPI_Aint *, MPI_Aint *, MPI_Aint *, MPI_Fint *, MPI_Fint *)>(function)(
      &handle, &keyval, &extra_state, &in, &copy, &logical, &code);
  *flag = logical != 0;
  const bool narrow = has_mark(function, kDefaultIntegers);
  *out = {reinterpret_cast<void *>(narrow ? static_cast<MPI_Fint>(copy) : copy),
          narrow ? AttributeForm::default_integer : AttributeForm::address_integer};
  return code;
}

inline int call_delete_attr(void (*function)(), Object *object, int keyval, AttributeValue &value, void *extra) {
  MPI_Fint handle = own::to_fortran(object), code = MPI_SUCCESS;
  auto extra_state = reinterpret_cast<MPI_Aint>(extra), in = reinterpret_cast<MPI_Aint>(value.value);
  unmarked<void(MPI_Fint *, int *, MPI_Aint *, MPI_Aint *, MPI_Fint *)>(function)(&handle, &keyval, &in, &extra_state,
                                                                                 &code);
  return code;
}

// Of generalized requests. A Fortran status is the C structure; the extra state is the address that the program gave.
inline int call_query(void (*function)(), void *extra, MPI_Status *status) {
  MPI_Fint code = MPI_SUCCESS;
  unmarked<void(void *, MPI_Status *, MPI_Fint *)>(function)(extra, status, &code);
  return code;
}

inline int call_free(void (*function)(), void *extra) {
  MPI_Fint code = MPI_SUCCESS;
  unmarked<void(void *, MPI_Fint *)>(function)(extra, &code);
  return code;
}

inline int call_cancel(void (*function)(), void *extra, int complete) {
  MPI_Fint code = MPI_SUCCESS, logical = complete != 0;
  unmarked<void(void *, MPI_Fint *, MPI_Fint *)>(function)(extra, &logical, &code);
  return code;
}

} // namespace mana::front_side::fortran
