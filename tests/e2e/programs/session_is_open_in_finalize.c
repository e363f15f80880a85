// mpich only
// One of two parents has a session open when it calls MPI_Finalize. It closes it before it ends.
#include "check.h"

int main(int argc, char **argv) {
  MPI_Comm parent, child;
  MPI_Session session;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_get_parent(&parent);
  if (parent == MPI_COMM_NULL) {
    MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &child, MPI_ERRCODES_IGNORE);
    if (rank == 0) MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &session);
  } else {
    child = parent;
  }
  MPI_Comm_disconnect(&child);
  MPI_Finalize();
  if (rank == 0 && parent == MPI_COMM_NULL) MPI_Session_finalize(&session);
  puts("done");
  return 0;
}
