// See buffered.h.
#include "drain/buffered.h"

#include <algorithm>

#include "abi_constants.h"
#include "core/memory.h"
#include "core/pack.h"
#include "core/start.h"
#include "drain/synchronous.h"
#include "lower_mpi.h"

namespace mana {

Buffered *new_buffered(std::int64_t bytes) {
  auto *message = static_cast<Buffered *>(core_alloc(sizeof(Buffered)));
  *message = {};
  message->bytes = bytes;
  message->data = static_cast<unsigned char *>(core_alloc(static_cast<std::size_t>(bytes) + 1));
  return message;
}

void append_buffered(Comm *comm, Buffered *message) {
  message->prev = comm->buffered_tail;
  message->next = nullptr;
  (comm->buffered_tail ? comm->buffered_tail->next : comm->buffered_head) = message;
  comm->buffered_tail = message;
}

Buffered *find_buffered(const Comm *comm, int source, int tag) {
  for (Buffered *m = comm->buffered_head; m; m = m->next)
    if ((source == abi::ANY_SOURCE || source == m->source) && (tag == abi::ANY_TAG || tag == m->tag)) return m;
  return nullptr;
}

void unlink_buffered(Comm *comm, Buffered *message) {
  (message->prev ? message->prev->next : comm->buffered_head) = message->next;
  (message->next ? message->next->prev : comm->buffered_tail) = message->prev;
  message->prev = message->next = nullptr;
}

Status buffered_status(const Buffered *message) { return {message->source, message->tag, 0, 0, message->bytes, 0}; }

// A message that is too long fills the receive and gives MPI_ERR_TRUNCATE, as in both MPIs.
int deliver_buffered(Buffered *message, void *buf, int count, Datatype *type, Status *status) {
  const std::int64_t room = packed_bytes(count, type);
  const std::int64_t bytes = std::min(message->bytes, room);
  const int error = message->bytes > room ? abi::ERR_TRUNCATE : 0;
  unpack_bytes(message->data, bytes, buf, count, type);
  if (status) {
    *status = buffered_status(message);
    status->bytes = bytes;
    status->error = error;
  }
  acknowledge(message);
  drop_buffered(message);
  return error;
}

void drop_buffered(Buffered *message) {
  core_free(message->data);
  core_free(message);
}

// Beyond an int: one item of a type made of as many blocks of bytes as it takes.
ByteSpan::ByteSpan(std::int64_t bytes) : type(natives.byte), count(static_cast<int>(bytes)) {
  constexpr int kBlocks = 128;  // 256 GiB
  if (bytes <= INT32_MAX) return;
  int lengths[kBlocks];
  std::int64_t displacements[kBlocks];
  int n = 0;
  for (std::int64_t at = 0; at < bytes && n < kBlocks; at += INT32_MAX, ++n) {
    lengths[n] = static_cast<int>(std::min<std::int64_t>(bytes - at, INT32_MAX));
    displacements[n] = at;
  }
  const LowerMpi *mpi = seam()->mpi;
  if (mpi->Type_create_hindexed(n, lengths, displacements, natives.byte, &type) != 0 || mpi->Type_commit(&type) != 0)
    seam()->services->die(125, "drain: the live MPI refused a datatype for a message of more than 2 GiB");
  count = 1;
  made_ = true;
}

ByteSpan::~ByteSpan() {
  if (made_) seam()->mpi->Type_free(&type);
}

}  // namespace mana
