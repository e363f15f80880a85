// A rank sends to itself, on MPI_COMM_WORLD and MPI_COMM_SELF, early and late, short and long.
#include "check.h"

enum { kLong = 30000 };

int main(int argc, char **argv) {
  static int out[kLong], in[kLong];
  int small = 0, got = 0;
  MPI_Request sends[4], receive;
  MPI_Status status;
  begin(&argc, &argv);
  fill(out, kLong, rank);
  small = 70 + rank;
  MPI_Irecv(in, kLong, MPI_INT, rank, 1, MPI_COMM_WORLD, &receive);
  MPI_Isend(out, kLong, MPI_INT, rank, 1, MPI_COMM_WORLD, &sends[0]);
  MPI_Isend(&small, 1, MPI_INT, 0, 1, MPI_COMM_SELF, &sends[1]);
  MPI_Isend(out, 10, MPI_INT, rank, 2, MPI_COMM_WORLD, &sends[2]);
  MPI_Isend(out, kLong, MPI_INT, rank, 2, MPI_COMM_WORLD, &sends[3]);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Recv(&got, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &status);
  SAME(got, small);
  SAME(status.MPI_SOURCE, 0);
  MPI_Wait(&receive, &status);
  SAME(status.MPI_SOURCE, rank);
  VERIFY(in, kLong, rank);
  for (int i = 0; i < 2; ++i) {
    memset(in, 0, sizeof in);
    MPI_Recv(in, kLong, MPI_INT, MPI_ANY_SOURCE, 2, MPI_COMM_WORLD, &status);
    SAME(count_of(&status, MPI_INT), i ? kLong : 10);
    VERIFY(in, i ? kLong : 10, rank);
  }
  MPI_Waitall(4, sends, MPI_STATUSES_IGNORE);
  MPI_Sendrecv(&small, 1, MPI_INT, rank, 3, &got, 1, MPI_INT, rank, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  SAME(got, small);
  got = 5;
  MPI_Sendrecv_replace(&got, 1, MPI_INT, 0, 3, 0, 3, MPI_COMM_SELF, MPI_STATUS_IGNORE);
  SAME(got, 5);
  MPI_Allreduce(&rank, &got, 1, MPI_INT, MPI_SUM, MPI_COMM_SELF);
  SAME(got, rank);
  return end();
}
