// See vdso_calls.h.
#include "vdso_calls.h"

#include <asm/unistd.h>

#include "arch/x86_64/raw_syscall.h"
#include "clocks.h"
#include "timers.h"

namespace mana {

namespace {
std::uint64_t word(void *pointer) { return reinterpret_cast<std::uint64_t>(pointer); }
std::uint64_t kernels(long clock) { return static_cast<std::uint64_t>(clock_to_kernel(static_cast<std::int32_t>(clock))); }

long (*live_clock_gettime)(long, void *) = call_clock_gettime;
} // namespace

long call_clock_gettime(long clock, void *time) {
  return raw_syscall(__NR_clock_gettime, kernels(clock), word(time));
}
long call_gettimeofday(void *time, void *zone) { return raw_syscall(__NR_gettimeofday, word(time), word(zone)); }
long call_time(void *time) { return raw_syscall(__NR_time, word(time)); }
long call_clock_getres(long clock, void *resolution) {
  return raw_syscall(__NR_clock_getres, kernels(clock), word(resolution));
}
long call_getcpu(void *cpu, void *node) { return raw_syscall(__NR_getcpu, word(cpu), word(node)); }

void set_live_clock_gettime(void *function) { live_clock_gettime = reinterpret_cast<long (*)(long, void *)>(function); }

long clock_gettime_after_restart(long clock, void *time) {
  const auto number = static_cast<std::int32_t>(clock);
  const long result = number < 0 ? call_clock_gettime(clock, time) : live_clock_gettime(clock, time);
  auto *read = static_cast<KernelTimespec *>(time);
  if (result == 0 && read && is_moved_clock(number))
    *read = application_time(number, *read);
  return result;
}

} // namespace mana
