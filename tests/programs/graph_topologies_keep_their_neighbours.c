// Graph and distributed graph communicators give back their edges and weights after a checkpoint and carry neighbourhood
// collectives along them.
#include "check.h"

int main(int argc, char **argv) {
  MPI_Comm ring, adjacent, dist;
  int index[kMaxRanks], edges[2 * kMaxRanks], n, m, kind, weighted, list[2], in[2], out[2];
  begin(&argc, &argv);
  for (int i = 0; i < size; ++i) {
    index[i] = 2 * (i + 1);
    edges[2 * i] = (i + size - 1) % size;
    edges[2 * i + 1] = (i + 1) % size;
  }
  MPI_Graph_create(MPI_COMM_WORLD, size, index, edges, 0, &ring);
  MPI_Topo_test(ring, &kind);
  SAME(kind, MPI_GRAPH);
  MPI_Graphdims_get(ring, &n, &m);
  SAME(n, size);
  SAME(m, 2 * size);
  MPI_Graph_neighbors_count(ring, rank, &n);
  SAME(n, 2);
  MPI_Graph_neighbors(ring, rank, 2, list);
  SAME(list[0], prev);
  SAME(list[1], next);
  MPI_Neighbor_allgather(&rank, 1, MPI_INT, in, 1, MPI_INT, ring);
  SAME(in[0], prev);
  SAME(in[1], next);

  // From the one before, to the one after, with weights.
  int from[1] = {prev}, to[1] = {next}, weight_in[1] = {10 + prev}, weight_out[1] = {10 + rank};
  MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, from, weight_in, 1, to, weight_out, MPI_INFO_NULL, 0, &adjacent);
  MPI_Dist_graph_neighbors_count(adjacent, &n, &m, &weighted);
  SAME(n, 1);
  SAME(m, 1);
  SAME(weighted, 1);
  MPI_Dist_graph_neighbors(adjacent, 1, from, weight_in, 1, to, weight_out);
  SAME(from[0], prev);
  SAME(weight_in[0], 10 + prev);
  SAME(to[0], next);
  SAME(weight_out[0], 10 + rank);
  int counts[1] = {2}, displacements[1] = {0};
  out[0] = rank * 2, out[1] = rank * 2 + 1;
  MPI_Neighbor_alltoallv(out, counts, displacements, MPI_INT, in, counts, displacements, MPI_INT, adjacent);
  SAME(in[0], prev * 2);
  SAME(in[1], prev * 2 + 1);

  // Rank 0 describes everything: each rank sends to the one before it.
  int sources[kMaxRanks], degrees[kMaxRanks], targets[kMaxRanks];
  for (int i = 0; i < size; ++i) sources[i] = i, degrees[i] = 1, targets[i] = (i + size - 1) % size;
  MPI_Dist_graph_create(MPI_COMM_WORLD, rank == 0 ? size : 0, sources, degrees, targets, MPI_UNWEIGHTED, MPI_INFO_NULL, 0,
                        &dist);
  MPI_Topo_test(dist, &kind);
  SAME(kind, MPI_DIST_GRAPH);
  MPI_Dist_graph_neighbors_count(dist, &n, &m, &weighted);
  SAME(n, 1);
  SAME(weighted, 0);
  MPI_Dist_graph_neighbors(dist, 1, from, MPI_UNWEIGHTED, 1, to, MPI_UNWEIGHTED);
  SAME(from[0], next);
  SAME(to[0], prev);
  MPI_Request request;
  MPI_Aint places[1] = {sizeof(int)}, origin[1] = {0};
  MPI_Datatype types[1] = {MPI_INT};
  counts[0] = 1;
  in[0] = in[1] = -1;
  MPI_Ineighbor_alltoallw(&rank, counts, origin, types, in, counts, places, types, dist, &request);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  SAME(in[0], -1);
  SAME(in[1], next);
  MPI_Neighbor_allgatherv(&rank, 1, MPI_INT, in, counts, displacements, MPI_INT, dist);
  SAME(in[0], next);
  MPI_Comm_free(&ring);
  MPI_Comm_free(&adjacent);
  MPI_Comm_free(&dist);
  return end();
}
