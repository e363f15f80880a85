// Callbacks written in Fortran, as MPICH's libmpichfort hands them over. Handles are integers in both languages, so
// reductions and error handlers are called as in C. Attribute functions come with a pair of functions of libmpichfort, or of
// libmpichcxx for those in C++, between (MPII_Keyval_set_proxy), which the core keeps with the keyval. Those of generalized requests are marked
// (MPII_Grequest_set_lang_f77); their extra state is the address that the program gave. Included by callbacks.h.
#pragma once
#include "core/attributes.h"
#include "fronts/fortran_callbacks.h"

namespace mana::front_side::fortran {

using namespace mana::mpifh;

inline constexpr const char *kCommonOfOneInteger = "mpifcmb5_";  // MPI_UNWEIGHTED

inline bool is_fortran(void (*function)()) { return has_mark(function, kWrittenInFortran); }
inline void call_op(void (*)(), void *, void *, int *, Datatype *) {}
inline void call_errhandler(void (*)(), Object *, int *) {}

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

inline bool has_fortran_callbacks(void (*)(), int keyval) { return keyval_proxies(keyval).copy != nullptr; }

// MPICH 4: MPII_Attr_copy_proxy and MPII_Attr_delete_proxy
using CopyProxy = int(void (*)(), int handle, int keyval, void *extra, AttributeForm, void *value, void **out, int *flag);
using DeleteProxy = int(void (*)(), int handle, int keyval, AttributeForm, void *value, void *extra);

inline int call_copy_attr(void (*function)(), Object *object, int keyval, void *extra, AttributeValue &value,
                          AttributeValue *out, int *flag) {
  out->form = value.form;
  return reinterpret_cast<CopyProxy *>(keyval_proxies(keyval).copy)(
      function, int_out(object), keyval, extra, value.form, value.value, &out->value, flag);
}

inline int call_delete_attr(void (*function)(), Object *object, int keyval, AttributeValue &value, void *extra) {
  return reinterpret_cast<DeleteProxy *>(keyval_proxies(keyval).remove)(function, int_out(object), keyval, value.form,
                                                                      value.value, extra);
}

} // namespace mana::front_side::fortran
