// MPI_Comm_idup goes on below whatever a rank waits for: a message, a reduction, another duplicate first.
#include "check.h"

static void use(MPI_Comm *made) {
  int sum;
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, *made);
  SAME(sum, size * (size - 1) / 2);
  MPI_Comm_free(made);
}

// The others wait for the duplicate and tell this rank, which waits for them first.
static void wait_elsewhere(MPI_Request *request, int late) {
  int nothing;
  if (rank != late) {
    MPI_Wait(request, MPI_STATUS_IGNORE);
    MPI_Send(NULL, 0, MPI_INT, late, 1, MPI_COMM_WORLD);
    return;
  }
  for (int other = 1; other < size; ++other)
    MPI_Recv(&nothing, 0, MPI_INT, (rank + other) % size, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Wait(request, MPI_STATUS_IGNORE);
}

int main(int argc, char **argv) {
  MPI_Comm parents[2], made[2], local, inter;
  MPI_Request requests[2];
  int sum, expected = 0;
  begin(&argc, &argv);
  MPI_Comm_dup(MPI_COMM_WORLD, &parents[0]);
  MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &parents[1]);

  // One rank is in a reduction, then waits for a message, while the others wait for the duplicate.
  for (int late = 0; late < 2; ++late) {
    MPI_Comm_idup(parents[late], &made[0], &requests[0]);
    if (rank != late) MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    SAME(sum, size * (size - 1) / 2);
    if (rank == late) MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    use(&made[0]);

    MPI_Comm_idup(parents[late], &made[0], &requests[0]);
    wait_elsewhere(&requests[0], late);
    use(&made[0]);
  }

  // Two, led by different ranks, and each rank waits for another one first.
  for (int i = 0; i < 2; ++i) MPI_Comm_idup(parents[i], &made[i], &requests[i]);
  MPI_Wait(&requests[rank % 2], MPI_STATUS_IGNORE);
  MPI_Wait(&requests[1 - rank % 2], MPI_STATUS_IGNORE);
  use(&made[0]);
  use(&made[1]);

  // Between two groups, while the first rank waits for a message of each other one.
  inter = join_even_and_odd(&local);
  MPI_Comm_idup(inter, &made[0], &requests[0]);
  wait_elsewhere(&requests[0], 0);
  for (int other = 1 - rank % 2; other < size; other += 2) expected += other;
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, made[0]);
  SAME(sum, expected);
  MPI_Comm_free(&made[0]);
  MPI_Comm_free(&inter);
  MPI_Comm_free(&local);
  MPI_Comm_free(&parents[0]);
  MPI_Comm_free(&parents[1]);
  return end();
}
