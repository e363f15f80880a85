// A checkpoint of this rank as the engine thread runs it. See engine.h.
//
// May run in a signal handler with the application stopped anywhere outside of MPI, malloc included: nothing in
// here nor in what it calls uses libc beyond memory and string functions.
#include "core/engine.h"

#include "core/dynamic.h"
#include "core/events.h"
#include "core/memory.h"
#include "core/requests.h"
#include "drain/drain.h"
#include "interface/dynamic.h"
#include "interface/seam.h"
#include "record-replay/rebuild.h"

namespace mana {

namespace {

bool wanted(Intent bit) { return (seam()->intent.load(std::memory_order_relaxed) & bit) != 0; }

bool checkpoint_runs = false;

void run_checkpoint() {
  events_before_checkpoint();

  // Every thread of this process stands still and no rank of the job is inside a collective.
  Verdict verdict = seam()->services->stop_threads();
  if (verdict == Verdict::go) {
    const Standing standing = standing_of_this_process();
    while ((verdict = seam()->services->all_parked(&standing)) == Verdict::again) test_active_requests();
    core_free(standing.known);
  }
  if (verdict == Verdict::cancelled) {
    seam()->services->resume();
    events_after_resume();
    return;
  }

  // Messages under way are received into our own memory; every request is complete, or a posted
  // receive which nobody has matched. From here on nothing of this rank is in the network.
  drain_channels();
  if (seam()->services->all_drained() == Verdict::cancelled) {
    seam()->services->resume();
    events_after_resume();
    return;
  }

  // Returns once more in each process that is started from the image.
  const ParkResult result = seam()->services->park_and_write();

  // There the live MPI knows nothing yet: make what the records describe.
  if (result == ParkResult::restarted) rebuild_objects();

  // From here on native handles are valid in either case, and the other threads run again.
  seam()->services->resume();
  if (result == ParkResult::restarted)
    events_after_restart();
  else
    events_after_resume();
}

// --checkpoint-at: asks for the checkpoint at that call's entry and waits there until it is taken, or until the other ranks
// cannot get to a safe point without this one going on. Asked for before MPI is there it is deferred, and the wait is at the
// first call after that.
void count_call() {
  static std::uint32_t deferred = 0;  // 1 + restarts as it was asked for
  Seam &s = *seam();
  const bool is_deferred = deferred == s.restarts + 1;
  if (is_deferred ? s.mpi_initialized == 0 : ++s.calls_counted < s.checkpoint_at) return;
  if (must_not_park()) return;  // in a callback: at the next call outside
  const bool refused = !is_deferred && s.services->request_checkpoint(s.stop_after ? 1 : 0) != 0;
  if (!refused && s.mpi_initialized == 0) {
    deferred = s.restarts + 1;
    return;
  }
  s.intent.fetch_and(~std::uint32_t{kIntentCount});
  if (refused || s.mpi_initialized != 1) return;  // the coordinator says so
  s.services->wait_intent(s.intent.load(std::memory_order_relaxed));
  if (s.services->gate_plain() == Verdict::park) engine_park();
}

}  // namespace

// Attribute functions, error handlers and the like are called by the core, which does not mind. A reduction function is
// called by the live MPI, possibly in the drain; events' callbacks are called by the checkpoint itself.
bool must_not_park() {
  const ThreadBlock *block = this_thread_block();
  if (block->held_sp != 0 && reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) < block->held_sp) return true;
  return block->is_engine && checkpoint_runs;
}

void engine_park() {
  if (!wanted(kIntentPark) || must_not_park()) return;
  if (!this_thread_block()->is_engine) {
    seam()->services->park_and_write();
    return;
  }
  checkpoint_runs = true;
  run_checkpoint();
  checkpoint_runs = false;
}

void call_slow(Fn) {
  if (wanted(kIntentCount) && this_thread_block()->is_engine) count_call();
  engine_park();
}

void checkpoint_here() {
  ++this_thread_block()->in_core;
  engine_park();
  --this_thread_block()->in_core;
}

}  // namespace mana
