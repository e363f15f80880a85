// Spawns four processes one after another, while those that came before have sent their message and wait in MPI_Comm_disconnect.
#include <mpi.h>
#include <stdio.h>

enum { kChildren = 4 };

int main(int argc, char **argv) {
  MPI_Comm parent, children[kChildren];
  int number = -1, good = 1;
  MPI_Init(&argc, &argv);
  MPI_Comm_get_parent(&parent);
  if (parent != MPI_COMM_NULL) {
    MPI_Send(&argc, 1, MPI_INT, 0, 1, parent);
    MPI_Comm_disconnect(&parent);
    MPI_Finalize();
    return 0;
  }
  for (int i = 0; i < kChildren; ++i)
    MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &children[i], MPI_ERRCODES_IGNORE);
  for (int i = 0; i < kChildren; ++i) {
    MPI_Recv(&number, 1, MPI_INT, 0, 1, children[i], MPI_STATUS_IGNORE);
    good = good && number == 1;
    MPI_Comm_disconnect(&children[i]);
    good = good && children[i] == MPI_COMM_NULL;
  }
  if (good) puts("ok");
  MPI_Finalize();
  return 0;
}
