// Rank 1 computes without any call to MPI until a file "go" appears; rank 0 is blocked in a receive from it, the others
// in a barrier. No checkpoint may wait for any of them.
#include "check.h"

#include <unistd.h>

int main(int argc, char **argv) {
  begin(&argc, &argv);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 1) {
    unsigned long long rounds = 0, sum = 0;
    printf("computing\n");
    fflush(stdout);
    do {
      for (int i = 0; i < 20000000; ++i) sum += ++rounds;
    } while (access("go", F_OK) != 0);
    CHECK(sum == rounds * (rounds + 1) / 2);
    MPI_Send(&rank, 1, MPI_INT, 0, 1, MPI_COMM_WORLD);
  }
  if (rank == 0) {
    int in;
    MPI_Recv(&in, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    SAME(in, 1);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  return end();
}
