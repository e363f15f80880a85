// A backend: the lower half's functions for the live MPI, compiled once against each real mpi.h.
//
// Nearly all of it is generated from the table of MPI functions (backend_generated.inc). Here stands what the
// table cannot say: start and end of MPI, predefined handles, error classes, and the constants that only a few
// functions take.
//
// Signals stay blocked around MPI_Init: the threads that an MPI starts inherit the mask, and none of them may ever be
// chosen for a signal of the application (signals.h). But what asks the process to end does end it: MPI_Init may wait for ever
// for a launcher that has ended.
#include "backends/backend.h"

#include <mpi.h>
#include <unistd.h>

#include <cstdlib>

#include "abi_constants.h"
#include "backends/at_exit.h"
#include "backends/blocking.h"
#include "backends/convert.h"
#include "backends/files.h"
#include "backends/mended.h"
#include "backends/narrow.h"
#include "backends/op_slots.h"
#include "children.h"
#include "control.h"
#include "crossing.h"
#include "dynamic.h"
#include "signals.h"

namespace mana {

namespace {

MPI_Comm protocol_comm = MPI_COMM_NULL; // of MPI_COMM_WORLD: the core's
MPI_Comm loopback_comm = MPI_COMM_NULL; // of MPI_COMM_SELF: the core's
MPI_Comm finalize_comm = MPI_COMM_NULL; // of MPI_COMM_WORLD: blocking.cpp's barrier
MPI_Comm progress_comm = MPI_COMM_NULL; // of MPI_COMM_SELF: probed to make progress

// ---------------------------------------------------------------------------------
// Constants that few functions take

// Beyond the ABI's are Open MPI's own: parts of a machine, and groups of them. Elsewhere a machine is the nearest.
int splittype_to_native(int type) {
  constexpr int kFirstOwn = 0x1000;
#ifdef OPEN_MPI
  if (type >= kFirstOwn)
    return type - kFirstOwn;
#endif
  return type == abi::COMM_TYPE_SHARED || type >= kFirstOwn ? MPI_COMM_TYPE_SHARED : MPI_UNDEFINED;
}
int order_to_native(int order) { return order == abi::ORDER_C ? MPI_ORDER_C : MPI_ORDER_FORTRAN; }
int distribution_to_native(int distribution) {
  switch (distribution) {
  case abi::DISTRIBUTE_BLOCK:
    return MPI_DISTRIBUTE_BLOCK;
  case abi::DISTRIBUTE_CYCLIC:
    return MPI_DISTRIBUTE_CYCLIC;
  default:
    return MPI_DISTRIBUTE_NONE;
  }
}
int darg_to_native(int darg) { return darg == kDefaultDarg ? MPI_DISTRIBUTE_DFLT_DARG : darg; }

int comparison_from_native(int result) {
  if (result == MPI_IDENT)
    return abi::IDENT;
  if (result == MPI_CONGRUENT)
    return abi::CONGRUENT;
  return result == MPI_SIMILAR ? abi::SIMILAR : abi::UNEQUAL;
}

int threadlevel_to_native(int level) {
  if (level >= abi::THREAD_MULTIPLE)
    return MPI_THREAD_MULTIPLE;
  if (level >= abi::THREAD_SERIALIZED)
    return MPI_THREAD_SERIALIZED;
  return level >= abi::THREAD_FUNNELED ? MPI_THREAD_FUNNELED : MPI_THREAD_SINGLE;
}
int threadlevel_from_native(int level) {
  if (level == MPI_THREAD_MULTIPLE)
    return abi::THREAD_MULTIPLE;
  if (level == MPI_THREAD_SERIALIZED)
    return abi::THREAD_SERIALIZED;
  return level == MPI_THREAD_FUNNELED ? abi::THREAD_FUNNELED : abi::THREAD_SINGLE;
}

const int *weights_to_native(const int *weights) {
  const auto value = reinterpret_cast<std::uintptr_t>(weights);
  if (value == abi::UNWEIGHTED)
    return MPI_UNWEIGHTED;
  return value == abi::WEIGHTS_EMPTY ? MPI_WEIGHTS_EMPTY : weights;
}

// ---------------------------------------------------------------------------------
// Beyond the table

std::uint64_t lower_predefined(int abi_value) { return backend_predefined(abi_value); }
NativeComm lower_protocol() { return wrap<NativeComm>(protocol_comm); }
NativeComm lower_loopback() { return wrap<NativeComm>(loopback_comm); }

int native_attribute(int abi_keyval) {
  switch (abi_keyval) {
  case abi::TAG_UB:
    return MPI_TAG_UB;
  case abi::IO:
    return MPI_IO;
  case abi::HOST:
    return MPI_HOST;
  case abi::WTIME_IS_GLOBAL:
    return MPI_WTIME_IS_GLOBAL;
  case abi::APPNUM:
    return MPI_APPNUM;
  case abi::UNIVERSE_SIZE:
    return MPI_UNIVERSE_SIZE;
  default:
    return MPI_KEYVAL_INVALID;
  }
}

int lower_world_attribute(int abi_keyval, int *value) {
  Crossing crossing;
  const int keyval = native_attribute(abi_keyval);
  if (keyval == MPI_KEYVAL_INVALID)
    return 0;
  int *found = nullptr, flag = 0;
  if (MPI_Comm_get_attr(MPI_COMM_WORLD, keyval, &found, &flag) != MPI_SUCCESS || !flag)
    return 0;
  *value = *found;
  return 1;
}

NativeOp lower_user_op(int slot, int commute) {
  Crossing crossing;
  MPI_Op op = MPI_OP_NULL;
  MPI_Op_create(op_slot_function(slot), commute, &op);
  return wrap<NativeOp>(op);
}

// While MPI starts or ends no checkpoint may begin: the coordinator is told before and after.
int lower_Init_thread(int required, int *provided) {
  Crossing crossing;
  control_tell(wire::RankState::busy);
  const int error = backend_init(required, provided, seam()->upper->front);
  if (error == 0)
    control_tell(wire::RankState::initialized);
  return error;
}

int lower_Finalize() {
  Crossing crossing;
  control_tell(wire::RankState::busy);
  backend_finalize();
  control_tell(wire::RankState::finalized);
  return 0;
}

// ---------------------------------------------------------------------------------
// The table

#include "backend_generated.inc"

bool running() {
  int initialized = 0, finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  return initialized && !finalized;
}

// What is created from these two inherits their error handler.
void return_errors() {
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
}

int make_own_comms() {
  for (MPI_Comm *comm : {&protocol_comm, &finalize_comm})
    if (const int error = MPI_Comm_dup(MPI_COMM_WORLD, comm))
      return error;
  for (MPI_Comm *comm : {&loopback_comm, &progress_comm})
    if (const int error = MPI_Comm_dup(MPI_COMM_SELF, comm))
      return error;
  blocking_attach(finalize_comm, progress_comm);
  return MPI_SUCCESS;
}

} // namespace

const LowerMpi *backend_table() { return &kLowerMpi; }

std::uint64_t backend_predefined(int abi_value) {
  switch (abi_value) {
#include "backend_predefined.inc"
  default:
    return abi_value >= abi::DATATYPE_NULL ? widen(MPI_DATATYPE_NULL) : 0;
  }
}

int error_class_to_abi(int native_error) {
  int error_class = MPI_ERR_UNKNOWN;
  MPI_Error_class(native_error, &error_class);
  switch (error_class) {
#include "backend_errors.inc"
  default:
    return abi::ERR_OTHER;
  }
}

int backend_init(int required, int *provided, std::uint32_t front) {
  const ChildrenOfMpi children;
  int level = MPI_THREAD_SINGLE;
  if (running()) {
    MPI_Query_thread(&level);
    *provided = threadlevel_from_native(level);
    return 0;
  }
  if (started_for_spawn())
    control_await_all();
  const BlockAllSignals blocked(BlockAllSignals::what_ends_the_process);
  mend_settings(front == kMpichFront);
  if (const int error = MPI_Init_thread(nullptr, nullptr, threadlevel_to_native(required), &level))
    return error_class_to_abi(error);
  *provided = threadlevel_from_native(level);
  return_errors();
  return error_from_native(make_own_comms());
}

void backend_finalize() {
  if (!running())
    return;
  close_open_files();
  blocking_attach(MPI_COMM_NULL, MPI_COMM_NULL);
  for (MPI_Comm *comm : {&protocol_comm, &finalize_comm, &loopback_comm, &progress_comm})
    if (*comm != MPI_COMM_NULL)
      MPI_Comm_free(comm);
  MPI_Finalize();
  run_exit_functions_of_mpi();
}

void backend_abort(int code) {
  if (running())
    MPI_Abort(MPI_COMM_WORLD, code);
  _exit(code);
}

std::uint32_t backend_number() {
#if defined(OPEN_MPI)
  return kBackendOpenMpi;
#else
  return kBackendMpich;
#endif
}

} // namespace mana
