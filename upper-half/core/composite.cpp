// See composite.h.
#include "core/composite.h"

#include "core/bsend.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/partitioned.h"
#include "core/requests.h"
#include "lower_mpi.h"

namespace mana {

Request *new_whole(Comm *comm) {
  Request *whole = new_complete_request(comm, RequestKind::composite, empty_status());
  start_whole(whole);
  return whole;
}

void start_whole(Request *whole) {
  whole->is_whole = 1;
  whole->active = 1;
  whole->complete = 0;
  whole->status = empty_status();
  whole->parts = 1;
}

void finish_whole(Request *whole) {
  if (--whole->parts == 0) complete(whole, whole->status);
}

void add_part(Request *whole, Request *part) {
  ++whole->parts;
  part->whole = whole;
  part->detached = kPart;
  if (part->complete) part_completed(part);
}

void part_completed(Request *part) {
  Request *whole = part->whole;
  Status &status = whole->status;
  const int error = status.error ? status.error : part->status.error;
  if (part->op == RequestKind::recv) {
    status = part->status;
    if (whole->persistent) status.source = whole->peer, status.tag = whole->tag;  // partitioned: the part's are the core's
  }
  if (part->op == RequestKind::send && part->buf) core_free(part->buf);
  status.error = error;
  free_request(part);
  finish_whole(whole);
}

namespace {

bool is_listed(const Request *r) { return !is_null(r) && is_pending(r); }
// Not one that another thread waits for. What completes above has no native: that field is not looked at, nor made null again by a restart.
bool is_running(const Request *r) {
  return is_pending(r) && !r->is_whole && !r->needs_ack && !r->waited && r->native != natives.request_null;
}

// The natives of a list: its wholes' parts and its other requests. Other threads may wait for other wholes, so theirs are
// left out.
class RunningSet {
public:
  RunningSet(int n, Request *const *requests) {
    for (int i = 0; i < n; ++i) {
      if (!is_listed(requests[i]) || !requests[i]->is_whole) continue;
      requests[i]->is_whole = kMarked;
      readers_ |= waits_for_hello(requests[i]);
    }
    int room = n;
    for (const Request *r = ring_first(); r; r = ring_next(r)) room += is_wanted(r);
    block_ = static_cast<char *>(core_alloc(static_cast<std::size_t>(room) * kBytesEach));
    statuses_ = reinterpret_cast<Status *>(block_);
    requests_ = reinterpret_cast<Request **>(statuses_ + room);
    natives_ = reinterpret_cast<NativeRequest *>(requests_ + room);
    completed_ = reinterpret_cast<std::uint8_t *>(natives_ + room);
    for (int i = 0; i < n; ++i)
      if (!is_null(requests[i]) && is_running(requests[i])) add(requests[i]);
    for (Request *r = ring_first(); r; r = ring_next(r))
      if (is_wanted(r) && is_running(r)) add(r);
    for (int i = 0; i < n; ++i)
      if (requests[i]->is_whole) requests[i]->is_whole = 1;
  }
  ~RunningSet() { core_free(block_); }
  RunningSet(const RunningSet &) = delete;
  RunningSet &operator=(const RunningSet &) = delete;

  // True when a checkpoint wants the thread parked.
  bool wait() {
    int outcome;
    mark_waited(1);
    {
      Unlocked unlocked;
      outcome = seam()->services->blocking->wait(n_, natives_, statuses_, completed_, WaitMode::any);
    }
    mark_waited(0);
    settle_completed();
    return outcome == kInterrupted;
  }
  void test() {
    seam()->services->blocking->test(n_, natives_, statuses_, completed_, WaitMode::all);
    settle_completed();
  }
  // Nothing to wait for below, or what another thread may be waiting for as well.
  bool is_only_to_be_tested() const { return n_ == 0 || (readers_ && core_threaded); }

private:
  static constexpr std::uint8_t kMarked = 2;
  static constexpr std::size_t kBytesEach = sizeof(Status) + sizeof(Request *) + sizeof(NativeRequest) + 1;

  bool is_wanted(const Request *r) const {
    if (r->detached == kReader) return readers_;
    return r->detached == kPart ? r->whole->is_whole == kMarked : is_flushed(r, kMarked);
  }

  void add(Request *r) {
    requests_[n_] = r;
    natives_[n_] = r->native;
    completed_[n_++] = 0;
  }

  void mark_waited(std::uint8_t waited) {
    for (int i = 0; i < n_; ++i) requests_[i]->waited = waited;
  }

  void settle_completed() {
    for (int i = 0; i < n_; ++i)
      if (completed_[i]) settle(requests_[i], statuses_[i]);
  }

  int n_ = 0;
  bool readers_ = false;
  char *block_;
  Status *statuses_;
  Request **requests_;
  NativeRequest *natives_;
  std::uint8_t *completed_;
};

}  // namespace

void progress_parts(int n, Request *const *requests, bool block) {
  bool must_park;
  {
    RunningSet set(n, requests);
    const bool test = !block || set.is_only_to_be_tested();
    if (test)
      set.test();
    must_park = test ? block : set.wait();
  }
  if (must_park) park();
}

int cancel_parts(Request *whole) {
  for (Request *r = ring_first(); r; r = ring_next(r)) {
    if (r->detached != kPart || r->whole != whole || !is_running(r) || r->cancelled) continue;
    r->cancelled = 1;
    if (const int error = seam()->mpi->Cancel(&r->native)) return error;
  }
  return 0;
}

}  // namespace mana
