// See synchronous.h.
#include "drain/synchronous.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "abi_constants.h"
#include "core/communicators.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/requests.h"
#include "drain/buffered.h"
#include "drain/exchange.h"
#include "lower_mpi.h"

namespace mana {

std::uint32_t waiting_for_ack = 0;

namespace {

// Sender to target: "of your buffered messages on comm_id from `source` with `tag`, the one with `after` behind it is mine".
struct Notice {
  std::uint64_t comm_id;
  std::uint64_t after;
  std::uint64_t ack_id;
  std::int32_t source;
  std::int32_t tag;
};
static_assert(sizeof(Notice) <= kProtocolBytes);

struct Received {
  Received *next;
  std::int32_t sender;
  Notice notice;
};
Received *received = nullptr;

std::uint64_t last_ack_id = 0;

bool is_synchronous(const Request *r) {
  return r->op == RequestKind::send && r->mode == static_cast<std::uint8_t>(SendMode::synchronous);
}

void acknowledged(std::uint64_t ack_id) {
  for (Request *r = ring_first(); r; r = ring_next(r)) {
    if (r->ack_id != ack_id) continue;
    forget_acknowledgement(r);
    return;
  }
}

void send_acknowledgement(int world_rank, std::uint64_t ack_id) {
  if (world_rank == seam()->process)
    acknowledged(ack_id);
  else
    protocol_send(world_rank, kTagAck, &ack_id, sizeof ack_id);
}

Buffered *find_noticed(const Notice &notice) {
  const Comm *comm = find_comm(notice.comm_id);
  if (!comm) return nullptr;
  std::uint64_t behind = notice.after;
  for (Buffered *m = comm->buffered_tail; m; m = m->prev) {
    if (m->source != notice.source || m->tag != notice.tag) continue;
    if (behind > 0)
      --behind;
    else if (m->ack_id == 0)  // else of another thread, which sent at the same time: neither has counted the other's
      return m;
  }
  return nullptr;
}

}  // namespace

// ---------------------------------------------------------------------------------
// Sender

void track_synchronous(Peer *peer, Request *request) {
  request->after = 0;
  request->next_synchronous = peer->synchronous_sends;
  peer->synchronous_sends = request;
}

void untrack_synchronous(Request *request) {
  Request **place = &request->comm->peers[request->peer]->synchronous_sends;
  while (*place && *place != request) place = &(*place)->next_synchronous;
  if (*place) *place = request->next_synchronous;
}

void count_later_send(Peer *peer, const Comm *comm, int dest, int tag) {
  for (Request *r = peer->synchronous_sends; r; r = r->next_synchronous)
    if (r->comm == comm && r->peer == dest && r->tag == tag) ++r->after;
}

void await_acknowledgement(Request *request) {
  request->native = natives.request_null;
  request->needs_ack = 1;
  ++waiting_for_ack;
}

void forget_acknowledgement(Request *request) {
  if (request->needs_ack) --waiting_for_ack;
  request->needs_ack = 0;
  request->ack_id = 0;
  untrack_synchronous(request);
  complete(request, empty_status());
}

void poll_acknowledgements() {
  const LowerMpi *mpi = seam()->mpi;
  while (waiting_for_ack) {
    int flag = 0;
    Status status;
    std::uint64_t ack_id = 0;
    NativeMessage found;
    if (mpi->Improbe(abi::ANY_SOURCE, kTagAck, natives.protocol, &flag, &found, &status) != 0 || !flag) return;
    if (mpi->Mrecv(&ack_id, sizeof ack_id, natives.byte, &found, &status) == 0) acknowledged(ack_id);
  }
}

// With several threads any of them may take up the acknowledgement of another, so none may block for its own.
static void look_for_acknowledgement() {
  {
    Unlocked unlocked;
    syscall(SYS_sched_yield);
  }
  poll_acknowledgements();
  park();
}

void wait_for_acknowledgement() {
  if (core_threaded) return look_for_acknowledgement();
  Status status;
  int outcome;
  {
    Unlocked unlocked;
    outcome = seam()->services->blocking->probe(abi::ANY_SOURCE, kTagAck, natives.protocol, &status);
  }
  if (outcome == kInterrupted)
    park();
  else
    poll_acknowledgements();
}

// ---------------------------------------------------------------------------------
// Target

void acknowledge(Buffered *message) {
  if (message->ack_id == 0) return;
  send_acknowledgement(message->sender, message->ack_id);
  message->ack_id = 0;
  protocol_sends_done();
}

// ---------------------------------------------------------------------------------
// In the drain

void notify_synchronous_sends() {
  for (Request *r = ring_first(); r; r = ring_next(r)) {
    if (!is_synchronous(r) || r->ack_id != 0 || r->detached) continue;
    r->ack_id = ++last_ack_id;
    const Notice notice{r->comm->id, r->after, r->ack_id, r->comm->rank, r->tag};
    protocol_send(peer_group(r->comm)->world_ranks[r->peer], kTagNotice, &notice, sizeof notice);
  }
}

void take_notice(int sender, const void *data) {
  auto *entry = static_cast<Received *>(core_alloc(sizeof(Received)));
  entry->sender = sender;
  std::memcpy(&entry->notice, data, sizeof(Notice));
  entry->next = received;
  received = entry;
}

void take_acknowledgement(const void *data) {
  std::uint64_t ack_id;
  std::memcpy(&ack_id, data, sizeof ack_id);
  acknowledged(ack_id);
}

void settle_notices() {
  while (Received *entry = received) {
    received = entry->next;
    if (Buffered *message = find_noticed(entry->notice)) {
      message->ack_id = entry->notice.ack_id;
      message->sender = entry->sender;
    } else {
      send_acknowledgement(entry->sender, entry->notice.ack_id);
    }
    core_free(entry);
  }
}

}  // namespace mana
