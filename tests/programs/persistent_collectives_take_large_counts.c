// Each persistent collective whose counts are MPI_Count and whose displacements are MPI_Aint gives the result of its
// name, twice, with new values the second time, and counts that differ from pair to pair.
//
// Started by mpirun alone it starts them once, with what is sent in place before the initialisation: MPICH 4.0.2 copies
// some of it then and no more.
//
// mpich only
#include "check.h"
#include "mana.h"

enum { kAll = 15, kMost = 2, kWide = (kMost + 1) * kMaxRanks };

// What rank r sends to rank i: between(r, i) ints, of which the k-th is item(r, i, k).
static int between(int r, int i) { return (r + i) % (kMost + 1); }
static int item(int r, int i, int k) { return 1000 * r + 10 * i + k; }
// Rank r gives, or gets, so many.
static int share(int r) { return r % kMost + 1; }

static int mine[kWide], into[kAll][kWide];
static MPI_Count pairs[kMaxRanks], shares[kMaxRanks];
static MPI_Aint places[kMaxRanks], bytes[kMaxRanks], backwards[kMaxRanks];
static MPI_Datatype types[kMaxRanks];

// The operation: of two, that of the lower rank.
static void take_first(void *in, void *inout, MPI_Count *len, MPI_Datatype *type) {
  if (*type != MPI_INT) fail(__FILE__, __LINE__, "the type is another");
  memcpy(inout, in, *len * sizeof(int));
}

static void prepare(MPI_Datatype one) {
  for (int i = 0; i < size; ++i) {
    pairs[i] = between(rank, i);
    shares[i] = share(i);
    places[i] = (kMost + 1) * i;
    bytes[i] = places[i] * (MPI_Aint)sizeof(int);
    backwards[i] = (kMost + 1) * (size - 1 - i);
    types[i] = i % 2 ? one : MPI_INT;
  }
}

// New values, and nothing received.
static void begin_round(int round) {
  for (int i = 0; i < size; ++i)
    for (int k = 0; k <= kMost; ++k) mine[places[i] + k] = item(rank, i, k) + 100000 * round;
  memset(into, -1, sizeof into);
}

static void check_pairs(const int *got, int base) {
  for (int i = 0; i < size; ++i)
    for (int k = 0; k <= kMost; ++k) SAME(got[places[i] + k], k < between(rank, i) ? base + item(i, rank, k) : -1);
}

static void check_shares(const int *got, int base) {
  for (int i = 0; i < size; ++i)
    for (int k = 0; k <= kMost; ++k) SAME(got[backwards[i] + k], k < share(i) ? base + item(i, 0, k) : -1);
}

// The sum over all ranks of item `n` of what they have.
static int sum(int n) { return 1000 * (size * (size - 1) / 2) + size * (mine[n] - 1000 * rank); }

static void check_results(int base) {
  int before = 0;
  for (int i = 0; i < rank; ++i) before += share(i);
  check_shares(into[1], base);
  check_pairs(into[4], base);
  check_pairs(into[5], base);
  if (rank == 0) check_shares(into[8], base);
  for (int i = 0; i < size; ++i) {
    SAME(into[0][i], base + item(i, 0, 0));                               // allgather
    SAME(into[2][i], mine[i] - 1000 * rank);                              // allreduce, user-defined
    for (int k = 0; k <= kMost; ++k) SAME(into[3][places[i] + k], base + item(i, rank, k));
    if (rank > 0) SAME(into[6][i], mine[i] - 1000 * rank);                // exscan, user-defined
    SAME(into[7][i], rank == 1 ? base + item(i, 0, 0) : -1);              // gather
    SAME(into[9][i], rank == 0 ? sum(i) : -1);                            // reduce
    SAME(into[12][i], mine[i] - 1000 * rank);                             // scan, user-defined
  }
  for (int k = 0; k < kMost; ++k) SAME(into[10][k], sum(kMost * rank + k));
  for (int k = 0; k < share(rank); ++k) SAME(into[11][k], sum(before + k));
  SAME(into[11][share(rank)], -1);
  for (int k = 0; k <= kMost; ++k) {
    SAME(into[13][k], base + item(1, rank, k));
    SAME(into[14][k], k < share(rank) ? base + item(0, size - 1 - rank, k) : -1);
  }
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  MPI_Datatype one;
  MPI_Op first;
  MPI_Request r[kAll];
  const MPI_Comm c = MPI_COMM_WORLD;
  const MPI_Info none = MPI_INFO_NULL;
  const MPI_Count n = size, all = kMost + 1;
  const int twice = mana_is_restarted_impl != NULL;
  MPI_Type_contiguous(1, MPI_INT, &one);
  MPI_Type_commit(&one);
  MPI_Op_create_c(take_first, 0, &first);
  prepare(one);
  begin_round(0);
  MPI_Allgather_init_c(mine, 1, MPI_INT, into[0], 1, one, c, none, &r[0]);
  MPI_Allgatherv_init_c(mine, share(rank), MPI_INT, into[1], shares, backwards, one, c, none, &r[1]);
  MPI_Allreduce_init_c(mine, into[2], n, MPI_INT, first, c, none, &r[2]);
  MPI_Alltoall_init_c(mine, all, MPI_INT, into[3], all, one, c, none, &r[3]);
  MPI_Alltoallv_init_c(mine, pairs, places, MPI_INT, into[4], pairs, places, MPI_INT, c, none, &r[4]);
  MPI_Alltoallw_init_c(mine, pairs, bytes, types, into[5], pairs, bytes, types, c, none, &r[5]);
  MPI_Exscan_init_c(mine, into[6], n, MPI_INT, first, c, none, &r[6]);
  MPI_Gather_init_c(mine, 1, MPI_INT, into[7], 1, MPI_INT, 1, c, none, &r[7]);
  MPI_Gatherv_init_c(mine, share(rank), one, into[8], rank == 0 ? shares : NULL, rank == 0 ? backwards : NULL, MPI_INT,
                     0, c, none, &r[8]);
  MPI_Reduce_init_c(mine, into[9], n, MPI_INT, MPI_SUM, 0, c, none, &r[9]);
  MPI_Reduce_scatter_block_init_c(mine, into[10], kMost, MPI_INT, MPI_SUM, c, none, &r[10]);
  MPI_Reduce_scatter_init_c(mine, into[11], shares, MPI_INT, MPI_SUM, c, none, &r[11]);
  MPI_Scan_init_c(mine, into[12], n, MPI_INT, first, c, none, &r[12]);
  MPI_Scatter_init_c(mine, all, MPI_INT, into[13], all, MPI_INT, 1, c, none, &r[13]);
  MPI_Scatterv_init_c(mine, rank == 0 ? shares : NULL, rank == 0 ? backwards : NULL, MPI_INT, into[14], share(rank),
                      MPI_INT, 0, c, none, &r[14]);
  for (int round = 0; round < (twice ? 2 : 1); ++round) {
    if (round > 0) begin_round(round);
    MPI_Startall(kAll, r);
    MPI_Waitall(kAll, r, MPI_STATUSES_IGNORE);
    check_results(100000 * round);
  }
  for (int i = 0; i < kAll; ++i) MPI_Request_free(&r[i]);
  MPI_Type_free(&one);
  MPI_Op_free(&first);
  return end();
}
