// See topology.h. Coordinates are row major: the last dimension varies fastest.
#include "core/topology.h"

#include "core/call.h"
#include "core/errors.h"
#include "core/memory.h"
#include "core_api.h"

namespace mana {

namespace {

// A TopologyData with room for `ints` integers behind it; *at is the first of them.
TopologyData *allocate(Topology kind, std::int64_t ints, std::int32_t **at) {
  void *block = core_zalloc(sizeof(TopologyData) + static_cast<std::size_t>(ints) * sizeof(std::int32_t));
  TopologyData *topology = static_cast<TopologyData *>(block);
  topology->kind = kind;
  *at = reinterpret_cast<std::int32_t *>(topology + 1);
  return topology;
}

std::int32_t *cut(std::int32_t **at, int n) {
  std::int32_t *array = *at;
  *at += n;
  return array;
}

void copy(std::int32_t *to, const std::int32_t *from, int n) {
  if (n > 0)
    __builtin_memcpy(to, from, static_cast<std::size_t>(n) * sizeof(std::int32_t));
}

int least(int a, int b) { return a < b ? a : b; }

int wrapped(std::int64_t coordinate, int dim) {
  const std::int64_t rest = coordinate % dim;
  return static_cast<int>(rest < 0 ? rest + dim : rest);
}

// Rank at `displacement` steps from `rank` along one dimension, or MPI_PROC_NULL.
int stepped(const TopologyData *cart, int rank, int dimension, std::int64_t displacement) {
  int stride = 1;
  for (int i = cart->ndims - 1; i > dimension; --i)
    stride *= cart->dims[i];
  const int dim = cart->dims[dimension], from = rank / stride % dim;
  std::int64_t to = from + displacement;
  if (cart->periods[dimension])
    to = wrapped(to, dim);
  else if (to < 0 || to >= dim)
    return abi::PROC_NULL;
  return rank + (static_cast<int>(to) - from) * stride;
}

struct EdgeList {
  const std::int32_t *first;
  int n;
};

EdgeList graph_edges(const TopologyData *graph, int rank) {
  const int begin = rank ? graph->index[rank - 1] : 0;
  return {graph->edges + begin, graph->index[rank] - begin};
}

// 0, or why this communicator cannot answer: MPI_ERR_COMM, MPI_ERR_TOPOLOGY.
int check(const Comm *comm, Topology kind) {
  if (comm->flags & kNull)
    return abi::ERR_COMM;
  return comm->topology && comm->topology->kind == kind ? 0 : abi::ERR_TOPOLOGY;
}

bool valid_rank(const Comm *comm, int rank) { return rank >= 0 && rank < comm->size; }

} // namespace

// ---------------------------------------------------------------------------------
// Allocation

TopologyData *new_cart(int ndims) {
  std::int32_t *at;
  TopologyData *cart = allocate(Topology::cart, 3LL * ndims, &at);
  cart->ndims = ndims;
  cart->dims = cut(&at, ndims);
  cart->periods = cut(&at, ndims);
  cart->coords = cut(&at, ndims);
  return cart;
}

TopologyData *new_graph(int nnodes, int nedges) {
  std::int32_t *at;
  TopologyData *graph = allocate(Topology::graph, std::int64_t{nnodes} + nedges, &at);
  graph->nnodes = nnodes;
  graph->nedges = nedges;
  graph->index = cut(&at, nnodes);
  graph->edges = cut(&at, nedges);
  return graph;
}

TopologyData *new_dist_graph(int indegree, int outdegree, bool weighted) {
  std::int32_t *at;
  TopologyData *graph = allocate(Topology::dist_graph, 2 * (std::int64_t{indegree} + outdegree), &at);
  graph->indegree = indegree;
  graph->outdegree = outdegree;
  graph->weighted = weighted;
  graph->sources = cut(&at, indegree);
  graph->source_weights = cut(&at, indegree);
  graph->destinations = cut(&at, outdegree);
  graph->destination_weights = cut(&at, outdegree);
  return graph;
}

TopologyData *copy_topology(const TopologyData *from) {
  if (!from)
    return nullptr;
  TopologyData *to = nullptr;
  switch (from->kind) {
  case Topology::none:
    return nullptr;
  case Topology::cart:
    to = new_cart(from->ndims);
    copy(to->dims, from->dims, 3 * from->ndims); // the three arrays follow each other
    break;
  case Topology::graph:
    to = new_graph(from->nnodes, from->nedges);
    copy(to->index, from->index, from->nnodes + from->nedges);
    break;
  case Topology::dist_graph:
    to = new_dist_graph(from->indegree, from->outdegree, from->weighted);
    copy(to->sources, from->sources, 2 * (from->indegree + from->outdegree));
    break;
  }
  to->repeats = from->repeats;
  return to;
}

// ---------------------------------------------------------------------------------
// Grids

int cart_size(const TopologyData *cart) {
  int size = 1;
  for (int i = 0; i < cart->ndims; ++i)
    size *= cart->dims[i];
  return size;
}

int cart_rank(const TopologyData *cart, const std::int32_t *coords) {
  int rank = 0;
  for (int i = 0; i < cart->ndims; ++i)
    rank = rank * cart->dims[i] + wrapped(coords[i], cart->dims[i]);
  return rank;
}

void cart_coords(const TopologyData *cart, int rank, std::int32_t *coords) {
  for (int i = cart->ndims - 1; i >= 0; --i) {
    coords[i] = rank % cart->dims[i];
    rank /= cart->dims[i];
  }
}

void cart_shift(const TopologyData *cart, int rank, int dimension, int displacement, int *source, int *destination) {
  *source = stepped(cart, rank, dimension, -std::int64_t{displacement});
  *destination = stepped(cart, rank, dimension, displacement);
}

CartSub cart_sub(const TopologyData *cart, int rank, const int *remain_dims) {
  int remaining = 0;
  for (int i = 0; i < cart->ndims; ++i)
    remaining += remain_dims[i] != 0;
  CartSub sub{0, 0, new_cart(remaining)};
  std::int32_t *coords = core_array<std::int32_t>(static_cast<std::size_t>(cart->ndims));
  cart_coords(cart, rank, coords);
  for (int i = 0, to = 0; i < cart->ndims; ++i) {
    int &number = remain_dims[i] ? sub.rank : sub.color;
    number = number * cart->dims[i] + coords[i];
    if (!remain_dims[i])
      continue;
    sub.topology->dims[to] = cart->dims[i];
    sub.topology->periods[to] = cart->periods[i];
    sub.topology->coords[to++] = coords[i];
  }
  core_free(coords);
  return sub;
}

// ---------------------------------------------------------------------------------
// Neighbours

NeighborCount neighbor_count(const Comm *comm) {
  const TopologyData *t = comm->topology;
  if (!t)
    return {0, 0};
  switch (t->kind) {
  case Topology::cart:
    return {2 * t->ndims, 2 * t->ndims};
  case Topology::graph: {
    const int n = graph_edges(t, comm->rank).n;
    return {n, n};
  }
  case Topology::dist_graph:
    return {t->indegree, t->outdegree};
  default:
    return {0, 0};
  }
}

void neighbors(const Comm *comm, int *sources, int *destinations) {
  const TopologyData *t = comm->topology;
  if (t->kind == Topology::cart) {
    for (int i = 0; i < t->ndims; ++i) {
      cart_shift(t, comm->rank, i, 1, &sources[2 * i], &sources[2 * i + 1]);
      destinations[2 * i] = sources[2 * i];
      destinations[2 * i + 1] = sources[2 * i + 1];
    }
  } else if (t->kind == Topology::graph) {
    const EdgeList edges = graph_edges(t, comm->rank);
    copy(sources, edges.first, edges.n);
    copy(destinations, edges.first, edges.n);
  } else {
    copy(sources, t->sources, t->indegree);
    copy(destinations, t->destinations, t->outdegree);
  }
}

namespace api {

int Topo_test(Comm *comm, int *status) {
  Call call(Fn::Topo_test);
  if (comm->flags & kNull)
    return raise(abi::ERR_COMM);
  static constexpr int kAnswers[] = {abi::UNDEFINED, abi::CART, abi::GRAPH, abi::DIST_GRAPH};
  *status = kAnswers[comm->topology ? static_cast<int>(comm->topology->kind) : 0];
  return 0;
}

// --- Cartesian ---

int Cartdim_get(Comm *comm, int *ndims) {
  Call call(Fn::Cartdim_get);
  if (const int error = check(comm, Topology::cart))
    return raise(comm, error);
  *ndims = comm->topology->ndims;
  return 0;
}

int Cart_get(Comm *comm, int maxdims, int *dims, int *periods, int *coords) {
  Call call(Fn::Cart_get);
  if (const int error = check(comm, Topology::cart))
    return raise(comm, error);
  const TopologyData *cart = comm->topology;
  if (maxdims < 0)
    return raise(comm, abi::ERR_ARG);
  const int n = least(maxdims, cart->ndims);
  copy(dims, cart->dims, n);
  copy(periods, cart->periods, n);
  copy(coords, cart->coords, n);
  return 0;
}

int Cart_rank(Comm *comm, const int *coords, int *rank) {
  Call call(Fn::Cart_rank);
  if (const int error = check(comm, Topology::cart))
    return raise(comm, error);
  const TopologyData *cart = comm->topology;
  for (int i = 0; i < cart->ndims; ++i)
    if (!cart->periods[i] && (coords[i] < 0 || coords[i] >= cart->dims[i]))
      return raise(comm, abi::ERR_ARG);
  *rank = cart_rank(cart, coords);
  return 0;
}

int Cart_coords(Comm *comm, int rank, int maxdims, int *coords) {
  Call call(Fn::Cart_coords);
  if (const int error = check(comm, Topology::cart))
    return raise(comm, error);
  const TopologyData *cart = comm->topology;
  if (!valid_rank(comm, rank))
    return raise(comm, abi::ERR_RANK);
  if (maxdims < cart->ndims)
    return raise(comm, abi::ERR_ARG);
  cart_coords(cart, rank, coords);
  return 0;
}

int Cart_shift(Comm *comm, int direction, int disp, int *rank_source, int *rank_dest) {
  Call call(Fn::Cart_shift);
  if (const int error = check(comm, Topology::cart))
    return raise(comm, error);
  if (direction < 0 || direction >= comm->topology->ndims)
    return raise(comm, abi::ERR_ARG);
  cart_shift(comm->topology, comm->rank, direction, disp, rank_source, rank_dest);
  return 0;
}

// Ranks are never reordered: the live MPI, and what is near to what, may change with every restart.
int Cart_map(Comm *comm, int ndims, const int *dims, const int *, int *newrank) {
  Call call(Fn::Cart_map);
  if (comm->flags & kNull)
    return raise(abi::ERR_COMM);
  if (ndims < 0)
    return raise(comm, abi::ERR_DIMS);
  std::int64_t size = 1;
  for (int i = 0; i < ndims && size <= comm->size; ++i) {
    if (dims[i] <= 0)
      return raise(comm, abi::ERR_DIMS);
    size *= dims[i];
  }
  if (size > comm->size)
    return raise(comm, abi::ERR_DIMS);
  *newrank = comm->rank < size ? comm->rank : abi::UNDEFINED;
  return 0;
}

// --- Graphs ---

int Graphdims_get(Comm *comm, int *nnodes, int *nedges) {
  Call call(Fn::Graphdims_get);
  if (const int error = check(comm, Topology::graph))
    return raise(comm, error);
  *nnodes = comm->topology->nnodes;
  *nedges = comm->topology->nedges;
  return 0;
}

int Graph_get(Comm *comm, int maxindex, int maxedges, int *indx, int *edges) {
  Call call(Fn::Graph_get);
  if (const int error = check(comm, Topology::graph))
    return raise(comm, error);
  const TopologyData *graph = comm->topology;
  copy(indx, graph->index, least(maxindex, graph->nnodes));
  copy(edges, graph->edges, least(maxedges, graph->nedges));
  return 0;
}

int Graph_neighbors_count(Comm *comm, int rank, int *nneighbors) {
  Call call(Fn::Graph_neighbors_count);
  if (const int error = check(comm, Topology::graph))
    return raise(comm, error);
  if (!valid_rank(comm, rank))
    return raise(comm, abi::ERR_RANK);
  *nneighbors = graph_edges(comm->topology, rank).n;
  return 0;
}

int Graph_neighbors(Comm *comm, int rank, int maxneighbors, int *neighbors) {
  Call call(Fn::Graph_neighbors);
  if (const int error = check(comm, Topology::graph))
    return raise(comm, error);
  if (!valid_rank(comm, rank))
    return raise(comm, abi::ERR_RANK);
  const EdgeList edges = graph_edges(comm->topology, rank);
  copy(neighbors, edges.first, least(maxneighbors, edges.n));
  return 0;
}

int Graph_map(Comm *comm, int nnodes, const int *, const int *, int *newrank) {
  Call call(Fn::Graph_map);
  if (comm->flags & kNull)
    return raise(abi::ERR_COMM);
  if (nnodes < 1 || nnodes > comm->size)
    return raise(comm, abi::ERR_ARG);
  *newrank = comm->rank < nnodes ? comm->rank : abi::UNDEFINED;
  return 0;
}

int Dist_graph_neighbors_count(Comm *comm, int *indegree, int *outdegree, int *weighted) {
  Call call(Fn::Dist_graph_neighbors_count);
  if (const int error = check(comm, Topology::dist_graph))
    return raise(comm, error);
  *indegree = comm->topology->indegree;
  *outdegree = comm->topology->outdegree;
  *weighted = comm->topology->weighted != 0;
  return 0;
}

int Dist_graph_neighbors(Comm *comm, int maxindegree, int *sources, int *sourceweights, int maxoutdegree,
                         int *destinations, int *destweights) {
  Call call(Fn::Dist_graph_neighbors);
  if (const int error = check(comm, Topology::dist_graph))
    return raise(comm, error);
  const TopologyData *graph = comm->topology;
  if (maxindegree < 0 || maxoutdegree < 0)
    return raise(comm, abi::ERR_ARG);
  const int in = least(maxindegree, graph->indegree), out = least(maxoutdegree, graph->outdegree);
  copy(sources, graph->sources, in);
  copy(destinations, graph->destinations, out);
  if (!graph->weighted)
    return 0;
  // Both may be MPI_UNWEIGHTED, or MPI_WEIGHTS_EMPTY where there is nothing to copy.
  if (sourceweights != reinterpret_cast<int *>(abi::UNWEIGHTED))
    copy(sourceweights, graph->source_weights, in);
  if (destweights != reinterpret_cast<int *>(abi::UNWEIGHTED))
    copy(destweights, graph->destination_weights, out);
  return 0;
}

} // namespace api

} // namespace mana
