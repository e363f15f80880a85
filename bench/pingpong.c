// Half round trip of messages between two ranks and an 8-byte Allreduce, in nanoseconds, as one line of JSON.
#include "timing.h"

static char buffer[65536];
static int rank;

static void ping(int bytes) {
  int peer = 1 - rank;
  if (rank == 0) {
    MPI_Send(buffer, bytes, MPI_BYTE, peer, 1, MPI_COMM_WORLD);
    MPI_Recv(buffer, bytes, MPI_BYTE, peer, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  } else {
    MPI_Recv(buffer, bytes, MPI_BYTE, peer, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Send(buffer, bytes, MPI_BYTE, peer, 1, MPI_COMM_WORLD);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  double value = rank, sum;
  TIME(small, 500, ping(8));
  TIME(page, 200, ping(4096));
  TIME(large, 50, ping(65536));
  TIME(allreduce, 500, MPI_Allreduce(&value, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD));
  if (rank == 0)
    printf("{\"ping-pong 8 B\": %.1f, \"ping-pong 4 KiB\": %.1f, \"ping-pong 64 KiB\": %.1f, \"Allreduce 8 B\": %.1f}\n", small / 2,
           page / 2, large / 2, allreduce);
  MPI_Finalize();
  return 0;
}
