// Life of a request record.
//
//     new_request ─► (active, native running, in the ring) ─► settle ─► (complete, outcome in status) ─► retire
//          ▲                                                                                      │
//          └──── persistent: Start ◄── inactive ◄─────────────────────────────────────────────────┘
//
// settle() is when the operation has ended below, retire() when the application has been told. A drain
// settles requests long before the application asks; Test and Wait then find them complete and do not cross.
//
// The ring holds the active requests in order of their start. The drain tests its natives; a restart posts the unmatched
// receives again in that order, which keeps MPI's matching order between them.
#pragma once
#include "abi_constants.h"
#include "core/communicators.h"
#include "core/datatypes.h"
#include "core/objects.h"
#include "core/pool.h"
#include "core/start.h"

namespace mana {

// A new active record on `comm` (referenced), in the ring. Its native is the null request.
inline Request *new_request(Comm *comm, RequestKind op);
// A record which is complete from the start: PROC_NULL, buffered sends, messages that were drained.
Request *new_complete_request(Comm *comm, RequestKind op, const Status &status);
// Gives the record back, with its references. It must not be in the ring.
inline void free_request(Request *request);

inline void ring_append(Request *request);
inline void ring_remove(Request *request);
Request *ring_first();                        // null when empty
Request *ring_next(const Request *request);   // null at the end

// Its native has ended with this outcome: counts the message and completes the record. (A synchronous send that the
// drain has notified its target of goes on without a native until it is acknowledged: drain/synchronous.h.)
inline void settle(Request *request, const Status &status);
// Completes the record; nothing is counted. A detached record is freed with it.
inline void complete(Request *request, const Status &status);

// The application has been told: a persistent one becomes inactive, another is freed and *request becomes
// MPI_REQUEST_NULL.
inline void retire(Request **request);
inline Request *null_request() { return predefined<Request>(abi::REQUEST_NULL); }

// Waits for a blocking call's own request, parking as often as asked. Returns its ABI error, not raised; the record is
// freed. `status` may be null.
int finish_blocking(Request *request, Status *status);
// Waits until the request is complete; does not retire it.
void wait_for(Request *request);

// Tests the native of every active request, in batches of one crossing, and settles those that have ended.
// Returns how many are still running, without the barriers of freed communicators (core/communicators.h).
struct Running {
  std::uint32_t receives, others;
};
Running test_active_requests();

// MPI_Request_free of an active request: it goes on by itself.
void detach(Request *request);

inline bool is_null(const Request *r) { return (r->flags & kNull) != 0; }
// Still to be waited for.
inline bool is_pending(const Request *r) { return r->active && !r->complete; }

inline Status empty_status() { return {-1, -2, 0, 0, 0, 0}; }       // ANY_SOURCE, ANY_TAG
inline Status proc_null_status() { return {-3, -2, 0, 0, 0, 0}; }   // PROC_NULL, ANY_TAG

// Counts a received message by its status.
inline void count_received(Comm *comm, const Status &status) {
  if (static_cast<std::uint32_t>(status.source) < static_cast<std::uint32_t>(comm->peer_count)) [[likely]]
    ++comm->peers[status.source]->received;
}

// ---------------------------------------------------------------------------------
// What every message passes through is inline.

// Head of the ring: first = ring.next, last = ring.prev. start_ring() links it to itself.
extern Request ring;
void start_ring();

void settle_other(Request *request, const Status &status);  // all but receives and plain sends that went through
void complete_detached(Request *request);

inline void ring_append(Request *request) {
  request->prev = ring.prev;
  request->next = &ring;
  ring.prev->next = request;
  ring.prev = request;
}

inline void ring_remove(Request *request) {
  request->prev->next = request->next;
  request->next->prev = request->prev;
  request->prev = request->next = nullptr;
}

inline Request *new_request(Comm *comm, RequestKind op) {
  Request *r = make<Request>();
  r->native = natives.request_null;
  r->op = op;
  r->active = 1;
  r->comm = comm;
  ++comm->refs;
  ring_append(r);
  return r;
}

inline void free_request(Request *request) {
  if (request->type) release(request->type);
  if (request->comm) release(request->comm);
  destroy(request);
}

inline void complete(Request *request, const Status &status) {
  if (request->next) ring_remove(request);
  request->native = natives.request_null;
  request->status = status;
  request->complete = 1;
  if (request->detached) [[unlikely]] complete_detached(request);
}

inline void settle(Request *r, const Status &status) {
  if (r->op == RequestKind::recv && status.error == 0 && !status.cancelled) [[likely]]
    count_received(r->comm, status);
  else if (r->op != RequestKind::send || r->mode != 0 || status.cancelled)
    return settle_other(r, status);
  complete(r, status);
}

inline void retire(Request **request) {
  Request *r = *request;
  if (r->persistent) {
    r->active = r->complete = r->cancelled = 0;
    return;
  }
  free_request(r);
  *request = null_request();
}

}  // namespace mana
