// A message of 100 MB is under way, unexpected or posted, when the checkpoint comes.
#include "check.h"

enum { kCount = 25 * 1000 * 1000 };

int main(int argc, char **argv) {
  int *data = NULL, got = 0;
  MPI_Request request;
  MPI_Status status;
  begin(&argc, &argv);
  int last = size - 1;
  if (rank == 0 || rank == last) data = malloc(sizeof(int) * (size_t)kCount);
  if (rank == 0) {
    for (int i = 0; i < kCount; ++i) data[i] = i ^ 0x5a5a;
    MPI_Isend(data, kCount, MPI_INT, last, 1, MPI_COMM_WORLD, &request);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == last) {
    MPI_Irecv(data, kCount, MPI_INT, 0, 1, MPI_COMM_WORLD, &request);
  }
  MPI_Allreduce(&rank, &got, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  SAME(got, size * (size - 1) / 2);
  if (data) MPI_Wait(&request, &status);
  if (rank == last) {
    SAME(count_of(&status, MPI_INT), kCount);
    for (int i = 0; i < kCount; ++i)
      if (data[i] != (i ^ 0x5a5a)) SAME(data[i], i ^ 0x5a5a);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  free(data);
  return end();
}
