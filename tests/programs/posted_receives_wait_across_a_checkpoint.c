// Receives posted long before their messages, from one source and from any, are matched in the order in which they were
// posted, beside others that get theirs at once.
#include "check.h"

enum { kPosted = 5 };

int main(int argc, char **argv) {
  // Source given, any source, tag given, any tag: each message fits the first posted receive that admits it.
  int in[kPosted], out[kPosted], sum;
  MPI_Request receives[kPosted], sends[kPosted];
  MPI_Status statuses[kPosted];
  begin(&argc, &argv);
  MPI_Irecv(&in[0], 1, MPI_INT, prev, 10, MPI_COMM_WORLD, &receives[0]);
  MPI_Irecv(&in[1], 1, MPI_INT, MPI_ANY_SOURCE, 11, MPI_COMM_WORLD, &receives[1]);
  MPI_Irecv(&in[2], 1, MPI_INT, prev, MPI_ANY_TAG, MPI_COMM_WORLD, &receives[2]);
  MPI_Irecv(&in[3], 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &receives[3]);
  MPI_Irecv(&in[4], 1, MPI_INT, prev, 10, MPI_COMM_WORLD, &receives[4]);
  for (int i = 0; i < 3; ++i) {
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    SAME(sum, size * (size - 1) / 2);
  }
  static const int tag[kPosted] = {10, 10, 11, 11, 10}, goes_to[kPosted] = {0, 2, 1, 3, 4};
  for (int i = 0; i < kPosted; ++i) {
    out[i] = 50 * rank + i;
    MPI_Isend(&out[i], 1, MPI_INT, next, tag[i], MPI_COMM_WORLD, &sends[i]);
    if (i == 2) MPI_Barrier(MPI_COMM_WORLD);
  }
  MPI_Waitall(kPosted, receives, statuses);
  for (int i = 0; i < kPosted; ++i) {
    SAME(in[goes_to[i]], 50 * prev + i);
    SAME(statuses[goes_to[i]].MPI_TAG, tag[i]);
    SAME(statuses[goes_to[i]].MPI_SOURCE, prev);
  }
  MPI_Waitall(kPosted, sends, MPI_STATUSES_IGNORE);
  return end();
}
