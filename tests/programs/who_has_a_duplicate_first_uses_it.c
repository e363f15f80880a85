// The first rank has waited for its duplicate, has broadcast on it and left, and duplicates it again, while the others, which have
// begun to make it too, wait for a message.
#include "check.h"

int main(int argc, char **argv) {
  MPI_Comm made, again;
  MPI_Request request, second;
  int data[8], nothing;
  begin(&argc, &argv);
  for (int round = 0; round < 2; ++round) {
    MPI_Comm_idup(MPI_COMM_WORLD, &made, &request);
    if (rank != 0) MPI_Recv(&nothing, 0, MPI_INT, 0, round, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    fill(data, 8, rank == 0 ? round : -1);
    MPI_Bcast(data, 8, MPI_INT, 0, made);
    VERIFY(data, 8, round);
    MPI_Comm_size(made, &nothing);
    SAME(nothing, size);
    MPI_Comm_idup(made, &again, &second);
    for (int to = 1; rank == 0 && to < size; ++to) MPI_Send(NULL, 0, MPI_INT, to, round, MPI_COMM_WORLD);
    MPI_Wait(&second, MPI_STATUS_IGNORE);
    fill(data, 8, rank == 0 ? 10 + round : -1);
    MPI_Bcast(data, 8, MPI_INT, 0, again);
    VERIFY(data, 8, 10 + round);
    MPI_Comm_free(&again);
    MPI_Comm_free(&made);
  }
  return end();
}
