// See lock.h. The three-state futex lock of Drepper, "Futexes are tricky": 0 free, 1 taken, 2 taken and waited for.
#include "core/lock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "core/engine.h"
#include "interface/seam.h"

namespace mana {

bool core_threaded = false;

namespace {

std::atomic<std::uint32_t> word{0};
std::atomic<ThreadBlock *> owner{nullptr};
std::uint32_t depth = 0;

void futex(int operation, std::uint32_t value) {
  syscall(SYS_futex, reinterpret_cast<std::uint32_t *>(&word), operation, value, nullptr, nullptr, 0);
}

void acquire(std::uint32_t levels) {
  std::uint32_t expected = 0;
  if (!word.compare_exchange_strong(expected, 1, std::memory_order_acquire))
    while (word.exchange(2, std::memory_order_acquire) != 0) futex(FUTEX_WAIT_PRIVATE, 2);
  owner.store(this_thread_block(), std::memory_order_relaxed);
  depth = levels;
}

void release() {
  owner.store(nullptr, std::memory_order_relaxed);
  if (word.exchange(0, std::memory_order_release) == 2) futex(FUTEX_WAKE_PRIVATE, 1);
}

bool mine() { return owner.load(std::memory_order_relaxed) == this_thread_block(); }

}  // namespace

void core_lock_slow() {
  if (mine())
    ++depth;
  else
    acquire(1);
}

void core_unlock_slow() {
  // MPI_Init_thread turns the lock on inside a call that did not take it.
  if (mine() && --depth == 0) release();
}

std::uint32_t core_release_slow() {
  if (!mine()) return 0;
  const std::uint32_t levels = depth;
  depth = 0;
  release();
  return levels;
}

void core_reacquire_slow(std::uint32_t levels) { acquire(levels); }

void park() {
  Unlocked unlocked;
  engine_park();
}

void pause_for_others() {
  Unlocked unlocked;
  syscall(SYS_sched_yield);
}

}  // namespace mana
