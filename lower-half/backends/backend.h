// The live MPI behind struct LowerMpi: start, end, and the table of its functions. Compiled per backend.
#pragma once
#include <cstdint>

#include "interface/native.h"
#include "interface/seam.h"
#include "lower_mpi.h"

namespace mana {

const LowerMpi *backend_table();

// Native handle of a predefined ABI handle; no MPI call, valid before MPI_Init. See LowerMpi::predefined.
std::uint64_t backend_predefined(int abi_value);

// MPI_Init_thread of the live MPI and what goes with it: MPI_ERRORS_RETURN everywhere, our own communicators. Called
// with the lower half's TLS; levels are ABI values. Once per process, a second call answers the level that MPI has.
// `front`: UpperServices::front. Returns an ABI error class.
int backend_init(int required, int *provided, std::uint32_t front);

// MPI_Finalize, after our own communicators have been freed. Does nothing when MPI does not run.
void backend_finalize();

// MPI_Abort of the job when MPI runs, else _exit.
[[noreturn]] void backend_abort(int code);

// kLowerOpenmpi, kLowerMpich of seam.h's LowerServices::backend: 1 openmpi, 2 mpich.
std::uint32_t backend_number();

} // namespace mana
