// MPI_Comm_free on a communicator with receives, sends and a barrier under way: they complete as if nothing had happened, and the
// messages do not mix with those of a communicator made afterwards.
#include "check.h"

enum { kLong = 30000 };

int main(int argc, char **argv) {
  static int out[kLong], in[kLong];
  int small = 0, got = -1, later = -1;
  MPI_Comm comm, other;
  MPI_Request requests[5];
  begin(&argc, &argv);
  small = 40 + rank;
  fill(out, kLong, rank);
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  MPI_Irecv(&got, 1, MPI_INT, prev, 1, comm, &requests[0]);
  MPI_Isend(out, kLong, MPI_INT, next, 2, comm, &requests[1]);
  MPI_Irecv(in, kLong, MPI_INT, prev, 2, comm, &requests[2]);
  MPI_Isend(&small, 1, MPI_INT, next, 1, comm, &requests[3]);
  MPI_Ibarrier(comm, &requests[4]);
  MPI_Comm_free(&comm);
  CHECK(comm == MPI_COMM_NULL);
  MPI_Comm_dup(MPI_COMM_WORLD, &other);
  MPI_Sendrecv(&rank, 1, MPI_INT, next, 1, &later, 1, MPI_INT, prev, 1, other, MPI_STATUS_IGNORE);
  SAME(later, prev);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Waitall(5, requests, MPI_STATUSES_IGNORE);
  SAME(got, 40 + prev);
  VERIFY(in, kLong, prev);
  MPI_Comm_free(&other);
  return end();
}
