// System calls that wait for a limited time: what a checkpoint interrupts goes on for the rest of it.
//
// The checkpoint signal makes them fail with EINTR, for which a program without handlers is not prepared, and made again with
// the same arguments they would wait too long, for ever with checkpoints more frequent than their time. So restart_call()
// (stop.h) needs to know what is left. Who tells, and what the code page therefore passes to the kernel:
//
//   nanosleep, clock_nanosleep      the kernel, in `remain`: there always is one, and the request is a copy in the SyscallFrame
//   poll                            the kernel, when it is made as ppoll with a time in the frame
//   ppoll, select, pselect6         the kernel, where it read the time
//   epoll_*wait*, rt_sigtimedwait,  the clock: the time and when it began are in the frame; parked time counts unless a restart
//   semtimedop, FUTEX_WAIT          lies in between
//
// A wait for an absolute time of a clock that a restart moves on (clocks.h) goes to its handler again; one of another clock, and one without
// a limit, is simply made again.
#pragma once
#include "intercept.h"

namespace mana {

void register_timed_calls();

// When threads are about to go on, for the first time after a restart: waits that were interrupted by the checkpoint count from now.
void timed_calls_begin_life();

// The frame's own copy of the time that a call waits, counted from now.
std::uint64_t start_clock(SyscallFrame *frame, KernelTimespec timeout);

// For a call of the code page that failed with EINTR and is made again: `argument` are its registers rdi, rsi, rdx, r10, r8, r9, of
// which those that say how long it waits are set to the rest.
void take_rest(SyscallFrame *frame, std::uint64_t (&argument)[6]);

} // namespace mana
