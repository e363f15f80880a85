// The lock around the core's records, for applications with MPI_THREAD_MULTIPLE.
//
// Every MPI call takes it at its entry (core/call.h) and gives it back around what may block: a blocking
// crossing, the gate, the engine. All others pay one test of a flag that never changes after MPI_Init.
//
// It is recursive (an error handler or attribute function may call MPI again) and made of a futex, because a checkpoint may
// run while the application is stopped inside pthread functions. No thread is ever parked while it holds the
// lock: whoever is about to park is inside an Unlocked scope.
#pragma once
#include <cstdint>

namespace mana {

extern bool core_threaded;  // MPI_THREAD_MULTIPLE was given out

void core_lock_slow();
void core_unlock_slow();
std::uint32_t core_release_slow();               // gives it back wholly; returns the depth
void core_reacquire_slow(std::uint32_t depth);

inline void core_lock() {
  if (core_threaded) [[unlikely]] core_lock_slow();
}
inline void core_unlock() {
  if (core_threaded) [[unlikely]] core_unlock_slow();
}

// Scope in which other threads may use the records. What was read from them before must be read again after.
class Unlocked {
public:
  Unlocked() {
    if (core_threaded) [[unlikely]] depth_ = core_release_slow();
  }
  ~Unlocked() {
    if (depth_ != 0) [[unlikely]] core_reacquire_slow(depth_);
  }
  Unlocked(const Unlocked &) = delete;
  Unlocked &operator=(const Unlocked &) = delete;

private:
  std::uint32_t depth_ = 0;
};

// Calls below() with the lock given back: whatever waits for another rank there. That rank may need what another thread of
// this one is about to do.
template <class Below> auto unlocked(Below below) {
  const Unlocked scope;
  return below();
}

// engine_park() with the lock given back.
void park();

// Lets other threads in, and other processes run, between two looks at something that only they can change.
void pause_for_others();

}  // namespace mana
