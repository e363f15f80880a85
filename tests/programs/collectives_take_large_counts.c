// The collectives with counts of MPI_Count and displacements of MPI_Aint, blocking and several at once, give the
// results of their names: with counts that differ from pair to pair, in place, with derived types and a reduction whose
// order matters.
//
// mpich only
#include "check.h"

enum { kMost = 2, kWide = (kMost + 1) * kMaxRanks };

// What rank r sends to rank i: between(r, i) ints, of which the k-th is item(r, i, k).
static int between(int r, int i) { return (r + i) % (kMost + 1); }
static int item(int r, int i, int k) { return 1000 * r + 10 * i + k; }
// Rank r gives, or gets, so many.
static int share(int r) { return r % kMost + 1; }

static MPI_Comm world;
static MPI_Op first;
static MPI_Datatype one;
static int mine[kWide], into[6][kWide];
static MPI_Count pairs[kMaxRanks], shares[kMaxRanks];
static MPI_Aint places[kMaxRanks], bytes[kMaxRanks], backwards[kMaxRanks];
static MPI_Datatype types[kMaxRanks];

// The operation: of two, that of the lower rank.
static void take_first(void *in, void *inout, MPI_Count *len, MPI_Datatype *type) {
  if (*type != MPI_INT) fail(__FILE__, __LINE__, "the type is another");
  memcpy(inout, in, *len * sizeof(int));
}

static void prepare(void) {
  world = MPI_COMM_WORLD;
  MPI_Op_create_c(take_first, 0, &first);
  MPI_Type_contiguous(1, MPI_INT, &one);
  MPI_Type_commit(&one);
  for (int i = 0; i < size; ++i) {
    pairs[i] = between(rank, i);
    shares[i] = share(i);
    places[i] = (kMost + 1) * i;
    bytes[i] = places[i] * (MPI_Aint)sizeof(int);
    backwards[i] = (kMost + 1) * (size - 1 - i);
    types[i] = i % 2 ? one : MPI_INT;
    for (int k = 0; k <= kMost; ++k) mine[places[i] + k] = item(rank, i, k);
  }
}

static void empty(void) { memset(into, -1, sizeof into); }

// Each rank's items for this one at its place, and nothing beside them.
static void check_pairs(const int *got) {
  for (int i = 0; i < size; ++i)
    for (int k = 0; k <= kMost; ++k) SAME(got[places[i] + k], k < between(rank, i) ? item(i, rank, k) : -1);
}

// Each rank's share of what it has for rank `of`, the last rank's first.
static void check_shares(const int *got, int of) {
  for (int i = 0; i < size; ++i)
    for (int k = 0; k <= kMost; ++k) SAME(got[backwards[i] + k], k < share(i) ? item(i, of, k) : -1);
}

static void check_ones(const int *got, int of) {
  for (int i = 0; i < size; ++i) SAME(got[i], item(i, of, 0));
}

// The sums over all ranks of items `n` to n + count of what they have.
static void check_sums(const int *got, int n, int count) {
  for (int i = 0; i < count; ++i) SAME(got[i], 1000 * (size * (size - 1) / 2) + size * (mine[n + i] - 1000 * rank));
}

static void one_after_the_other(void) {
  empty();
  MPI_Allgather_c(mine, 1, MPI_INT, into[0], 1, one, world);
  check_ones(into[0], 0);
  for (int i = 0; i < size; ++i) into[1][i] = item(rank, i, 0);
  MPI_Alltoall_c(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, into[1], 1, MPI_INT, world);
  check_ones(into[1], rank);
  MPI_Alltoallv_c(mine, pairs, places, MPI_INT, into[2], pairs, places, one, world);
  check_pairs(into[2]);
  MPI_Alltoallw_c(mine, pairs, bytes, types, into[3], pairs, bytes, types, world);
  check_pairs(into[3]);
  MPI_Gatherv_c(mine, share(rank), MPI_INT, into[4], shares, backwards, MPI_INT, 1, world);
  if (rank == 1) check_shares(into[4], 0);
  MPI_Scatter_c(mine, kMost + 1, MPI_INT, into[5], kMost + 1, one, 1, world);
  for (int k = 0; k <= kMost; ++k) SAME(into[5][k], item(1, rank, k));

  empty();
  MPI_Reduce_c(mine, into[0], size, MPI_INT, first, size - 1, world);
  for (int i = 0; i < size; ++i) SAME(into[0][i], rank == size - 1 ? mine[i] - 1000 * rank : -1);
  MPI_Reduce_scatter_block_c(mine, into[1], kMost + 1, MPI_INT, MPI_SUM, world);
  check_sums(into[1], (kMost + 1) * rank, kMost + 1);
  memcpy(into[2], mine, sizeof mine);
  MPI_Scan_c(MPI_IN_PLACE, into[2], size, MPI_INT, first, world);
  for (int i = 0; i < size; ++i) SAME(into[2][i], mine[i] - 1000 * rank);
}

