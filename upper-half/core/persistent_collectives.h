// Persistent collectives: what MPI_Allgather_init and its like leave in their request, and what MPI_Start does with it.
//
// A record keeps copies of the arguments, and each start is the nonblocking collective of that name. So an inactive
// request has nothing below that a restart would have to make again, and an active one is a nonblocking collective like
// any other: counted when it is started, completed by the drain.
//
// Persistent collectives match in the order of their initialisation, and ranks may start them in any order
// (MPI-4.0, section 6.12), while nonblocking ones match in the order of their start. So each has a
// channel: a communicator of its own, congruent to the application's.
//
//     comm ── channels ─► [ in use ] ─► [ free here ] ─► [ in use ] ─► null      the same list on all members
//
// MPI_Request_free is local. A channel is taken again by the first initialisation which finds it free on all members,
// and goes with its communicator.
#pragma once
#include "abi_constants.h"
#include "core/collectives.h"
#include "core/memory.h"
#include "core/objects.h"

namespace mana {

struct PersistentCollective {
  // Starts it below on the channel's native. *call receives the references to be held until it completes.
  int (*start)(PersistentCollective *plan, NativeRequest *native, CollectiveCall **call);
  Comm *channel;
  Op *op;                  // referenced, or null
  struct KeptArgument *kept;  // copies of arrays, references to types

  const int *keep(const int *array, int n);
  const std::int64_t *keep(const std::int64_t *array, int n);
  Datatype *const *keep(Datatype *const *types, int n);
  Datatype *keep(Datatype *type);
  Op *keep(Op *reduction);
};

// Collective: a channel of `comm` that no member uses. 0 or an ABI error, not raised.
int take_channel(Comm *comm, Comm **channel);
// Collective, with the freeing of `comm`: closes its channels. One whose request some member still has stays, unowned.
void close_channels(Comm *comm);

template <class Plan> Plan *new_plan(int (*start)(PersistentCollective *, NativeRequest *, CollectiveCall **), Comm *channel) {
  auto *plan = static_cast<Plan *>(core_zalloc(sizeof(Plan)));
  plan->start = start;
  plan->channel = channel;
  return plan;
}

// The inactive request of a plan. Always succeeds.
int finish_collective_init(Comm *comm, PersistentCollective *plan, Request **request);

// MPI_Start of an inactive one. 0 or an ABI error, not raised.
int start_persistent_collective(Request *request);

// MPI_Request_free of an inactive one: everything but the record.
void drop_plan(PersistentCollective *plan);

inline bool is_persistent_collective(const Request *r) { return r->op == RequestKind::collective && r->persistent; }

// For the generated code.
inline bool is_in_place(const void *buffer) { return reinterpret_cast<std::uintptr_t>(buffer) == abi::IN_PLACE; }
inline bool is_root(int root, const Comm *comm) { return root == comm->rank || root == abi::ROOT; }

}  // namespace mana
