// MPI_Bsend returns though nobody receives, the caller's data may change at once, and MPI_Buffer_detach gives
// back the very buffer when all of it has been delivered.
#include "check.h"

enum { kCount = 2000, kMessages = 4 };

int main(int argc, char **argv) {
  int out[kCount], in[kCount], bytes, attached_size;
  void *attached;
  MPI_Request send;
  begin(&argc, &argv);
  MPI_Pack_size(kCount, MPI_INT, MPI_COMM_WORLD, &bytes);
  bytes = (bytes + MPI_BSEND_OVERHEAD) * kMessages;
  char *buffer = malloc(bytes);
  MPI_Buffer_attach(buffer, bytes);
  for (int i = 0; i < kMessages - 1; ++i) {
    fill(out, kCount, 10 * rank + i);
    MPI_Bsend(out, kCount - i, MPI_INT, next, 2, MPI_COMM_WORLD);
    memset(out, 0, sizeof out);
  }
  fill(out, kCount, 10 * rank + 3);
  MPI_Ibsend(out, kCount, MPI_INT, next, 2, MPI_COMM_WORLD, &send);
  MPI_Wait(&send, MPI_STATUS_IGNORE);
  memset(out, 0, sizeof out);
  MPI_Barrier(MPI_COMM_WORLD);
  for (int i = 0; i < kMessages; ++i) {
    MPI_Status status;
    MPI_Recv(in, kCount, MPI_INT, prev, 2, MPI_COMM_WORLD, &status);
    SAME(count_of(&status, MPI_INT), i == 3 ? kCount : kCount - i);
    VERIFY(in, kCount - 3, 10 * prev + i);
  }
  MPI_Buffer_detach(&attached, &attached_size);
  CHECK(attached == buffer);
  SAME(attached_size, bytes);

  MPI_Buffer_attach(buffer, bytes);  // detached while messages may still be in it
  fill(out, kCount, rank);
  MPI_Bsend(out, kCount, MPI_INT, next, 3, MPI_COMM_WORLD);
  MPI_Recv(in, kCount, MPI_INT, prev, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Buffer_detach(&attached, &attached_size);
  VERIFY(in, kCount, prev);
  free(buffer);
  return end();
}
