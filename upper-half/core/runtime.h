// When MPI runs. MPI below is started once per process and ended once; above, MPI-4 has two ways in and out of it:
//
//     MPI_Init ... MPI_Finalize                  the world model, once
//     MPI_Session_init ... MPI_Session_finalize  any number, before, during and after the other
//
// Below, MPI starts with the first of either and ends with MPI_Finalize, or when the last session has been finalized and
// the process exits: another session may follow until then.
#pragma once

namespace mana {

// Starts MPI below if it does not run yet. Levels are ABI values; *provided is what it runs with. 0 or an ABI error.
int start_runtime(int required, int *provided);

void session_opened();
void session_closed();

// The process exits: ends MPI below if only sessions have used it, and all of them are finalized.
void end_runtime_at_exit();

}  // namespace mana
