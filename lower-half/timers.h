// POSIX timers of the application (timer_create): known to it by numbers of ours, because a restart makes them anew.
//
// The table is in the saved page. A timer's number is its index there; before the first restart most are the kernel's too.
// At a checkpoint the rest of the time is noted; an absolute time of the wall clock stays what it is. Whether a timer that comes to its end
// just then is saved as one that has sent its signal, or as one that is about to, both must be of the same moment: so it is looked once
// more afterwards.
#pragma once
#include <sys/time.h>

#include <cstdint>

namespace mana {

struct PosixTimer;

// --- everywhere, no libc (timers_nolibc.cpp) ---
void register_timer_calls();
// Makes the kernel's timer for an entry of the table: 0, or a negative errno value.
long create_kernel_timer(PosixTimer *timer);
// Clocks below zero are the processor times of processes and threads, and files: ~id << 3, and three bits of kind.
// The kernel's name for a clock that may name a thread or process as the application knows it.
std::int64_t clock_to_kernel(std::int64_t clock);
// The processor time of a thread; 0: of the calling one.
inline std::int64_t clock_of_thread(std::int64_t tid) { return (~tid << 3) | 6; }
inline bool is_clock_of_thread(std::int64_t clock) { return clock < 0 && (clock & 7) == 6; }
inline bool is_clock_of_process(std::int64_t clock) { return clock < 0 && (clock & 7) == 2; }
inline bool is_clock_of_file(std::int64_t clock) { return clock < 0 && (clock & 7) == 3; }
inline std::int64_t id_of_clock(std::int64_t clock) { return ~(clock >> 3); }

// --- with libc (timers.cpp) ---
// Notes what each timer has left, those of setitimer() included; with the application's threads parked.
void timers_save();
// One of them has come to its end since then: its signal may not have been noted (pending_signals.h).
bool timers_have_expired();
// A timer of timer_create() sends its signal to one thread.
bool timers_notify_threads();
// As noted, of setitimer(): ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF.
const itimerval &interval_timer(int which);
// Makes all of them again, when the threads that they notify exist.
void timers_restore();

}  // namespace mana
