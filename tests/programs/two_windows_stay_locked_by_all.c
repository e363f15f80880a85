// Two windows with a lock_all epoch that is open from the beginning to the end: puts, gets and all kinds of flush in both,
// while the ranks also send messages.
#include "check.h"

enum { kTurns = 5, kSlots = 64 };

int main(int argc, char **argv) {
  MPI_Win mine, allocated;
  int own[kSlots] = {0}, *given, value, back, token;
  begin(&argc, &argv);
  MPI_Win_create(own, sizeof own, sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &mine);
  MPI_Win_allocate(kSlots * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &given, &allocated);
  memset(given, 0, kSlots * sizeof(int));
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_lock_all(0, mine);
  MPI_Win_lock_all(MPI_MODE_NOCHECK, allocated);
  for (int turn = 1; turn <= kTurns; ++turn) {
    value = 1000 * turn + rank;
    MPI_Put(&value, 1, MPI_INT, next, turn, 1, MPI_INT, mine);
    MPI_Put(&value, 1, MPI_INT, prev, turn, 1, MPI_INT, allocated);
    MPI_Win_flush(next, mine);
    MPI_Win_flush_local(prev, allocated);
    MPI_Get(&back, 1, MPI_INT, next, turn, 1, MPI_INT, mine);
    MPI_Win_flush_local_all(mine);
    SAME(back, value);
    MPI_Win_flush_all(allocated);
    MPI_Sendrecv(&value, 1, MPI_INT, next, turn, &token, 1, MPI_INT, prev, turn, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    SAME(token, 1000 * turn + prev);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_sync(mine);
    MPI_Win_sync(allocated);
    SAME(own[turn], 1000 * turn + prev);
    SAME(given[turn], 1000 * turn + next);
    MPI_Accumulate(&turn, 1, MPI_INT, (rank + turn) % size, kSlots - 1, 1, MPI_INT, MPI_SUM, allocated);
  }
  MPI_Win_unlock_all(mine);
  MPI_Win_unlock_all(allocated);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, allocated);
  SAME(given[kSlots - 1], kTurns * (kTurns + 1) / 2);
  MPI_Win_unlock(rank, allocated);
  MPI_Win_free(&mine);
  MPI_Win_free(&allocated);
  return end();
}
