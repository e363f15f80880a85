// Standard, buffered, synchronous and ready sends, blocking, non-blocking and persistent, each deliver to every kind
// of receive.
#include "check.h"

enum { kModes = 12, kCount = 500 };

int main(int argc, char **argv) {
  static int out[kModes][kCount], in[kModes][kCount];
  MPI_Request receives[kModes], sends[kModes];
  begin(&argc, &argv);
  int bytes = 4 * (kCount * (int)sizeof(int) + MPI_BSEND_OVERHEAD), detached;
  void *buffer = malloc(bytes), *was;
  MPI_Buffer_attach(buffer, bytes);
  // All receives are posted before the barrier, so that the ready sends are right.
  for (int i = 0; i < kModes; ++i) {
    fill(out[i], kCount, 20 * rank + i);
    MPI_Irecv(in[i], kCount, MPI_INT, i % 2 ? prev : MPI_ANY_SOURCE, i, MPI_COMM_WORLD, &receives[i]);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Comm w = MPI_COMM_WORLD;
  MPI_Send(out[0], kCount, MPI_INT, next, 0, w);
  MPI_Bsend(out[1], kCount, MPI_INT, next, 1, w);
  MPI_Ssend(out[2], kCount, MPI_INT, next, 2, w);
  MPI_Rsend(out[3], kCount, MPI_INT, next, 3, w);
  MPI_Isend(out[4], kCount, MPI_INT, next, 4, w, &sends[4]);
  MPI_Ibsend(out[5], kCount, MPI_INT, next, 5, w, &sends[5]);
  MPI_Issend(out[6], kCount, MPI_INT, next, 6, w, &sends[6]);
  MPI_Irsend(out[7], kCount, MPI_INT, next, 7, w, &sends[7]);
  MPI_Send_init(out[8], kCount, MPI_INT, next, 8, w, &sends[8]);
  MPI_Bsend_init(out[9], kCount, MPI_INT, next, 9, w, &sends[9]);
  MPI_Ssend_init(out[10], kCount, MPI_INT, next, 10, w, &sends[10]);
  MPI_Rsend_init(out[11], kCount, MPI_INT, next, 11, w, &sends[11]);
  MPI_Startall(4, &sends[8]);
  MPI_Waitall(8, &sends[4], MPI_STATUSES_IGNORE);
  MPI_Waitall(kModes, receives, MPI_STATUSES_IGNORE);
  for (int i = 0; i < kModes; ++i) VERIFY(in[i], kCount, 20 * prev + i);
  for (int i = 8; i < kModes; ++i) MPI_Request_free(&sends[i]);
  MPI_Buffer_detach(&was, &detached);
  CHECK(was == buffer);
  free(buffer);
  MPI_Sendrecv(out[0], kCount, MPI_INT, next, 1, in[1], kCount, MPI_INT, prev, 1, w, MPI_STATUS_IGNORE);
  VERIFY(in[1], kCount, 20 * prev);
  MPI_Sendrecv_replace(out[2], kCount, MPI_INT, next, 1, prev, 1, w, MPI_STATUS_IGNORE);
  VERIFY(out[2], kCount, 20 * prev + 2);
  return end();
}
