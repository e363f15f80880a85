// The parts of the MPICH front that the table cannot say: where predefined handles find their records, MPICH's
// exported data, and the names that its companion libraries (libmpichfort, libmpichcxx) call.
#include "fronts/mpich_head.h"

#include <iterator>

#include "core_api.h"
#include "fronts/callbacks.h"
#include "fronts/fortran_attributes.h"
#include "core/generalized.h"
#include "fronts/fortran_callbacks.h"

using namespace mana;
using namespace mana::front_side;

namespace mana::front_side {

PredefinedRecords predefined_records;

namespace {

template <class T> void fill(T **records, std::size_t n, Kind kind) {
  for (std::size_t i = 0; i < n; ++i)
    records[i] = null_record<T>(kind);
}

// The handle goes into the record, whose place the caller returns; a null handle needs none.
Object *bound(int abi, int handle) {
  Object *record = predefined_object(abi);
  if (record)
    record->handle = static_cast<std::uint32_t>(handle);
  return record;
}

void bind_other(int abi, int handle) {
  Object *record = bound(abi, handle);
  if (!record || (record->flags & kNull))
    return;
  predefined_records.others[static_cast<int>(record->kind)][handle & 3] = record;
}

} // namespace

void fill_null(Kind kind) {
  static constexpr int kNulls[kKinds] = {0,
                                         abi::COMM_NULL,
                                         abi::GROUP_NULL,
                                         abi::DATATYPE_NULL,
                                         abi::FILE_NULL,
                                         abi::ERRHANDLER_NULL,
                                         abi::OP_NULL,
                                         abi::INFO_NULL,
                                         abi::WIN_NULL,
                                         0,
                                         0,
                                         abi::REQUEST_NULL,
                                         abi::MESSAGE_NULL,
                                         abi::SESSION_NULL};
  const int index = static_cast<int>(kind);
  null_records[index] = predefined_object(kNulls[index]);
  PredefinedRecords &all = predefined_records;
  switch (kind) {
  case Kind::comm:
    return fill(all.comms, std::size(all.comms), kind);
  case Kind::op:
    return fill(all.ops, std::size(all.ops), kind);
  case Kind::datatype:
    fill(all.types, std::size(all.types), kind);
    return fill(all.pairs, std::size(all.pairs), kind);
  default:
    fill(all.others[index], std::size(all.others[index]), kind);
    if (kind == Kind::errhandler)
      bind_errhandler(kAbiErrorsThrow, MPIR_ERRORS_THROW_EXCEPTIONS);
  }
}

void bind_comm(int abi, int handle) {
  Object *record = bound(abi, handle);
  if (abi != abi::COMM_NULL)
    predefined_records.comms[handle & 3] = static_cast<Comm *>(record);
}
void bind_type(int abi, int handle) {
  auto *record = static_cast<Datatype *>(predefined_object(abi));
  // Types that this MPICH has not are spelled MPI_DATATYPE_NULL in its mpi.h.
  if (!record || (handle == MPI_DATATYPE_NULL && abi != abi::DATATYPE_NULL))
    return;
  bound(abi, handle);
  if (top(handle) == class_and_kind(1, Kind::datatype))
    predefined_records.types[handle & 0xff] = record;
  if (top(handle) == class_and_kind(2, Kind::datatype))
    predefined_records.pairs[handle & 7] = record;
}
void bind_op(int abi, int handle) {
  Object *record = bound(abi, handle);
  if (abi != abi::OP_NULL)
    predefined_records.ops[handle & 31] = static_cast<Op *>(record);
}
void bind_group(int abi, int handle) { bind_other(abi, handle); }
void bind_info(int abi, int handle) { bind_other(abi, handle); }
void bind_errhandler(int abi, int handle) { bind_other(abi, handle); }
void bind_request(int abi, int handle) { bound(abi, handle); }
void bind_win(int abi, int handle) { bound(abi, handle); }
void bind_session(int abi, int handle) { bound(abi, handle); }
void bind_message(int abi, int handle) {
  Object *record = bound(abi, handle);
  if (abi == abi::MESSAGE_NO_PROC)
    predefined_records.others[static_cast<int>(Kind::message)][1] = record;
}

} // namespace mana::front_side

namespace {

int unweighted, weights_empty;
MPI_Fint fortran_status_ignore[sizeof(MPI_Status) / sizeof(MPI_Fint)];

// Predefined keyvals are odd; each has a twin for Fortran behind it, whose value is the integer.
int in_c(int keyval) {
  const bool predefined = top(keyval) == top(MPI_TAG_UB) || top(keyval) == top(MPI_WIN_BASE);
  return predefined ? (keyval - 1) | 1 : keyval;
}

template <class Handle, class Get>
int attribute(Fn fn, Object *object, Handle handle, int keyval, Get get, void *value, int *flag, AttributeForm form) {
  keyval = in_c(keyval);
  if (form == AttributeForm::pointer)
    return get(handle, keyval, value, flag);
  const auto get_in_c = [&](void *address, int *found) { return get(handle, keyval, address, found); };
  return fortran::get_attribute(fn, object, keyval, get_in_c, static_cast<MPI_Aint *>(value), flag);
}

} // namespace

