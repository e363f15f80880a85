// See vdso_calls.h.
#include "vdso_calls.h"

#include <asm/unistd.h>

#include "arch/x86_64/raw_syscall.h"

namespace mana {

namespace {
std::uint64_t word(void *pointer) { return reinterpret_cast<std::uint64_t>(pointer); }
} // namespace

long call_clock_gettime(long clock, void *time) {
  return raw_syscall(__NR_clock_gettime, static_cast<std::uint64_t>(clock), word(time));
}
long call_gettimeofday(void *time, void *zone) { return raw_syscall(__NR_gettimeofday, word(time), word(zone)); }
long call_time(void *time) { return raw_syscall(__NR_time, word(time)); }
long call_clock_getres(long clock, void *resolution) {
  return raw_syscall(__NR_clock_getres, static_cast<std::uint64_t>(clock), word(resolution));
}
long call_getcpu(void *cpu, void *node) { return raw_syscall(__NR_getcpu, word(cpu), word(node)); }

} // namespace mana
