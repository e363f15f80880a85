// A receive and a send to oneself's neighbour, both complete after a checkpoint: MPI_Waitany gives the send first, as it would have
// been given without the checkpoint.
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int rank, size, in = -1, index[2], good, all;
  MPI_Request requests[2];
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Irecv(&in, 1, MPI_INT, (rank + size - 1) % size, 1, MPI_COMM_WORLD, &requests[0]);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Isend(&rank, 1, MPI_INT, (rank + 1) % size, 1, MPI_COMM_WORLD, &requests[1]);
  if (rank == 0) puts("go"), fflush(stdout);
  while (access("go-on", F_OK) != 0) usleep(1000);
  for (int i = 0; i < 2; ++i) MPI_Waitany(2, requests, &index[i], MPI_STATUS_IGNORE);
  good = index[0] == 1 && index[1] == 0 && in == (rank + size - 1) % size;
  MPI_Reduce(&good, &all, 1, MPI_INT, MPI_MIN, 0, MPI_COMM_WORLD);
  if (rank == 0) puts(all ? "ok" : "the receive came first");
  MPI_Finalize();
  return 0;
}
