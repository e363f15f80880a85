// See requests.h.
#include "core/requests.h"

#include "abi_constants.h"
#include "core/bsend.h"
#include "core/collectives.h"
#include "core/communicators.h"
#include "core/composite.h"
#include "core/datatypes.h"
#include "core/duplication.h"
#include "core/file_access.h"
#include "core/generalized.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/partitioned.h"
#include "core/pool.h"
#include "drain/synchronous.h"

namespace mana {

Request ring;

namespace {

// Requests that the application has given up with MPI_Request_free, and the number at which they are looked at.
std::uint32_t detached_requests = 0;
constexpr std::uint32_t kReapAt = 64;

constexpr int kTestBatch = 64;

bool is_mode(const Request *r, SendMode mode) { return r->mode == static_cast<std::uint8_t>(mode); }
bool started_below(const Request *r) { return is_pending(r) && !r->waited && r->native != natives.request_null; }

}  // namespace

void start_ring() { ring.next = ring.prev = &ring; }
Request *ring_first() { return ring.next != &ring ? ring.next : nullptr; }
Request *ring_next(const Request *request) { return request->next != &ring ? request->next : nullptr; }

Request *new_complete_request(Comm *comm, RequestKind op, const Status &status) {
  Request *r = make<Request>();
  r->native = natives.request_null;
  r->op = op;
  r->active = r->complete = 1;
  r->comm = comm;
  ++comm->refs;
  r->status = status;
  return r;
}

// ---------------------------------------------------------------------------------
// Completion

namespace {

void settle_recv(Request *r, const Status &status) {
  if (!status.cancelled && status.error == abi::ERR_TRUNCATE) count_received(r->comm, status);
}

void settle_send(Request *r, const Status &status) {
  if (status.cancelled) --r->comm->peers[r->peer]->sent;
  if (is_mode(r, SendMode::buffered)) bsend_ended(r);
  if (is_mode(r, SendMode::synchronous)) untrack_synchronous(r);
}

void settle_collective(Request *r) {
  if (r->call) drop_collective_call(r->call);
  r->call = nullptr;
  if (r->comm->closing == r) comm_closed(r->comm);
}

}  // namespace

void settle_other(Request *r, const Status &status) {
  if (r->ack_id != 0) return await_acknowledgement(r);
  if (r->op == RequestKind::collective && r->buf) end_duplication(r, status.error);
  if (r == r->comm->closing && closing_goes_on(r->comm)) return;
  if (r->op == RequestKind::recv) settle_recv(r, status);
  if (r->op == RequestKind::send) settle_send(r, status);
  if (r->op == RequestKind::collective) settle_collective(r);
  complete(r, r->op == RequestKind::file ? settle_access(r, status) : status);
}

void complete_detached(Request *request) {
  if (request->detached == kPart) return part_completed(request);
  if (request->detached == kReader) return hello_arrived(request);
  if (request->detached == kOwnsBuffer) {
    core_free(request->buf);
    return free_request(request);
  }
  --detached_requests;
  free_request(request);
}

void detach(Request *request) {
  request->persistent = 0;
  if (request->needs_ack) forget_acknowledgement(request);
  if (request->complete) return free_request(request);
  request->detached = 1;
  if (++detached_requests >= kReapAt) test_active_requests();
}

// ---------------------------------------------------------------------------------
// Waiting for one, testing all

void wait_for(Request *r) {
  while (is_pending(r)) {
    if (r->is_whole) [[unlikely]] {
      progress_parts(1, &r, true);
      continue;
    }
    if (r->needs_ack) [[unlikely]] {
      is_generalized(r) ? wait_generalized(r) : wait_for_acknowledgement();
      continue;
    }
    Status status;
    std::uint8_t completed = 0;
    NativeRequest native = r->native;
    int outcome;
    r->waited = 1;
    {
      Unlocked unlocked;
      outcome = seam()->services->blocking->wait(1, &native, &status, &completed, WaitMode::all);
    }
    r->waited = 0;
    if (completed)
      settle(r, status);
    else if (outcome == kInterrupted)
      park();
  }
}

int finish_blocking(Request *request, Status *status) {
  wait_for(request);
  const int error = request->status.error;
  if (status) *status = request->status;
  free_request(request);
  return error;
}

namespace {

// Requests of the ring are tested in batches of one crossing each.
struct TestBatch {
  Request *requests[kTestBatch];
  NativeRequest native[kTestBatch];
  Status statuses[kTestBatch];
  std::uint8_t completed[kTestBatch];
  int n = 0;

  void add(Request *r) {
    requests[n] = r;
    native[n] = r->native;
    completed[n++] = 0;
  }

  void run(Running &running) {
    seam()->services->blocking->test(n, native, statuses, completed, WaitMode::all);
    for (int i = 0; i < n; ++i) {
      Request *r = requests[i];
      if (completed[i])
        settle(r, statuses[i]);
      else if (r->op == RequestKind::recv)
        ++running.receives;
      else if (r != r->comm->closing)
        ++running.others;
    }
    n = 0;
  }
};

// ROMIO (MPICH 4.0.2) mixes up the data of two nonblocking collective accesses to a file that are tested in turn. So the one that was
// begun first is completed first: all ranks have begun them in the same order. A file has a communicator of its own.
bool follows_another(Request *r) {
  if (r->op != RequestKind::file || !r->mode) return false;
  for (Request *p = ring_first(); p && p != r; p = ring_next(p))
    if (p->op == RequestKind::file && p->mode && p->comm == r->comm && started_below(p)) return true;
  return false;
}

}  // namespace

Running test_active_requests() {
  Running running{0, 0};
  TestBatch batch;
  for (Request *r = ring_first(), *next; r; r = next) {
    next = ring_next(r);
    if (!started_below(r)) continue;
    if (follows_another(r)) [[unlikely]] {
      ++running.others;
      continue;
    }
    batch.add(r);
    // `next` may not be in this batch: running it here would free only requests of the batch.
    if (batch.n == kTestBatch) batch.run(running);
  }
  if (batch.n) batch.run(running);
  return running;
}

}  // namespace mana
