// Synchronous sends across a checkpoint: MPI_Ssend does not complete before its receive is posted.
//
// The drain receives a synchronous message at its target into memory, and below the send is complete. For the
// application it is not, until the target has asked for that message:
//
//     sender                                     target
//       Issend(tag 7)   ═══════ drained ═══════►   buffered, not asked for
//       "the 2nd from the end of tag 7" ───────►   marks it with the sender's ack id      } one notice per
//        request goes on as `needs_ack`                                                    } outstanding send
//       ...                                        Recv(tag 7) takes it from the buffer
//       Wait returns  ◄──────── ack ───────────
//
// MPI does not tell a receiver that a message was sent in synchronous mode. So the sender counts, for each
// outstanding synchronous send, the later sends of the same (communicator, target, tag): `Request::after`. Since messages of
// one envelope are matched in order, that many lie behind it in the target's buffer, if it lies there at all. Not found means that
// a receive has matched it, and the target acknowledges at once, still within the drain.
//
// Without outstanding synchronous sends to a peer a send pays one test of Peer::synchronous_sends.
#pragma once
#include "core/objects.h"

namespace mana {

struct Buffered;

// --- sender ---
void track_synchronous(Peer *peer, Request *request);    // a synchronous send was started and is under way
void untrack_synchronous(Request *request);              // it has completed, for the application too
void count_later_send(Peer *peer, const Comm *comm, int dest, int tag);  // before a send to such a peer
void await_acknowledgement(Request *request);            // drained: it goes on as needs_ack
void forget_acknowledgement(Request *request);           // nobody asks for its outcome any more: it becomes complete
extern std::uint32_t waiting_for_ack;                    // requests with needs_ack
// Takes the acknowledgements that have arrived: their requests become complete. Nothing without needs_ack.
void poll_acknowledgements();
void wait_for_acknowledgement();                         // until one arrives or a checkpoint has been made

// --- target ---
void acknowledge(Buffered *message);                     // the application has matched it

// --- in the drain ---
void notify_synchronous_sends();                         // queues a notice for each outstanding one
void settle_notices();                                   // everything is buffered: mark or acknowledge
void take_notice(int sender, const void *data);          // kTagNotice has arrived
void take_acknowledgement(const void *data);             // kTagAck has arrived

}  // namespace mana
