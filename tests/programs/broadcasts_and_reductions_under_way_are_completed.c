// Several MPI_Ibcast and MPI_Iallreduce, short and long, are under way at once while messages go to and fro; each ends with
// its own result.
#include "check.h"

enum { kLong = 30000 };

int main(int argc, char **argv) {
  static int data[2][kLong], sums[kLong], mine[kLong];
  MPI_Request requests[5];
  int biggest, in;
  begin(&argc, &argv);
  int last = size - 1;
  if (rank == 0) fill(data[0], kLong, 5);
  if (rank == last) fill(data[1], 3, 6);
  for (int i = 0; i < kLong; ++i) mine[i] = rank + i;
  MPI_Ibcast(data[0], kLong, MPI_INT, 0, MPI_COMM_WORLD, &requests[0]);
  MPI_Ibcast(data[1], 3, MPI_INT, last, MPI_COMM_WORLD, &requests[1]);
  MPI_Iallreduce(mine, sums, kLong, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &requests[2]);
  MPI_Sendrecv(&rank, 1, MPI_INT, next, 1, &in, 1, MPI_INT, prev, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  SAME(in, prev);
  MPI_Iallreduce(&rank, &biggest, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD, &requests[3]);
  MPI_Ibarrier(MPI_COMM_WORLD, &requests[4]);
  MPI_Sendrecv(&rank, 1, MPI_INT, prev, 1, &in, 1, MPI_INT, next, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  SAME(in, next);
  MPI_Wait(&requests[3], MPI_STATUS_IGNORE);
  SAME(biggest, size - 1);
  MPI_Waitall(5, requests, MPI_STATUSES_IGNORE);
  VERIFY(data[0], kLong, 5);
  VERIFY(data[1], 3, 6);
  for (int i = 0; i < kLong; ++i) SAME(sums[i], size * (size - 1) / 2 + size * i);

  int value = rank;  // and in place
  MPI_Iallreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &requests[0]);
  MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
  SAME(value, size * (size - 1) / 2);
  return end();
}
