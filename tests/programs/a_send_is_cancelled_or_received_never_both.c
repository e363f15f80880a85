// MPI_Cancel of a send either takes the message back or leaves it to be received: the status tells which.
// polls
#include "check.h"

static int *big;
enum { kBig = 300000 };

static void once(const int *data, int count, int tag) {
  int cancelled = 0, missing;
  MPI_Request request;
  MPI_Status status;
  int *got = malloc(sizeof(int) * kBig);
  MPI_Isend(data, count, MPI_INT, next, tag, MPI_COMM_WORLD, &request);
  MPI_Cancel(&request);
  if (count < 100) MPI_Wait(&request, &status), MPI_Test_cancelled(&status, &cancelled);
  else {
    // Below a large message may wait for its receiver, so it is received before its sender waits.
    MPI_Barrier(MPI_COMM_WORLD);
    int flag;
    MPI_Iprobe(prev, tag, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE);
    MPI_Request receive;
    MPI_Irecv(got, count, MPI_INT, prev, tag, MPI_COMM_WORLD, &receive);
    MPI_Wait(&request, &status);
    MPI_Test_cancelled(&status, &cancelled);
    MPI_Sendrecv(&cancelled, 1, MPI_INT, next, 99, &missing, 1, MPI_INT, prev, 99, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (missing) MPI_Cancel(&receive);
    MPI_Wait(&receive, &status);
    MPI_Test_cancelled(&status, &flag);
    SAME(flag, missing);
    if (!missing) VERIFY(got, count, tag + prev);
    free(got);
    return;
  }
  MPI_Sendrecv(&cancelled, 1, MPI_INT, next, 99, &missing, 1, MPI_INT, prev, 99, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  got[0] = -1;
  MPI_Recv(got, count, MPI_INT, missing ? MPI_PROC_NULL : prev, tag, MPI_COMM_WORLD, &status);
  SAME(count_of(&status, MPI_INT), missing ? 0 : count);
  if (!missing) VERIFY(got, count, tag + prev);
  free(got);
}

// MPICH cancels this one, Open MPI does not.
static void to_oneself(void) {
  int out = 7, in = 0, cancelled, none;
  MPI_Request send, receive;
  MPI_Status status;
  MPI_Issend(&out, 1, MPI_INT, 0, 5, MPI_COMM_SELF, &send);
  MPI_Probe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &status);
  MPI_Cancel(&send);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Irecv(&in, 1, MPI_INT, 0, 5, MPI_COMM_SELF, &receive);
  MPI_Wait(&send, &status);
  MPI_Test_cancelled(&status, &cancelled);
  if (cancelled) MPI_Cancel(&receive);
  MPI_Wait(&receive, &status);
  MPI_Test_cancelled(&status, &none);
  SAME(none, cancelled);
  SAME(in, cancelled ? 0 : 7);
}

int main(int argc, char **argv) {
  int small[10];
  begin(&argc, &argv);
  big = malloc(sizeof(int) * kBig);
  fill(small, 10, 1 + rank);
  once(small, 10, 1);
  fill(small, 10, 2 + rank);
  once(small, 10, 2);
  fill(big, kBig, 3 + rank);
  once(big, kBig, 3);
  to_oneself();
  free(big);
  return end();
}
