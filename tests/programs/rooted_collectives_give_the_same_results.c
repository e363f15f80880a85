// Broadcast, gather, scatter and reduce with their variants, from different roots and in place.
#include "check.h"

int main(int argc, char **argv) {
  int all[4 * kMaxRanks], mine[4], counts[kMaxRanks], places[kMaxRanks], root;
  begin(&argc, &argv);
  int last = size - 1;
  root = 0;
  mine[0] = rank == 0 ? 42 : 0;
  MPI_Bcast(mine, 1, MPI_INT, root, MPI_COMM_WORLD);
  SAME(mine[0], 42);

  root = last;
  MPI_Gather(&rank, 1, MPI_INT, all, 1, MPI_INT, root, MPI_COMM_WORLD);
  if (rank == root)
    for (int i = 0; i < size; ++i) SAME(all[i], i);
  if (rank == root) all[root] = 7;
  MPI_Gather(rank == root ? MPI_IN_PLACE : &rank, 1, MPI_INT, all, 1, MPI_INT, root, MPI_COMM_WORLD);
  if (rank == root)
    for (int i = 0; i < size; ++i) SAME(all[i], i == root ? 7 : i);

  // Rank i has i % 3 + 1 numbers, with gaps between them at the root.
  for (int i = 0; i < size; ++i) counts[i] = i % 3 + 1, places[i] = 4 * i;
  for (int i = 0; i < 4; ++i) mine[i] = 10 * rank + i;
  memset(all, -1, sizeof all);
  MPI_Gatherv(mine, counts[rank], MPI_INT, all, rank == 0 ? counts : NULL, rank == 0 ? places : NULL, MPI_INT, 0,
              MPI_COMM_WORLD);
  if (rank == 0)
    for (int i = 0; i < 4 * size; ++i) SAME(all[i], i % 4 < counts[i / 4] ? 10 * (i / 4) + i % 4 : -1);
  memset(mine, -1, sizeof mine);
  MPI_Scatterv(all, counts, places, MPI_INT, mine, 4, MPI_INT, 0, MPI_COMM_WORLD);
  for (int i = 0; i < 4; ++i) SAME(mine[i], i < counts[rank] ? 10 * rank + i : -1);
  for (int i = 0; i < 2 * size; ++i) all[i] = 5 * i;
  MPI_Scatter(all, 2, MPI_INT, rank == 0 ? MPI_IN_PLACE : mine, 2, MPI_INT, 0, MPI_COMM_WORLD);
  if (rank > 0) SAME(mine[1], 5 * (2 * rank + 1));
  mine[0] = mine[1] = 0;
  MPI_Scatter(all, 1, MPI_INT, mine, 1, MPI_INT, last, MPI_COMM_WORLD);
  if (rank == last) SAME(mine[0], all[last]);

  double value = 1.5 * (rank + 1), result = 0;
  MPI_Reduce(&value, &result, 1, MPI_DOUBLE, MPI_MAX, last, MPI_COMM_WORLD);
  if (rank == last) CHECK(result == 1.5 * size);
  int sum = rank + 1;
  MPI_Reduce(rank == 0 ? MPI_IN_PLACE : &sum, rank == 0 ? &sum : NULL, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
  if (rank == 0) SAME(sum, size * (size + 1) / 2);
  struct {
    double value;
    int where;
  } pair = {rank == 1 ? -3.0 : rank, rank}, least;
  MPI_Reduce(&pair, &least, 1, MPI_DOUBLE_INT, MPI_MINLOC, 0, MPI_COMM_WORLD);
  if (rank == 0) SAME(least.where, 1);
  return end();
}
