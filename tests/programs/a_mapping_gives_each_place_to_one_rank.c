// MPI_Cart_map and MPI_Graph_map recommend each place of a topology to one rank, and none to the ranks left over;
// MPI_Graph_get tells what the graph was made of, also of a duplicate. (Open MPI 4.1.4 by itself gives the ranks left over
// places beyond the last.)
#include "check.h"
#include "mana.h"

enum { kMaxEdges = 2 * kMaxRanks };

static void check_places(int place, int places) {
  int all[kMaxRanks], taken[kMaxRanks] = {0}, without = 0;
  MPI_Allgather(&place, 1, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD);
  for (int i = 0; i < size; ++i) {
    if (all[i] == MPI_UNDEFINED || (mana_is_restarted_impl == NULL && all[i] >= places)) {
      ++without;
      continue;
    }
    CHECK(all[i] >= 0 && all[i] < places);
    SAME(taken[all[i]]++, 0);
  }
  SAME(without, size - places);
}

static int star_index[kMaxRanks], star_edges[kMaxEdges];

static void check_star(MPI_Comm star, int nodes) {
  int index[kMaxRanks + 1], edges[kMaxEdges + 1], n, m;
  MPI_Graphdims_get(star, &n, &m);
  SAME(n, nodes);
  SAME(m, 2 * (nodes - 1));
  memset(index, -1, sizeof index);
  memset(edges, -1, sizeof edges);
  MPI_Graph_get(star, n, m, index, edges);
  for (int i = 0; i < n; ++i) SAME(index[i], star_index[i]);
  for (int i = 0; i < m; ++i) SAME(edges[i], star_edges[i]);
  SAME(index[n], -1);
  SAME(edges[m], -1);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  // With an odd number of ranks one finds no place.
  int place, dims[2] = {size / 2, 2}, periods[2] = {1, 0};
  MPI_Cart_map(MPI_COMM_WORLD, 2, dims, periods, &place);
  check_places(place, dims[0] * dims[1]);
  dims[0] = 1;
  MPI_Cart_map(MPI_COMM_WORLD, 1, dims, periods, &place);
  check_places(place, 1);

  // All others are neighbours of node 0, and it is theirs.
  const int nodes = size > 2 ? size - 1 : size;
  for (int i = 0; i < nodes; ++i) {
    star_index[i] = nodes - 1 + i;
    if (i == 0) continue;
    star_edges[i - 1] = i;
    star_edges[nodes - 2 + i] = 0;
  }
  MPI_Graph_map(MPI_COMM_WORLD, nodes, star_index, star_edges, &place);
  check_places(place, nodes);
  MPI_Comm star, copy;
  MPI_Graph_create(MPI_COMM_WORLD, nodes, star_index, star_edges, 1, &star);
  MPI_Barrier(MPI_COMM_WORLD);
  if (star != MPI_COMM_NULL) {
    check_star(star, nodes);
    MPI_Comm_dup(star, &copy);
    MPI_Comm_free(&star);
    check_star(copy, nodes);
    MPI_Comm_free(&copy);
  } else {
    SAME(size - nodes, 1);
  }
  return end();
}
