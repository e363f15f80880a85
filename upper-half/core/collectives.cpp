// See collectives.h.
#include "core/collectives.h"

#include <atomic>

#include "abi_constants.h"
#include "core/communicators.h"
#include "core/datatypes.h"
#include "core/engine.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/ops.h"
#include "core/requests.h"

namespace mana {

namespace {

constexpr std::uint32_t kWatched = kIntentQuiesce | kIntentPark;

// The first chunk needs no memory: MPI_COMM_WORLD is counted before the core allocates anything.
CounterChunk chunks{};

std::uint32_t user_ops_running = 0;

// The compiler must not move the count behind the look at the intent; the processor is the membarrier's business.
void order() { std::atomic_signal_fence(std::memory_order_seq_cst); }

bool watched() { return (seam()->intent.load(std::memory_order_relaxed) & kWatched) != 0; }

// Threads of this rank inside of a blocking collective. Another thread, at the gate, may change the number meanwhile. It is
// raised before the collective is counted: whoever reads the counts first and this number then never finds a collective
// counted whose thread stands before the gate, and nobody inside.
void count_threads(std::atomic<std::uint32_t> &threads, std::uint32_t change) {
  if (core_threaded) [[unlikely]]
    threads.fetch_add(change);
  else
    threads.store(threads.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
  order();
}
void enter_counted() { count_threads(seam()->in_collective, 1); }
void leave_counted() { count_threads(seam()->in_collective, ~0u); }

// A checkpoint has been asked for: until the coordinator lets this collective go on, it is not entered. Otherwise than let
// in, a thread counts the collective again *before* it looks whether the next checkpoint has been asked for.
[[gnu::cold]] void pass_gate(std::uint64_t comm_id, std::uint64_t *entered, std::uint64_t number) {
  while (watched()) {
    *entered = number - 1;
    Verdict verdict;
    {
      Unlocked unlocked;
      verdict = seam()->services->gate(comm_id, number);
    }
    if (verdict == Verdict::go) return;
    const bool goes_on = must_not_park();
    if (verdict == Verdict::park && !goes_on) park();
    enter_counted();
    *entered = number;
    order();
    if (verdict == Verdict::park && goes_on) return;
  }
}

void enter(std::uint64_t comm_id, std::uint64_t *entered) {
  const std::uint64_t number = *entered + 1;
  enter_counted();
  *entered = number;
  order();
  if (watched()) [[unlikely]] pass_gate(comm_id, entered, number);
}

}  // namespace

// ---------------------------------------------------------------------------------
// Counters

CounterChunk *first_counters() { return &chunks; }

// The control thread reads while this runs: a slot's id is written last and cleared first, a chunk is linked when it is
// ready.
CollectiveCounter *take_counter(std::uint64_t comm_id) {
  for (CounterChunk *chunk = &chunks;; chunk = chunk->next) {
    for (CollectiveCounter &counter : chunk->slot) {
      if (counter.comm_id != 0) continue;
      counter.entered = 0;
      order();
      counter.comm_id = comm_id;
      return &counter;
    }
    if (!chunk->next) {
      auto *next = static_cast<CounterChunk *>(core_zalloc(sizeof(CounterChunk)));
      order();
      chunk->next = next;
    }
  }
}

void give_counter(CollectiveCounter *counter) {
  counter->comm_id = 0;
  order();
}

// ---------------------------------------------------------------------------------
// Entering and leaving

int begin_collective(Comm *comm) {
  if (comm->entered) [[likely]] {
    enter(comm->id, comm->entered);
    return 0;
  }
  if (is_null(comm) || !is_alone(comm)) return abi::ERR_COMM;
  enter_counted();
  return 0;
}

void end_collective() {
  leave_counted();
  if (watched()) [[unlikely]] seam()->services->left_collective();
}

void count_left(Comm *comm) {
  enter_counted();
  ++*comm->entered;
  order();
  end_collective();
}

namespace {

// True when it has ended, with the outcome.
bool wait_below(NativeRequest *pending, int *error) {
  Unlocked unlocked;
  Status status;
  std::uint8_t completed = 0;
  const int outcome = seam()->services->blocking->wait(1, pending, &status, &completed, WaitMode::all);
  *error = completed ? status.error : outcome;
  return completed || outcome != kInterrupted;
}

}  // namespace

int wait_uncounted(Comm *comm, NativeRequest *pending, bool *restarted) {
  int error;
  while (!wait_below(pending, &error)) {
    const std::uint32_t restarts = seam()->restarts;
    park();
    *restarted = seam()->restarts != restarts;
    if (*restarted) return 0;
  }
  *restarted = false;
  count_left(comm);
  return error;
}

void begin_withdrawable() {
  count_threads(seam()->withdrawable, 1);
  if (watched()) seam()->services->left_collective();
}

void end_withdrawable() {
  count_threads(seam()->withdrawable, ~0u);
  end_collective();
}

void withdraw(Comm *comm) {
  --*comm->entered;
  order();
  count_threads(seam()->withdrawable, ~0u);
  leave_counted();
}

bool wait_withdrawable(Comm *comm, NativeRequest *pending, int *error) {
  begin_withdrawable();
  if (wait_below(pending, error)) {
    end_withdrawable();
    return true;
  }
  withdraw(comm);
  return false;
}

int wait_counted(NativeRequest *pending) {
  int error;
  while (!wait_below(pending, &error)) {
  }
  return error;
}

CollectiveCounter *begin_group_collective(std::uint64_t key) {
  CollectiveCounter *counter = take_counter(key);
  enter(key, &counter->entered);
  return counter;
}

void end_group_collective(CollectiveCounter *counter) {
  give_counter(counter);
  end_collective();
}

// ---------------------------------------------------------------------------------
// Nonblocking collectives

namespace {

CollectiveCall *new_call(Op *op, int types, int natives) {
  const std::size_t bytes = sizeof(CollectiveCall) + std::size_t(types) * sizeof(Datatype *) +
                            std::size_t(natives) * sizeof(NativeDatatype);
  auto *call = static_cast<CollectiveCall *>(core_zalloc(bytes));
  call->types = reinterpret_cast<Datatype **>(call + 1);
  call->op = op;
  if (op) ++op->refs;
  if (op && is_user(op)) ++user_ops_running;
  return call;
}

void keep(CollectiveCall *call, Datatype *type) {
  if (!type) return;
  retain(type);
  call->types[call->type_count++] = type;
}

NativeDatatype *keep_all(CollectiveCall *call, int n, Datatype *const *types, NativeDatatype *natives) {
  for (int i = 0; i < n; ++i) {
    keep(call, types[i]);
    natives[i] = native_of(types[i]);
  }
  return natives;
}

}  // namespace

bool user_op_under_way() { return user_ops_running != 0; }

CollectiveCall *collective_call(Op *op, Datatype *sendtype, Datatype *recvtype) {
  CollectiveCall *call = new_call(op, 2, 0);
  keep(call, sendtype);
  keep(call, recvtype);
  return call;
}

CollectiveCall *collective_call_w(int sends, Datatype *const *sendtypes, int receives, Datatype *const *recvtypes) {
  if (!sendtypes) sends = 0;
  CollectiveCall *call = new_call(nullptr, sends + receives, sends + receives);
  auto *natives = reinterpret_cast<NativeDatatype *>(call->types + sends + receives);
  if (sendtypes) call->send_natives = keep_all(call, sends, sendtypes, natives);
  call->recv_natives = keep_all(call, receives, recvtypes, natives + sends);
  return call;
}

void drop_collective_call(CollectiveCall *call) {
  if (call->op && is_user(call->op)) --user_ops_running;
  if (call->op) release(call->op);
  for (int i = 0; i < call->type_count; ++i) release(call->types[i]);
  while (KeptArray *array = call->arrays) {
    call->arrays = array->next;
    core_free(array);
  }
  core_free(call);
}

int finish_icollective(Comm *comm, NativeRequest native, CollectiveCall *call, Request **request) {
  Request *r = new_request(comm, RequestKind::collective);
  r->native = native;
  r->call = call;
  *request = r;
  return 0;
}

}  // namespace mana
