// Rank 1 computes without any call to MPI until a file "go" appears; ranks 0 and 2 are blocked in a receive from it, in a
// probe, or in a wait, all others in a barrier. No checkpoint may have to wait for any of them.
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
    for (int r = 0; r < 3; ++r)
      if (r != 1) MPI_Send(&rank, 1, MPI_INT, r, 1, MPI_COMM_WORLD);
  } else if (rank < 3) {
    int in;
    MPI_Request request = MPI_REQUEST_NULL;
    if (rank % 3 == 2) MPI_Probe(1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (rank % 3 == 0) MPI_Irecv(&in, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &request);
    if (rank % 3 != 0) MPI_Recv(&in, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    SAME(in, 1);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  return end();
}
