// Calling the application back in the prototypes of its own mpi.h: the FrontOps of this front, and the constructor
// that starts the core. Included once by each generated front, after its conversions.
#pragma once
#include <sys/auxv.h>

#include "core/start.h"

namespace mana::front_side {

namespace {

void call_op(void (*function)(), void *in, void *inout, int *len, Datatype *type) {
  MPI_Datatype handle = type_out(type);
  reinterpret_cast<MPI_User_function *>(function)(in, inout, len, &handle);
}

// `object` is a communicator: files and windows are not there yet, what fails on one of them is reported here as
// well.
void call_comm_errhandler(void (*function)(), Object *object, int abi_error) {
  int code = errcode_out(abi_error);
  if (object->kind == Kind::file) {
    MPI_File handle = file_out(object);
    reinterpret_cast<MPI_File_errhandler_function *>(function)(&handle, &code);
  } else if (object->kind == Kind::win) {
    MPI_Win handle = win_out(object);
    reinterpret_cast<MPI_Win_errhandler_function *>(function)(&handle, &code);
  } else {
    MPI_Comm handle = comm_out(object);
    reinterpret_cast<MPI_Comm_errhandler_function *>(function)(&handle, &code);
  }
}

int call_copy_attr(void (*function)(), Object *object, int keyval, void *extra, void *value, void **out, int *flag) {
  switch (object->kind) {
  case Kind::datatype:
    return reinterpret_cast<MPI_Type_copy_attr_function *>(function)(type_out(object), keyval, extra, value, out,
                                                                     flag);
  case Kind::win:
    return reinterpret_cast<MPI_Win_copy_attr_function *>(function)(win_out(object), keyval, extra, value, out, flag);
  default:
    return reinterpret_cast<MPI_Comm_copy_attr_function *>(function)(comm_out(object), keyval, extra, value, out,
                                                                     flag);
  }
}

int call_delete_attr(void (*function)(), Object *object, int keyval, void *value, void *extra) {
  switch (object->kind) {
  case Kind::datatype:
    return reinterpret_cast<MPI_Type_delete_attr_function *>(function)(type_out(object), keyval, value, extra);
  case Kind::win:
    return reinterpret_cast<MPI_Win_delete_attr_function *>(function)(win_out(object), keyval, value, extra);
  default:
    return reinterpret_cast<MPI_Comm_delete_attr_function *>(function)(comm_out(object), keyval, value, extra);
  }
}

int call_query(void (*function)(), void *extra, Status *status) {
  MPI_Status front_status = {};
  status_out(*status, &front_status);
  const int code = reinterpret_cast<MPI_Grequest_query_function *>(function)(extra, &front_status);
  *status = status_in(&front_status);
  return code;
}

const FrontOps kFrontOps = {
    .front = kFront,
    .call_op = call_op,
    .call_comm_errhandler = call_comm_errhandler,
    .call_copy_attr = call_copy_attr,
    .call_delete_attr = call_delete_attr,
    .error_to_front = error_out,
    .error_from_front = errcode_in,
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
    .library_version = kLibraryVersion,
    .call_query = call_query,
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

} // namespace

} // namespace mana::front_side
