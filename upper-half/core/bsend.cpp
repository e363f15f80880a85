// See bsend.h.
#include "core/bsend.h"

#include "core/call.h"
#include "core/communicators.h"
#include "core/composite.h"
#include "core/errors.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/pack.h"
#include "core/point_to_point.h"
#include "core/pool.h"
#include "core_api.h"
#include "drain/buffered.h"
#include "lower_mpi.h"

namespace mana {

// Sends that were begun before it, and have not ended.
struct Flush {
  Flush *next;
  Request *request;
  std::int32_t number;
  std::int32_t left;
};

namespace {

SendBuffer *process_buffer;

bool is_buffered(const Request *r) {
  return r->op == RequestKind::send && r->mode == static_cast<std::uint8_t>(SendMode::buffered);
}

// Oldest buffered send that is under way, of a buffer or (null) of any.
Request *first_buffered(const SendBuffer *buffer) {
  for (Request *r = ring_first(); r; r = ring_next(r))
    if (is_buffered(r) && (!buffer || r->send_buffer == buffer)) return r;
  return nullptr;
}

SendBuffer *buffer_of(const Comm *comm) {
  if (comm->send_buffer) return comm->send_buffer;
  SendBuffer *found = nullptr;
  if (const std::uint64_t number = comm->group->session)
    for_each<Session>([&](Session *session) {
      if (session->number == number) found = session->send_buffer;
    });
  return found ? found : process_buffer;
}

std::int64_t space_of(std::int64_t bytes) { return bytes + front().bsend_overhead; }

bool is_automatic(const SendBuffer *buffer) {
  return reinterpret_cast<std::uintptr_t>(buffer->address) == abi::BUFFER_AUTOMATIC;
}

bool has_space(const SendBuffer *buffer, std::int64_t bytes) {
  if (!buffer) return false;
  if (is_automatic(buffer) || buffer->size - buffer->used >= bytes) return true;
  test_active_requests();
  return buffer->size - buffer->used >= bytes;
}

}  // namespace

void *pack_copy(const void *buf, int count, const Datatype *type, std::int64_t *bytes) {
  *bytes = packed_bytes(count, type);
  void *copy = core_try_alloc(static_cast<std::size_t>(*bytes));
  if (copy) pack_bytes(buf, count, type, copy);
  return copy;
}

int bsend_start(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm) {
  const std::int64_t space = space_of(packed_bytes(count, type));
  SendBuffer *buffer = buffer_of(comm);
  if (!has_space(buffer, space)) return abi::ERR_BUFFER;
  std::int64_t bytes;
  void *copy = pack_copy(buf, count, type, &bytes);
  if (!copy) return abi::ERR_NO_MEM;

  before_send(comm, dest, tag);
  Request *r = new_request(comm, RequestKind::send);
  const ByteSpan span(bytes);
  const int error = seam()->mpi->Isend(copy, span.count, span.type, dest, tag, comm->native, &r->native);
  if (error) {
    ring_remove(r);
    free_request(r);
    core_free(copy);
    return error;
  }
  r->mode = static_cast<std::uint8_t>(SendMode::buffered);
  r->peer = dest;
  r->tag = tag;
  r->buf = copy;
  r->after = static_cast<std::uint64_t>(space);
  r->count = buffer->flushes;
  r->send_buffer = buffer;
  ++comm->peers[dest]->sent;
  buffer->used += space;
  detach(r);
  return 0;
}

void bsend_ended(Request *request) {
  core_free(request->buf);
  SendBuffer *buffer = request->send_buffer;
  buffer->used -= static_cast<std::int64_t>(request->after);
  for (Flush **link = &buffer->flushing; *link;) {
    Flush *flush = *link;
    if (request->count >= flush->number || --flush->left != 0) {
      link = &flush->next;
      continue;
    }
    *link = flush->next;
    finish_whole(flush->request);
    core_free(flush);
  }
}

bool is_flushed(const Request *send, std::uint8_t mark) {
  if (!is_buffered(send) || !send->send_buffer) return false;
  for (const Flush *flush = send->send_buffer->flushing; flush; flush = flush->next)
    if (flush->request->is_whole == mark && send->count < flush->number) return true;
  return false;
}

Request *start_flush(SendBuffer *buffer, Comm *comm) {
  Request *whole = new_whole(comm);
  std::int32_t pending = 0;
  for (const Request *r = buffer ? ring_first() : nullptr; r; r = ring_next(r))
    pending += is_buffered(r) && r->send_buffer == buffer;
  if (pending == 0) {
    finish_whole(whole);
    return whole;
  }
  auto *flush = static_cast<Flush *>(core_alloc(sizeof(Flush)));
  *flush = {buffer->flushing, whole, ++buffer->flushes, pending};
  buffer->flushing = flush;
  return whole;
}

void bsend_flush() { bsend_flush(nullptr); }

void bsend_flush(const SendBuffer *buffer) {
  while (Request *r = first_buffered(buffer)) {
    NativeRequest native = r->native;
    Status status;
    std::uint8_t completed = 0;
    r->waited = 1;
    const int outcome =
        unlocked([&] { return seam()->services->blocking->wait(1, &native, &status, &completed, WaitMode::all); });
    r->waited = 0;
    if (completed)
      settle(r, status);
    else if (outcome == kInterrupted)
      park();
  }
}

int attach_buffer(SendBuffer **place, void *address, std::int64_t size) {
  if (*place) return abi::ERR_BUFFER;
  auto *buffer = static_cast<SendBuffer *>(core_zalloc(sizeof(SendBuffer)));
  buffer->address = address;
  if (is_automatic(buffer)) size = 0;
  buffer->size = size;
  if (size < 0) {
    core_free(buffer);
    return abi::ERR_ARG;
  }
  *place = buffer;
  return 0;
}

// With nothing attached MPI leaves the result open; both implementations say a null buffer of size 0.
std::int64_t detach_buffer(SendBuffer **place, void **address) {
  *address = nullptr;
  if (!*place) return 0;
  bsend_flush(*place);
  SendBuffer *buffer = *place;
  if (!buffer) return 0;  // another thread has detached it meanwhile
  *place = nullptr;
  *address = buffer->address;
  const std::int64_t size = buffer->size;
  core_free(buffer);
  return size;
}

namespace {

template <class Size> int attach(Comm *comm, void *buffer, Size size) {
  if (is_null(comm)) return raise(abi::ERR_COMM);
  const int error = attach_buffer(&comm->send_buffer, buffer, size);
  return error ? raise(comm, error) : 0;
}

template <class Size> int detach(Comm *comm, void **buffer, Size *size) {
  if (is_null(comm)) return raise(abi::ERR_COMM);
  ++comm->refs;
  *size = static_cast<Size>(detach_buffer(&comm->send_buffer, buffer));
  release(comm);
  return 0;
}

int attach(void *buffer, std::int64_t size) {
  const int error = attach_buffer(&process_buffer, buffer, size);
  return error ? raise(error) : 0;
}

}  // namespace

namespace api {

int Buffer_attach(void *buffer, int size) {
  Call call(Fn::Buffer_attach);
  return attach(buffer, size);
}

int Buffer_attach_c(void *buffer, std::int64_t size) {
  Call call(Fn::Buffer_attach_c);
  return attach(buffer, size);
}

int Buffer_detach(void **buffer, int *size) {
  Call call(Fn::Buffer_detach);
  *size = static_cast<int>(detach_buffer(&process_buffer, buffer));
  return 0;
}

int Buffer_detach_c(void **buffer, std::int64_t *size) {
  Call call(Fn::Buffer_detach_c);
  *size = detach_buffer(&process_buffer, buffer);
  return 0;
}

int Buffer_flush() {
  Call call(Fn::Buffer_flush);
  if (process_buffer) bsend_flush(process_buffer);
  return 0;
}

int Buffer_iflush(Request **request) {
  Call call(Fn::Buffer_iflush);
  *request = start_flush(process_buffer, world);
  return 0;
}

int Comm_attach_buffer(Comm *comm, void *buffer, int size) {
  Call call(Fn::Comm_attach_buffer);
  return attach(comm, buffer, size);
}

int Comm_attach_buffer_c(Comm *comm, void *buffer, std::int64_t size) {
  Call call(Fn::Comm_attach_buffer_c);
  return attach(comm, buffer, size);
}

int Comm_detach_buffer(Comm *comm, void **buffer, int *size) {
  Call call(Fn::Comm_detach_buffer);
  return detach(comm, buffer, size);
}

int Comm_detach_buffer_c(Comm *comm, void **buffer, std::int64_t *size) {
  Call call(Fn::Comm_detach_buffer_c);
  return detach(comm, buffer, size);
}

int Comm_flush_buffer(Comm *comm) {
  Call call(Fn::Comm_flush_buffer);
  if (is_null(comm)) return raise(abi::ERR_COMM);
  if (comm->send_buffer) bsend_flush(comm->send_buffer);
  return 0;
}

int Comm_iflush_buffer(Comm *comm, Request **request) {
  Call call(Fn::Comm_iflush_buffer);
  if (is_null(comm)) return raise(abi::ERR_COMM);
  *request = start_flush(comm->send_buffer, comm);
  return 0;
}

}  // namespace api

}  // namespace mana
