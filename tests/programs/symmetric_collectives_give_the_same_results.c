// Allgather, alltoall, allreduce, reduce-scatter and the prefix reductions with their variants, also in place.
#include "check.h"

int main(int argc, char **argv) {
  int all[4 * kMaxRanks], out[4 * kMaxRanks], counts[kMaxRanks], places[kMaxRanks], mine[4], value;
  MPI_Datatype types[kMaxRanks];
  begin(&argc, &argv);
  int triangle = size * (size - 1) / 2;
  MPI_Allgather(&rank, 1, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD);
  for (int i = 0; i < size; ++i) SAME(all[i], i);
  all[rank] = rank + 50;
  MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, 1, MPI_INT, MPI_COMM_WORLD);
  for (int i = 0; i < size; ++i) SAME(all[i], i + 50);
  for (int i = 0; i < size; ++i) counts[i] = i % 3, places[i] = 4 * i, types[i] = MPI_INT;
  for (int i = 0; i < 4; ++i) mine[i] = 10 * rank + i;
  memset(all, -1, sizeof all);
  MPI_Allgatherv(mine, counts[rank], MPI_INT, all, counts, places, MPI_INT, MPI_COMM_WORLD);
  for (int i = 0; i < 4 * size; ++i) SAME(all[i], i % 4 < counts[i / 4] ? 10 * (i / 4) + i % 4 : -1);

  for (int i = 0; i < size; ++i) out[i] = 100 * rank + i;
  MPI_Alltoall(out, 1, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD);
  for (int i = 0; i < size; ++i) SAME(all[i], 100 * i + rank);
  MPI_Alltoall(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, 1, MPI_INT, MPI_COMM_WORLD);
  for (int i = 0; i < size; ++i) SAME(all[i], out[i]);
  // Between ranks a and b go (a + b) % 3 numbers.
  for (int i = 0; i < size; ++i) counts[i] = (rank + i) % 3;
  for (int i = 0; i < 4 * size; ++i) out[i] = 1000 * rank + i;
  memset(all, -1, sizeof all);
  MPI_Alltoallv(out, counts, places, MPI_INT, all, counts, places, MPI_INT, MPI_COMM_WORLD);
  for (int i = 0; i < 4 * size; ++i)
    SAME(all[i], i % 4 < counts[i / 4] ? 1000 * (i / 4) + 4 * rank + i % 4 : -1);
  for (int i = 0; i < size; ++i) places[i] *= sizeof(int);
  memset(all, -1, sizeof all);
  MPI_Alltoallw(out, counts, places, types, all, counts, places, types, MPI_COMM_WORLD);
  for (int i = 0; i < 4 * size; ++i)
    SAME(all[i], i % 4 < counts[i / 4] ? 1000 * (i / 4) + 4 * rank + i % 4 : -1);

  value = rank;
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  SAME(value, triangle);
  unsigned char bits = 1 << (rank % 8), mask;
  MPI_Allreduce(&bits, &mask, 1, MPI_UNSIGNED_CHAR, MPI_BOR, MPI_COMM_WORLD);
  SAME(mask, size >= 8 ? 255 : (1 << size) - 1);
  float real = rank + 1.0f, product;
  MPI_Allreduce(&real, &product, 1, MPI_FLOAT, MPI_PROD, MPI_COMM_WORLD);
  CHECK(product >= 2.0f);

  for (int i = 0; i < size; ++i) out[i] = rank + i, counts[i] = 1;
  MPI_Reduce_scatter_block(out, &value, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  SAME(value, triangle + size * rank);
  MPI_Reduce_scatter(out, &value, counts, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  SAME(value, triangle + size * rank);
  MPI_Reduce_scatter(MPI_IN_PLACE, out, counts, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  SAME(out[0], triangle + size * rank);
  MPI_Scan(&rank, &value, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  SAME(value, rank * (rank + 1) / 2);
  value = rank;
  MPI_Exscan(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank > 0) SAME(value, rank * (rank - 1) / 2);
  return end();
}