#pragma GCC visibility push(default)
extern "C" {

int *const MPI_UNWEIGHTED = &unweighted;
int *const MPI_WEIGHTS_EMPTY = &weights_empty;
struct MPIR_T_pvar_handle_s *const MPI_T_PVAR_ALL_HANDLES =
    reinterpret_cast<struct MPIR_T_pvar_handle_s *>(&unweighted);
MPI_Fint *MPI_F_STATUS_IGNORE = fortran_status_ignore;
MPI_Fint *MPI_F_STATUSES_IGNORE = fortran_status_ignore;
#if MPICH_NUMVERSION < 40200000  // later ones are libmpichfort's alone
// libmpichfort defines these two as well, stands before us in the order of symbols, and has zeros there.
extern int *MPIR_C_MPI_UNWEIGHTED, *MPIR_C_MPI_WEIGHTS_EMPTY;
int *MPIR_C_MPI_UNWEIGHTED, *MPIR_C_MPI_WEIGHTS_EMPTY;
MPI_F08_status MPIR_F08_MPI_STATUS_IGNORE_OBJ;
MPI_F08_status MPIR_F08_MPI_STATUSES_IGNORE_OBJ[1];
int MPIR_F08_MPI_IN_PLACE;
int MPIR_F08_MPI_BOTTOM;
MPI_F08_status *MPI_F08_STATUS_IGNORE = &MPIR_F08_MPI_STATUS_IGNORE_OBJ;
MPI_F08_status *MPI_F08_STATUSES_IGNORE = MPIR_F08_MPI_STATUSES_IGNORE_OBJ;
#endif

int MPIR_Dup_fn(MPI_Comm, int, void *, void *in, void *out, int *flag) {
  *static_cast<void **>(out) = in;
  *flag = 1;
  return MPI_SUCCESS;
}

// Errors that libmpichfort finds by itself: the class is the code.
int MPIR_Err_create_code(int, int, const char *, int, int error_class, const char *, const char *, ...) {
  return error_class;
}
int MPIR_Err_return_comm(void *, const char *, int code) { return code; }
int MPIR_Err_return_win(void *, const char *, int code) { return code; }

// What libmpichfort and libmpichcxx say of the language of callbacks and attributes.
void MPII_Keyval_set_proxy(int keyval, void (*copy)(), void (*remove)()) {
  InCore in_core;
  set_keyval_proxies(keyval, {copy, remove});
}
void MPII_Op_set_cxx(MPI_Op op, void (*caller)()) {
  InCore in_core;
  cxx::op_caller = caller;
  op_in(op)->function = mpifh::marked(op_in(op)->function, mpifh::kWrittenInCxx);
}
void MPII_Errhandler_set_cxx(MPI_Errhandler errhandler, void (*caller)()) {
  InCore in_core;
  cxx::errhandler_caller = caller;
  Errhandler *handler = errhandler_in(errhandler);
  handler->function = mpifh::marked(handler->function, mpifh::kWrittenInCxx);
}
void MPII_Grequest_set_lang_f77(MPI_Request request) {
  InCore in_core;
  mark_generalized(request_in(request), mpifh::kWrittenInFortran);
}

// `form` says how the caller takes the value; integers are written as MPI_Aint.
int MPII_Comm_get_attr(MPI_Comm comm, int keyval, void *value, int *flag, AttributeForm form) {
  return attribute(Fn::Comm_get_attr, comm_in(comm), comm, keyval, PMPI_Comm_get_attr, value, flag, form);
}
int MPII_Type_get_attr(MPI_Datatype type, int keyval, void *value, int *flag, AttributeForm form) {
  return attribute(Fn::Type_get_attr, type_in(type), type, keyval, PMPI_Type_get_attr, value, flag, form);
}
int MPII_Win_get_attr(MPI_Win win, int keyval, void *value, int *flag, AttributeForm form) {
  return attribute(Fn::Win_get_attr, win_in(win), win, keyval, PMPI_Win_get_attr, value, flag, form);
}
int MPII_Comm_set_attr(MPI_Comm comm, int keyval, MPI_Aint value, AttributeForm form) {
  return fortran::set_attribute(Fn::Comm_set_attr, comm_in(comm), keyval, value, form);
}
int MPII_Type_set_attr(MPI_Datatype type, int keyval, MPI_Aint value, AttributeForm form) {
  return fortran::set_attribute(Fn::Type_set_attr, type_in(type), keyval, value, form);
}
int MPII_Win_set_attr(MPI_Win win, int keyval, MPI_Aint value, AttributeForm form) {
  return fortran::set_attribute(Fn::Win_set_attr, win_in(win), keyval, value, form);
}

// MPICH's own interface for several profiling tools at once: none can be registered.
#if MPICH_NUMVERSION < 40200000
using QmpiFunction = QMPI_Functions_enum;
#else
using QmpiFunction = int;
#endif
int QMPI_Register_tool_name(const char *, void (*)(int)) { return MPI_ERR_UNSUPPORTED_OPERATION; }
int QMPI_Register_tool_storage(int, void *) { return MPI_ERR_UNSUPPORTED_OPERATION; }
int QMPI_Register_function(int, QmpiFunction, void (*)()) { return MPI_ERR_UNSUPPORTED_OPERATION; }
int QMPI_Get_function(int, QmpiFunction, void (**)(), int *) { return MPI_ERR_UNSUPPORTED_OPERATION; }
int QMPI_Get_tool_storage(QMPI_Context, int, void **) { return MPI_ERR_UNSUPPORTED_OPERATION; }
int QMPI_Get_calling_address(QMPI_Context, void **) { return MPI_ERR_UNSUPPORTED_OPERATION; }
}
#pragma GCC visibility pop

#if MPICH_NUMVERSION < 40200000
namespace {

[[gnu::constructor]] void set_fortran_weights() {
  MPIR_C_MPI_UNWEIGHTED = &unweighted;
  MPIR_C_MPI_WEIGHTS_EMPTY = &weights_empty;
}

} // namespace
#endif