static void data_at_once(void) {
  MPI_Request requests[6];
  empty();
  MPI_Iallgather_c(mine, 1, MPI_INT, into[0], 1, one, world, &requests[0]);
  MPI_Iallgatherv_c(mine, share(rank), MPI_INT, into[1], shares, backwards, MPI_INT, world, &requests[1]);
  MPI_Ialltoall_c(mine, kMost + 1, MPI_INT, into[2], kMost + 1, MPI_INT, world, &requests[2]);
  MPI_Ialltoallw_c(mine, pairs, bytes, types, into[3], pairs, bytes, types, world, &requests[3]);
  MPI_Igather_c(mine, 1, MPI_INT, into[4], 1, one, 1, world, &requests[4]);
  MPI_Igatherv_c(mine, share(rank), one, into[5], rank == 0 ? shares : NULL, rank == 0 ? backwards : NULL, MPI_INT, 0,
                 world, &requests[5]);
  MPI_Waitall(6, requests, MPI_STATUSES_IGNORE);
  check_ones(into[0], 0);
  check_shares(into[1], 0);
  for (int i = 0; i < size; ++i)
    for (int k = 0; k <= kMost; ++k) SAME(into[2][places[i] + k], item(i, rank, k));
  check_pairs(into[3]);
  if (rank == 1) check_ones(into[4], 0);
  if (rank == 0) check_shares(into[5], 0);

  empty();
  if (rank == 1) fill(into[0], kWide, 9);
  MPI_Ibcast_c(into[0], kWide, MPI_INT, 1, world, &requests[0]);
  MPI_Iscatter_c(mine, kMost + 1, MPI_INT, into[1], kMost + 1, MPI_INT, 0, world, &requests[1]);
  MPI_Iscatterv_c(mine, rank == 1 ? shares : NULL, rank == 1 ? backwards : NULL, MPI_INT, into[2], share(rank), MPI_INT,
                  1, world, &requests[2]);
  MPI_Waitall(3, requests, MPI_STATUSES_IGNORE);
  VERIFY(into[0], kWide, 9);
  for (int k = 0; k <= kMost; ++k) {
    SAME(into[1][k], item(0, rank, k));
    SAME(into[2][k], k < share(rank) ? item(1, size - 1 - rank, k) : -1);
  }
}

static void reductions_at_once(void) {
  MPI_Request requests[5];
  int before = 0;
  empty();
  for (int i = 0; i < rank; ++i) before += share(i);
  MPI_Iexscan_c(mine, into[0], size, MPI_INT, first, world, &requests[0]);
  MPI_Ireduce_c(mine, into[1], kWide, MPI_INT, MPI_SUM, 1, world, &requests[1]);
  MPI_Ireduce_scatter_block_c(mine, into[2], kMost, MPI_INT, MPI_SUM, world, &requests[2]);
  MPI_Ireduce_scatter_c(mine, into[3], shares, MPI_INT, MPI_SUM, world, &requests[3]);
  MPI_Iscan_c(mine, into[4], size, MPI_INT, first, world, &requests[4]);
  MPI_Op_free(&first);
  MPI_Waitall(5, requests, MPI_STATUSES_IGNORE);
  for (int i = 0; i < size; ++i) {
    if (rank > 0) SAME(into[0][i], mine[i] - 1000 * rank);
    SAME(into[4][i], mine[i] - 1000 * rank);
  }
  if (rank == 1) check_sums(into[1], 0, (kMost + 1) * size);
  check_sums(into[2], kMost * rank, kMost);
  check_sums(into[3], before, share(rank));
  SAME(into[3][share(rank)], -1);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  prepare();
  one_after_the_other();
  data_at_once();
  reductions_at_once();
  MPI_Type_free(&one);
  return end();
}
