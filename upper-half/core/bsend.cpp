// See bsend.h.
#include "core/bsend.h"

#include "core/call.h"
#include "core/errors.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/pack.h"
#include "core/point_to_point.h"
#include "core_api.h"
#include "drain/buffered.h"
#include "lower_mpi.h"

namespace mana {

namespace {

struct Attached {
  void *address;
  std::int64_t size;
  std::int64_t used;
  bool present;
};
Attached attached;

// Oldest buffered send that is under way.
Request *first_buffered() {
  for (Request *r = ring_first(); r; r = ring_next(r))
    if (r->op == RequestKind::send && r->mode == static_cast<std::uint8_t>(SendMode::buffered)) return r;
  return nullptr;
}

std::int64_t space_of(std::int64_t bytes) { return bytes + front().bsend_overhead; }

bool has_space(std::int64_t bytes) {
  if (!attached.present) return false;
  if (attached.size - attached.used >= bytes) return true;
  test_active_requests();
  return attached.size - attached.used >= bytes;
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
  if (!has_space(space)) return abi::ERR_BUFFER;
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
  ++comm->peers[dest]->sent;
  attached.used += space;
  detach(r);
  return 0;
}

void bsend_ended(Request *request) {
  core_free(request->buf);
  attached.used -= static_cast<std::int64_t>(request->after);
}

void bsend_flush() {
  while (Request *r = first_buffered()) {
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

namespace {

int attach(void *buffer, std::int64_t size) {
  if (attached.present) return raise(abi::ERR_BUFFER);
  if (size < 0) return raise(abi::ERR_ARG);
  attached = {buffer, size, 0, true};
  return 0;
}

// With nothing attached MPI leaves the result open; both implementations say a null buffer of size 0.
std::int64_t detach_buffer(void *buffer_address) {
  bsend_flush();
  *static_cast<void **>(buffer_address) = attached.present ? attached.address : nullptr;
  const std::int64_t size = attached.present ? attached.size : 0;
  attached = {};
  return size;
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

int Buffer_detach(void *buffer_address, int *size) {
  Call call(Fn::Buffer_detach);
  *size = static_cast<int>(detach_buffer(buffer_address));
  return 0;
}

int Buffer_detach_c(void *buffer_address, std::int64_t *size) {
  Call call(Fn::Buffer_detach_c);
  *size = detach_buffer(buffer_address);
  return 0;
}

}  // namespace api

}  // namespace mana
