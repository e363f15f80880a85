// Neighbourhood collectives with counts of MPI_Count, blocking, several at once and persistent, where a rank has
// another number of neighbours to send to than to receive from: each rank sends to itself and to all ranks above it.
//
// Started by mpirun alone it starts the persistent ones once, with what is sent in place before the initialisation:
// MPICH 4.0.2 copies some of it then and no more.
//
// mpich only
#include "check.h"
#include "mana.h"

enum { kKinds = 5, kMost = 2, kWide = (kMost + 1) * kMaxRanks };

// What rank r sends to rank i: between(r, i) ints, of which the k-th is item(r, i, k).
static int between(int r, int i) { return (r + i) % (kMost + 1); }
static int item(int r, int i, int k) { return 1000 * r + 10 * i + k; }
// Rank r gives so many to each.
static int share(int r) { return r % kMost + 1; }

static int above, below;  // numbers of neighbours to send to, and to receive from
static int mine[kWide], into[kKinds][kWide];
static MPI_Count to[kMaxRanks], from[kMaxRanks], shares[kMaxRanks];
static MPI_Aint places[kMaxRanks], backwards[kMaxRanks], to_bytes[kMaxRanks], from_bytes[kMaxRanks];
static MPI_Datatype types[kMaxRanks];

static MPI_Comm make_graph(void) {
  MPI_Comm graph;
  int sources[kMaxRanks], targets[kMaxRanks];
  below = rank + 1;
  above = size - rank;
  for (int i = 0; i < below; ++i) sources[i] = i;
  for (int i = 0; i < above; ++i) targets[i] = rank + i;
  MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, below, sources, MPI_UNWEIGHTED, above, targets, MPI_UNWEIGHTED,
                                 MPI_INFO_NULL, 0, &graph);
  return graph;
}

// What goes to a neighbour stands at its place, in order; what comes stands the other way round.
static void prepare(MPI_Datatype one) {
  for (int i = 0; i < above; ++i) {
    to[i] = between(rank, rank + i);
    places[i] = (kMost + 1) * i;
    to_bytes[i] = places[i] * (MPI_Aint)sizeof(int);
  }
  for (int i = 0; i < below; ++i) {
    from[i] = between(i, rank);
    shares[i] = share(i);
    backwards[i] = (kMost + 1) * (below - 1 - i);
    from_bytes[i] = backwards[i] * (MPI_Aint)sizeof(int);
  }
  for (int i = 0; i < size; ++i) types[i] = i % 2 ? one : MPI_INT;
}

static void begin_round(int round) {
  for (int i = 0; i < above; ++i)
    for (int k = 0; k <= kMost; ++k) mine[(kMost + 1) * i + k] = item(rank, rank + i, k) + 100000 * round;
  memset(into, -1, sizeof into);
}

// A rank's first neighbour is itself, so its first items are those for itself.
static void check_results(int round) {
  const int base = 100000 * round;
  for (int i = 0; i < below; ++i) {
    SAME(into[0][i], base + item(i, i, 0));
    for (int k = 0; k <= kMost; ++k) {
      SAME(into[1][backwards[i] + k], k < share(i) ? base + item(i, i, k) : -1);
      SAME(into[2][(kMost + 1) * i + k], base + item(i, rank, k));
      SAME(into[3][backwards[i] + k], k < between(i, rank) ? base + item(i, rank, k) : -1);
      SAME(into[4][backwards[i] + k], k < between(i, rank) ? base + item(i, rank, k) : -1);
    }
  }
  for (int kind = 0; kind < kKinds; ++kind)
    for (int i = (kMost + 1) * below; i < kWide; ++i) SAME(into[kind][i], -1);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const MPI_Comm c = make_graph();
  const MPI_Count n = kMost + 1;
  const MPI_Info none = MPI_INFO_NULL;
  const int twice = mana_is_restarted_impl != NULL;
  MPI_Datatype one;
  MPI_Request r[kKinds];
  MPI_Type_contiguous(1, MPI_INT, &one);
  MPI_Type_commit(&one);
  prepare(one);

  begin_round(0);
  MPI_Neighbor_allgather_c(mine, 1, MPI_INT, into[0], 1, one, c);
  MPI_Neighbor_allgatherv_c(mine, share(rank), MPI_INT, into[1], shares, backwards, one, c);
  MPI_Neighbor_alltoall_c(mine, n, MPI_INT, into[2], n, MPI_INT, c);
  MPI_Neighbor_alltoallv_c(mine, to, places, one, into[3], from, backwards, MPI_INT, c);
  MPI_Neighbor_alltoallw_c(mine, to, to_bytes, types, into[4], from, from_bytes, types, c);
  check_results(0);

  begin_round(1);
  MPI_Ineighbor_allgather_c(mine, 1, MPI_INT, into[0], 1, one, c, &r[0]);
  MPI_Ineighbor_allgatherv_c(mine, share(rank), MPI_INT, into[1], shares, backwards, one, c, &r[1]);
  MPI_Ineighbor_alltoall_c(mine, n, MPI_INT, into[2], n, MPI_INT, c, &r[2]);
  MPI_Ineighbor_alltoallv_c(mine, to, places, one, into[3], from, backwards, MPI_INT, c, &r[3]);
  MPI_Ineighbor_alltoallw_c(mine, to, to_bytes, types, into[4], from, from_bytes, types, c, &r[4]);
  MPI_Waitall(kKinds, r, MPI_STATUSES_IGNORE);
  check_results(1);

  begin_round(2);
  MPI_Neighbor_allgather_init_c(mine, 1, MPI_INT, into[0], 1, one, c, none, &r[0]);
  MPI_Neighbor_allgatherv_init_c(mine, share(rank), MPI_INT, into[1], shares, backwards, one, c, none, &r[1]);
  MPI_Neighbor_alltoall_init_c(mine, n, MPI_INT, into[2], n, MPI_INT, c, none, &r[2]);
  MPI_Neighbor_alltoallv_init_c(mine, to, places, one, into[3], from, backwards, MPI_INT, c, none, &r[3]);
  MPI_Neighbor_alltoallw_init_c(mine, to, to_bytes, types, into[4], from, from_bytes, types, c, none, &r[4]);
  for (int round = 2; round < (twice ? 4 : 3); ++round) {
    if (round > 2) begin_round(round);
    MPI_Startall(kKinds, r);
    MPI_Waitall(kKinds, r, MPI_STATUSES_IGNORE);
    check_results(round);
  }
  for (int i = 0; i < kKinds; ++i) MPI_Request_free(&r[i]);
  MPI_Type_free(&one);
  MPI_Comm graph = c;
  MPI_Comm_free(&graph);
  return end();
}
