// Blocking MPI calls that a checkpoint can interrupt.
//
// A thread inside MPI_Recv of the live MPI cannot be saved, and nobody knows when it comes out. So every blocking
// call of the application is a nonblocking start and a loop of MPI_Test here, in the lower half (one
// crossing however long it takes), which also watches Seam::intent. With kIntentPark set the loop gives the
// call back: the wrapper above keeps the started request as a record, parks, and comes again.
//
// With more ranks than cores a spinning loop keeps its peer from running: after kSpins tests without success
// each further one is followed by sched_yield().
#include "backends/blocking.h"

#include <sched.h>

#include "backends/convert.h"
#include "backends/mended.h"
#include "crossing.h"
#include "interface/seam.h"

namespace mana {

namespace {

constexpr int kSpins = 2000;

bool park_wanted() { return (seam()->intent.load(std::memory_order_relaxed) & kIntentPark) != 0; }

class Patience {
public:
  void wait() {
    if (++spins_ > kSpins) sched_yield();
  }

private:
  int spins_ = 0;
};

MPI_Comm finalize_comm = MPI_COMM_NULL;
MPI_Comm progress_comm = MPI_COMM_NULL;

// Runs `request` to its end or until a checkpoint interrupts. The status is the caller's.
int finish(MPI_Request *request, Status *status) {
  Patience patience;
  MPI_Status native{};
  int flag = 0;
  for (;;) {
    const int error = MPI_Test(request, &flag, &native);
    if (flag || error != MPI_SUCCESS) {
      const int abi_error = error_from_native(error);
      if (status) status_from_native(native, abi_error, status);
      return abi_error;
    }
    if (park_wanted()) return kInterrupted;
    patience.wait();
  }
}

int start_send(SendMode mode, const void *buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm,
               MPI_Request *request) {
  switch (mode) {
  case SendMode::synchronous: return MPI_Issend(buf, count, type, dest, tag, comm, request);
  case SendMode::ready: return MPI_Irsend(buf, count, type, dest, tag, comm, request);
  default: return MPI_Isend(buf, count, type, dest, tag, comm, request);
  }
}

int blocking_send(SendMode mode, const void *buf, int count, NativeDatatype type, int dest, int tag, NativeComm comm,
                  NativeRequest *pending) {
  Crossing crossing;
  MPI_Request request;
  const int error = start_send(mode, buf, count, unwrap<MPI_Datatype>(type), rank_to_native(dest),
                               tag_to_native(tag), unwrap<MPI_Comm>(comm), &request);
  if (error != MPI_SUCCESS) return error_from_native(error);
  const int outcome = finish(&request, nullptr);
  if (outcome == kInterrupted) *pending = wrap<NativeRequest>(request);
  return outcome;
}

int blocking_recv(void *buf, int count, NativeDatatype type, int source, int tag, NativeComm comm, Status *status,
                  NativeRequest *pending) {
  Crossing crossing;
  MPI_Request request;
  const int error = MPI_Irecv(buf, count, unwrap<MPI_Datatype>(type), rank_to_native(source), tag_to_native(tag),
                              unwrap<MPI_Comm>(comm), &request);
  if (error != MPI_SUCCESS) return error_from_native(error);
  const int outcome = finish(&request, status);
  if (outcome == kInterrupted) *pending = wrap<NativeRequest>(request);
  return outcome;
}

// Tests one entry of a list; true when it has completed (with or without an error).
bool test_entry(int i, NativeRequest *requests, Status *statuses, std::uint8_t *completed) {
  MPI_Request request = unwrap<MPI_Request>(requests[i]);
  if (request == MPI_REQUEST_NULL) return false;
  MPI_Status native{};
  int flag = 0;
  const int error = MPI_Test(&request, &flag, &native);
  if (!flag && error == MPI_SUCCESS) return false;
  status_from_native(native, error_from_native(error), &statuses[i]);
  requests[i] = wrap<NativeRequest>(request);
  completed[i] = 1;
  return true;
}

// In order: while the first unfinished one is spun on, the others make progress all the same.
int wait_all(int n, NativeRequest *requests, Status *statuses, std::uint8_t *completed) {
  Patience patience;
  for (int i = 0; i < n; ++i) {
    if (unwrap<MPI_Request>(requests[i]) == MPI_REQUEST_NULL) continue;
    while (!test_entry(i, requests, statuses, completed)) {
      if (park_wanted()) return kInterrupted;
      patience.wait();
    }
  }
  return 0;
}

// One pass; returns how many completed. any: stops at the first.
int pass(int n, NativeRequest *requests, Status *statuses, std::uint8_t *completed, WaitMode mode) {
  int done = 0;
  for (int i = 0; i < n; ++i) {
    if (!test_entry(i, requests, statuses, completed)) continue;
    ++done;
    if (mode == WaitMode::any) break;
  }
  return done;
}

int blocking_wait(int n, NativeRequest *requests, Status *statuses, std::uint8_t *completed, WaitMode mode) {
  Crossing crossing;
  if (mode == WaitMode::all) return wait_all(n, requests, statuses, completed);
  Patience patience;
  while (pass(n, requests, statuses, completed, mode) == 0) {
    if (park_wanted()) return kInterrupted;
    patience.wait();
  }
  return 0;
}

int test_requests(int n, NativeRequest *requests, Status *statuses, std::uint8_t *completed, WaitMode mode) {
  Crossing crossing;
  pass(n, requests, statuses, completed, mode);
  return 0;
}

int blocking_probe(int source, int tag, NativeComm comm, Status *status) {
  Crossing crossing;
  Patience patience;
  MPI_Status native{};
  int flag = 0;
  for (;;) {
    const int error =
        MPI_Iprobe(rank_to_native(source), tag_to_native(tag), unwrap<MPI_Comm>(comm), &flag, &native);
    if (error != MPI_SUCCESS) return error_from_native(error);
    if (flag) break;
    if (park_wanted()) return kInterrupted;
    patience.wait();
  }
  status_from_native(native, 0, status);
  return 0;
}

int blocking_mprobe(int source, int tag, NativeComm comm, NativeMessage *message, Status *status) {
  Crossing crossing;
  Patience patience;
  MPI_Status native{};
  MPI_Message found;
  int flag = 0;
  for (;;) {
    const int error =
        MPI_Improbe(rank_to_native(source), tag_to_native(tag), unwrap<MPI_Comm>(comm), &flag, &found, &native);
    if (error != MPI_SUCCESS) return error_from_native(error);
    if (flag) break;
    if (park_wanted()) return kInterrupted;
    patience.wait();
  }
  status_from_native(native, 0, status);
  *message = wrap<NativeMessage>(found);
  return 0;
}

int barrier(NativeComm comm, NativeRequest *pending) {
  Crossing crossing;
  MPI_Request request = unwrap<MPI_Request>(*pending);
  if (request == MPI_REQUEST_NULL) {
    const int error = mended_Ibarrier(unwrap<MPI_Comm>(comm), &request);
    if (error != MPI_SUCCESS) return error_from_native(error);
  }
  const int outcome = finish(&request, nullptr);
  *pending = wrap<NativeRequest>(request);
  return outcome;
}

// The barrier's request lives here and not in a record: a restarted rank finds none and starts it anew, as every
// other rank that had not left it.
int finalize_barrier() {
  Crossing crossing;
  static MPI_Request request = MPI_REQUEST_NULL;
  if (request == MPI_REQUEST_NULL) {
    const int error = MPI_Ibarrier(finalize_comm, &request);
    if (error != MPI_SUCCESS) return error_from_native(error);
  }
  return finish(&request, nullptr);
}

// The word lies in memory that ranks share. MPI makes progress meanwhile: others may need it of this rank.
int change(const std::uint64_t *word, std::uint64_t seen) {
  Crossing crossing;
  Patience patience;
  for (int turn = 0; __atomic_load_n(word, __ATOMIC_ACQUIRE) == seen; ++turn) {
    if (park_wanted()) return kInterrupted;
    if (turn % 16 == 0) backend_progress();
    patience.wait();
  }
  return 0;
}

void yield() {
  Crossing crossing;
  backend_progress();
  sched_yield();
}

constexpr BlockingMpi kBlocking = {blocking_send,   blocking_recv, blocking_wait,    test_requests, blocking_probe,
                                   blocking_mprobe, barrier,       finalize_barrier, change,        yield};

}  // namespace

const BlockingMpi *backend_blocking() { return &kBlocking; }

void blocking_attach(MPI_Comm for_finalize, MPI_Comm for_progress) {
  finalize_comm = for_finalize;
  progress_comm = for_progress;
}

void backend_progress() {
  if (progress_comm == MPI_COMM_NULL) return;
  int flag = 0;
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, progress_comm, &flag, MPI_STATUS_IGNORE);
}

}  // namespace mana
