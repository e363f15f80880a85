// Operations with requests can be waited for one by one and together with receives.
#include "check.h"

enum { kCount = 50 };

int main(int argc, char **argv) {
  MPI_Win win;
  MPI_Request requests[3];
  int *memory, out[kCount], in[kCount], back[kCount], message, flag = 0;
  begin(&argc, &argv);
  MPI_Win_allocate(4 * kCount * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &win);
  memset(memory, 0, 4 * kCount * sizeof(int));
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_lock_all(0, win);
  for (int turn = 1; turn <= 4; ++turn) {
    fill(out, kCount, turn * 20 + rank);
    MPI_Irecv(&message, 1, MPI_INT, prev, turn, MPI_COMM_WORLD, &requests[0]);
    MPI_Rput(out, kCount, MPI_INT, next, 0, kCount, MPI_INT, win, &requests[1]);
    MPI_Raccumulate(out, kCount, MPI_INT, next, kCount, kCount, MPI_INT, MPI_REPLACE, win, &requests[2]);
    MPI_Send(&turn, 1, MPI_INT, next, turn, MPI_COMM_WORLD);
    MPI_Waitall(3, requests, MPI_STATUSES_IGNORE);
    SAME(message, turn);
    CHECK(requests[1] == MPI_REQUEST_NULL);
    MPI_Win_flush(next, win);
    MPI_Rget(in, kCount, MPI_INT, next, 0, kCount, MPI_INT, win, &requests[0]);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    VERIFY(in, kCount, turn * 20 + rank);
    MPI_Rget_accumulate(out, kCount, MPI_INT, back, kCount, MPI_INT, next, kCount, kCount, MPI_INT, MPI_SUM, win,
                        &requests[0]);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    VERIFY(back, kCount, turn * 20 + rank);
    MPI_Win_flush_all(win);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_sync(win);
    VERIFY(memory, kCount, turn * 20 + prev);
    for (int i = 0; i < kCount; ++i) SAME(memory[kCount + i], 2 * ((turn * 20 + prev) * 100003 + i));
    MPI_Barrier(MPI_COMM_WORLD);
  }
  MPI_Rput(out, 1, MPI_INT, MPI_PROC_NULL, 0, 1, MPI_INT, win, &requests[0]);
  MPI_Test(&requests[0], &flag, MPI_STATUS_IGNORE);
  SAME(flag, 1);
  MPI_Win_unlock_all(win);
  MPI_Win_free(&win);
  return end();
}
