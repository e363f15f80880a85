// Each persistent neighbourhood collective brings what its neighbours have at the time of each start. (The type is freed last:
// Open MPI 4.1.4 keeps no reference to it.)
#include "check.h"

#if defined(OPEN_MPI) && OMPI_MAJOR_VERSION < 5
#include <mpi-ext.h>
#define MPI_Neighbor_allgather_init(...) MPIX_Neighbor_allgather_init(__VA_ARGS__)
#define MPI_Neighbor_allgatherv_init(...) MPIX_Neighbor_allgatherv_init(__VA_ARGS__)
#define MPI_Neighbor_alltoall_init(...) MPIX_Neighbor_alltoall_init(__VA_ARGS__)
#define MPI_Neighbor_alltoallv_init(...) MPIX_Neighbor_alltoallv_init(__VA_ARGS__)
#define MPI_Neighbor_alltoallw_init(...) MPIX_Neighbor_alltoallw_init(__VA_ARGS__)
#endif

enum { kAll = 5 };

static int out[4], in[kAll][4];

// Two ints for each neighbour: [0, 1] for the next, [2, 3] for the one after it.
static void set(int round) {
  for (int i = 0; i < 4; ++i) out[i] = 1000 * round + 10 * rank + i;
  memset(in, -1, sizeof in);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const int from[2] = {prev, (rank + size - 2) % size}, to[2] = {next, (rank + 2) % size};
  MPI_Comm c;
  MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 2, from, MPI_UNWEIGHTED, 2, to, MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &c);
  MPI_Datatype pair, types[2];
  MPI_Type_contiguous(2, MPI_INT, &pair);
  MPI_Type_commit(&pair);
  types[0] = types[1] = pair;
  const int ones[2] = {1, 1}, places[2] = {0, 1}, backwards[2] = {1, 0};
  const MPI_Aint bytes[2] = {0, 2 * sizeof(int)};
  const MPI_Info none = MPI_INFO_NULL;
  MPI_Request r[kAll];
  set(0);
  MPI_Neighbor_allgather_init(out, 1, pair, in[0], 2, MPI_INT, c, none, &r[0]);
  MPI_Neighbor_allgatherv_init(out, 2, MPI_INT, in[1], ones, backwards, pair, c, none, &r[1]);
  MPI_Neighbor_alltoall_init(out, 2, MPI_INT, in[2], 1, pair, c, none, &r[2]);
  MPI_Neighbor_alltoallv_init(out, ones, places, pair, in[3], ones, backwards, pair, c, none, &r[3]);
  MPI_Neighbor_alltoallw_init(out, ones, bytes, types, in[4], ones, bytes, types, c, none, &r[4]);
  for (int round = 0; round < 3; ++round) {
    set(round);
    if (round == 1) {
      for (int i = kAll - 1; i >= 0; --i) MPI_Start(&r[i]);
      MPI_Barrier(MPI_COMM_WORLD);
    } else {
      MPI_Startall(kAll, r);
    }
    MPI_Waitall(kAll, r, MPI_STATUSES_IGNORE);
    for (int i = 0; i < 4; ++i) {
      const int source = from[i / 2], base = 1000 * round + 10 * source, back = (i + 2) % 4;
      SAME(in[0][i], base + i % 2);
      SAME(in[1][back], base + i % 2);
      SAME(in[2][i], base + i);
      SAME(in[3][back], base + i);
      SAME(in[4][i], base + i);
    }
  }
  for (int i = 0; i < kAll; ++i) {
    CHECK(r[i] != MPI_REQUEST_NULL);
    MPI_Request_free(&r[i]);
  }
  MPI_Type_free(&pair);
  MPI_Comm_free(&c);
  return end();
}
