// Making communicators with a topology. The queries are topology.cpp's.
//
// Ranks are never reordered below: a restart on another MPI must give every process the rank that it has. The
// live communicator carries the topology too, for the neighbourhood collectives.
#include "core/call.h"
#include "core/collectives.h"
#include "core/communicators.h"
#include "core/errors.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/neighbors.h"
#include "core/start.h"
#include "core/topology.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

namespace {

int *const kUnweighted = reinterpret_cast<int *>(10);
int *const kWeightsEmpty = reinterpret_cast<int *>(11);

const std::int32_t *weights_below(const TopologyData *t, const std::int32_t *weights, int degree) {
  if (!t->weighted) return kUnweighted;
  return degree == 0 ? kWeightsEmpty : weights;
}

int create_below(const TopologyData *t, NativeComm base, NativeComm *made) {
  const Unlocked unlocked;
  const LowerMpi *mpi = seam()->mpi;
  switch (t->kind) {
  case Topology::cart: return mpi->Cart_create(base, t->ndims, t->dims, t->periods, 0, made);
  case Topology::graph: return mpi->Graph_create(base, t->nnodes, t->index, t->edges, 0, made);
  default:
    return mpi->Dist_graph_create_adjacent(base, t->indegree, t->sources,
                                           weights_below(t, t->source_weights, t->indegree), t->outdegree,
                                           t->destinations,
                                           weights_below(t, t->destination_weights, t->outdegree),
                                           natives.info_null, 0, made);
  }
}

// For the first time: what a restart finds in the record is not known yet.
int create_new(TopologyData *t, NativeComm base, NativeComm *made) {
  if (const int error = create_below(t, base, made)) return error;
  return *made == natives.comm_null ? 0 : find_repeats(t, *made);
}

// Gives the communicator that was made from `comm`, if that went well, its `topology`, which becomes the record's or is freed.
int attach_topology(Comm *comm, int error, TopologyData *topology, Comm **newcomm) {
  if (error || is_null(*newcomm)) {
    core_free(topology);
  } else {
    (*newcomm)->topology = topology;
    if (topology->kind == Topology::cart) cart_coords(topology, (*newcomm)->rank, topology->coords);
  }
  return error ? raise(comm, error) : 0;
}

// Makes the communicator and gives it `topology`.
int create(Comm *comm, TopologyData *topology, Comm **newcomm) {
  int error = abi::ERR_COMM;
  if (!comm->remote)
    error = create_comm(comm, newcomm, [&](NativeComm *made) { return create_new(topology, comm->native, made); });
  return attach_topology(comm, error, topology, newcomm);
}

void copy(std::int32_t *to, const int *from, int n) {
  for (int i = 0; i < n; ++i) to[i] = from[i];
}

}  // namespace

int add_topology(const TopologyData *topology, NativeComm *native) {
  if (!topology) return 0;
  NativeComm plain = *native;
  const int error = create_below(topology, plain, native);
  if (error) *native = plain;
  else seam()->mpi->Comm_free(&plain);
  return error;
}

namespace api {

int Cart_create(Comm *comm, int ndims, const int *dims, const int *periods, int, Comm **newcomm) {
  Call call(Fn::Cart_create);
  if (is_null(comm)) return raise(comm, abi::ERR_COMM);
  if (ndims < 0) return raise(comm, abi::ERR_DIMS);
  std::int64_t size = 1;
  for (int i = 0; i < ndims && size <= comm->size; ++i) size = dims[i] <= 0 ? INT64_MAX : size * dims[i];
  if (size > comm->size) return raise(comm, abi::ERR_DIMS);
  TopologyData *cart = new_cart(ndims);
  copy(cart->dims, dims, ndims);
  for (int i = 0; i < ndims; ++i) cart->periods[i] = periods[i] != 0;
  return create(comm, cart, newcomm);
}

// A split by what is left out, then the grid of what remains. When nothing does, every process is by itself; MPICH then has a
// communicator for the first one alone, and so have its programs.
int Cart_sub(Comm *comm, const int *remain_dims, Comm **newcomm) {
  Call call(Fn::Cart_sub);
  if (is_null(comm)) return raise(comm, abi::ERR_COMM);
  if (!comm->topology || comm->topology->kind != Topology::cart) return raise(comm, abi::ERR_TOPOLOGY);
  CartSub sub = cart_sub(comm->topology, comm->rank, remain_dims);
  if (sub.topology->ndims == 0 && comm->rank != 0 && !as_open_mpi()) sub.color = abi::UNDEFINED;
  const int error = create_comm(comm, newcomm, [&](NativeComm *made) {
    const int split_error = split_below(comm->native, sub.color, sub.rank, made);
    if (split_error || *made == natives.comm_null) return split_error;
    const int error = add_topology(sub.topology, made);
    return error ? error : find_repeats(sub.topology, *made);
  });
  return attach_topology(comm, error, sub.topology, newcomm);
}

int Graph_create(Comm *comm, int nnodes, const int *index, const int *edges, int, Comm **newcomm) {
  Call call(Fn::Graph_create);
  if (is_null(comm)) return raise(comm, abi::ERR_COMM);
  if (nnodes < 0 || nnodes > comm->size) return raise(comm, abi::ERR_ARG);
  const int nedges = nnodes ? index[nnodes - 1] : 0;
  TopologyData *graph = new_graph(nnodes, nedges);
  copy(graph->index, index, nnodes);
  copy(graph->edges, edges, nedges);
  return create(comm, graph, newcomm);
}

int Dist_graph_create_adjacent(Comm *comm, int indegree, const int *sources, const int *source_weights,
                               int outdegree, const int *destinations, const int *destination_weights, Info *, int,
                               Comm **newcomm) {
  Call call(Fn::Dist_graph_create_adjacent);
  if (is_null(comm)) return raise(comm, abi::ERR_COMM);
  if (indegree < 0 || outdegree < 0) return raise(comm, abi::ERR_ARG);
  const bool weighted = source_weights != kUnweighted;
  TopologyData *graph = new_dist_graph(indegree, outdegree, weighted);
  copy(graph->sources, sources, indegree);
  copy(graph->destinations, destinations, outdegree);
  if (weighted) {
    copy(graph->source_weights, source_weights, indegree);
    copy(graph->destination_weights, destination_weights, outdegree);
  }
  return create(comm, graph, newcomm);
}

}  // namespace api

