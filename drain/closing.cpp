// Who has freed a communicator, as MPI_Comm_free tells nobody: it returns at once on each member.
//
// A member that has freed it waits for the others in a nonblocking barrier (core/communicators.h). At a checkpoint that
// barrier is in one of two states which the member cannot tell apart: all members have freed, and it is about to end, or ends
// on some members and not yet on others; or one has not, and it goes on for as long as that one likes. In the first case the
// members that have left it know nothing of the communicator any more, so nobody may make it again. In the second all must.
//
// All that have left it have seen everybody enter. So any one member that does not wait in the barrier tells which case it is:
// it has the communicator still, or does not know it any more. The first of the group finds one:
//
//     who waits ── freed ──► first ── have you? ──► one who does not wait
//     who waits ◄─ still open ── first ◄── still open ── it has; says nothing if it has not
#include "drain/closing.h"

#include <cstring>

#include "core/communicators.h"
#include "core/groups.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/requests.h"

namespace mana {

namespace {

// What another rank has said of a communicator, or asked.
struct Said {
  Said *next;
  std::int32_t world_rank;
  std::uint64_t comm_id;
};
Said *freed = nullptr, *asked = nullptr;

void keep(Said **list, int world_rank, std::uint64_t comm_id) {
  auto *said = static_cast<Said *>(core_alloc(sizeof(Said)));
  *said = {*list, world_rank, comm_id};
  *list = said;
}

void forget(Said **list) {
  while (Said *said = *list) {
    *list = said->next;
    core_free(said);
  }
}

bool is_freed(const Comm *comm) { return (comm->flags & kFreed) != 0; }
bool is_open_somewhere(const Comm *comm) { return !is_freed(comm) || (comm->flags & kStillOpen); }

void mark_open(std::uint64_t comm_id) {
  Comm *comm = find_comm(comm_id);
  if (comm && is_freed(comm)) comm->flags |= kStillOpen;
}

void tell(int world_rank, ProtocolTag tag, std::uint64_t comm_id) {
  if (world_rank != seam()->process) return protocol_send(world_rank, tag, &comm_id, sizeof comm_id);
  take_closing(world_rank, tag, &comm_id);
}

bool announce() {
  bool any = false;
  for_each<Comm>([&](Comm *comm) {
    if (!comm->closing) return;
    any = true;
    comm->flags &= static_cast<std::uint8_t>(~kStillOpen);
    tell(leader_of(comm), kTagFreed, comm->id);
  });
  return any;
}

int first_without(const Group *group, const std::uint8_t *waits) {
  for (int rank = 0; rank < group->size; ++rank)
    if (!waits[group->world_ranks[rank]]) return group->world_ranks[rank];
  return -1;
}

// World rank of a member that has not said that it waits, or -1. `waits` is zero for all ranks, before and after.
int find_witness(const Comm *comm, std::uint8_t *waits) {
  for (const Said *said = freed; said; said = said->next)
    if (said->comm_id == comm->id) waits[said->world_rank] = 1;
  int witness = first_without(comm->group, waits);
  if (witness < 0 && comm->remote) witness = first_without(comm->remote, waits);
  for (const Said *said = freed; said; said = said->next) waits[said->world_rank] = 0;
  return witness;
}

// As the first of these groups. One that this rank has not freed is open, one that it does not know is freed by all.
void ask_witnesses() {
  auto *waits = static_cast<std::uint8_t *>(core_zalloc(static_cast<std::size_t>(seam()->processes)));
  for (const Said *said = freed; said; said = said->next) {
    if (said->world_rank != seam()->process) continue;
    const Comm *comm = find_comm(said->comm_id);
    const int witness = find_witness(comm, waits);
    if (witness >= 0) tell(witness, kTagHaveYou, comm->id);
  }
  core_free(waits);
}

void answer() {
  for (const Said *said = asked; said; said = said->next) {
    const Comm *comm = find_comm(said->comm_id);
    if (comm && !is_freed(comm)) tell(said->world_rank, kTagStillOpen, said->comm_id);
  }
}

void tell_who_waits() {
  for (const Said *said = freed; said; said = said->next) {
    const Comm *comm = find_comm(said->comm_id);
    if (comm && is_open_somewhere(comm)) tell(said->world_rank, kTagStillOpen, said->comm_id);
  }
}

bool ends_soon() {
  bool found = false;
  for_each<Comm>([&](const Comm *comm) { found = found || (comm->closing && !(comm->flags & kStillOpen)); });
  return found;
}

}  // namespace

void take_closing(int world_rank, ProtocolTag tag, const void *data) {
  std::uint64_t comm_id;
  std::memcpy(&comm_id, data, sizeof comm_id);
  if (tag == kTagFreed) keep(&freed, world_rank, comm_id);
  if (tag == kTagHaveYou) keep(&asked, world_rank, comm_id);
  if (tag == kTagStillOpen) mark_open(comm_id);
}

void settle_closings(ProtocolHandler handler) {
  if (!exchange(handler, announce())) return;
  ask_witnesses();
  exchange(handler);
  answer();
  exchange(handler);
  tell_who_waits();
  exchange(handler);
  forget(&freed);
  forget(&asked);

  // All that wait in such a barrier are here, and nobody goes on before it has ended on every rank.
  while (ends_soon()) test_active_requests();
  exchange(handler);
}

}  // namespace mana
