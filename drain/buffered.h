// Messages that were received for the application before it asked for them.
//
// At a checkpoint everything in the network is received into memory (drain.h). A later receive or probe looks here
// before it asks the live MPI:
//
//     comm->buffered_head ─► [src 2 tag 7] ─► [src 0 tag 7] ─► [src 2 tag 9] ─► null
//
// The list is in order of arrival, hence per source in order of sending, and all of it is older than anything which
// the live MPI may still hold. So the first match from the head keeps MPI's order, and a message here never matches a
// receive that is already posted (that receive would have got it).
//
// Data is kept packed, as bytes in the order of the sender's type map, and unpacked into the receiver's type (core/pack.h).
#pragma once
#include "core/objects.h"

namespace mana {

struct Buffered {
  Buffered *prev, *next;
  std::int32_t source;     // local rank
  std::int32_t tag;
  std::int64_t bytes;
  std::uint64_t ack_id;    // not 0: the sender waits for this acknowledgement (synchronous.h)
  std::int32_t sender;     // its world rank
  std::int32_t pad_;
  unsigned char *data;
};

// A message of `bytes` that the caller receives into `data`.
Buffered *new_buffered(std::int64_t bytes);
void append_buffered(Comm *comm, Buffered *message);

// First message that a receive with this source and tag (wildcards allowed) gets, or null.
Buffered *find_buffered(const Comm *comm, int source, int tag);
void unlink_buffered(Comm *comm, Buffered *message);

Status buffered_status(const Buffered *message);

// Hands an unlinked message to a receive and drops it. Returns 0 or MPI_ERR_TRUNCATE, also in status->error.
int deliver_buffered(Buffered *message, void *buf, int count, Datatype *type, Status *status);
void drop_buffered(Buffered *message);

// Native datatype and count for `bytes` bytes, also when an int cannot count them.
class ByteSpan {
public:
  explicit ByteSpan(std::int64_t bytes);
  ~ByteSpan();
  ByteSpan(const ByteSpan &) = delete;
  ByteSpan &operator=(const ByteSpan &) = delete;

  NativeDatatype type;
  int count;

private:
  bool made_ = false;
};

}  // namespace mana
