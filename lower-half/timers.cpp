// Timers at a checkpoint and at a restart, with the lower half's libc. See timers.h.
#include "timers.h"

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

bool keeps_wall_time(const PosixTimer &timer) { return timer.absolute && timer.clock == CLOCK_REALTIME; }

}  // namespace

void timers_save() {
  for_each_timer([](PosixTimer &timer) {
    itimerspec left{};
    ::syscall(SYS_timer_gettime, timer.kernel_id, &left);
    timer.rest_ns = ns_of(left.it_value);
    timer.interval_ns = ns_of(left.it_interval);
    if (keeps_wall_time(timer) && timer.rest_ns != 0) {
      timespec now{};
      ::clock_gettime(CLOCK_REALTIME, &now);
      timer.rest_ns += ns_of(now);
    }
  });
}

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
