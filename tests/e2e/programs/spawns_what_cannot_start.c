// MPI_Comm_spawn of a program that is not there gives an error and the job goes on; so does, under mana, one of a program
// that never gets to MPI_Init. Then one that works, by MPI_COMM_SELF of one rank.
//
//     spawns_what_cannot_start PROGRAM...     each of them cannot be started
#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv) {
  MPI_Comm inter, parent;
  int rank, size, error, good = 1, code = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_get_parent(&parent);
  if (parent != MPI_COMM_NULL) {
    MPI_Send(&size, 1, MPI_INT, 0, 0, parent);
    MPI_Comm_disconnect(&parent);
    MPI_Finalize();
    return 0;
  }
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  for (int i = 1; i < argc; ++i) {
    error = MPI_Comm_spawn(argv[i], MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter, &code);
    MPI_Error_class(error, &error);
    good = good && error == MPI_ERR_SPAWN && inter == MPI_COMM_NULL && code != MPI_SUCCESS;
  }
  if (rank == size - 1) {
    int got = 0;
    MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter, MPI_ERRCODES_IGNORE);
    MPI_Recv(&got, 1, MPI_INT, 0, 0, inter, MPI_STATUS_IGNORE);
    good = good && got == 1;
    MPI_Comm_disconnect(&inter);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  int all;
  MPI_Allreduce(&good, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  if (rank == 0 && all) puts("ok");
  MPI_Finalize();
  return 0;
}
