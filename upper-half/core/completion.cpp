// MPI_Wait*, MPI_Test*, MPI_Request_get_status: completion of lists of requests.
//
// A list is taken to the live MPI in one crossing, however long it is: its natives are gathered into an array,
// and what has completed comes back as statuses and flags. Requests that a drain has settled (or that never
// needed the live MPI) count as complete and are not in the array: their entry is the native null request.
//
// Completed-but-not-reported is a state of the record (settle without retire), so that MPI_Testall may find half of its
// list complete, report nothing, and leave the rest of the application none the wiser.
#include "core/call.h"
#include "core/communicators.h"
#include "core/composite.h"
#include "core/datatypes.h"
#include "core/errors.h"
#include "core/generalized.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/partitioned.h"
#include "core/persistent_collectives.h"
#include "core/requests.h"
#include "core/start.h"
#include "core_api.h"
#include "drain/synchronous.h"
#include "lower_mpi.h"

namespace mana {

namespace {

bool is_listed(const Request *r) { return !is_null(r) && r->active; }

class Batch {
public:
  Batch(int n, Request *const *requests) : n_(n), requests_(requests) {
    if (n > kInline) [[unlikely]] {
      char *block = static_cast<char *>(core_alloc(std::size_t(n) * (sizeof(Status) + sizeof(NativeRequest) + 1)));
      statuses_ = reinterpret_cast<Status *>(block);
      natives_ = reinterpret_cast<NativeRequest *>(statuses_ + n);
      completed_ = reinterpret_cast<std::uint8_t *>(natives_ + n);
    }
  }
  ~Batch() {
    if (n_ > kInline) [[unlikely]] core_free(statuses_);
  }
  Batch(const Batch &) = delete;
  Batch &operator=(const Batch &) = delete;

  // Looks at the records. Afterwards the counts below are valid.
  void gather() {
    running_ = above_ = generalized_ = wholes_ = complete_ = 0;
    for (int i = 0; i < n_; ++i) {
      const Request *r = requests_[i];
      natives_[i] = natives.request_null;
      completed_[i] = 0;
      if (!is_listed(r)) continue;
      if (r->complete) {
        ++complete_;
      } else if (r->needs_ack | r->is_whole) [[unlikely]] {
        ++above_;
        generalized_ += is_generalized(r);
        wholes_ += r->is_whole;
      } else {
        natives_[i] = r->native;
        ++running_;
      }
    }
  }
  int complete() const { return complete_; }
  int pending() const { return running_ + above_; }
  bool nothing_listed() const { return complete_ + running_ + above_ == 0; }

  // One test, then gathers again.
  void test(WaitMode mode) {
    if (above_) [[unlikely]] {
      poll_above(false);
      if (wholes_) {
        progress_parts(n_, requests_, false);
        return gather();
      }
    }
    if (running_) {
      seam()->services->blocking->test(n_, natives_, statuses_, completed_, mode);
      absorb();
    }
    gather();
  }

  // Waits for progress towards `mode`, parking when a checkpoint wants that, then gathers again.
  void wait(WaitMode mode) {
    if (above_) [[unlikely]] {
      wait_with_above(mode);
    } else {
      int outcome;
      mark_waited(1);
      {
        Unlocked unlocked;
        outcome = seam()->services->blocking->wait(n_, natives_, statuses_, completed_, mode);
      }
      mark_waited(0);
      absorb();
      if (outcome == kInterrupted) {
        park();
      } else if (mode == WaitMode::all) {
        running_ = 0;  // all of them: no need to look again
        return;
      }
    }
    gather();
  }

private:
  static constexpr int kInline = 32;

  // Without anything running below, waiting for an acknowledgement is a blocking probe; else everything is polled.
  void wait_with_above(WaitMode mode) {
    if (wholes_ == above_) return progress_parts(n_, requests_, true);
    if (!running_ && !generalized_ && !wholes_) return wait_for_acknowledgement();
    poll_above(above_ == 1 && !running_);
    if (wholes_) {
      progress_parts(n_, requests_, false);
      if (generalized_) pause_for_others();
      return park();
    }
    seam()->services->blocking->test(n_, natives_, statuses_, completed_, mode);
    absorb();
    if (generalized_) pause_for_others();
    park();
  }

