// See neighbors.h.
#include "core/neighbors.h"

#include <utility>

#include "abi_constants.h"
#include "core/call.h"
#include "core/collectives.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/start.h"
#include "core/topology.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

namespace {

bool has_twice(const std::int32_t *ranks, int n) {
  for (int i = 1; i < n; ++i)
    for (int k = 0; k < i; ++k)
      if (ranks[i] == ranks[k])
        return true;
  return false;
}

bool folds(const TopologyData *cart, int dimension) { return cart->periods[dimension] && cart->dims[dimension] <= 2; }

bool repeats_here(const TopologyData *t) {
  if (t->kind == Topology::dist_graph)
    return has_twice(t->sources, t->indegree) || has_twice(t->destinations, t->outdegree);
  if (t->kind == Topology::graph) {
    for (int node = 0, first = 0; node < t->nnodes; first = t->index[node++])
      if (has_twice(t->edges + first, t->index[node] - first))
        return true;
    return false;
  }
  for (int i = 0; i < t->ndims; ++i)
    if (folds(t, i))
      return true;
  return false;
}

} // namespace

int find_repeats(TopologyData *topology, NativeComm made) {
  const int mine = repeats_here(topology);
  topology->repeats = mine;
  if (topology->kind != Topology::dist_graph) // of the others everybody knows all
    return 0;
  const LowerMpi *mpi = seam()->mpi;
  int all = 0;
  const auto type = static_cast<NativeDatatype>(mpi->predefined(abi::INT));
  const auto op = static_cast<NativeOp>(mpi->predefined(abi::MAX));
  int error;
  {
    const Unlocked unlocked;
    error = mpi->Allreduce(&mine, &all, 1, type, op, made);
  }
  topology->repeats = all;
  return error;
}

struct Exchange::Block {
  KeptArray link;
};

Exchange::Exchange(Comm *comm) : comm_(comm) {
  const NeighborCount count = neighbor_count(comm);
  const std::size_t n = std::size_t(count.outdegree) + std::size_t(count.indegree);
  {
    const InCore in_core;
    block_ = static_cast<Block *>(
        core_alloc(sizeof(Block) + n * (sizeof(std::int64_t) + sizeof(Datatype *) + sizeof(int))));
  }
  auto *displs = reinterpret_cast<std::int64_t *>(block_ + 1);
  auto *types = reinterpret_cast<Datatype **>(displs + n);
  auto *counts = reinterpret_cast<int *>(types + n);
  out = {count.outdegree, counts, displs, types};
  in = {count.indegree, counts + out.n, displs + out.n, types + out.n};
}

Exchange::~Exchange() {
  if (!block_)
    return;
  const InCore in_core;
  core_free(block_);
}

void Exchange::Side::set(int count, Datatype *type) {
  for (int i = 0; i < n; ++i) {
    counts[i] = count;
    displs[i] = i * (count * type->extent);
    types[i] = type;
  }
}

void Exchange::Side::set(const int *own_counts, const int *own_displs, Datatype *type) {
  for (int i = 0; i < n; ++i) {
    counts[i] = own_counts[i];
    displs[i] = own_displs[i] * type->extent;
    types[i] = type;
  }
}

void Exchange::Side::set(const int *own_counts, const std::int64_t *own_displs, Datatype *const *own_types) {
  for (int i = 0; i < n; ++i) {
    counts[i] = own_counts[i];
    displs[i] = own_displs[i];
    types[i] = own_types[i];
  }
}

// In order the first block of the peer, which goes in the negative direction, comes into our first place, which is that
// of the negative direction.
void Exchange::pair_directions() {
  const TopologyData *t = comm_->topology;
  for (int i = 0; t->kind == Topology::cart && i < t->ndims; ++i) {
    if (!folds(t, i))
      continue;
    std::swap(in.counts[2 * i], in.counts[2 * i + 1]);
    std::swap(in.displs[2 * i], in.displs[2 * i + 1]);
    std::swap(in.types[2 * i], in.types[2 * i + 1]);
  }
}

int Exchange::start(const void *sendbuf, void *recvbuf, Request **request) {
  pair_directions();
  const int error = api::Ineighbor_alltoallw_in_order(sendbuf, out.counts, out.displs, out.types, recvbuf, in.counts,
                                                      in.displs, in.types, comm_, request);
  if (error)
    return error;
  const InCore in_core;
  // A checkpoint may have come, and completed it, since it was started.
  if (CollectiveCall *call = (*request)->call) {
    block_->link.next = std::exchange(call->arrays, &block_->link);
    block_ = nullptr;
  }
  return 0;
}

int Exchange::run(const void *sendbuf, void *recvbuf) {
  Request *request;
  Status status;
  const int error = start(sendbuf, recvbuf, &request);
  return error ? error : api::Wait(&request, &status);
}

int Exchange::prepare(const void *sendbuf, void *recvbuf, Request **request) {
  pair_directions();
  return api::Neighbor_alltoallw_init_in_order(sendbuf, out.counts, out.displs, out.types, recvbuf, in.counts,
                                               in.displs, in.types, comm_, request);
}

} // namespace mana
