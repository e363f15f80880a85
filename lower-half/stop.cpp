// The side of the stop that sends and waits: with the lower half's libc. See stop.h.
#include "stop.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

#include "pending_signals.h"
#include "signals.h"
#include "threads.h"

namespace mana {

namespace {

bool is_parked(const ThreadBlock *block) { return __atomic_load_n(&block->state, __ATOMIC_SEQ_CST) == kThreadParked; }

void send_stop(ThreadBlock *block) {
  siginfo_t info = {};
  info.si_signo = kCheckpointSignal;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_ptr = reinterpret_cast<void *>(kStopMagic);
  syscall(SYS_rt_tgsigqueueinfo, getpid(), block->kernel_tid, kCheckpointSignal, &info);
}

std::int64_t now_ns() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

void sleep_ns(long ns) {
  const timespec time = {0, ns};
  nanosleep(&time, nullptr);
}

// Signals those that still run; returns how many they are.
int signal_running_threads() {
  int running = 0;
  for_each_thread([&](ThreadBlock *block) {
    if (block->is_engine || is_parked(block) || !thread_lives(block))
      return;
    ++running;
    if (block->kernel_tid != 0)
      send_stop(block);
  });
  return running;
}

int count_running_threads() {
  int running = 0;
  for_each_thread([&](ThreadBlock *block) { running += !block->is_engine && !is_parked(block); });
  return running;
}

} // namespace

// A thread in a system call or in the application's code parks at the first signal; one that is just
// allocating, or in the vDSO, at the second or third. So the first rounds come quickly, and then more and more
// slowly, as a thread which is blocked inside of MPI comes out by itself.
int stop_all_threads(int timeout_ms) {
  const std::int64_t deadline = now_ns() + timeout_ms * 1'000'000LL;
  long pause_ns = 100'000;
  for (;;) {
    if (signal_running_threads() == 0)
      return 0;
    sleep_ns(pause_ns);
    if (count_running_threads() == 0)
      return 0;
    if (now_ns() > deadline)
      return count_running_threads();
    pause_ns = pause_ns * 3 / 2;
    if (pause_ns > 20'000'000)
      pause_ns = 20'000'000;
  }
}

void resume_all_threads() {
  if (seam()->program_over)
    return;
  for_each_thread([](ThreadBlock *block) {
    if (block->is_engine || !is_parked(block))
      return;
    block->pending_signals = 0;
    __atomic_store_n(&block->state, kThreadRuns, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &block->state, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
  });
}

void signal_engine() { send_stop(engine_block()); }

void save_pending_signals_of_threads() {
  for_each_thread([](ThreadBlock *block) {
    if (block->is_engine || !is_parked(block))
      return;
    __atomic_store_n(&block->state, kThreadLooks, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &block->state, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
    while (__atomic_load_n(&block->state, __ATOMIC_SEQ_CST) == kThreadLooks)
      syscall(SYS_futex, &block->state, FUTEX_WAIT_PRIVATE, kThreadLooks, nullptr, nullptr, 0);
  });
}

void save_pending_signals() { note_pending_signals(engine_block(), true); }

} // namespace mana
