// Exchanges between neighbours of which one is a neighbour more than once: in a periodic dimension of one or two processes, or by
// edges that a graph has twice.
//
//     dimension of 2      rank 0  - sends a    + sends b           rank 1 receives  - : b    + : a
//
// Which block goes where is what MPI-4.0, 8.6 says: what is sent in the negative direction comes in from the positive one, and
// several edges between two processes are paired in their order. The live MPIs pair as they like, each variant otherwise, so that
// a migration would change results. MPI_Ineighbor_alltoallw is the one function that pairs in order in all of them: the others are made of it then.
#pragma once
#include "core/objects.h"

namespace mana {

inline bool has_repeated_neighbors(const Comm *comm) { return comm->topology && comm->topology->repeats; }

// Those two without that.
namespace api {
int Ineighbor_alltoallw_in_order(const void *sendbuf, const int *sendcounts, const std::int64_t *sdispls,
                                 Datatype *const *sendtypes, void *recvbuf, const int *recvcounts,
                                 const std::int64_t *rdispls, Datatype *const *recvtypes, Comm *comm,
                                 Request **request);
int Neighbor_alltoallw_init_in_order(const void *sendbuf, const int *sendcounts, const std::int64_t *sdispls,
                                     Datatype *const *sendtypes, void *recvbuf, const int *recvcounts,
                                     const std::int64_t *rdispls, Datatype *const *recvtypes, Comm *comm,
                                     Request **request);
} // namespace api

// Sets TopologyData::repeats: somebody in the communicator has a neighbour twice. Collective on it.
int find_repeats(TopologyData *topology, NativeComm made);

// The arguments of an exchange, as those of the function with a datatype for each neighbour.
class Exchange {
public:
  explicit Exchange(Comm *comm);
  ~Exchange();
  Exchange(const Exchange &) = delete;
  Exchange &operator=(const Exchange &) = delete;

  struct Side {
    int n;
    int *counts;          // [n]
    std::int64_t *displs; // [n], bytes
    Datatype **types;     // [n]
    void set(int count, Datatype *type);
    void set(const int *counts, const int *displs, Datatype *type);
    void set(const int *counts, const std::int64_t *displs, Datatype *const *types);
  };
  Side out, in;

  // What MPI_Neighbor_..., MPI_Ineighbor_... and MPI_Neighbor_..._init return.
  int run(const void *sendbuf, void *recvbuf);
  int start(const void *sendbuf, void *recvbuf, Request **request);
  int prepare(const void *sendbuf, void *recvbuf, Request **request);

private:
  struct Block;
  void pair_directions();

  Comm *comm_;
  Block *block_; // a link of CollectiveCall::arrays, then the arrays
};

} // namespace mana