// ---------------------------------------------------------------------------------
// MPI_Dist_graph_create: any rank may name any edge, so the edges are gathered and each rank takes its own.

namespace {

struct Edge {
  std::int32_t source, destination, weight;
};

struct EdgeList {
  Edge *edges;
  int n;
};

EdgeList own_edges(int n, const int *sources, const int *degrees, const int *destinations, const int *weights) {
  EdgeList list{nullptr, 0};
  for (int i = 0; i < n; ++i) list.n += degrees[i];
  list.edges = core_array<Edge>(static_cast<std::size_t>(list.n));
  int at = 0;
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < degrees[i]; ++k, ++at)
      list.edges[at] = {sources[i], destinations[at], weights == kUnweighted ? 0 : weights[at]};
  return list;
}

int gather_edges(const Comm *comm, const EdgeList &own, EdgeList *all) {
  const LowerMpi *mpi = seam()->mpi;
  const auto size = static_cast<std::size_t>(comm->size);
  int *bytes = core_array<int>(2 * size);
  int *offsets = bytes + size;
  const int own_bytes = own.n * static_cast<int>(sizeof(Edge));
  int error = unlocked([&] {
    return mpi->Allgather(&own_bytes, sizeof(int), natives.byte, bytes, sizeof(int), natives.byte, comm->native);
  });
  int total = 0;
  for (std::size_t i = 0; i < size && error == 0; ++i) {
    offsets[i] = total;
    total += bytes[i];
  }
  *all = {static_cast<Edge *>(core_alloc(static_cast<std::size_t>(total))), total / static_cast<int>(sizeof(Edge))};
  if (error == 0)
    error = unlocked([&] {
      return mpi->Allgatherv(own.edges, own_bytes, natives.byte, all->edges, bytes, offsets, natives.byte, comm->native);
    });
  core_free(bytes);
  return error;
}

TopologyData *neighbourhood(const EdgeList &all, int rank, bool weighted) {
  int in = 0, out = 0;
  for (int i = 0; i < all.n; ++i) {
    in += all.edges[i].destination == rank;
    out += all.edges[i].source == rank;
  }
  TopologyData *graph = new_dist_graph(in, out, weighted);
  in = out = 0;
  for (int i = 0; i < all.n; ++i) {
    const Edge &edge = all.edges[i];
    if (edge.destination == rank) {
      if (weighted) graph->source_weights[in] = edge.weight;
      graph->sources[in++] = edge.source;
    }
    if (edge.source == rank) {
      if (weighted) graph->destination_weights[out] = edge.weight;
      graph->destinations[out++] = edge.destination;
    }
  }
  return graph;
}

}  // namespace

namespace api {

int Dist_graph_create(Comm *comm, int n, const int *sources, const int *degrees, const int *destinations,
                      const int *weights, Info *, int, Comm **newcomm) {
  Call call(Fn::Dist_graph_create);
  if (is_null(comm) || comm->remote) return raise(comm, abi::ERR_COMM);
  if (n < 0) return raise(comm, abi::ERR_ARG);
  const EdgeList own = own_edges(n, sources, degrees, destinations, weights);
  TopologyData *graph = nullptr;
  const int error = create_comm(comm, newcomm, [&](NativeComm *made) {
    EdgeList all{nullptr, 0};
    int step = gather_edges(comm, own, &all);
    if (step == 0) {
      graph = neighbourhood(all, comm->rank, weights != kUnweighted);
      step = create_new(graph, comm->native, made);
    }
    core_free(all.edges);
    return step;
  });
  core_free(own.edges);
  if (error)
    core_free(graph);
  else
    (*newcomm)->topology = graph;
  return error ? raise(comm, error) : 0;
}

}  // namespace api

}  // namespace mana
