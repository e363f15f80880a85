// Timers at a checkpoint and at a restart, with the lower half's libc. See timers.h.
#include "timers.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "control.h"
#include "saved.h"
#include "threads.h"

namespace mana {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t ns_of(const timespec &time) { return time.tv_sec * kSecond + time.tv_nsec; }
timespec time_of(std::int64_t ns) { return {ns / kSecond, ns % kSecond}; }

template <typename Function> void for_each_timer(Function function) {
  for (PosixTimer &timer : saved()->timers)
    if (timer.used) function(timer);
}

constexpr int kIntervalTimers[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
itimerval interval_timers[3];
std::int64_t lefts[kMaxTimers]; // ns

std::int64_t us_of(const timeval &time) { return time.tv_sec * 1'000'000 + time.tv_usec; }

itimerspec left_of(const PosixTimer &timer) {
  itimerspec left{};
  ::syscall(SYS_timer_gettime, timer.kernel_id, &left);
  return left;
}

// A periodic one has more left than before, another one nothing.
bool has_expired(std::int64_t before, std::int64_t now) { return before != 0 && (now == 0 || now > before); }

bool keeps_wall_time(const PosixTimer &timer) { return timer.absolute && timer.clock == CLOCK_REALTIME; }

}  // namespace

void timers_save() {
  for (const int which : kIntervalTimers) ::getitimer(static_cast<__itimer_which>(which), &interval_timers[which]);
  for_each_timer([](PosixTimer &timer) {
    const itimerspec left = left_of(timer);
    lefts[&timer - saved()->timers] = ns_of(left.it_value);
    timer.rest_ns = ns_of(left.it_value);
    timer.interval_ns = ns_of(left.it_interval);
    if (keeps_wall_time(timer) && timer.rest_ns != 0) {
      timespec now{};
      ::clock_gettime(CLOCK_REALTIME, &now);
      timer.rest_ns += ns_of(now);
    }
  });
}

bool timers_have_expired() {
  bool expired = false;
  for (const int which : kIntervalTimers) {
    itimerval now{};
    ::getitimer(static_cast<__itimer_which>(which), &now);
    expired |= has_expired(us_of(interval_timers[which].it_value), us_of(now.it_value));
  }
  for_each_timer([&](PosixTimer &timer) {
    expired |= has_expired(lefts[&timer - saved()->timers], ns_of(left_of(timer).it_value));
  });
  return expired;
}

bool timers_notify_threads() {
  bool any = false;
  for_each_timer([&](const PosixTimer &timer) { any |= (timer.event.notify & SIGEV_THREAD_ID) != 0; });
  return any;
}

const itimerval &interval_timer(int which) { return interval_timers[which]; }

void timers_restore() {
  for_each_timer([](PosixTimer &timer) {
    if (const long result = create_kernel_timer(&timer); result < 0) {
      say("a timer of the program cannot be made again: " + std::string(std::strerror(static_cast<int>(-result))));
      timer.used = 0;
      return;
    }
    const itimerspec left{time_of(timer.interval_ns), time_of(timer.rest_ns)};
    if (timer.rest_ns != 0) ::syscall(SYS_timer_settime, timer.kernel_id, keeps_wall_time(timer) ? TIMER_ABSTIME : 0, &left, nullptr);
  });
}

}  // namespace mana
