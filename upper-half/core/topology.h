// Topologies of communicators: the data, its allocation, and the pure queries on it.
//
// TopologyData and its arrays are one block, owned by its communicator. Nothing of it exists below: live
// communicators are plain, neighbourhood collectives are given the lists that stand here.
#pragma once
#include "core/objects.h"

namespace mana {

// Arrays are allocated, counts set, contents zero. Freed with core_free().
TopologyData *new_cart(int ndims);
TopologyData *new_graph(int nnodes, int nedges);
TopologyData *new_dist_graph(int indegree, int outdegree, bool weighted);
TopologyData *copy_topology(const TopologyData *topology);

// Rank <-> coordinates, row major. Coordinates must be valid.
int cart_rank(const TopologyData *cart, const std::int32_t *coords);
void cart_coords(const TopologyData *cart, int rank, std::int32_t *coords);
int cart_size(const TopologyData *cart);
// Source and destination of a shift along one dimension as seen from `rank`: ranks or MPI_PROC_NULL.
void cart_shift(const TopologyData *cart, int rank, int dimension, int displacement, int *source, int *destination);

// MPI_Cart_sub without the communication: which new communicator this rank is in (a number equal on its members), its
// rank there, and the new topology (without dimensions when none remains, as MPI-3.1 says).
struct CartSub {
  int color, rank;
  TopologyData *topology;
};
CartSub cart_sub(const TopologyData *cart, int rank, const int *remain_dims);

// MPI_Dims_create: fills the zeros of dims. 0, or MPI_ERR_DIMS or MPI_ERR_ARG.
int balance_dims(int nnodes, int ndims, int *dims);

// The neighbours in the order of the neighbourhood collectives, for any topology. Counts first, then the lists.
struct NeighborCount {
  int indegree, outdegree;
};
NeighborCount neighbor_count(const Comm *comm);
void neighbors(const Comm *comm, int *sources, int *destinations);

} // namespace mana
