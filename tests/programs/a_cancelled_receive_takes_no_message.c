// A receive that was cancelled says so in its status and leaves the message to the next one; one that has
// its message already cannot be cancelled.
#include "check.h"

int main(int argc, char **argv) {
  int in[2] = {-1, -1}, out = 0, cancelled;
  MPI_Request receive, other, send;
  MPI_Status status;
  begin(&argc, &argv);
  out = 500 + rank;
  MPI_Irecv(&in[0], 1, MPI_INT, prev, 4, MPI_COMM_WORLD, &receive);
  MPI_Irecv(&in[1], 1, MPI_INT, prev, 4, MPI_COMM_WORLD, &other);
  MPI_Cancel(&receive);
  MPI_Wait(&receive, &status);
  CHECK(receive == MPI_REQUEST_NULL);
  MPI_Test_cancelled(&status, &cancelled);
  SAME(cancelled, 1);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Isend(&out, 1, MPI_INT, next, 4, MPI_COMM_WORLD, &send);
  MPI_Wait(&other, &status);
  MPI_Test_cancelled(&status, &cancelled);
  SAME(cancelled, 0);
  SAME(in[0], -1);
  SAME(in[1], 500 + prev);
  MPI_Wait(&send, MPI_STATUS_IGNORE);

  // Cancelled, but either outcome is right: the message is there exactly once.
  in[0] = in[1] = -1;
  MPI_Irecv(&in[0], 1, MPI_INT, prev, 5, MPI_COMM_WORLD, &receive);
  MPI_Isend(&out, 1, MPI_INT, next, 5, MPI_COMM_WORLD, &send);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Cancel(&receive);
  MPI_Wait(&receive, &status);
  MPI_Test_cancelled(&status, &cancelled);
  if (cancelled) MPI_Recv(&in[0], 1, MPI_INT, prev, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  SAME(in[0], 500 + prev);
  MPI_Wait(&send, MPI_STATUS_IGNORE);
  return end();
}
