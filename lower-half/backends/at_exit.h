// What the live MPI leaves to the end of the process.
//
// A rank ends with the application's exit; the exit functions of the lower half's libc are never run. MPICH 4.2 takes leave
// of its launcher in one of them, not in MPI_Finalize any more, and Hydra kills the processes of a job whose connection ends without
// that. So what libmpich hands to atexit() is kept, and called when MPI has been finalized.
#pragma once

namespace mana {

void run_exit_functions_of_mpi();

} // namespace mana
