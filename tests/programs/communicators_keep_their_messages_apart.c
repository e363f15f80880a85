// The same ranks and tags on several communicators: a receive, wildcards or not, sees only its own communicator.
#include "check.h"

enum { kComms = 3 };

int main(int argc, char **argv) {
  MPI_Comm comm[kComms];
  int out[kComms][2], in;
  MPI_Request sends[kComms][2];
  MPI_Status status;
  begin(&argc, &argv);
  comm[0] = MPI_COMM_WORLD;
  MPI_Comm_dup(MPI_COMM_WORLD, &comm[1]);
  MPI_Comm_split(comm[1], 0, rank, &comm[2]);
  for (int k = 0; k < 2; ++k)
    for (int c = 0; c < kComms; ++c) {
      out[c][k] = 100 * rank + 10 * c + k;
      MPI_Isend(&out[c][k], 1, MPI_INT, next, 7 + k, comm[c], &sends[c][k]);
    }
  MPI_Barrier(comm[1]);
  for (int c = kComms - 1; c >= 0; --c) {
    MPI_Recv(&in, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comm[c], &status);
    SAME(in, 100 * prev + 10 * c);
    SAME(status.MPI_TAG, 7);
  }
  for (int c = 0; c < kComms; ++c) {
    MPI_Recv(&in, 1, MPI_INT, MPI_ANY_SOURCE, 8, comm[c], &status);
    SAME(in, 100 * prev + 10 * c + 1);
    SAME(status.MPI_SOURCE, prev);
  }
  MPI_Waitall(2 * kComms, &sends[0][0], MPI_STATUSES_IGNORE);
  MPI_Comm_free(&comm[1]);
  MPI_Comm_free(&comm[2]);
  return end();
}
