// When MPI runs. MPI below is started once per process and ended once; above, MPI-4 has two ways in and out of it:
//
//     MPI_Init ... MPI_Finalize                  the world model, once
//     MPI_Session_init ... MPI_Session_finalize  any number, before, during and after the other
//
// Below, MPI starts with the first of either and ends with MPI_Finalize. It goes on until the process exits
//
//   - after sessions alone: another may follow until then
//   - after MPI_Finalize of a world in a job with spawned processes, when nothing connects it with those outside of it: they go on, and
//     the live MPI, to which all are one world, ends for all at once. What the program does after MPI_Finalize it does
//     without waiting for them.
#pragma once

namespace mana {

// Starts MPI below if it does not run yet. Levels are ABI values; *provided is what it runs with. 0 or an ABI error.
int start_runtime(int required, int *provided);

void session_opened();
void session_closed();

// The process exits: ends MPI below if it is over for the program.
void end_runtime_at_exit();
// UpperServices::end_before_exit.
std::uintptr_t end_before_exit();

}  // namespace mana
