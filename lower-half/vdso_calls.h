// The vDSO's functions as plain system calls, for kernels that provide none. No libc, no TLS.
#pragma once

namespace mana {

long call_clock_gettime(long clock, void *time);
long call_gettimeofday(void *time, void *zone);
long call_time(void *time);
long call_clock_getres(long clock, void *resolution);
long call_getcpu(void *cpu, void *node);

} // namespace mana
