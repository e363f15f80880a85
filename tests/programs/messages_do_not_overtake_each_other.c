// Long and short messages with one tag arrive in the order of sending, in receives posted early, in receives posted
// late, and when some are received before a checkpoint and some after it.
#include "check.h"

enum { kLong = 50000, kMessages = 4 };

int main(int argc, char **argv) {
  static int out[kMessages][kLong], in[kMessages][kLong];
  MPI_Request sends[kMessages], receives[kMessages];
  begin(&argc, &argv);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kMessages; ++i) {
      fill(out[i], kLong, 100 * round + 10 * rank + i);
      memset(in[i], 0, sizeof in[i]);
    }
    MPI_Irecv(in[0], kLong, MPI_INT, prev, 3, MPI_COMM_WORLD, &receives[0]);
    MPI_Irecv(in[1], kLong, MPI_INT, MPI_ANY_SOURCE, 3, MPI_COMM_WORLD, &receives[1]);
    for (int i = 0; i < kMessages; ++i)
      MPI_Isend(out[i], i % 2 ? 2 : kLong, MPI_INT, next, 3, MPI_COMM_WORLD, &sends[i]);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Irecv(in[2], kLong, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &receives[2]);
    MPI_Irecv(in[3], kLong, MPI_INT, prev, 3, MPI_COMM_WORLD, &receives[3]);
    for (int i = kMessages - 1; i >= 0; --i) {  // waiting in another order changes nothing
      MPI_Status status;
      MPI_Wait(&receives[i], &status);
      SAME(count_of(&status, MPI_INT), i % 2 ? 2 : kLong);
      VERIFY(in[i], i % 2 ? 2 : kLong, 100 * round + 10 * prev + i);
    }
    MPI_Waitall(kMessages, sends, MPI_STATUSES_IGNORE);
  }
  return end();
}
