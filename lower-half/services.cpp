// See services.h. Each function that the upper half calls is one crossing around a function of control.h.
#include "services.h"

#include <pthread.h>
#include <signal.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "backends/backend.h"
#include "code_page.h"
#include "control.h"
#include "crossing.h"
#include "descriptors.h"
#include "dynamic.h"
#include "files.h"
#include "image_write.h"
#include "shared_memory.h"
#include "signals.h"
#include "stop.h"
#include "timers.h"
#include "window.h"

namespace mana {

const BlockingMpi *backend_blocking();  // backends/blocking.h, which wants an mpi.h

namespace {

using namespace std::chrono_literals;

constexpr int kStopTime = 30000;     // ms for all threads to stop; one may be inside a long call of MPI
constexpr auto kFinalizeTime = 10s;  // for MPI_Finalize of a stopped job, then it ends without

std::string write_directory;  // where the coordinator wants this checkpoint's images

// ---------------------------------------------------------------------------------
// A checkpoint, as the engine goes through it. With the lower half's TLS.

Verdict stop_all() {
  if (!control_engine_enter()) return Verdict::cancelled;
  if (const int running = stop_all_threads(kStopTime)) {
    control_failed(ETIMEDOUT, std::to_string(running) + " of the program's threads could not be stopped");
    return Verdict::cancelled;
  }
  return Verdict::go; // every thread of the application in this process stands still
}

struct Writing {
  std::string path;
  ImageOutcome outcome;
  bool done = false;
};

void *write_thread(void *argument) {
  auto *writing = static_cast<Writing *>(argument);
  writing->outcome = write_own_image(writing->path);
  control_set_flag(&writing->done);
  return nullptr;
}

// On a thread of the lower half, which has all signals blocked, while this one lets MPI make progress.
void write_image(Writing *writing) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t writer;
  const int error = ::pthread_create(&writer, nullptr, write_thread, writing);
  if (error == 0) {
    control_wait_flag(&writing->done);
    ::pthread_join(writer, nullptr);
  } else {
    writing->outcome.problem = {image::kIoError, error, std::string("cannot start a thread: ") + std::strerror(error)};
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

wire::Written report_of(const Writing &writing) {
  wire::Written written;
  written.bytes = writing.outcome.written.bytes;
  written.hash_low = writing.outcome.written.digest.low;
  written.hash_high = writing.outcome.written.digest.high;
  written.file = writing.path.substr(writing.path.find_last_of('/') + 1);
  written.warnings = writing.outcome.warnings;
  return written;
}

// Receives that are still posted are made again at the restart. The live MPI, thrown away with them,
// would complain about them among the application's output (UCX does, on stdout).
void silence_streams() {
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (null < 0) return;
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, stream);
}

// The image is committed everywhere and nothing of this rank is in the network: leave the launcher as a
// program does that has come to its end. What the application would do at exit is done after its restart.
[[noreturn]] void end_process() {
  std::thread([] {
    std::this_thread::sleep_for(kFinalizeTime);
    ::_exit(0);
  }).detach();
  silence_streams();
  if (seam()->mpi_initialized == 1) backend_finalize();
  ::_exit(0);
}

void save_timers_and_signals() {
  constexpr int kAttempts = 100;  // timers that are faster than this look send their signals again and again
  for (int i = 0; i < kAttempts; ++i) {
    timers_save();
    if (timers_notify_threads()) save_pending_signals_of_threads();
    save_pending_signals();
    if (!timers_have_expired()) return;
  }
}

ParkResult write_and_wait() {
  save_timers_and_signals();
  Writing writing;
  const int rank = seam()->mpi_initialized == 1 ? seam()->process : launcher_rank();
  writing.path = write_directory + "/rank-" + std::to_string(rank) + ".mana";
  write_image(&writing);
  if (const image::Problem &problem = writing.outcome.problem) {
    say("checkpoint failed: " + problem.text);
    control_failed(problem.error, problem.text);
    return ParkResult::failed;
  }
  switch (control_written(report_of(writing))) {
  case Fate::stop: end_process();
  case Fate::failed: return ParkResult::failed;
  case Fate::resume: break;
  }
  return ParkResult::resumed;
}

// ---------------------------------------------------------------------------------
// LowerServices

Verdict gate(std::uint64_t comm_id, std::uint64_t number) {
  Crossing crossing;
  return control_gate(comm_id, number);
}
Verdict gate_plain() {
  Crossing crossing;
  return control_gate_plain();
}
void left_collective() {
  Crossing crossing;
  control_left_collective();
}
int request_checkpoint(int stop) {
  Crossing crossing;
  return control_request(stop != 0);
}
void wait_intent(std::uint32_t seen) {
  Crossing crossing;
  control_wait_intent(seen);
}
Verdict stop_threads() {
  Crossing crossing;
  return stop_all();
}
Verdict all_parked(const Standing *standing) {
  Crossing crossing;
  return control_parked(*standing);
}
Verdict all_drained() {
  Crossing crossing;
  return control_drained(&write_directory);
}
void resume() {
  Crossing crossing;
  control_resume();
}
void end_program() {
  constexpr int kPatience = 1000; // ms; a checkpoint tries again
  ThreadBlock *block = this_thread_block();
  Crossing crossing;
  block->hidden_mask |= kHiddenCheckpoint | kHiddenSigsys;
  std::uint64_t blocked = ~std::uint64_t{0};
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, nullptr, sizeof blocked);
  KernelSigaction at_termination;
  set_app_action(SIGTERM, nullptr, &at_termination);
  blocked &= ~kNeverBlocked;
  if (at_termination.handler == reinterpret_cast<std::uint64_t>(SIG_DFL)) blocked &= ~signal_bit(SIGTERM);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, nullptr, sizeof blocked);
  if (!block->is_engine) return;
  seam()->program_over = 1;
  stop_all_threads(kPatience);
  descriptors_close_all();
}
void say_text(const char *text) {
  Crossing crossing;
  say(text);
}
// Microseconds in which a launcher has forwarded a sentence: Hydra forgets what it has not when a rank aborts.
constexpr useconds_t kForwarded = 200'000;

