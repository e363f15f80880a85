// Reductions and error handlers written for the C++ bindings (MPI::Op::Init). Each MPI's companion library hands over a function of
// its own, which calls the application's with objects of C++. Included by callbacks.h.
#pragma once
#include <new>

#include "core/memory.h"
#include "fronts/fortran_callbacks.h"

namespace mana::front_side::cxx {

using namespace mana::mpifh;

inline bool is_cxx(void (*function)()) { return has_mark(function, kWrittenInCxx); }

#ifdef OPEN_MPI
// libmpi_cxx: ompi_op_set_cxx_callback. The function of an operation is the address of one of these, marked; there is one for each
// function of the program.
struct Reduction {
  Reduction *next;
  void (*intercept)();
  MPI_User_function *function;
};
inline Reduction *reductions;

inline void (*reduction(void (*intercept)(), MPI_User_function *function))() {
  Reduction *found = reductions;
  while (found && found->function != function)
    found = found->next;
  if (!found)
    reductions = found = new (core_alloc(sizeof(Reduction))) Reduction{reductions, intercept, function};
  return marked(reinterpret_cast<void (*)()>(found), kWrittenInCxx);
}
inline void call_op(void (*function)(), void *in, void *inout, int *len, MPI_Datatype *type) {
  using Intercept = void(void *, void *, int *, MPI_Datatype *, MPI_User_function *);
  const auto *reduction = reinterpret_cast<const Reduction *>(unmarked<void()>(function));
  reinterpret_cast<Intercept *>(reduction->intercept)(in, inout, len, type, reduction->function);
}
#else
// libmpichcxx: the same function with each MPII_Op_set_cxx, and with each MPII_Errhandler_set_cxx.
inline void (*op_caller)();
inline void (*errhandler_caller)();

inline void call_op(void (*function)(), void *in, void *inout, int *len, MPI_Datatype *type) {
  using Caller = void(const void *, void *, int, MPI_Datatype, MPI_User_function *);
  reinterpret_cast<Caller *>(op_caller)(in, inout, *len, *type, unmarked<MPI_User_function>(function));
}

enum HandlerKind { kCommHandler = 0, kFileHandler = 1, kWinHandler = 2 };
// A handler that comes back has dealt with the error: C++ has exceptions for the others.
template <class Handle> void call_errhandler(void (*function)(), HandlerKind kind, Handle *handle, int *code) {
  using Caller = void(int, int *, int *, void (*)());
  reinterpret_cast<Caller *>(errhandler_caller)(kind, reinterpret_cast<int *>(handle), code, unmarked<void()>(function));
  *code = MPI_SUCCESS;
}
inline void call_errhandler(void (*function)(), Object *object, int *code) {
  if (object->kind == Kind::file) {
    MPI_File handle = file_out(object);
    return call_errhandler(function, kFileHandler, &handle, code);
  }
  int handle = int_out(object);
  call_errhandler(function, object->kind == Kind::win ? kWinHandler : kCommHandler, &handle, code);
}
#endif

} // namespace mana::front_side::cxx
