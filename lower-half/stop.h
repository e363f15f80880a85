// Stopping the application's threads for a checkpoint, and letting them go on.
//
// A thread may be saved when nothing of the lower half is on its stack or in its registers. Two ways lead
// there:
//
//   it is inside MPI         the wrapper sees Seam::intent and calls park() itself (services->park_and_write)
//   it computes, or waits    the checkpoint signal: stop_decide() looks at where it hit
//   in a system call
//
//   kIntentPark ─► signal, again and again ─► stop_decide(): is the interrupted code the application's, with no
//                                                frame of ours below it (in_lower, in_core, critical, held_sp all say no)?
//                     no:  return, the next signal will find it elsewhere
//                     yes: ─► park (park.S) ─► parked(): all signals blocked, state = kThreadParked, sleeps
//                          the engine thread instead ─► Seam::upper->checkpoint_here(), which parks at its end
//
// A program without an MPI front has no checkpoint_here: its engine thread parks like the others, and
// engine_parked() does all of the checkpoint.
//
// The signal interrupts system calls. Most restart by SA_RESTART; those that never do (sleeps, poll,
// sigsuspend, ...) get an EINTR that the application has not caused: the call is issued again (restart_call), with what is
// left of its time (timed_calls.h).
#pragma once
#include <csignal>
#include <cstdint>
#include <ucontext.h>

#include "interface/seam.h"

namespace mana {

// si_value of the checkpoint signals that are ours.
inline constexpr std::uint64_t kStopMagic = 0x6d616e6173746f70ULL; // "manastop"

// --- for the engine and the control thread, with libc, in the lower half (stop.cpp) ---

// Stops every thread of the upper half but the engine, on which (or on whose behalf) it is called with
// kIntentPark set; returns how many have not parked within the time: 0 is success. The others stay parked in
// either case.
int stop_all_threads(int timeout_ms);

// Lets all parked threads but the engine run. kIntentPark must be cleared before.
void resume_all_threads();

// One checkpoint signal to the engine thread; the caller repeats it until the engine has parked or is no longer
// wanted.
void signal_engine();

// Notes which signals wait for the engine thread and for the process, on the engine thread with all others parked, which
// have noted theirs. They come again after a restart (pending_signals.h).
void save_pending_signals();

// Has all of the others note theirs again.
void save_pending_signals_of_threads();

// What the engine does once its state is saved on its stack: writes the image. Runs on the engine thread with
// the upper half's TLS and all signals blocked, begins with a Crossing. Image writer's: image_write.cpp /
// services.cpp.
ParkResult engine_parked(ThreadBlock *block);

// --- everywhere, no libc (stop_nolibc.cpp) ---

enum StopDecision : int { kStopReturn = 0, kStopPark = 1, kStopEngine = 2, kStopForward = 3 };

// Slots, called by signal.S and park.S.
int stop_decide(int sig, siginfo_t *info, ucontext_t *context);
int parked(ThreadBlock *block);

// Sleeps until the block is kThreadRuns; looks for signals meanwhile when it is kThreadLooks.
void wait_until_resumed(ThreadBlock *block);

void restore_altstack(const ThreadBlock *block);

// True when the code at the interrupted place is a system call that has just failed with EINTR and was set to
// be issued again.
bool restart_call(ucontext_t *context);

// A lock with priority inheritance that a signal has interrupted, and that the kernel is about to try again, goes to its handler once more:
// after a restart the kernel must not see it (futex_calls.h).
void redo_inheriting_lock(ucontext_t *context);

} // namespace mana
