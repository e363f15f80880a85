// The net under the rewritten call sites: a seccomp filter that traps what patch.h could not rewrite.
//
// For each intercepted number, and only when the instruction pointer is in the application's part of the window,
// the kernel sends SIGSYS instead of executing the call. The handler points the interrupted context at the code
// page's entry as a rewritten site would have done, and returns: the rest is intercept.h.
//
//   futex                      after a restart, and for priority inheritance or until a time only: as ours; else not (futex_calls.h)
//   number not ours            allow   the kernel knows this answer by number alone
//   below kFirstFree           allow   the code page's and the vDSO image's own calls
//   outside of the window      allow   the lower half; the program at 0x400000; programs that the application
//                                      executes: they inherit the filter, and never have code in the window
//   else                       trap    about 1 us
//
// What any filter costs, also one that allows everything: 9 to 35 ns per system call, depending on the machine, and 20 to 25 more where
// the kernel must run it (the intercepted numbers), however short it is. The way through the code page adds 7.
//
// The number is tested before the instruction pointer, which keeps all other calls on the kernel's constant-action
// path. Where seccomp() is refused the net is off, and inlined system calls of the program (not libc's) go unseen. It
// needs no_new_privs: set-user-ID programs started by the application run without their privilege.
#pragma once

namespace mana {

// For this thread and all that it creates. False: not allowed here, or MANA_NET=off. After all handlers are
// registered.
bool syscall_net_install();

} // namespace mana
