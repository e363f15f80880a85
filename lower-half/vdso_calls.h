// The vDSO's functions as plain system calls, for kernels that provide none, and for clocks of the application's threads, whose
// numbers it knows from before a restart. No libc, no TLS.
#pragma once

namespace mana {

long call_clock_gettime(long clock, void *time);
long call_gettimeofday(void *time, void *zone);
long call_time(void *time);
long call_clock_getres(long clock, void *resolution);
long call_getcpu(void *cpu, void *node);

// By the function set before, but for the clocks of threads and processes; as the application's time (clocks.h).
void set_live_clock_gettime(void *function);
long clock_gettime_after_restart(long clock, void *time);

} // namespace mana
