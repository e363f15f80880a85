// A root need not wait for the others: it leaves its broadcasts, and the members of a reduction leave that, long before the slow
// ones come, and goes on to something else. What they left behind in the network is of use to the slow ones only.
#include "check.h"

#include <time.h>

enum { kSteps = 8, kInts = 200 };

static void hesitate(void) {
  const struct timespec time = {0, 10000000};
  nanosleep(&time, NULL);
}

int main(int argc, char **argv) {
  int data[kInts], sum = 0, told = 0;
  MPI_Request request;
  begin(&argc, &argv);
  for (int step = 0; step < kSteps; ++step) {
    if (rank == 0) fill(data, kInts, step);
    if (rank != 0) hesitate();
    MPI_Bcast(data, kInts, MPI_INT, 0, MPI_COMM_WORLD);
    VERIFY(data, kInts, step);
  }
  if (rank == 0) {
    int value = 77;
    MPI_Isend(&value, 1, MPI_INT, next, 5, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
  } else if (rank == 1) {
    MPI_Recv(&told, 1, MPI_INT, 0, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    SAME(told, 77);
  }
  for (int step = 0; step < kSteps; ++step) {
    int part = rank + step;
    if (rank == 0) hesitate();
    MPI_Reduce(&part, &sum, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0) SAME(sum, size * (size - 1) / 2 + size * step);
  }
  return end();
}
