// timer_create and its relatives. See timers.h; the rules are those of intercept.h.
#include "timers.h"

#include <asm/unistd.h>
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "arch/x86_64/raw_syscall.h"
#include "clocks.h"
#include "intercept.h"
#include "saved.h"
#include "threads.h"

namespace mana {

namespace {

constexpr std::uint64_t kAbsolute = 1; // TIMER_ABSTIME

std::uint64_t address(const void *pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

// Takes a free entry, or null.
PosixTimer *claim() {
  for (PosixTimer &timer : saved()->timers) {
    std::uint32_t free = 0;
    if (__atomic_compare_exchange_n(&timer.used, &free, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
      return &timer;
  }
  return nullptr;
}

PosixTimer *find(std::uint64_t id) {
  PosixTimer *timer = id < static_cast<std::uint64_t>(kMaxTimers) ? &saved()->timers[id] : nullptr;
  return timer && __atomic_load_n(&timer->used, __ATOMIC_ACQUIRE) ? timer : nullptr;
}

long on_timer_create(SyscallFrame *frame) {
  const auto *event = reinterpret_cast<const KernelSigevent *>(frame->arg[1]);
  PosixTimer *timer = claim();
  if (!timer)
    return -EAGAIN;
  const auto id = static_cast<std::uint64_t>(timer - saved()->timers);
  timer->clock = static_cast<std::int32_t>(frame->arg[0]);
  if (timer->clock == CLOCK_THREAD_CPUTIME_ID || timer->clock == clock_of_thread(0)) // another thread makes it after a restart
    timer->clock = static_cast<std::int32_t>(clock_of_thread(this_thread_block()->tid));
  timer->absolute = 0;
  timer->event = event ? *event : KernelSigevent{id, SIGALRM, SIGEV_SIGNAL, 0, {}};
  const long result = create_kernel_timer(timer);
  if (failed(result))
    __atomic_store_n(&timer->used, 0, __ATOMIC_RELEASE);
  else
    *reinterpret_cast<std::int32_t *>(frame->arg[2]) = static_cast<std::int32_t>(id);
  return result;
}

long on_timer_settime(SyscallFrame *frame) {
  PosixTimer *timer = find(frame->arg[0]);
  if (!timer)
    return -EINVAL;
  timer->absolute = (frame->arg[1] & kAbsolute) != 0;
  const auto *wanted = reinterpret_cast<const KernelItimerspec *>(frame->arg[2]);
  KernelItimerspec moved;
  if (timer->absolute && wanted && clock_offset(timer->clock) != 0) {
    moved = {wanted->interval, kernel_time(timer->clock, wanted->value)};
    wanted = &moved;
  }
  return raw_syscall(__NR_timer_settime, static_cast<std::uint64_t>(timer->kernel_id), frame->arg[1], address(wanted),
                     frame->arg[3]);
}

// timer_gettime and timer_getoverrun.
long on_timer_query(SyscallFrame *frame) {
  const PosixTimer *timer = find(frame->arg[0]);
  return timer ? raw_syscall(static_cast<long>(frame->nr), static_cast<std::uint64_t>(timer->kernel_id), frame->arg[1])
               : -EINVAL;
}

long on_timer_delete(SyscallFrame *frame) {
  PosixTimer *timer = find(frame->arg[0]);
  if (!timer)
    return -EINVAL;
  const long result = raw_syscall(__NR_timer_delete, static_cast<std::uint64_t>(timer->kernel_id));
  __atomic_store_n(&timer->used, 0, __ATOMIC_RELEASE);
  return result;
}

} // namespace

long create_kernel_timer(PosixTimer *timer) {
  KernelSigevent event = timer->event;
  if (event.notify & SIGEV_THREAD_ID)
    event.tid = static_cast<std::int32_t>(tid_to_kernel(event.tid));
  return raw_syscall(__NR_timer_create, static_cast<std::uint64_t>(clock_to_kernel(timer->clock)), address(&event),
                     address(&timer->kernel_id));
}

std::int64_t clock_to_kernel(std::int64_t clock) {
  if (clock >= 0 || is_clock_of_file(clock))
    return clock;
  const std::int64_t id = id_of_clock(clock), kernel = clock & 4 ? tid_to_kernel(id) : pid_to_kernel(id);
  return (~kernel << 3) | (clock & 7);
}

void register_timer_calls() {
  intercept_register(__NR_timer_create, on_timer_create);
  intercept_register(__NR_timer_settime, on_timer_settime);
  intercept_register(__NR_timer_gettime, on_timer_query);
  intercept_register(__NR_timer_getoverrun, on_timer_query);
  intercept_register(__NR_timer_delete, on_timer_delete);
}

} // namespace mana
