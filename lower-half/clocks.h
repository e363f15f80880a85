// Clocks that count from a beginning of their own: CLOCK_MONOTONIC, _RAW and _BOOTTIME from the start of the host, and the processor
// times of the process and of its threads.
//
// For the application they go on where they were at the checkpoint, on a host that has run for a shorter or for a longer time: the time
// between checkpoint and restart has not passed for it, so sleeps until some time of these clocks last as long as they should.
//
//     the application's time = the kernel's + Seam::clock_offset_ns          all 0 before the first restart
//     of a thread            = the kernel's + ThreadTime::offset
//
// Added where a time is read (the slot of the vDSO image, clock_gettime, times, sysinfo, getrusage), taken off where the kernel is given an
// absolute one (clock_nanosleep, timer_settime, timerfd_settime, futexes that wait until then). Waits that a checkpoint interrupts
// have their time taken off anew (restart_call_nolibc.cpp). Ranks that share a host also share their offsets (core/start.cpp), so that
// times which one of them writes can be compared by another.
//
// Where calls may go unseen (MANA_NET=off) the clocks of the host stay the application's; MPI_Wtime goes on nevertheless.
#pragma once
#include <cstdint>

#include "intercept.h"

namespace mana {

// --- everywhere, no libc (clocks_nolibc.cpp) ---
// At launch and restart.
void register_clock_calls();
// What the application's clock is ahead of the kernel's, in ns; 0 for clocks that are the same.
std::int64_t clock_offset(std::int64_t clock);
// Sleeps until a time of this clock are affected by a restart.
bool is_moved_clock(std::int64_t clock);
// A valid absolute time of the application as the kernel's, never 0 or less; others as they are.
KernelTimespec kernel_time(std::int64_t clock, const KernelTimespec &time);
KernelTimespec application_time(std::int64_t clock, const KernelTimespec &time);

// --- with libc (clocks.cpp) ---
// Notes the application's times for the image.
void clocks_save();
// After a restart, before anything counts the rest of its time.
void clocks_restore();
// Those of threads, when the kernel has them again.
void thread_clocks_restore();
// Where calls may go unseen.
void clocks_are_the_hosts();

} // namespace mana
