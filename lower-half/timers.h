// POSIX timers of the application (timer_create): known to it by numbers of ours, because a restart makes them anew.
//
// The table is in the saved page. A timer's number is its index there; before the first restart most are the kernel's too.
// At a checkpoint the rest of the time is noted; an absolute time of the wall clock stays what it is.
#pragma once
#include <cstdint>

namespace mana {

struct PosixTimer;

// --- everywhere, no libc (timers_nolibc.cpp) ---
void register_timer_calls();
// Makes the kernel's timer for an entry of the table: 0, or a negative errno value.
long create_kernel_timer(PosixTimer *timer);
// The kernel's name for a clock that may name a thread or process as the application knows it.
std::int64_t clock_to_kernel(std::int64_t clock);

// --- with libc (timers.cpp) ---
// Notes what each timer has left; with the application's threads parked.
void timers_save();
// Makes all of them again, when the threads that they notify exist.
void timers_restore();

}  // namespace mana
