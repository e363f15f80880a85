// Messages that nobody has asked for yet are received in the order in which they were sent, each with its own
// length, on whichever side of a checkpoint the receive is.
#include "check.h"

enum { kMessages = 5, kLongest = 40000 };  // the last ones are too long to be sent eagerly

int main(int argc, char **argv) {
  static const int length[kMessages] = {3, 1, 17, kLongest, 20000};
  static int out[kMessages][kLongest], in[kLongest];
  MPI_Request sends[kMessages];
  begin(&argc, &argv);
  for (int i = 0; i < kMessages; ++i) {
    fill(out[i], length[i], rank * 10 + i);
    MPI_Isend(out[i], length[i], MPI_INT, next, 7, MPI_COMM_WORLD, &sends[i]);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  for (int i = 0; i < kMessages; ++i) {
    MPI_Status status;
    MPI_Recv(in, kLongest, MPI_INT, prev, 7, MPI_COMM_WORLD, &status);
    SAME(count_of(&status, MPI_INT), length[i]);
    SAME(status.MPI_SOURCE, prev);
    SAME(status.MPI_TAG, 7);
    VERIFY(in, length[i], prev * 10 + i);
  }
  MPI_Waitall(kMessages, sends, MPI_STATUSES_IGNORE);
  return end();
}
