// Each persistent collective gives the result of its name, twice, with arrays of counts, derived types and a user-defined
// operation.
//
// Started by mpirun alone it starts them once, with what is sent in place before the initialisation: MPICH 4.0.2 copies
// some of it then and no more. Types and the operation are freed last: Open MPI 4.1.4 keeps no reference to them.
#include "check.h"
#include "mana.h"

#if defined(OPEN_MPI) && OMPI_MAJOR_VERSION < 5
#include <mpi-ext.h>
#define MPI_Allgather_init MPIX_Allgather_init
#define MPI_Allgatherv_init MPIX_Allgatherv_init
#define MPI_Allreduce_init MPIX_Allreduce_init
#define MPI_Alltoall_init MPIX_Alltoall_init
#define MPI_Alltoallv_init MPIX_Alltoallv_init
#define MPI_Alltoallw_init MPIX_Alltoallw_init
#define MPI_Exscan_init MPIX_Exscan_init
#define MPI_Gather_init MPIX_Gather_init
#define MPI_Gatherv_init MPIX_Gatherv_init
#define MPI_Reduce_init MPIX_Reduce_init
#define MPI_Reduce_scatter_block_init MPIX_Reduce_scatter_block_init
#define MPI_Reduce_scatter_init MPIX_Reduce_scatter_init
#define MPI_Scan_init MPIX_Scan_init
#define MPI_Scatter_init MPIX_Scatter_init
#define MPI_Scatterv_init MPIX_Scatterv_init
#endif

enum { kAll = 15 };

// The larger one of two.
static void larger(void *in, void *inout, int *len, MPI_Datatype *type) {
  int *a = in, *b = inout;
  (void)type;
  for (int i = 0; i < *len; ++i) b[i] = a[i] > b[i] ? a[i] : b[i];
}

static int in[kMaxRanks], wide[kMaxRanks], out[kAll][kMaxRanks + 1];

static void check_results(void) {
  const int base = 10;
  for (int i = 0; i < size; ++i) {
    SAME(out[0][i], base + i);                         // allgather
    SAME(out[1][i], base + size - 1 - i);              // allgatherv, the other way round
    SAME(out[3][i], 100 * i + rank + base);            // alltoall
    SAME(out[4][i], 100 * i + rank + base);
    SAME(out[5][i], 100 * i + rank + base);
    if (rank == 1) SAME(out[7][i], base + i);          // gather
    if (rank == 0) SAME(out[8][i], base + i);          // gatherv
  }
  SAME(out[2][0], base + size - 1);                    // allreduce, user-defined
  if (rank > 0) SAME(out[6][0], rank * base + rank * (rank - 1) / 2);
  if (rank == 0) SAME(out[9][0], size * base + size * (size - 1) / 2);
  SAME(out[10][0], size * (rank + base) + 100 * (size * (size - 1) / 2));
  SAME(out[11][0], size * (rank + base) + 100 * (size * (size - 1) / 2));
  SAME(out[12][0], (rank + 1) * base + rank * (rank + 1) / 2);
  SAME(out[13][0], 100 * 1 + rank + base);
  SAME(out[14][0], rank + base);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  int ones[kMaxRanks], places[kMaxRanks], backwards[kMaxRanks], bytes[kMaxRanks];
  MPI_Datatype types[kMaxRanks], pair;
  MPI_Type_contiguous(1, MPI_INT, &pair);
  MPI_Type_commit(&pair);
  for (int i = 0; i < size; ++i) {
    ones[i] = 1;
    places[i] = i;
    backwards[i] = size - 1 - i;
    bytes[i] = 4 * i;
    types[i] = pair;
  }
  MPI_Op op;
  MPI_Op_create(larger, 1, &op);
  in[0] = rank + 10;
  for (int i = 0; i < size; ++i) wide[i] = 100 * rank + i + 10;
  MPI_Comm c = MPI_COMM_WORLD;
  MPI_Info none = MPI_INFO_NULL;
  MPI_Request r[kAll];
  MPI_Allgather_init(in, 1, MPI_INT, out[0], 1, MPI_INT, c, none, &r[0]);
  MPI_Allgatherv_init(in, 1, MPI_INT, out[1], ones, backwards, pair, c, none, &r[1]);
  MPI_Allreduce_init(in, out[2], 1, MPI_INT, op, c, none, &r[2]);
  MPI_Alltoall_init(wide, 1, MPI_INT, out[3], 1, pair, c, none, &r[3]);
  MPI_Alltoallv_init(wide, ones, places, MPI_INT, out[4], ones, places, MPI_INT, c, none, &r[4]);
  MPI_Alltoallw_init(wide, ones, bytes, types, out[5], ones, bytes, types, c, none, &r[5]);
  MPI_Exscan_init(in, out[6], 1, MPI_INT, MPI_SUM, c, none, &r[6]);
  MPI_Gather_init(in, 1, MPI_INT, out[7], 1, MPI_INT, 1, c, none, &r[7]);
  MPI_Gatherv_init(in, 1, MPI_INT, out[8], rank == 0 ? ones : NULL, rank == 0 ? places : NULL, MPI_INT, 0, c, none, &r[8]);
  MPI_Reduce_init(in, out[9], 1, MPI_INT, MPI_SUM, 0, c, none, &r[9]);
  MPI_Reduce_scatter_block_init(wide, out[10], 1, MPI_INT, MPI_SUM, c, none, &r[10]);
  MPI_Reduce_scatter_init(wide, out[11], ones, MPI_INT, MPI_SUM, c, none, &r[11]);
  MPI_Scan_init(in, out[12], 1, MPI_INT, MPI_SUM, c, none, &r[12]);
  MPI_Scatter_init(wide, 1, MPI_INT, out[13], 1, MPI_INT, 1, c, none, &r[13]);
  MPI_Scatterv_init(wide, rank == 0 ? ones : NULL, rank == 0 ? places : NULL, MPI_INT, out[14], 1, MPI_INT, 0, c, none, &r[14]);
  const int twice = mana_is_restarted_impl != NULL;
  for (int round = 0; round < (twice ? 2 : 1); ++round) {
    if (round > 0) memset(out, -1, sizeof out);
    MPI_Startall(kAll, r);
    MPI_Waitall(kAll, r, MPI_STATUSES_IGNORE);
    check_results();
  }
  for (int i = 0; i < kAll; ++i) MPI_Request_free(&r[i]);
  MPI_Type_free(&pair);
  MPI_Op_free(&op);
  return end();
}
