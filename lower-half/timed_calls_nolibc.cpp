// See timed_calls.h; the rules are those of intercept.h.
#include "timed_calls.h"

#include <asm/unistd.h>
#include <linux/futex.h>
#include <time.h>

#include "clocks.h"
#include "code_page.h"
#include "signals.h"
#include "timers.h"

namespace mana {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000, kMillisecond = 1'000'000;
constexpr std::int64_t kForEver = 1'000'000'000; // seconds: from there on nothing is subtracted
constexpr std::uint64_t kAbsolute = 1;           // TIMER_ABSTIME

std::int64_t life_began_ns = 0;

std::uint64_t address(const void *pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

KernelTimespec *time_at(std::uint64_t pointer) { return reinterpret_cast<KernelTimespec *>(pointer); }

std::int32_t int_of(std::uint64_t argument) { return static_cast<std::int32_t>(argument); }

std::int64_t now_ns() {
  KernelTimespec now{};
  reinterpret_cast<long (*)(long, KernelTimespec *)>(code_slots()->vdso_clock_gettime)(CLOCK_MONOTONIC, &now);
  return now.seconds * kSecond + now.nanoseconds;
}

KernelTimespec from_milliseconds(std::int32_t count) { return {count / 1000, count % 1000 * kMillisecond}; }

void stop_clock(SyscallFrame *frame) {
  KernelTimespec &timeout = frame->timeout;
  const std::int64_t now = now_ns(), since = frame->restarts == seam()->restarts ? frame->since : life_began_ns;
  frame->since = now;
  frame->restarts = seam()->restarts;
  if (timeout.seconds < 0 || timeout.seconds >= kForEver || since == 0)
    return;
  const std::int64_t left = timeout.seconds * kSecond + timeout.nanoseconds - (now - since);
  timeout = left > 0 ? KernelTimespec{left / kSecond, left % kSecond} : KernelTimespec{0, 0};
}

// --- the calls ---

struct Sleep {
  std::uint64_t request, rest;
};

// The kernel reads a copy of the time in the frame, and always tells the rest. When the call is made again, the rest is there.
Sleep sleep_of(SyscallFrame *frame, std::uint64_t request, std::uint64_t rest) {
  if (!request)
    return {request, rest};
  if (frame->stage == 0)
    frame->timeout = *time_at(request);
  const std::uint64_t copy = address(&frame->timeout);
  return {copy, rest ? rest : copy};
}

long on_nanosleep(SyscallFrame *frame) {
  const Sleep sleep = sleep_of(frame, frame->arg[0], frame->arg[1]);
  return then_raw(frame, frame->nr, sleep.request, sleep.rest);
}

long on_clock_nanosleep(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  const auto clock = static_cast<std::uint64_t>(clock_to_kernel(int_of(arg[0])));
  if (!(arg[1] & kAbsolute) || !is_moved_clock(int_of(arg[0]))) {
    const Sleep sleep = arg[1] & kAbsolute ? Sleep{arg[2], arg[3]} : sleep_of(frame, arg[2], arg[3]);
    return then_raw(frame, frame->nr, clock, arg[1], sleep.request, sleep.rest);
  }
  if (arg[2])
    frame->timeout = kernel_time(int_of(arg[0]), *time_at(arg[2]));
  return then_raw(frame, frame->nr, clock, arg[1], arg[2] ? address(&frame->timeout) : 0, arg[3]);
}

long on_poll(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  const std::int32_t milliseconds = int_of(arg[2]);
  if (milliseconds <= 0)
    return then_raw(frame, frame->nr, arg[0], arg[1], arg[2]);
  frame->timeout = from_milliseconds(milliseconds);
  return then_raw(frame, __NR_ppoll, arg[0], arg[1], address(&frame->timeout), 0, 8);
}

long on_ppoll(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  return then_raw(frame, frame->nr, arg[0], arg[1], arg[2], clean_mask(frame, arg[3]), arg[4]);
}

// The last argument points to a set and its size.
long on_pselect(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  const auto *mask = reinterpret_cast<const std::uint64_t *>(arg[5]);
  std::uint64_t pair = 0;
  if (mask) {
    frame->timeout = {static_cast<std::int64_t>(clean_mask(frame, mask[0])), static_cast<std::int64_t>(mask[1])};
    pair = address(&frame->timeout);
  }
  return then_raw(frame, frame->nr, arg[0], arg[1], arg[2], arg[3], arg[4], pair);
}

long on_epoll_wait(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  const std::int32_t milliseconds = int_of(arg[3]);
  if (milliseconds > 0)
    start_clock(frame, from_milliseconds(milliseconds));
  const std::uint64_t mask = frame->nr == __NR_epoll_wait ? 0 : clean_mask(frame, arg[4]);
  return then_raw(frame, frame->nr, arg[0], arg[1], arg[2], arg[3], mask, arg[5]);
}

long on_epoll_pwait2(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  const std::uint64_t timeout = arg[3] ? start_clock(frame, *time_at(arg[3])) : 0;
  return then_raw(frame, frame->nr, arg[0], arg[1], arg[2], timeout, clean_mask(frame, arg[4]), arg[5]);
}

long on_sigtimedwait(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  const std::uint64_t timeout = arg[2] ? start_clock(frame, *time_at(arg[2])) : 0;
  return then_raw(frame, frame->nr, clean_mask(frame, arg[0]), arg[1], timeout, arg[3]);
}

long on_semtimedop(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  const std::uint64_t timeout = arg[3] ? start_clock(frame, *time_at(arg[3])) : 0;
  return then_raw(frame, frame->nr, arg[0], arg[1], arg[2], timeout);
}

} // namespace

std::uint64_t start_clock(SyscallFrame *frame, KernelTimespec timeout) {
  frame->timeout = timeout;
  frame->since = now_ns();
  frame->restarts = seam()->restarts;
  return address(&frame->timeout);
}

void timed_calls_begin_life() {
  if (life_began_ns == 0)
    life_began_ns = now_ns();
}

void take_rest(SyscallFrame *frame, std::uint64_t (&argument)[6]) {
  switch (frame->raw[0]) {
  case __NR_nanosleep:
    frame->timeout = *time_at(argument[1]);
    return;
  case __NR_clock_nanosleep:
    if (!(argument[1] & kAbsolute))
      frame->timeout = *time_at(argument[3]);
    return;
  case __NR_epoll_wait:
  case __NR_epoll_pwait:
    if (int_of(argument[3]) <= 0)
      return;
    stop_clock(frame);
    argument[3] = static_cast<std::uint64_t>(frame->timeout.seconds * 1000 +
                                             (frame->timeout.nanoseconds + kMillisecond - 1) / kMillisecond);
    return;
  case __NR_rt_sigtimedwait:
    if (argument[2])
      stop_clock(frame);
    return;
  case __NR_epoll_pwait2:
  case __NR_semtimedop:
    if (argument[3])
      stop_clock(frame);
    return;
  case __NR_futex:
    if ((argument[1] & FUTEX_CMD_MASK) == FUTEX_WAIT && argument[3])
      stop_clock(frame);
    return;
  }
}

void register_timed_calls() {
  intercept_register(__NR_nanosleep, on_nanosleep);
  intercept_register(__NR_clock_nanosleep, on_clock_nanosleep);
  intercept_register(__NR_poll, on_poll);
  intercept_register(__NR_ppoll, on_ppoll);
  intercept_register(__NR_pselect6, on_pselect);
  intercept_register(__NR_epoll_wait, on_epoll_wait);
  intercept_register(__NR_epoll_pwait, on_epoll_wait);
  intercept_register(__NR_epoll_pwait2, on_epoll_pwait2);
  intercept_register(__NR_rt_sigtimedwait, on_sigtimedwait);
  intercept_register(__NR_semtimedop, on_semtimedop);
}

} // namespace mana
