// Signals that wait because they are blocked: kept with their siginfo across a restart.
//
// Only a thread itself can look at what its queue holds, and only by taking it out. So each thread, once parked and with every
// signal blocked, takes out what waits for it alone, notes it in the saved page and queues it once more; the engine does the
// same with what waits for the whole process. Order is kept per signal. Which is which /proc/thread-self/status tells.
#pragma once
#include "interface/seam.h"

namespace mana {

// On the thread itself, everything blocked. `shared`: also those of the process. No libc. (pending_signals_nolibc.cpp)
void note_pending_signals(ThreadBlock *block, bool shared);

// At restart: queues what was noted for a thread with a new kernel thread; with `shared`, for the process. Any thread.
void queue_noted_signals(const ThreadBlock *block, bool shared);

}  // namespace mana
