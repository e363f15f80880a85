// See control.h.
#include "control.h"

#include <linux/membarrier.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "backends/backend.h"
#include "child_calls.h"
#include "children.h"
#include "interface/dynamic.h"
#include "stop.h"
#include "timed_calls.h"

namespace mana {

extern void backend_progress();

namespace {

using namespace std::chrono_literals;
using Lock = std::unique_lock<std::mutex>;

// between: an attempt was given up, and the next one begins at once.
enum class Phase { idle, between, quiesce, park, drain, write, resume, stop };

// What control thread and application threads share, under `mutex`.
struct State {
  std::mutex mutex;
  std::condition_variable changed;
  int fd = -1;
  bool connected = false;
  bool told_lost = false;
  std::string directory;       // of checkpoints
  std::string token;

  std::uint32_t epoch = 0;
  Phase phase = Phase::idle;
  bool engine_in = false;
  bool told_parked = false;    // while engine_in
  bool cancelled = false;      // while engine_in
  Phase after_cancel = Phase::idle;  // or between
  std::string write_directory;
  std::set<std::pair<std::uint64_t, std::uint64_t>> let_in;  // gates that ENTER has opened
  bool let_in_plain = false;
  std::uint32_t taken = 0;     // of let_in, in this epoch
  std::optional<wire::Answer> answer;  // to our own request
  std::uint32_t asked_at = 0;          // epoch at that time
  bool refused = false;                // it was taken, and then nothing could come of it
  std::set<std::uint64_t> spawns_asked, spawns_failed;
  bool begins = false;                 // all processes of this start have come to MPI_Init
};

// Never destroyed: the control thread outlives main's statics.
State &state = *new State;
std::mutex &sending = *new std::mutex;
std::mutex &asking = *new std::mutex;  // one question to the coordinator at a time

constexpr std::initializer_list<const char *> kRankVariables = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK",
                                                                "SLURM_PROCID"};

int environment_number(std::initializer_list<const char *> names, int otherwise) {
  for (const char *name : names)
    if (const char *value = std::getenv(name)) return std::atoi(value);
  return otherwise;
}

bool launched() { return environment_number(kRankVariables, -1) >= 0; }

// A lost connection is found by the control thread, which reads from it.
template <class Message> void tell(const Message &message, std::uint32_t epoch) {
  std::lock_guard guard(sending);
  if (state.fd >= 0) wire::send(state.fd, message, epoch);
}

// Makes a store to the intent visible to threads that test it with a plain load, and all that they stored before
// such a test visible here, without any fence on their side.
void barrier() {
  if (::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) ::usleep(10000);
}
void set_intent(std::uint32_t bit) {
  seam()->intent.fetch_or(bit);
  barrier();
}

// The checkpoint, or this attempt at it, is over. Between two attempts nobody passes a gate.
void leave_checkpoint(Phase next) {
  state.phase = next;
  const std::uint32_t over = next == Phase::between ? kIntentPark : kIntentQuiesce | kIntentPark;
  seam()->intent.fetch_and(~over);
  hold_starts(false);
}

CounterChunk *first_chunk() { return seam()->upper ? seam()->upper->counters : nullptr; }

std::vector<wire::Count> read_counts() {
  std::vector<wire::Count> counts;
  for (CounterChunk *chunk = first_chunk(); chunk; chunk = std::atomic_ref(chunk->next).load())
    for (CollectiveCounter &slot : chunk->slot) {
      const std::uint64_t id = std::atomic_ref(slot.comm_id).load(std::memory_order_acquire);
      if (id != 0) counts.push_back({id, std::atomic_ref(slot.entered).load(std::memory_order_relaxed)});
    }
  return counts;
}

wire::Inside inside() {
  const std::uint32_t withdrawable = seam()->withdrawable.load();
  return {seam()->in_collective.load(), withdrawable, state.taken};
}

// Progress may start the next step of a duplication, and Open MPI takes that for any other collective of the communicator: started in
// another order than by the other ranks, the two are mixed up. So while the application stands before a call of its own there
// is none then; the coordinator does not wait for ever for those who need it.
bool may_progress() { return seam()->duplications == 0 || state.engine_in || backend_number() != kBackendOpenMpi; }

// Waits until `done`. Short waits spin, long ones sleep up to a millisecond between two looks at the network.
template <class Done> void wait_until(Lock &lock, Done done) {
  auto pause = 20us;
  for (int round = 0; !done(); ++round) {
    const bool progress = may_progress();
    lock.unlock();
    if (progress) backend_progress();
    if (round < 200) sched_yield();
    lock.lock();
    if (round < 200 || done()) continue;
    state.changed.wait_for(lock, pause);
    pause = std::min(pause * 2, 1000us);
  }
}

// Ends the checkpoint under way, if any. With the lock held.
void give_up(Phase next = Phase::idle) {
  if (state.phase == Phase::idle) return;
  if (state.engine_in) {
    state.cancelled = true;
    state.after_cancel = next;
  } else {
    leave_checkpoint(next);
    resume_all_threads();
  }
  state.changed.notify_all();
}

// ---------------------------------------------------------------------------------
// The control thread

void on_quiesce(std::uint32_t epoch) {
  {
    Lock lock(state.mutex);
    state.epoch = epoch;
    state.phase = Phase::quiesce;
    state.cancelled = false;
    state.let_in.clear();
    state.let_in_plain = false;
    state.taken = 0;
    set_intent(kIntentQuiesce);
    // From here on every thread that enters a collective either is counted or passes the gate. Told under the lock: what
    // gates and leaving threads say comes later, and each tells how many are inside then.
    tell(wire::Counts{read_counts(), inside()}, epoch);
    state.changed.notify_all();
  }
}

void on_cancel(const wire::Received &received) {
  wire::Cancel cancel;
  if (!wire::decode(received.payload, &cancel)) return;
  const std::uint32_t epoch = received.epoch;
  bool answer = false;
  {
    Lock lock(state.mutex);
    if (epoch == 0) {  // not of a checkpoint, but of a request that waited for one
      state.refused = true;
      state.changed.notify_all();
      return;
    }
    answer = state.phase != Phase::idle && !state.engine_in;
    give_up(cancel.again ? Phase::between : Phase::idle);
  }
  if (answer) tell(wire::Resumed{}, epoch);
}

// Messages that belong to the checkpoint under way.
void on_step(const wire::Received &received) {
  if (received.type == wire::Type::park) children_wait();
  Lock lock(state.mutex);
  if (received.epoch != state.epoch || state.phase <= Phase::between) {  // crossed a CANCEL
    hold_starts(false);
    return;
  }
  switch (received.type) {
  case wire::Type::enter: {
    wire::Enter enter;
    if (!wire::decode(received.payload, &enter)) return;
    if (enter.comm_id == 0)
      state.let_in_plain = true;
    else
      state.let_in.emplace(enter.comm_id, enter.number);
    break;
  }
  case wire::Type::park:
    state.phase = Phase::park;
    set_intent(kIntentPark);
    break;
  case wire::Type::drain: state.phase = Phase::drain; break;
  case wire::Type::write: {
    wire::Write write;
    if (!wire::decode(received.payload, &write)) return;
    state.write_directory = write.directory;
    state.phase = Phase::write;
    break;
  }
  case wire::Type::resume: state.phase = Phase::resume; break;
  case wire::Type::stop: state.phase = Phase::stop; break;
  default: return;
  }
  state.changed.notify_all();
}

void on_message(const wire::Received &received) {
  switch (received.type) {
  case wire::Type::welcome: {
    wire::Welcome welcome;
    Lock lock(state.mutex);
    if (wire::decode(received.payload, &welcome)) state.directory = welcome.checkpoint_directory;
    return;
  }
  case wire::Type::answer: {
    wire::Answer answer;
    Lock lock(state.mutex);
    if (wire::decode(received.payload, &answer)) state.answer = answer;
    state.changed.notify_all();
    return;
  }
  case wire::Type::begin: {
    Lock lock(state.mutex);
    state.begins = true;
    state.changed.notify_all();
    return;
  }
  case wire::Type::abandon: ::_exit(0);  // with another status Hydra tells about it among the output of the job
  case wire::Type::spawn_failed: {
    wire::SpawnFailed failed;
    Lock lock(state.mutex);
    if (wire::decode(received.payload, &failed)) state.spawns_failed.insert(failed.number);
    state.changed.notify_all();
    return;
  }
  case wire::Type::quiesce: return on_quiesce(received.epoch);
  case wire::Type::cancel: return on_cancel(received);
  default: return on_step(received);
  }
}

void on_lost() {
  Lock lock(state.mutex);
  state.connected = false;
  give_up();
  if (!std::exchange(state.told_lost, true) && state.phase != Phase::stop)
    say("the coordinator is gone: the program goes on without checkpoints");
  std::lock_guard guard(sending);
  ::close(std::exchange(state.fd, -1));
  state.changed.notify_all();
}

bool engine_runs() {
  Lock lock(state.mutex);
  return state.phase == Phase::park && !state.engine_in;
}

// While the engine has been asked to park it is signalled again and again: a signal that finds it in a place
// where it cannot be stopped (an interception handler, the vDSO) only returns.
void *control_thread(void *) {
  ::pthread_setname_np(::pthread_self(), "mana-control");
  int pause = -1;
  for (;;) {
    pollfd ready{state.fd, POLLIN, 0};
    const int events = ::poll(&ready, 1, pause);
    if (events < 0 && errno != EINTR) break;
    if (events > 0) {
      wire::Received received;
      if (wire::receive(state.fd, &received) != 0) break;
      on_message(received);
    }
    if (engine_runs()) {
      signal_engine();
      pause = pause < 0 ? 1 : std::min(pause * 2, 50);
    } else {
      pause = -1;
    }
  }
  on_lost();
  return nullptr;
}

bool start_thread() {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = ::pthread_create(&thread, nullptr, control_thread, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error == 0) ::pthread_detach(thread);
  return error == 0;
}

wire::Hello hello(bool restarted, std::uint32_t front) {
  wire::Hello hello;
  hello.token = state.token;
  hello.rank = launcher_rank();
  hello.size = launcher_size();
  hello.pid = ::getpid();
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  hello.host = host;
  hello.backend = backend_number();
  hello.front = front;
  hello.restarted = restarted;
  return hello;
}

}  // namespace

