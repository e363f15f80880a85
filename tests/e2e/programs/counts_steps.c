// counts_steps STEPS MICROSECONDS: a job of known length. Each step is a message around the ring and a sum; rank 0 writes one line for
// it, so that lines which are missing or doubled after a restart are seen.
#include "check.h"

#include <unistd.h>

int main(int argc, char **argv) {
  begin(&argc, &argv);
  int steps = argc > 1 ? atoi(argv[1]) : 100, pause = argc > 2 ? atoi(argv[2]) : 10000;
  for (int step = 1; step <= steps; ++step) {
    int in, sum, out = rank + step;
    MPI_Sendrecv(&out, 1, MPI_INT, next, step, &in, 1, MPI_INT, prev, step, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Allreduce(&in, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    SAME(sum, size * (size - 1) / 2 + size * step);
    if (rank == 0) {
      printf("step %d\n", step);
      fflush(stdout);
    }
    usleep(pause);
  }
  return end();
}
