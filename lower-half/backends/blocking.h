// See blocking.cpp. Compiled per backend.
#pragma once
#include <mpi.h>

#include "interface/native.h"

namespace mana {

const BlockingMpi *backend_blocking();

// Communicators of our own over all ranks, made right after MPI_Init; both MPI_COMM_NULL before and after.
void blocking_attach(MPI_Comm for_finalize, MPI_Comm for_progress);

// Lets the live MPI make progress once; does nothing before MPI_Init. Called with the lower half's TLS.
void backend_progress();

}  // namespace mana