  void poll_above(bool may_wait) {
    poll_acknowledgements();
    if (!generalized_) return;
    for (int i = 0; i < n_; ++i)
      if (is_listed(requests_[i]) && is_generalized(requests_[i])) poll_generalized(requests_[i], may_wait);
    gather();  // these functions may call MPI: what runs below may have ended, or be another native after a restart
  }

  // Only with several threads can anybody look meanwhile.
  void mark_waited(std::uint8_t waited) {
    if (!core_threaded) return;
    for (int i = 0; i < n_; ++i)
      if (natives_[i] != natives.request_null || completed_[i]) requests_[i]->waited = waited;
  }

  void absorb() {
    for (int i = 0; i < n_; ++i)
      if (completed_[i]) settle(requests_[i], statuses_[i]);
  }

  // Running below; completed by the core, of which some are generalized and some wholes; complete.
  int n_, running_ = 0, above_ = 0, generalized_ = 0, wholes_ = 0, complete_ = 0;
  Request *const *requests_;
  NativeRequest inline_natives_[kInline];
  Status inline_statuses_[kInline];
  std::uint8_t inline_completed_[kInline];
  NativeRequest *natives_ = inline_natives_;
  Status *statuses_ = inline_statuses_;
  std::uint8_t *completed_ = inline_completed_;
};

// Hands one complete request's outcome to the application. Returns its error, not raised.
int report(Request **request, Status *status) {
  const Status &outcome = (*request)->status;
  const int error = outcome.error;
  if (status) *status = outcome;
  retire(request);
  return error;
}

// The same for calls that complete a single request: raised on the request's communicator.
int report_and_raise(Request **request, Status *status) {
  if ((*request)->status.error == 0) [[likely]] return report(request, status);
  ask_outcome(*request);
  Comm *comm = (*request)->comm;
  ++comm->refs;
  int error = report(request, status);
  if (error) error = raise_of_request(comm, error);
  release(comm);
  return error;
}

int none_listed(Status *status) {
  if (status) *status = empty_status();
  return 0;
}

int check_list(int n, Request *const *requests) {
  if (n < 0) return abi::ERR_ARG;
  return n > 0 && !requests ? abi::ERR_REQUEST : 0;
}

// What a request that is complete, null or inactive will report.
Status look_at(const Request *r) {
  if (!is_listed(r)) return empty_status();
  Status status = r->status;
  if (is_generalized(r)) status.error = query_generalized(r, &status);
  return status;
}

// The first that has failed says on which communicator the call fails.
struct Failure {
  Comm *comm = nullptr;
  int error = 0;
};

void note_failure(Request *request, Failure *failure) {
  ask_outcome(request);
  if (request->status.error == 0 || failure->comm) return;
  ++(failure->comm = request->comm)->refs;
  failure->error = request->status.error;
}

// MPI_ERR_IN_STATUS is what the handler gets in MPICH; in Open MPI it gets the error of that request.
int raise_of_several(const Failure &failure) {
  const int error = raise_of_request(failure.comm, as_open_mpi() ? failure.error : abi::ERR_IN_STATUS);
  release(failure.comm);
  return as_open_mpi() && error != kSilencedWithStatus ? abi::ERR_IN_STATUS : error;
}

// All of them, complete: statuses, and MPI_ERR_IN_STATUS when one failed.
int report_all(int n, Request **requests, Status *statuses) {
  Failure failure;
  for (int i = 0; i < n; ++i) {
    Status *status = statuses ? &statuses[i] : nullptr;
    if (!is_listed(requests[i])) {
      none_listed(status);
      continue;
    }
    if (requests[i]->status.error != 0) [[unlikely]] note_failure(requests[i], &failure);
    report(&requests[i], status);
  }
  return failure.comm ? raise_of_several(failure) : 0;
}

// Reports the first complete one, if any.
// `settled`: some had completed before the call, in a drain that has waited for what comes from other ranks. Without it a send would
// have been the first: then it is now.
int report_any(int n, Request **requests, bool settled, int *index, Status *status) {
  int found = abi::UNDEFINED;
  for (int i = 0; i < n; ++i) {
    if (!is_listed(requests[i]) || !requests[i]->complete) continue;
    if (found == abi::UNDEFINED) found = i;
    if (settled && requests[i]->op == RequestKind::recv) continue;
    found = i;
    break;
  }
  *index = found;
  return found == abi::UNDEFINED ? none_listed(status) : report_and_raise(&requests[found], status);
}

int report_some(int n, Request **requests, int *outcount, int *indices, Status *statuses) {
  int done = 0;
  Failure failure;
  for (int i = 0; i < n; ++i) {
    if (!is_listed(requests[i]) || !requests[i]->complete) continue;
    if (requests[i]->status.error != 0) [[unlikely]] note_failure(requests[i], &failure);
    indices[done] = i;
    report(&requests[i], statuses ? &statuses[done] : nullptr);
    ++done;
  }
  *outcount = done;
  return failure.comm ? raise_of_several(failure) : 0;
}

}  // namespace

namespace api {

// ---------------------------------------------------------------------------------
// One

int Wait(Request **request, Status *status) {
  Call call(Fn::Wait);
  Request *r = *request;
  if (!is_listed(r)) return none_listed(status);
  wait_for(r);
  return report_and_raise(request, status);
}

int Test(Request **request, int *flag, Status *status) {
  Call call(Fn::Test);
  *flag = 1;
  if (!is_listed(*request)) return none_listed(status);
  Batch batch(1, request);
  batch.gather();
  if (batch.pending()) batch.test(WaitMode::all);
  *flag = batch.complete();
  return *flag ? report_and_raise(request, status) : 0;
}

int Request_get_status(Request *request, int *flag, Status *status) {
  Call call(Fn::Request_get_status);
  *flag = 1;
  if (!is_listed(request)) return none_listed(status);
  Batch batch(1, &request);
  batch.gather();
  if (batch.pending()) batch.test(WaitMode::all);
  *flag = batch.complete();
  if (!*flag) return 0;
  Status outcome = request->status;
  const int error = is_generalized(request) ? query_generalized(request, &outcome) : 0;
  if (status) *status = outcome;
  return error ? raise(error) : 0;
}

// ---------------------------------------------------------------------------------
// All

int Waitall(int count, Request **requests, Status *statuses) {
  Call call(Fn::Waitall);
  if (const int error = check_list(count, requests)) return raise(error);
  Batch batch(count, requests);
  batch.gather();
  while (batch.pending()) batch.wait(WaitMode::all);
  return report_all(count, requests, statuses);
}

int Testall(int count, Request **requests, int *flag, Status *statuses) {
  Call call(Fn::Testall);
  if (const int error = check_list(count, requests)) return raise(error);
  Batch batch(count, requests);
  batch.gather();
  if (batch.pending()) batch.test(WaitMode::all);
  *flag = batch.pending() == 0;
  return *flag ? report_all(count, requests, statuses) : 0;
}

// ---------------------------------------------------------------------------------
// Any

int Waitany(int count, Request **requests, int *index, Status *status) {
  Call call(Fn::Waitany);
  if (const int error = check_list(count, requests)) return raise(error);
  Batch batch(count, requests);
  batch.gather();
  const bool settled = batch.complete();
  while (!batch.complete() && batch.pending()) batch.wait(WaitMode::any);
  return report_any(count, requests, settled, index, status);
}

int Testany(int count, Request **requests, int *index, int *flag, Status *status) {
  Call call(Fn::Testany);
  if (const int error = check_list(count, requests)) return raise(error);
  Batch batch(count, requests);
  batch.gather();
  const bool settled = batch.complete();
  if (!settled && batch.pending()) batch.test(WaitMode::any);
  *flag = batch.complete() || batch.nothing_listed();
  if (*flag) return report_any(count, requests, settled, index, status);
  *index = abi::UNDEFINED;
  return 0;
}

// ---------------------------------------------------------------------------------
// Some: with one complete already, what else has completed is still asked for

int Waitsome(int incount, Request **requests, int *outcount, int *indices, Status *statuses) {
  Call call(Fn::Waitsome);
  if (const int error = check_list(incount, requests)) return raise(error);
  Batch batch(incount, requests);
  batch.gather();
  if (batch.nothing_listed()) {
    *outcount = abi::UNDEFINED;
    return 0;
  }
  if (batch.complete() && batch.pending()) batch.test(WaitMode::some);
  while (!batch.complete()) batch.wait(WaitMode::some);
  return report_some(incount, requests, outcount, indices, statuses);
}

int Testsome(int incount, Request **requests, int *outcount, int *indices, Status *statuses) {
  Call call(Fn::Testsome);
  if (const int error = check_list(incount, requests)) return raise(error);
  Batch batch(incount, requests);
  batch.gather();
  if (batch.nothing_listed()) {
    *outcount = abi::UNDEFINED;
    return 0;
  }
  if (batch.pending()) batch.test(WaitMode::some);
  return report_some(incount, requests, outcount, indices, statuses);
}

// ---------------------------------------------------------------------------------
// Asking only: MPI_Testall, MPI_Testany and MPI_Testsome that leave the requests as they are (MPI-4.1)

int Request_get_status_all(int count, Request *const *requests, int *flag, Status *statuses) {
  Call call(Fn::Request_get_status_all);
  if (const int error = check_list(count, requests)) return raise(error);
  Batch batch(count, requests);
  batch.gather();
  if (batch.pending()) batch.test(WaitMode::all);
  *flag = batch.pending() == 0;
  if (!*flag) return 0;
  int outcome = 0;
  for (int i = 0; i < count; ++i) {
    const Status status = look_at(requests[i]);
    if (status.error) outcome = abi::ERR_IN_STATUS;
    if (statuses) statuses[i] = status;
  }
  return outcome ? raise(outcome) : 0;
}

int Request_get_status_any(int count, Request *const *requests, int *index, int *flag, Status *status) {
  Call call(Fn::Request_get_status_any);
  if (const int error = check_list(count, requests)) return raise(error);
  Batch batch(count, requests);
  batch.gather();
  if (!batch.complete() && batch.pending()) batch.test(WaitMode::any);
  *flag = batch.complete() || batch.nothing_listed();
  *index = abi::UNDEFINED;
  if (batch.nothing_listed()) return none_listed(status);
  for (int i = 0; i < count && *flag; ++i) {
    if (!is_listed(requests[i]) || !requests[i]->complete) continue;
    *index = i;
    const Status outcome = look_at(requests[i]);
    if (status) *status = outcome;
    return outcome.error ? raise(requests[i]->comm, outcome.error) : 0;
  }
  return 0;
}

int Request_get_status_some(int incount, Request *const *requests, int *outcount, int *indices, Status *statuses) {
  Call call(Fn::Request_get_status_some);
  if (const int error = check_list(incount, requests)) return raise(error);
  Batch batch(incount, requests);
  batch.gather();
  if (batch.nothing_listed()) {
    *outcount = abi::UNDEFINED;
    return 0;
  }
  if (batch.pending()) batch.test(WaitMode::some);
  int done = 0, outcome = 0;
  for (int i = 0; i < incount; ++i) {
    if (!is_listed(requests[i]) || !requests[i]->complete) continue;
    const Status status = look_at(requests[i]);
    if (status.error) outcome = abi::ERR_IN_STATUS;
    if (statuses) statuses[done] = status;
    indices[done++] = i;
  }
  *outcount = done;
  return outcome ? raise(outcome) : 0;
}

// ---------------------------------------------------------------------------------
// Giving up

int Request_free(Request **request) {
  Call call(Fn::Request_free);
  Request *r = *request;
  if (is_null(r)) return raise(abi::ERR_REQUEST);
  if (is_persistent_collective(r) || is_partitioned(r)) {
    if (r->active) return raise(r->comm, abi::ERR_REQUEST);
    is_partitioned(r) ? drop_partitioned(r->partitioned) : drop_plan(r->plan);
  }
  *request = null_request();
  if (is_generalized(r)) return free_generalized(r);
  if (r->active)
    detach(r);
  else
    free_request(r);
  return 0;
}

// A send that went out (or was drained) cannot be taken back; whether the live MPI can is its own business. The counts
// follow the outcome: settle().
int Cancel(Request **request) {
  Call call(Fn::Cancel);
  Request *r = *request;
  if (is_null(r) || r->op == RequestKind::collective || r->op == RequestKind::file || is_partitioned(r))
    return raise(abi::ERR_REQUEST);
  if (is_generalized(r)) return cancel_generalized(r);
  if (r->is_whole && is_pending(r)) return cancel_parts(r);
  if (!is_pending(r) || r->native == natives.request_null || r->cancelled) return 0;
  r->cancelled = 1;
  const int error = seam()->mpi->Cancel(&r->native);
  return error ? raise(r->comm, error) : 0;
}

}  // namespace api

}  // namespace mana
