// Sends and receives as the core starts them: shared by the blocking, nonblocking, persistent and
// matched calls and by the rebuild after a restart.
//
// What a message costs above the live MPI: a check of the arguments, one load of the peer's record, one increment there.
// Peers count messages since the last drain (sent at the start of a send, received at the end of a receive);
// nothing else is remembered of a message that has gone through.
#pragma once
#include "core/datatypes.h"
#include "core/objects.h"
#include "core/requests.h"
#include "drain/synchronous.h"

namespace mana {

// 0, or the ABI error of these arguments. PROC_NULL is a valid peer.
int check_send(const Comm *comm, int count, const Datatype *type, int dest, int tag);
int check_recv(const Comm *comm, int count, const Datatype *type, int source, int tag);

// True when nothing is wrong and the peer is a process: the one test on the fast path.
inline bool plain_send(const Comm *comm, int count, const Datatype *type, int dest, int tag) {
  return static_cast<std::uint32_t>(dest) < static_cast<std::uint32_t>(comm->peer_count) && (count | tag) >= 0 &&
         type->committed;
}
inline bool plain_recv(const Comm *comm, int count, const Datatype *type, int source, int tag) {
  return (static_cast<std::uint32_t>(source) < static_cast<std::uint32_t>(comm->peer_count) ||
          (source == -1 && comm->peer_count > 0)) &&
         count >= 0 && tag >= -2 && tag != -1 && type->committed;
}

// To be called before a message to `dest` is sent.
inline void before_send(const Comm *comm, int dest, int tag) {
  Peer *peer = comm->peers[dest];
  if (peer->synchronous_sends) [[unlikely]] count_later_send(peer, comm, dest, tag);
}

// Starts the active record below, by its description; the peer is a process (receives: or ANY_SOURCE). A receive takes a
// drained message first and is complete then. Returns an ABI error, not raised; the record stays.
int start_send(Request *request);
int start_recv(Request *request);

// Fills the description of a record; the type is referenced for receives and persistent requests.
void describe(Request *request, SendMode mode, const void *buf, int count, Datatype *type, int peer, int tag);

}  // namespace mana
