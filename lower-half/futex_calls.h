// Futexes in which the kernel compares thread numbers: priority-inheriting mutexes, and the robust ones of a thread that ends; and
// those that wait until some time of CLOCK_MONOTONIC (clocks.h).
//
// The mutexes hold the number of their owner as glibc knows it, which after a restart is not the kernel's. So from the first restart on
// the calls for priority inheritance are answered here, with a plain futex in the same word: mutual exclusion, ownership and
// time-outs stay, the inheritance of priorities does not. Threads that wait in the kernel for such a mutex at the
// checkpoint make their call again, as they do after any signal. Of a thread that ends, the list of robust mutexes is gone through
// here.
//
// Other futex operations pass through; the net (syscall_net.h) looks at operation and time-out and lets them go.
#pragma once

namespace mana {

// At launch and restart.
void register_futex_calls();

// Last of all in a thread that ends.
void robust_list_at_exit();

} // namespace mana
