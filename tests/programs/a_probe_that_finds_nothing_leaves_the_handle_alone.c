// MPI_Improbe without a message: flag is 0, and the handle and the status stay what they were. With one they are set.
#include "check.h"

int main(int argc, char **argv) {
  int value = -1, flag = 1, got;
  MPI_Message message = MPI_MESSAGE_NULL;
  MPI_Status status;
  begin(&argc, &argv);
  for (int round = 0; round < 3; ++round) {
    status.MPI_SOURCE = 1234;
    MPI_Improbe(prev, 7, MPI_COMM_WORLD, &flag, &message, &status);
    SAME(flag, 0);
    CHECK(message == MPI_MESSAGE_NULL);
    SAME(status.MPI_SOURCE, 1234);
  }
  value = 10 * rank;
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Sendrecv(&value, 1, MPI_INT, next, 8, &got, 1, MPI_INT, prev, 8, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  SAME(got, 10 * prev);
  MPI_Improbe(MPI_PROC_NULL, 7, MPI_COMM_WORLD, &flag, &message, &status);
  SAME(flag, 1);
  CHECK(message == MPI_MESSAGE_NO_PROC);
  SAME(status.MPI_SOURCE, MPI_PROC_NULL);
  MPI_Mrecv(&got, 1, MPI_INT, &message, &status);
  CHECK(message == MPI_MESSAGE_NULL);
  SAME(count_of(&status, MPI_INT), 0);
  return end();
}
