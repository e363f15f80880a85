// Callbacks written in Fortran, as MPICH's libmpichfort hands them over. Handles are integers in both languages, so
// reductions and error handlers are called as in C. Attribute functions come with a pair of functions of libmpichfort
// between (MPII_Keyval_set_proxy), which the core keeps with the keyval. Included by callbacks.h.
#pragma once
#include "core/attributes.h"

namespace mana::front_side::fortran {

inline bool is_fortran(void (*)()) { return false; }
inline void call_op(void (*)(), void *, void *, int *, Datatype *) {}
inline void call_errhandler(void (*)(), Object *, int *) {}
inline int call_query(void (*)(), void *, MPI_Status *) { return MPI_SUCCESS; }

inline bool has_fortran_callbacks(void (*)(), int keyval) { return keyval_proxies(keyval).copy != nullptr; }

// MPICH 4: MPII_Attr_copy_proxy and MPII_Attr_delete_proxy
using CopyProxy = int(void (*)(), int handle, int keyval, void *extra, AttributeForm, void *value, void **out, int *flag);
using DeleteProxy = int(void (*)(), int handle, int keyval, AttributeForm, void *value, void *extra);

inline int call_copy_attr(void (*function)(), Object *object, int keyval, void *extra, AttributeValue &value,
                          AttributeValue *out, int *flag) {
  out->form = value.form == AttributeForm::pointer ? AttributeForm::address_integer : value.form;
  return reinterpret_cast<CopyProxy *>(keyval_proxies(keyval).copy)(
      function, int_out(object), keyval, extra, value.form, value.value, &out->value, flag);
}

inline int call_delete_attr(void (*function)(), Object *object, int keyval, AttributeValue &value, void *extra) {
  return reinterpret_cast<DeleteProxy *>(keyval_proxies(keyval).remove)(function, int_out(object), keyval, value.form,
                                                                      value.value, extra);
}

} // namespace mana::front_side::fortran
