// Sparse exchange of small messages between ranks on the core's own communicator.
//
// Every rank sends to those it has something for and learns who has something for it, without an array of the size of the
// job and without P² messages: the "nonblocking consensus" of Hoefler, Siebert and Lumsdaine (PPoPP 2010).
//
//     Issend to each peer ─► poll: take what arrives ─► all my sends matched? ─► Iallreduce ─► poll until it ends
//
// A synchronous send that has completed has been taken by its target. So once the reduction has ended, every
// message of every rank has been taken, acknowledgements that were sent earlier (synchronous.h) included.
#pragma once
#include <cstdint>

namespace mana {

// Tags on the core's own communicator.
enum ProtocolTag : int {
  kTagCounts = 1,   // one int64: messages sent to you since the last drain
  kTagNotice = 2,   // Notice (synchronous.cpp)
  kTagAck = 3,      // one int64: ack id
  kTagMail = 4,     // Mail (core/mailbox.h)
  kTagFreed = 5,    // the id of a communicator, as all of these: closing.cpp
  kTagHaveYou = 6,
  kTagStillOpen = 7,
};

// Sends a copy of `bytes` (at most kProtocolBytes) to a world rank; completes in the background, at the latest in the
// next exchange().
inline constexpr int kProtocolBytes = 64;
void protocol_send(int world_rank, ProtocolTag tag, const void *data, int bytes);

// Takes one protocol message if there is one. Returns whether there was.
using ProtocolHandler = void (*)(int world_rank, ProtocolTag tag, const void *data);
bool protocol_poll(ProtocolHandler handler);

// Collective over all ranks: returns when everything sent by protocol_send() anywhere has been handled. Whether any rank has
// said `here`.
bool exchange(ProtocolHandler handler, bool here = false);

// Tests the sends under way; true when none is left.
bool protocol_sends_done();

}  // namespace mana
