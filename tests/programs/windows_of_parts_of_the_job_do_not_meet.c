// Overlapping groups of ranks have windows of their own, made in different order, some freed and made again; memory that
// MPI allocates is memory like any other.
#include "check.h"

enum { kBytes = 40000 };

int main(int argc, char **argv) {
  MPI_Comm half, pair;
  MPI_Win all, halves, pairs = MPI_WIN_NULL;
  int *a, *b, *c, *d, value, half_rank, half_size, sum = 0;
  begin(&argc, &argv);
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
  MPI_Comm_split(MPI_COMM_WORLD, rank == 0 || rank == size - 1 ? 1 : MPI_UNDEFINED, rank, &pair);
  MPI_Comm_rank(half, &half_rank);
  MPI_Comm_size(half, &half_size);
  MPI_Alloc_mem(kBytes, MPI_INFO_NULL, &d);
  memset(d, 0, kBytes);
  if (pair != MPI_COMM_NULL) MPI_Win_allocate(kBytes, 4, MPI_INFO_NULL, pair, &c, &pairs);
  MPI_Win_create(d, kBytes, 4, MPI_INFO_NULL, MPI_COMM_WORLD, &all);
  MPI_Win_allocate_shared(kBytes, 4, MPI_INFO_NULL, half, &b, &halves);
  for (int turn = 0; turn < 2; ++turn) {
    value = 1000 * turn + rank;
    MPI_Win_fence(0, halves);
    MPI_Put(&value, 1, MPI_INT, (half_rank + 1) % half_size, 9999, 1, MPI_INT, halves);
    MPI_Win_fence(0, halves);
    SAME(b[9999], 1000 * turn + rank % 2 + 2 * ((half_rank + half_size - 1) % half_size));
    MPI_Win_fence(0, all);
    MPI_Accumulate(&value, 1, MPI_INT, 0, 5000, 1, MPI_INT, MPI_SUM, all);
    MPI_Win_fence(0, all);
    sum += 1000 * turn * size + size * (size - 1) / 2;
    if (rank == 0) SAME(d[5000], sum);
    if (pairs != MPI_WIN_NULL) {
      MPI_Win_fence(0, pairs);
      MPI_Put(&value, 1, MPI_INT, rank == 0, turn, 1, MPI_INT, pairs);
      MPI_Win_fence(0, pairs);
      SAME(c[turn], 1000 * turn + (rank == 0 ? size - 1 : 0));
    }
    MPI_Win_free(&halves);
    MPI_Win_allocate_shared(kBytes, 4, MPI_INFO_NULL, half, &b, &halves);
  }
  MPI_Win_free(&halves);
  MPI_Win_allocate(8, 4, MPI_INFO_NULL, MPI_COMM_SELF, &a, &halves);
  MPI_Win_fence(0, halves);
  MPI_Put(&rank, 1, MPI_INT, 0, 1, 1, MPI_INT, halves);
  MPI_Win_fence(0, halves);
  SAME(a[1], rank);
  MPI_Win_free(&halves);
  if (pairs != MPI_WIN_NULL) {
    MPI_Win_free(&pairs);
    MPI_Comm_free(&pair);
  }
  MPI_Win_free(&all);
  MPI_Free_mem(d);
  MPI_Comm_free(&half);
  return end();
}
