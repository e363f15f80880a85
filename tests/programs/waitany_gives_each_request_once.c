// MPI_Waitany and MPI_Testany give every request of a list once, with its own status, and then MPI_UNDEFINED.
// polls
#include "check.h"

enum { kMessages = 5 };

int main(int argc, char **argv) {
  int out[kMessages], in[kMessages], seen[kMessages] = {0}, index, flag;
  MPI_Request sends[kMessages], receives[kMessages];
  MPI_Status status;
  begin(&argc, &argv);
  for (int i = 0; i < kMessages; ++i) {
    in[i] = -1;
    MPI_Irecv(&in[i], 1, MPI_INT, prev, i, MPI_COMM_WORLD, &receives[i]);
  }
  for (int i = kMessages - 1; i >= 0; --i) {
    out[i] = rank * 10 + i;
    MPI_Isend(&out[i], 1, MPI_INT, next, i, MPI_COMM_WORLD, &sends[i]);
  }
  for (int i = 0; i < kMessages - 2; ++i) {
    MPI_Waitany(kMessages, receives, &index, &status);
    CHECK(index >= 0 && index < kMessages && !seen[index]);
    seen[index] = 1;
    SAME(status.MPI_TAG, index);
    SAME(in[index], prev * 10 + index);
    CHECK(receives[index] == MPI_REQUEST_NULL);
  }
  for (int i = 0; i < 2; ++i) {
    do MPI_Testany(kMessages, receives, &index, &flag, &status);
    while (!flag);
    CHECK(index >= 0 && index < kMessages && !seen[index]);
    seen[index] = 1;
    SAME(in[index], prev * 10 + index);
  }
  MPI_Waitany(kMessages, receives, &index, &status);
  SAME(index, MPI_UNDEFINED);
  MPI_Testany(kMessages, receives, &index, &flag, &status);
  SAME(flag, 1);
  SAME(index, MPI_UNDEFINED);
  MPI_Waitall(kMessages, sends, MPI_STATUSES_IGNORE);
  return end();
}
