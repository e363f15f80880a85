// See clocks.h.
#include "clocks.h"

#include <sys/resource.h>
#include <sys/times.h>
#include <time.h>

#include "saved.h"
#include "threads.h"
#include "timers.h"

namespace mana {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr clockid_t kClocks[kMovedClocks] = {CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_PROCESS_CPUTIME_ID};

std::int64_t now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

std::int64_t processor_time(const ThreadBlock *block) { return now(static_cast<clockid_t>(clock_of_thread(block->kernel_tid))); }

std::int64_t system_time_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_stime.tv_sec * 1'000'000 + usage.ru_stime.tv_usec;
}

std::int64_t ticks() {
  tms unused;
  return ::times(&unused);
}

}  // namespace

void clocks_save() {
  for (int i = 0; i < kMovedClocks; ++i) saved()->clocks[i] = now(kClocks[i]) + seam()->clock_offset_ns[i];
  for_each_thread([](ThreadBlock *block) { time_of(block)->saved = processor_time(block) + time_of(block)->offset; });
  saved()->system_time_us = system_time_us() + seam()->system_time_offset_us;
  saved()->ticks = ticks() + seam()->ticks_offset;
}

void clocks_restore() {
  Seam &s = *seam();
  for (int i = 0; i < kMovedClocks; ++i) s.clock_offset_ns[i] = saved()->clocks[i] - now(kClocks[i]);
  s.system_time_offset_us = saved()->system_time_us - system_time_us();
  s.ticks_offset = saved()->ticks - ticks();
}

void thread_clocks_restore() {
  for_each_thread([](ThreadBlock *block) { time_of(block)->offset = time_of(block)->saved - processor_time(block); });
}

void clocks_are_the_hosts() {
  Seam &s = *seam();
  s.wtime_offset_ns += s.clock_offset_ns[kClockMonotonic];
  for (std::int64_t &offset : s.clock_offset_ns) offset = 0;
  s.system_time_offset_us = s.ticks_offset = 0;
  for_each_thread([](ThreadBlock *block) { time_of(block)->offset = 0; });
}

}  // namespace mana
