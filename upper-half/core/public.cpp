// The functions behind mana.h, and the callbacks of events.h. Fronts export the symbols; the header's inline
// functions call them through weak references, so programs that use it also run without us.
#include <sys/auxv.h>

#include "core/engine.h"
#include "core/events.h"
#include "core/lock.h"
#include "interface/seam.h"

namespace mana {

namespace {

struct Registration {
  void (*before)(void *);
  void (*after_resume)(void *);
  void (*after_restart)(void *);
  void *argument;
};

constexpr int kMaxRegistrations = 32;
Registration registrations[kMaxRegistrations];
int registered;

// The front may also have been found without us, through LD_LIBRARY_PATH.
bool under_mana() { return getauxval(kAuxvSeam) != 0; }

// As an MPI call: not stopped by the checkpoint signal (core/call.h). It is no MPI call, and not counted as one.
class Inside {
public:
  Inside() { asm volatile("incl %%gs:28" ::: "memory", "cc"); }
  ~Inside() { asm volatile("decl %%gs:28" ::: "memory", "cc"); }
  Inside(const Inside &) = delete;
  Inside &operator=(const Inside &) = delete;
};

// Waits for the checkpoint just asked for. The other ranks may need this one to go on for a while first: it is held
// at a gate of its own, as a collective would be, until everybody can park.
void wait_and_park(std::uint32_t intent_before) {
  const LowerServices *services = seam()->services;
  services->wait_intent(intent_before);
  if (services->gate_plain() == Verdict::park)
    engine_park();
}

} // namespace

void events_before_checkpoint() {
  for (int i = registered; i-- > 0;)
    if (registrations[i].before)
      registrations[i].before(registrations[i].argument);
}

void events_after_resume() {
  for (int i = 0; i < registered; ++i)
    if (registrations[i].after_resume)
      registrations[i].after_resume(registrations[i].argument);
}

void events_after_restart() {
  for (int i = 0; i < registered; ++i)
    if (registrations[i].after_restart)
      registrations[i].after_restart(registrations[i].argument);
}

void forget_events() { registered = 0; }

bool events_registered() { return registered > 0; }

} // namespace mana

extern "C" {

[[gnu::visibility("default")]] int mana_checkpoint_impl(void) {
  using namespace mana;
  if (!under_mana())
    return -1;
  Inside inside;
  Seam &s = *seam();
  if (s.mpi_initialized != 1)
    return -1;
  const std::uint32_t restarts = s.restarts, intent = s.intent.load(std::memory_order_relaxed);
  const int refused = s.services->request_checkpoint(0);
  // Another rank was first, or the signal was: that checkpoint is the one that was asked for.
  constexpr int kBusy = 16; // EBUSY
  if (refused != 0 && refused != kBusy)
    return -1;
  wait_and_park(intent);
  return s.restarts != restarts;
}

[[gnu::visibility("default")]] int mana_is_restarted_impl(void) {
  return mana::under_mana() ? static_cast<int>(mana::seam()->restarts) : 0;
}

[[gnu::visibility("default")]] int mana_on_event_impl(void (*before)(void *), void (*after_resume)(void *),
                                                      void (*after_restart)(void *), void *argument) {
  using namespace mana;
  if (!under_mana())
    return -1;
  Inside inside;
  core_lock();
  const bool room = registered < kMaxRegistrations;
  if (room)
    registrations[registered++] = {before, after_resume, after_restart, argument};
  core_unlock();
  return room ? 0 : -1;
}

} // extern "C"
