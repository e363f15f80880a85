// Spawns three processes one after another, while another rank has freed a communicator of both, and while those that came before
// have freed the one that joins them to this process.
#include <mpi.h>
#include <stdio.h>

enum { kChildren = 3 };

int main(int argc, char **argv) {
  MPI_Comm parent, copy, children[kChildren];
  int rank, number = -1, good = 1;
  MPI_Init(&argc, &argv);
  MPI_Comm_get_parent(&parent);
  if (parent != MPI_COMM_NULL) {
    MPI_Send(&argc, 1, MPI_INT, 0, 1, parent);
    MPI_Comm_free(&parent);
    MPI_Comm_get_parent(&parent);
    MPI_Finalize();
    return parent != MPI_COMM_NULL;
  }
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_dup(MPI_COMM_WORLD, &copy);
  if (rank != 0) MPI_Comm_free(&copy);
  for (int i = 0; rank == 0 && i < kChildren; ++i) {
    MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &children[i], MPI_ERRCODES_IGNORE);
    MPI_Recv(&number, 1, MPI_INT, 0, 1, children[i], MPI_STATUS_IGNORE);
    good = good && number == 1;
  }
  for (int i = 0; rank == 0 && i < kChildren; ++i) MPI_Comm_free(&children[i]);
  if (rank == 0) MPI_Comm_free(&copy);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0 && good) puts("ok");
  MPI_Finalize();
  return 0;
}
