// Ranks that read, add one and write back under an exclusive lock never lose a step, and a lock held at a checkpoint is
// held after it. Shared locks let several read at once.
#include "check.h"

enum { kSteps = 8 };

int main(int argc, char **argv) {
  MPI_Win win;
  long counter[2] = {0, 0}, value;
  int seen;
  begin(&argc, &argv);
  MPI_Win_create(counter, rank == 0 ? sizeof counter : 0, sizeof(long), MPI_INFO_NULL, MPI_COMM_WORLD, &win);
  for (int step = 0; step < kSteps; ++step) {
    MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
    MPI_Get(&value, 1, MPI_LONG, 0, 0, 1, MPI_LONG, win);
    MPI_Win_flush(0, win);
    ++value;
    MPI_Put(&value, 1, MPI_LONG, 0, 0, 1, MPI_LONG, win);
    MPI_Win_unlock(0, win);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win);
  MPI_Get(&value, 1, MPI_LONG, 0, 0, 1, MPI_LONG, win);
  MPI_Win_flush_local(0, win);
  MPI_Barrier(MPI_COMM_WORLD);  // all of them hold it
  MPI_Win_unlock(0, win);
  SAME(value, kSteps * size);

  // One rank holds the lock while the others wait for it; it is told to let go by a message.
  if (rank == 0) {
    MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
    MPI_Barrier(MPI_COMM_WORLD);
    value = 5;
    MPI_Put(&value, 1, MPI_LONG, 0, 1, 1, MPI_LONG, win);
    MPI_Win_unlock(0, win);
    MPI_Recv(&seen, 1, MPI_INT, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    SAME(seen, 5);
  } else {
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win);
    MPI_Get(&value, 1, MPI_LONG, 0, 1, 1, MPI_LONG, win);
    MPI_Win_unlock(0, win);
    SAME(value, 5);
    seen = (int)value;
    if (rank == 1) MPI_Send(&seen, 1, MPI_INT, 0, 0, MPI_COMM_WORLD);
  }
  MPI_Barrier(MPI_COMM_WORLD);

  // Promised to be free of conflict.
  if (rank == 1) {
    MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, MPI_MODE_NOCHECK, win);
    value = 6;
    MPI_Put(&value, 1, MPI_LONG, 0, 1, 1, MPI_LONG, win);
    MPI_Win_unlock(0, win);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win);
  MPI_Get(&value, 1, MPI_LONG, 0, 1, 1, MPI_LONG, win);
  MPI_Win_unlock(0, win);
  SAME(value, 6);
  MPI_Win_free(&win);
  return end();
}
