// One of every non-blocking collective is under way at the same time on one communicator, and all of them complete in one
// MPI_Waitall with their own results.
#include "check.h"

enum { kOperations = 17 };

int main(int argc, char **argv) {
  static int in[kOperations][4 * kMaxRanks], out[4 * kMaxRanks], counts[kMaxRanks], places[kMaxRanks], offsets[kMaxRanks];
  MPI_Datatype types[kMaxRanks];
  MPI_Request r[kOperations];
  const MPI_Comm world = MPI_COMM_WORLD;
  begin(&argc, &argv);
  int last = size - 1, triangle = size * (size - 1) / 2;
  for (int i = 0; i < size; ++i) {
    out[i] = 100 * rank + i;
    counts[i] = 1;
    places[i] = size - 1 - i;
    offsets[i] = sizeof(int) * i;
    types[i] = MPI_INT;
  }
  memset(in, -1, sizeof in);
  in[1][0] = rank == last ? 11 : -1;
  MPI_Ibarrier(world, &r[0]);
  MPI_Ibcast(in[1], 1, MPI_INT, last, world, &r[1]);
  MPI_Igather(&rank, 1, MPI_INT, in[2], 1, MPI_INT, 0, world, &r[2]);
  MPI_Igatherv(&rank, 1, MPI_INT, in[3], counts, places, MPI_INT, last, world, &r[3]);
  MPI_Iscatter(out, 1, MPI_INT, in[4], 1, MPI_INT, last, world, &r[4]);
  MPI_Iscatterv(out, counts, places, MPI_INT, in[5], 1, MPI_INT, 0, world, &r[5]);
  MPI_Iallgather(&rank, 1, MPI_INT, in[6], 1, MPI_INT, world, &r[6]);
  MPI_Iallgatherv(&rank, 1, MPI_INT, in[7], counts, places, MPI_INT, world, &r[7]);
  MPI_Ialltoall(out, 1, MPI_INT, in[8], 1, MPI_INT, world, &r[8]);
  MPI_Ialltoallv(out, counts, places, MPI_INT, in[9], counts, places, MPI_INT, world, &r[9]);
  MPI_Ialltoallw(out, counts, offsets, types, in[10], counts, offsets, types, world, &r[10]);
  MPI_Ireduce(&rank, in[11], 1, MPI_INT, MPI_MAX, 0, world, &r[11]);
  MPI_Iallreduce(&rank, in[12], 1, MPI_INT, MPI_SUM, world, &r[12]);
  MPI_Ireduce_scatter(out, in[13], counts, MPI_INT, MPI_SUM, world, &r[13]);
  MPI_Ireduce_scatter_block(out, in[14], 1, MPI_INT, MPI_SUM, world, &r[14]);
  MPI_Iscan(&rank, in[15], 1, MPI_INT, MPI_SUM, world, &r[15]);
  MPI_Iexscan(&rank, in[16], 1, MPI_INT, MPI_SUM, world, &r[16]);
  MPI_Waitall(kOperations, r, MPI_STATUSES_IGNORE);

  SAME(in[1][0], 11);
  SAME(in[4][0], 100 * last + rank);
  SAME(in[5][0], size - 1 - rank);
  for (int i = 0; i < size; ++i) {
    if (rank == 0) SAME(in[2][i], i);
    if (rank == last) SAME(in[3][size - 1 - i], i);
    SAME(in[6][i], i);
    SAME(in[7][size - 1 - i], i);
    SAME(in[8][i], 100 * i + rank);
    SAME(in[9][size - 1 - i], 100 * i + size - 1 - rank);
    SAME(in[10][i], 100 * i + rank);
  }
  if (rank == 0) SAME(in[11][0], last);
  SAME(in[12][0], triangle);
  SAME(in[13][0], 100 * triangle + size * rank);
  SAME(in[14][0], 100 * triangle + size * rank);
  SAME(in[15][0], rank * (rank + 1) / 2);
  if (rank > 0) SAME(in[16][0], rank * (rank - 1) / 2);
  for (int i = 0; i < kOperations; ++i) CHECK(r[i] == MPI_REQUEST_NULL);
  return end();
}