// ---------------------------------------------------------------------------------

bool has_launcher(char *const *environment) {
  for (; environment && *environment; ++environment)
    for (const std::string_view name : kRankVariables)
      if (std::string_view(*environment).starts_with(name) && (*environment)[name.size()] == '=') return true;
  return false;
}

int launcher_rank() { return environment_number(kRankVariables, 0); }
int launcher_size() { return environment_number({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS"}, 1); }

bool control_start(bool restarted, std::uint32_t front) {
  ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
  state.engine_in = restarted;
  const char *path = std::getenv("MANA_COORDINATOR");
  if (!path || !*path) return true;
  if (const char *token = std::getenv("MANA_TOKEN")) state.token = token;
  state.fd = wire::connect_to(path);
  if (state.fd < 0) return false;
  state.connected = true;
  tell(hello(restarted, front), 0);
  if (!restarted) control_tell(state_before_mpi());
  return start_thread();
}

wire::RankState state_before_mpi() { return launched() ? wire::RankState::starting : wire::RankState::initialized; }

void control_tell(wire::RankState rank_state) {
  tell(wire::State{rank_state, seam()->upper ? seam()->upper->front : 0}, 0);
}

void control_await_all() {
  Lock lock(state.mutex);
  tell(wire::Ready{}, 0);
  wait_until(lock, [] { return state.begins || !state.connected; });
}

std::string control_checkpoint_directory() {
  Lock lock(state.mutex);
  return state.directory;
}

namespace {

// Under the lock, so that what the next checkpoint reads is never short of a thread that has been let in.
void count_entered(std::uint64_t comm_id, std::uint64_t number) {
  for (CounterChunk *chunk = first_chunk(); chunk; chunk = std::atomic_ref(chunk->next).load())
    for (CollectiveCounter &slot : chunk->slot)
      if (std::atomic_ref(slot.comm_id).load(std::memory_order_acquire) == comm_id) std::atomic_ref(slot.entered).store(number);
}

void wait_for_next_attempt(Lock &lock) {
  wait_until(lock, [] { return state.phase != Phase::between; });
}

// Who has been let in is expected inside by all others, whatever has been said since.
Verdict wait_at_gate(Lock &lock, std::uint64_t comm_id, std::uint64_t number) {
  const std::uint32_t epoch = state.epoch;
  const auto passed = std::pair(comm_id, number);
  const auto over = [&] { return state.phase != Phase::quiesce || state.epoch != epoch; };
  if (!over()) {
    tell(wire::Gate{comm_id, number, read_counts(), inside()}, epoch);
    wait_until(lock, [&] { return over() || state.let_in.contains(passed); });
  }
  if (state.epoch == epoch && state.let_in.erase(passed)) {
    ++state.taken;
    count_entered(comm_id, number);
    seam()->in_collective.fetch_add(1);
    return Verdict::go;
  }
  return state.phase <= Phase::between || state.epoch != epoch ? Verdict::cancelled : Verdict::park;
}

}  // namespace

Verdict control_gate(std::uint64_t comm_id, std::uint64_t number) {
  Lock lock(state.mutex);
  seam()->in_collective.fetch_sub(1);
  wait_for_next_attempt(lock);
  return state.phase == Phase::idle ? Verdict::cancelled : wait_at_gate(lock, comm_id, number);
}

Verdict control_gate_plain() {
  Lock lock(state.mutex);
  for (;;) {
    wait_for_next_attempt(lock);
    if (state.phase == Phase::idle) return Verdict::go;
    const std::uint32_t epoch = state.epoch;
    const auto over = [&] { return state.phase != Phase::quiesce || state.epoch != epoch; };
    if (!over()) {
      tell(wire::GatePlain{}, epoch);
      wait_until(lock, [&] { return over() || state.let_in_plain; });
    }
    if (!over()) {
      state.let_in_plain = false;
      return Verdict::go;
    }
    if (state.phase > Phase::quiesce && state.epoch == epoch) return Verdict::park;
  }
}

void control_left_collective() {
  Lock lock(state.mutex);
  if (state.phase == Phase::quiesce) tell(wire::Left{read_counts(), inside()}, state.epoch);
}

namespace {

// With the lock held, which is given back meanwhile. Without a coordinator the answer is ECANCELED.
template <class Message> wire::Answer ask(Lock &lock, const Message &question) {
  lock.unlock();
  std::lock_guard turn(asking);
  lock.lock();
  wire::Answer none;
  none.error = ECANCELED;
  none.text = "there is no coordinator";
  if (!state.connected) return none;
  state.answer.reset();
  tell(question, 0);
  wait_until(lock, [] { return state.answer || !state.connected; });
  return state.answer ? *state.answer : none;
}

}  // namespace

int control_request(bool stop) {
  Lock lock(state.mutex);
  if (!state.connected) return ECANCELED;
  state.asked_at = state.epoch;
  state.refused = false;
  const wire::Answer answer = ask(lock, wire::Request{stop ? 1u : 0u});
  if (answer.error != 0 && state.connected) say("checkpoint refused: " + answer.text);
  return answer.error;
}

int control_request_spawn(std::uint64_t number, int count, const std::string &text) {
  Lock lock(state.mutex);
  state.spawns_asked.insert(number);
  const wire::Answer answer = ask(lock, wire::Spawn{number, count, text});
  if (answer.error != 0) say("MPI_Comm_spawn: " + answer.text);
  return answer.error;
}

int control_await_spawn(std::uint64_t number) {
  Lock lock(state.mutex);
  if (!state.spawns_asked.contains(number)) return kSpawnUnknown;
  const auto failed = [&] { return !state.connected || state.spawns_failed.contains(number); };
  wait_until(lock, [&] { return failed() || (seam()->intent.load() & kIntentPark) != 0; });
  return failed() ? kSpawnFailed : kSpawnUnknown;
}

int control_name(const wire::Name &name, std::string *port) {
  Lock lock(state.mutex);
  const wire::Answer answer = ask(lock, name);
  *port = answer.text;
  return answer.error;
}

void control_wait_intent(std::uint32_t seen) {
  Lock lock(state.mutex);
  wait_until(lock, [&] {
    return seam()->intent.load() != seen || state.phase != Phase::idle || state.epoch != state.asked_at ||
           state.refused || !state.connected;
  });
}

bool engine_is_in() {
  Lock lock(state.mutex);
  return state.engine_in;
}

bool control_engine_enter() {
  Lock lock(state.mutex);
  if (state.phase != Phase::park || state.engine_in) return false;
  state.told_parked = false;
  return state.engine_in = true;
}

constexpr auto kBetweenLooks = 100us;  // at duplications

Verdict control_parked(const Standing &standing) {
  Lock lock(state.mutex);
  const std::uint32_t duplications = seam()->duplications;
  if (!std::exchange(state.told_parked, true) || duplications == 0)
    tell(wire::Parked{read_counts(), duplications, standing.world_first, standing.world_count,
                      {standing.known, standing.known + standing.known_count}},
         state.epoch);
  const auto over = [] { return state.cancelled || state.phase >= Phase::drain; };
  if (duplications == 0)
    wait_until(lock, over);
  else if (!over())
    state.changed.wait_for(lock, kBetweenLooks);
  if (!over()) return Verdict::again;
  return state.cancelled ? Verdict::cancelled : Verdict::go;
}

Verdict control_drained(std::string *directory) {
  Lock lock(state.mutex);
  tell(wire::Drained{}, state.epoch);
  wait_until(lock, [] { return state.cancelled || state.phase >= Phase::write; });
  *directory = state.write_directory;
  return state.cancelled ? Verdict::cancelled : Verdict::go;
}

namespace {

Fate await_fate() {
  Lock lock(state.mutex);
  wait_until(lock, [] { return state.cancelled || state.phase >= Phase::resume; });
  if (state.cancelled) return Fate::failed;
  return state.phase == Phase::stop ? Fate::stop : Fate::resume;
}

}  // namespace

Fate control_written(const wire::Written &written) {
  tell(written, state.epoch);
  return await_fate();
}

void control_failed(int error, const std::string &text) {
  tell(wire::Failed{error, text}, state.epoch);
  await_fate();
}

void control_resume() {
  Lock lock(state.mutex);
  if (!state.engine_in) return;
  leave_checkpoint(state.cancelled ? state.after_cancel : Phase::idle);
  state.engine_in = state.cancelled = false;
  timed_calls_begin_life();
  resume_all_threads();
  tell(wire::Resumed{}, state.epoch);
  state.changed.notify_all();
}

void control_wait_flag(const bool *flag) {
  Lock lock(state.mutex);
  wait_until(lock, [&] { return *flag; });
}

void control_set_flag(bool *flag) {
  Lock lock(state.mutex);
  *flag = true;
  state.changed.notify_all();
}

void say(const std::string &text) {
  const std::string line = "mana: rank " + std::to_string(launcher_rank()) + ": " + text.substr(0, 1024) + "\n";
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace mana
