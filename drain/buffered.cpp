// See buffered.h.
#include "drain/buffered.h"

#include <algorithm>
#include <cstring>

#include "abi_constants.h"
#include "core/datatypes.h"
#include "core/memory.h"
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

namespace {

constexpr int kDeliveryTag = 1;

// The live MPI unpacks: a message to ourselves.
int deliver_through_mpi(const Buffered *message, void *buf, int count, Datatype *type, Status *status) {
  const LowerMpi *mpi = seam()->mpi;
  NativeRequest requests[2] = {natives.request_null, natives.request_null};
  Status statuses[2];
  std::uint8_t completed[2] = {0, 0};
  const ByteSpan span(message->bytes);
  if (const int error = mpi->Irecv(buf, count, native_of(type), 0, kDeliveryTag, natives.self, &requests[0]))
    return error;
  if (const int error = mpi->Isend(message->data, span.count, span.type, 0, kDeliveryTag, natives.self, &requests[1]))
    return error;
  while (!completed[0] || !completed[1])
    seam()->services->blocking->test(2, requests, statuses, completed, WaitMode::all);
  status->bytes = statuses[0].bytes;
  return statuses[0].error;
}

int deliver_bytes(const Buffered *message, void *buf, int count, const Datatype *type, Status *status) {
  const std::int64_t room = type->size * count;
  const std::int64_t bytes = std::min(message->bytes, room);
  if (bytes > 0) std::memcpy(buf, message->data, static_cast<std::size_t>(bytes));
  status->bytes = bytes;
  return message->bytes > room ? abi::ERR_TRUNCATE : 0;
}

}  // namespace

int deliver_buffered(Buffered *message, void *buf, int count, Datatype *type, Status *status) {
  Status own;
  if (!status) status = &own;
  *status = buffered_status(message);
  status->error = type->contiguous ? deliver_bytes(message, buf, count, type, status)
                                   : deliver_through_mpi(message, buf, count, type, status);
  acknowledge(message);
  const int error = status->error;
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
