// Error codes, classes and what happens when a call fails.
//
// The live MPI only ever returns error codes to us (its objects have MPI_ERRORS_RETURN). Handlers, user-defined
// classes, codes and strings live here, so nothing of this has to be restored. Codes are those of the MPI-5.0 ABI;
// user-defined ones count from kFirstUserCode. Every code of an implementation was reduced to its class below.
#pragma once
#include "abi_constants.h"
#include "core/objects.h"

namespace mana {

inline constexpr int kFirstUserCode = 100;

// Reports `error` (an ABI code, not 0) to the handler of the object and returns it: to be used as
// `return raise(comm, error)`. Does not return when the handler is fatal.
[[gnu::cold]] int raise(Comm *comm, int error);
// The same for a file; with MPI_FILE_NULL the handler that files inherit.
[[gnu::cold]] int raise(File *file, int error);
// The same for a window; with MPI_WIN_NULL the handler of MPI_COMM_WORLD.
[[gnu::cold]] int raise(Win *win, int error);
// For calls without a communicator: the handler of MPI_COMM_WORLD, as MPI-3.1 says.
[[gnu::cold]] int raise(int error);
// What has no communicator yet reports to the handler that it was given.
[[gnu::cold]] int raise_to(Errhandler *handler, int error);

// What raise() returns when the program's handler has set the code to MPI_SUCCESS. For the program the call succeeds then, as it does
// in MPICH; for us it has failed, and nothing else is returned, but for the statuses with kSilencedWithStatus.
inline constexpr int kSilenced = -2, kSilencedWithStatus = -3;
inline int with_status(int raised) { return raised == kSilenced ? kSilencedWithStatus : raised; }

// The same for a request that a call completes; the statuses are there. In Open MPI only these calls return what the handler has made
// of the code, in MPICH all.
[[gnu::cold]] int raise_of_request(Comm *comm, int error);

// Runs a given handler, and returns what raise() does: MPI_Comm_call_errhandler and raise().
enum class Raiser { call, request };
int call_errhandler(Errhandler *handler, Object *object, int error, Raiser raiser = Raiser::call);

// Text of a class or code without a newline, never null.
const char *error_text(int error);
int error_class(int error);

// For messages: "MPI_Send". See current_function in call.h.
const char *current_function_name();

// MPI_LASTUSEDCODE, in the ABI's numbering: the highest user code or MPI_ERR_LASTCODE.
int last_used_code();

// May this handler be set on an object of that kind?
bool fits(const Errhandler *handler, Kind kind);

// What an object has whose handler was never set. Null: that of MPI_COMM_WORLD at the time of the error, as MPICH does it.
Errhandler *initial_errhandler();
// The handler that counts: the one given, or where it is null the one described above.
Errhandler *errhandler_or_initial(Errhandler *handler);

// Attaching, replacing and dropping a handler of an object. `slot` is the object's field.
void set_errhandler(Errhandler **slot, Errhandler *handler);
void retain(Errhandler *handler);
void release(Errhandler *handler);

} // namespace mana
