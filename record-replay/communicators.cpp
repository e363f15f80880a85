// Communicators of a restarted process.
//
// Each is made by its members alone, from the ranks in its group. Members may have made them in any order and nesting, so
// each rank goes through its communicators in ascending order of Comm::id, which all members know alike. Then nobody waits
// for ever: of all communicators not yet made take the one with the smallest id; every member has made all of
// its smaller ones and is in this one.
//
//     rank 0:  id 5 {0,1}         id 9 {0,2}
//     rank 1:  id 5 {0,1}  id 7 {1,2}
//     rank 2:              id 7 {1,2}  id 9 {0,2}
#include "record-replay/communicators.h"

#include <algorithm>

#include "core/communicators.h"
#include "core/intercommunicators.h"
#include "core/memory.h"
#include "core/start.h"
#include "lower_mpi.h"

namespace mana {

namespace {

void check(int error) {
  if (error != 0) seam()->services->die(125, "restart: the live MPI refused to make a communicator again");
}

// An inter-communicator: each of the two groups has made its own, now the first ranks of both join them.
void join_groups(const Comm *comm, NativeComm *native) {
  NativeComm local = *native;
  check(join_below(local, 0, comm->remote->world_ranks[0], native));
  seam()->mpi->Comm_free(&local);
}

void rebuild(Comm *comm) {
  check(create_from_ranks(natives.protocol, comm->size, comm->group->world_ranks, kRebuildTag, &comm->native));
  if (comm->remote) join_groups(comm, &comm->native);
  check(add_topology(comm->topology, &comm->native));
  if (comm->name[0] != '\0') seam()->mpi->Comm_set_name(comm->native, comm->name);
}

}  // namespace

void rebuild_communicators() {
  std::size_t n = 0;
  for_each<Comm>([&](Comm *) { ++n; });
  Comm **comms = core_array<Comm *>(n);
  n = 0;
  // One that all members have freed has none left that would make it; one without an id is about to be made
  // (core/duplication.cpp).
  for_each<Comm>([&](Comm *comm) {
    comm->native = natives.comm_null;
    if ((!(comm->flags & kFreed) || comm->closing) && comm->id != 0) comms[n++] = comm;
  });
  std::sort(comms, comms + n, [](const Comm *a, const Comm *b) { return a->id < b->id; });
  for (std::size_t i = 0; i < n; ++i) rebuild(comms[i]);
  core_free(comms);
}

void begin_closings_again() {
  for_each<Comm>([](Comm *comm) {
    if (comm->closing) begin_closing(comm);
  });
}

}  // namespace mana
