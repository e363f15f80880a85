// Calling the application back in the prototypes of its own mpi.h: the FrontOps of this front, and the constructor
// that starts the core. Included once by each generated front, after its conversions.
#pragma once
#include <sys/auxv.h>

#include "core/runtime.h"
#include "core/start.h"
#ifdef OPEN_MPI
#include "fronts/openmpi_fortran.h"
#else
#include "fronts/mpich_fortran.h"
#endif
#include "fronts/cxx_callbacks.h"

namespace mana::front_side {

namespace {

void call_op(void (*function)(), void *in, void *inout, int *len, Datatype *type) {
  if (fortran::is_fortran(function))
    return fortran::call_op(function, in, inout, len, type);
  MPI_Datatype handle = type_out(type);
  if (cxx::is_cxx(function))
    return cxx::call_op(function, in, inout, len, &handle);
  reinterpret_cast<MPI_User_function *>(function)(in, inout, len, &handle);
}

void call_large_op(void (*function)(), void *in, void *inout, std::int64_t *len, Datatype *type) {
  using Function = void(void *, void *, MPI_Count *, MPI_Datatype *);  // Open MPI 4 has no name for it
  MPI_Datatype handle = type_out(type);
  MPI_Count count = *len;
  reinterpret_cast<Function *>(function)(in, inout, &count, &handle);
}

void run_errhandler(void (*function)(), Object *object, int *code) {
  if (fortran::is_fortran(function))
    return fortran::call_errhandler(function, object, code);
#ifndef OPEN_MPI
  if (cxx::is_cxx(function))
    return cxx::call_errhandler(function, object, code);
#endif
  if (object->kind == Kind::file) {
    MPI_File handle = file_out(object);
    reinterpret_cast<MPI_File_errhandler_function *>(function)(&handle, code);
  } else if (object->kind == Kind::win) {
    MPI_Win handle = win_out(object);
    reinterpret_cast<MPI_Win_errhandler_function *>(function)(&handle, code);
#ifdef MPI_SESSION_NULL
  } else if (object->kind == Kind::session) {
    MPI_Session handle = session_out(object);
    reinterpret_cast<MPI_Session_errhandler_function *>(function)(&handle, code);
#endif
  } else {
    MPI_Comm handle = comm_out(object);
    reinterpret_cast<MPI_Comm_errhandler_function *>(function)(&handle, code);
  }
}

// What the handler sets its code to may be what the call returns: raise() of core/errors.h.
int call_comm_errhandler(void (*function)(), Object *object, int abi_error) {
  const int raised = errcode_out(abi_error);
  int code = raised;
  run_errhandler(function, object, &code);
  return code == raised ? abi_error : code == MPI_SUCCESS ? kSilenced : errcode_in(code);
}

// What C sees of an attribute: the pointer that it has set, the address of an integer that Fortran has set.
void *seen_by_c(AttributeValue &value) { return value.form == AttributeForm::pointer ? value.value : &value.value; }

int call_c_copy_attr(void (*function)(), Object *object, int keyval, void *extra, void *in, void **out, int *flag) {
  switch (object->kind) {
  case Kind::datatype:
    return reinterpret_cast<MPI_Type_copy_attr_function *>(function)(type_out(object), keyval, extra, in, out, flag);
  case Kind::win:
    return reinterpret_cast<MPI_Win_copy_attr_function *>(function)(win_out(object), keyval, extra, in, out, flag);
  default:
    return reinterpret_cast<MPI_Comm_copy_attr_function *>(function)(comm_out(object), keyval, extra, in, out, flag);
  }
}

int call_copy_attr(void (*function)(), Object *object, int keyval, void *extra, AttributeValue &value,
                   AttributeValue *out, int *flag) {
  if (fortran::has_fortran_callbacks(function, keyval))
    return fortran::call_copy_attr(function, object, keyval, extra, value, out, flag);
  const int code = call_c_copy_attr(function, object, keyval, extra, seen_by_c(value), &out->value, flag);
  // The address of an integer handed on (MPI_COMM_DUP_FN): the copy has its own.
  if (out->value == &value.value)
    *out = value;
  return code;
}

int call_delete_attr(void (*function)(), Object *object, int keyval, AttributeValue &value, void *extra) {
  if (fortran::has_fortran_callbacks(function, keyval))
    return fortran::call_delete_attr(function, object, keyval, value, extra);
  void *const in = seen_by_c(value);
  switch (object->kind) {
  case Kind::datatype:
    return reinterpret_cast<MPI_Type_delete_attr_function *>(function)(type_out(object), keyval, in, extra);
  case Kind::win:
    return reinterpret_cast<MPI_Win_delete_attr_function *>(function)(win_out(object), keyval, in, extra);
  default:
    return reinterpret_cast<MPI_Comm_delete_attr_function *>(function)(comm_out(object), keyval, in, extra);
  }
}

int call_query(void (*function)(), void *extra, Status *status) {
  MPI_Status front_status = {};
  status_out(*status, &front_status);
  const int code = fortran::is_fortran(function)
                       ? fortran::call_query(function, extra, &front_status)
                       : reinterpret_cast<MPI_Grequest_query_function *>(function)(extra, &front_status);
  *status = status_in(&front_status);
  return code;
}

int call_free(void (*function)(), void *extra) {
  return fortran::is_fortran(function) ? fortran::call_free(function, extra)
                                       : reinterpret_cast<MPI_Grequest_free_function *>(function)(extra);
}

int call_cancel(void (*function)(), void *extra, int complete) {
  return fortran::is_fortran(function) ? fortran::call_cancel(function, extra, complete)
                                       : reinterpret_cast<MPI_Grequest_cancel_function *>(function)(extra, complete);
}

// As the front's own library says it.
const char *error_text(int abi_error) {
  switch (abi_error) {
#include "front_error_texts.inc"
  default:
    return "unknown error";
  }
}

const FrontOps kFrontOps = {
    .front = kFront,
    .call_op = call_op,
    .call_comm_errhandler = call_comm_errhandler,
    .call_copy_attr = call_copy_attr,
    .call_delete_attr = call_delete_attr,
    .error_to_front = error_out,
    .error_from_front = errcode_in,
    .error_text = error_text,
    .max_object_name = MPI_MAX_OBJECT_NAME,
    .max_error_string = MPI_MAX_ERROR_STRING,
    .max_processor_name = MPI_MAX_PROCESSOR_NAME,
    .max_library_version = MPI_MAX_LIBRARY_VERSION_STRING,
    .max_info_key = MPI_MAX_INFO_KEY,
    .max_info_val = MPI_MAX_INFO_VAL,
    .max_port_name = MPI_MAX_PORT_NAME,
    .bsend_overhead = MPI_BSEND_OVERHEAD,
    .version = MPI_VERSION,
    .subversion = MPI_SUBVERSION,
    .has_partitions = kHasPartitions,
    .library_version = kLibraryVersion,
    .call_large_op = call_large_op,
    .call_query = call_query,
    .call_free = call_free,
    .call_cancel = call_cancel,
    .unset_handler_is_worlds = kUnsetHandlerIsWorlds,
    .fortran_common = fortran::kCommonOfOneInteger,
};

// Before the constructors of everything that needs this library. Without a seam nothing is touched, so that a program
// which only happens to be linked with MPI runs.
[[gnu::constructor]] void start() {
  under_mana = getauxval(kAuxvSeam) == kSeamAddress;
  if (!under_mana)
    return;
  core_start(&kFrontOps);
  bind_predefined();
}

// The process ends by exit(): after the destructors of everything that needs this library. Where exit_group() is seen what stdio holds
// is written first.
[[gnu::destructor]] void stop() {
  if (under_mana && !seam()->sees_exit)
    end_runtime_at_exit();
}

} // namespace

} // namespace mana::front_side
