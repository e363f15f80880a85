// The drain: what makes "nothing is in the network" true.
//
// All ranks are parked and none is inside a collective, so the set of messages under way is fixed. Each rank has counted,
// per peer and since the last drain, the messages whose send it started and those whose receive it completed:
//
//      rank 0  sent to 1:   7    ── "7" ──►   rank 1  received from 0:  5      two are under way
//
// Rank 1 tests its posted receives (which may take some of the two) and receives the rest into memory until it too has 7.
// A nonblocking collective has been started by all of its members, so testing completes it; a send completes because its
// target receives. What is left is posted receives that nothing has been sent for.
//
// May run in a signal handler on top of the application: no malloc, no libc beyond memory functions.
#include "drain/drain.h"

#include <cstring>

#include "abi_constants.h"
#include "core/communicators.h"
#include "core/mailbox.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/requests.h"
#include "core/windows.h"
#include "drain/buffered.h"
#include "drain/closing.h"
#include "drain/exchange.h"
#include "drain/files.h"
#include "drain/synchronous.h"
#include "lower_mpi.h"

namespace mana {

namespace {

std::int64_t *expected;  // by world rank: messages that it has sent to this rank

void take_protocol(int world_rank, ProtocolTag tag, const void *data) {
  switch (tag) {
  case kTagCounts: std::memcpy(&expected[world_rank], data, sizeof(std::int64_t)); break;
  case kTagNotice: take_notice(world_rank, data); break;
  case kTagAck: take_acknowledgement(data); break;
  case kTagMail: keep_mail(world_rank, data); break;
  default: take_closing(world_rank, tag, data);
  }
}

void announce_counts() {
  for (int rank = 0; rank < seam()->processes; ++rank)
    if (world_peers[rank].sent != 0) protocol_send(rank, kTagCounts, &world_peers[rank].sent, sizeof(std::int64_t));
}

bool all_arrived() {
  for (int rank = 0; rank < seam()->processes; ++rank)
    if (static_cast<std::int64_t>(world_peers[rank].received) != expected[rank]) return false;
  return true;
}

Buffered *receive_into_memory(Comm *comm, NativeMessage native, const Status &status) {
  Buffered *message = new_buffered(status.bytes);
  message->source = status.source;
  message->tag = status.tag;
  const ByteSpan span(status.bytes);
  Status outcome;
  if (seam()->mpi->Mrecv(message->data, span.count, span.type, &native, &outcome) != 0)
    seam()->services->die(125, "drain: a message that was found could not be received");
  count_received(comm, status);
  return message;
}

// Messages that the application has matched with MPI_Mprobe and not received yet.
void receive_matched() {
  for_each<Message>([](Message *m) {
    if ((m->flags & kPredefined) || m->buffered) return;
    m->buffered = receive_into_memory(m->comm, m->native, m->status);
    m->native = natives.message_null;
  });
}

void receive_unexpected(Comm *comm) {
  for (;;) {
    int flag = 0;
    Status status;
    NativeMessage found;
    if (seam()->mpi->Improbe(abi::ANY_SOURCE, abi::ANY_TAG, comm->native, &flag, &found, &status) != 0 || !flag)
      return;
    append_buffered(comm, receive_into_memory(comm, found, status));
  }
}

void receive_until_all_arrived() {
  for (;;) {
    const Running running = test_active_requests();
    if (running.others == 0 && all_arrived()) return;
    for_each_comm([](Comm *comm) {
      if (has_native(comm)) receive_unexpected(comm);
    });
  }
}

void start_counting_anew() {
  for (int rank = 0; rank < seam()->processes; ++rank) world_peers[rank].sent = world_peers[rank].received = 0;
}

}  // namespace

void drain_channels() {
  expected = static_cast<std::int64_t *>(core_alloc(sizeof(std::int64_t) * static_cast<std::size_t>(seam()->processes)));
  std::memset(expected, 0, sizeof(std::int64_t) * static_cast<std::size_t>(seam()->processes));

  // A send that has been cancelled is found out: it is no message.
  test_active_requests();

  // Every rank tells its peers how much it has sent them, and which synchronous sends are not complete.
  announce_counts();
  notify_synchronous_sends();
  exchange(take_protocol);

  // From here on each rank knows how many messages it must have received.
  receive_matched();
  receive_until_all_arrived();

  // A communicator that this rank has freed is gone below, or it is known that another member has it still.
  settle_closings(take_protocol);

  // Every message is received: the targets of synchronous sends can say whether they were asked for.
  settle_notices();
  exchange(take_protocol);

  // Split accesses to files are ended below, data is on disk, and the records know every pointer.
  drain_files();

  // Nothing is under way, neither of the application's nor of ours.
  settle_windows();
  start_counting_anew();
  core_free(expected);
}

void drain_at_finalize() {
  exchange(take_protocol);
  settle_closings(take_protocol);
}

void discard_unexpected(Comm *comm) { receive_unexpected(comm); }

}  // namespace mana
