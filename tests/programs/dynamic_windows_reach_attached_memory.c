// Memory attached to a dynamic window after its creation is reached by its address, until it is detached; addresses stay
// what they were.
#include "check.h"

enum { kInts = 1000 };

int main(int argc, char **argv) {
  MPI_Win win;
  MPI_Aint where, all[kMaxRanks];
  int *blocks[3], value, got[4], flag, *flavor;
  void *base;
  begin(&argc, &argv);
  MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &win);
  MPI_Win_get_attr(win, MPI_WIN_CREATE_FLAVOR, &flavor, &flag);
  CHECK(flag && *flavor == MPI_WIN_FLAVOR_DYNAMIC);
  MPI_Win_get_attr(win, MPI_WIN_BASE, &base, &flag);
  CHECK(flag && base == MPI_BOTTOM);
  for (int turn = 0; turn < 3; ++turn) {
    blocks[turn] = calloc(kInts, sizeof(int));
    fill(blocks[turn], kInts, turn * 20 + rank);
    MPI_Win_attach(win, blocks[turn], kInts * sizeof(int));
    MPI_Get_address(blocks[turn], &where);
    MPI_Allgather(&where, 1, MPI_AINT, all, 1, MPI_AINT, MPI_COMM_WORLD);
    MPI_Win_lock_all(0, win);
    MPI_Get(got, 4, MPI_INT, next, MPI_Aint_add(all[next], 96 * sizeof(int)), 4, MPI_INT, win);
    MPI_Win_flush(next, win);
    for (int i = 0; i < 4; ++i) SAME(got[i], (turn * 20 + next) * 100003 + 96 + i);
    value = 77 + turn + rank;
    MPI_Put(&value, 1, MPI_INT, prev, all[prev] + 4 * sizeof(int), 1, MPI_INT, win);
    MPI_Win_unlock_all(win);
    MPI_Barrier(MPI_COMM_WORLD);
    SAME(blocks[turn][4], 77 + turn + next);
    MPI_Win_fence(0, win);
    MPI_Accumulate(&value, 1, MPI_INT, next, all[next], 1, MPI_INT, MPI_REPLACE, win);
    MPI_Win_fence(MPI_MODE_NOSUCCEED, win);
    SAME(blocks[turn][0], 77 + turn + prev);
    if (turn == 1) MPI_Win_detach(win, blocks[0]);
  }
  MPI_Win_detach(win, blocks[2]);
  MPI_Win_detach(win, blocks[1]);
  MPI_Win_free(&win);
  for (int i = 0; i < 3; ++i) free(blocks[i]);
  return end();
}