[[noreturn]] void die(int code, const char *text) {
  Crossing crossing;
  say(text);
  if (seam()->mpi_initialized == 1) {
    ::usleep(kForwarded);
    backend_abort(code);
  }
  ::_exit(code);
}
void *map_pages(std::size_t bytes) { return window_map_pages(bytes); }
void unmap_pages(void *address, std::size_t bytes) { window_unmap_pages(address, bytes); }

const char *checkpoint_directory() {
  Crossing crossing;
  static char text[4096];
  const std::string directory = control_checkpoint_directory();
  text[directory.copy(text, sizeof text - 1)] = '\0';
  return text;
}

LowerServices services;

}  // namespace

void services_fill_seam() {
  services = {kSeamVersion, backend_number(), map_pages,      unmap_pages,  say_text,   die,
              gate,         gate_plain,       left_collective, request_checkpoint, wait_intent,
              stop_threads, all_parked,       all_drained,
              reinterpret_cast<ParkResult (*)()>(code_header()->park), resume,
              backend_blocking(), checkpoint_directory, shared_memory_services(), dynamic_processes(), end_program};
  seam()->services = &services;
}

void services_watch_calls() {
  const char *at = std::getenv("MANA_CHECKPOINT_AT");
  const char *colon = at ? std::strchr(at, ':') : nullptr;
  if (!colon || std::atoi(at) != launcher_rank()) return;
  Seam &s = *seam();
  s.checkpoint_at = std::strtoull(colon + 1, nullptr, 10);
  s.calls_counted = 0;
  s.stop_after = std::getenv("MANA_STOP_AFTER") != nullptr;
  s.intent.fetch_or(kIntentCount);
}

void services_init() {
  files_start();
  services_fill_seam();
  services_watch_calls();
  if (!control_start(false, 0)) say("cannot reach the coordinator: the program runs without checkpoints");
}

ParkResult engine_parked(ThreadBlock *) {
  Crossing crossing;
  if (engine_is_in()) return write_and_wait();
  // No MPI, so nothing to drain.
  ParkResult result = ParkResult::failed;
  if (stop_all() == Verdict::go && control_parked({}) == Verdict::go && control_drained(&write_directory) == Verdict::go) {
    seam()->engine_alone = 1;
    result = write_and_wait();
    seam()->engine_alone = 0;
  }
  control_resume();
  return result;
}

}  // namespace mana
