// A receive with a tag takes the first message with that tag and leaves the others where they are.
#include "check.h"

enum { kMessages = 8 };

int main(int argc, char **argv) {
  int out[kMessages], in;
  MPI_Request sends[kMessages];
  begin(&argc, &argv);
  for (int i = 0; i < kMessages; ++i) {
    out[i] = rank * 100 + i;
    MPI_Isend(&out[i], 1, MPI_INT, next, i % 4, MPI_COMM_WORLD, &sends[i]);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  for (int tag = 3; tag >= 0; --tag) {  // the reverse of the order of sending
    MPI_Recv(&in, 1, MPI_INT, prev, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    SAME(in, prev * 100 + tag);
  }
  for (int i = 4; i < kMessages; ++i) {
    MPI_Status status;
    MPI_Recv(&in, 1, MPI_INT, prev, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
    SAME(in, prev * 100 + i);
    SAME(status.MPI_TAG, i % 4);
  }
  MPI_Waitall(kMessages, sends, MPI_STATUSES_IGNORE);
  return end();
}
