// A send whose request was freed arrives all the same, eager or long, and a freed receive gets its message.
#include "check.h"

enum { kLong = 30000 };

int main(int argc, char **argv) {
  static int out[kLong], in[kLong], early[2];
  int small = 0, got;
  MPI_Request request;
  begin(&argc, &argv);
  fill(out, kLong, rank);
  small = 600 + rank;
  early[0] = -1;
  MPI_Irecv(early, 1, MPI_INT, prev, 4, MPI_COMM_WORLD, &request);
  MPI_Request_free(&request);
  MPI_Isend(&small, 1, MPI_INT, next, 1, MPI_COMM_WORLD, &request);
  MPI_Request_free(&request);
  CHECK(request == MPI_REQUEST_NULL);
  MPI_Isend(out, kLong, MPI_INT, next, 2, MPI_COMM_WORLD, &request);
  MPI_Request_free(&request);
  MPI_Isend(&small, 1, MPI_INT, next, 4, MPI_COMM_WORLD, &request);
  MPI_Request_free(&request);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Recv(in, kLong, MPI_INT, prev, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  VERIFY(in, kLong, prev);
  MPI_Recv(&got, 1, MPI_INT, prev, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  SAME(got, 600 + prev);
  // A synchronous message behind the others: when its send is done, everything before it on this channel has been matched.
  MPI_Issend(&small, 1, MPI_INT, next, 5, MPI_COMM_WORLD, &request);
  MPI_Recv(&got, 1, MPI_INT, prev, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(*(volatile int *)early, 600 + prev);
  return end();
}
