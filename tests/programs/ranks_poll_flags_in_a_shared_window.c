// Ranks of a node wait for each other by looking at flags in a shared window with plain loads, and write into each other's
// parts with plain stores; parts lie next to each other unless the program asks otherwise.
#include <sched.h>

#include "check.h"

enum { kTurns = 6 };

static void wait_for(volatile int *flag, int value, MPI_Win win) {
  while (*flag != value) sched_yield();
  MPI_Win_sync(win);
}

int main(int argc, char **argv) {
  MPI_Win win, apart;
  MPI_Comm node;
  MPI_Info info;
  MPI_Aint bytes;
  int *memory, *page, unit, *parts[kMaxRanks];
  begin(&argc, &argv);
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &size);
  MPI_Comm_rank(node, &rank);
  next = (rank + 1) % size;
  prev = (rank + size - 1) % size;
  MPI_Win_allocate_shared(16 * sizeof(int), sizeof(int), MPI_INFO_NULL, node, &memory, &win);
  MPI_Info_create(&info);
  MPI_Info_set(info, "alloc_shared_noncontig", "true");
  MPI_Win_allocate_shared(rank == 0 ? 0 : 5000, 1, info, node, &page, &apart);
  MPI_Info_free(&info);
  for (int i = 0; i < size; ++i) {
    MPI_Win_shared_query(win, i, &bytes, &unit, &parts[i]);
    SAME(bytes, 16 * sizeof(int));
    SAME(unit, sizeof(int));
    if (i > 0) CHECK(parts[i] == parts[i - 1] + 16);
  }
  CHECK(parts[rank] == memory);
  MPI_Win_shared_query(apart, MPI_PROC_NULL, &bytes, &unit, &page);
  CHECK(bytes >= 5000);  // the first that has any is rank 1; Open MPI tells whole pages
  SAME(unit, 1);

  MPI_Win_lock_all(MPI_MODE_NOCHECK, win);
  MPI_Win_lock_all(MPI_MODE_NOCHECK, apart);
  memset(memory, 0, 16 * sizeof(int));
  MPI_Barrier(node);
  // A turn goes round through flags alone.
  for (int turn = 1; turn <= kTurns; ++turn) {
    if (rank != 0) wait_for(&memory[0], turn, win);
    parts[next][1 + turn] = 100 * turn + rank;
    if (rank == 1) ((char *)page)[turn] = (char)turn;
    MPI_Win_sync(win);
    parts[next][0] = turn;
    if (rank == 0) wait_for(&memory[0], turn, win);
    SAME(memory[1 + turn], 100 * turn + prev);
  }
  MPI_Barrier(node);
  // The window can also be used like any other.
  MPI_Put(&rank, 1, MPI_INT, prev, 15, 1, MPI_INT, win);
  MPI_Win_flush_all(win);
  MPI_Barrier(node);
  MPI_Win_sync(win);
  SAME(memory[15], next);
  for (int turn = 1; turn <= kTurns; ++turn) SAME(((char *)page)[turn], turn);
  MPI_Win_unlock_all(apart);
  MPI_Win_unlock_all(win);
  MPI_Win_free(&apart);
  MPI_Win_free(&win);
  MPI_Comm_free(&node);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return end();
}
