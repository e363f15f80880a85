// The net under the rewritten call sites: a seccomp filter that traps what patch.h could not rewrite.
//
// A filter costs every system call of the process something, those of the lower half included, so it comes only when it is needed, and
// then stays, after a restart too: the first time that code appears in the application of which it is not known that all of its system
// calls are rewritten or are not ours. That is
//
//   a file with a site that sites.h knows nothing about     code whose functions have no unwind tables (Go, hand-written assembly)
//   executable memory that is no private mapping of a file  compilers at run time, executable stacks; memory made executable later
//   a filter of the program's own                           as none could be installed for all threads afterwards
//
// For each intercepted number, and only when the instruction pointer is in the application's part of the window,
// the kernel sends SIGSYS instead of executing the call. The handler points the interrupted context at the code
// page's entry as a rewritten site would have done, and returns: the rest is intercept.h.
//
//   futex                      for priority inheritance or until a time only: as ours; else not (futex_calls.h)
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
//
// MANA_NET=off: never. MANA_NET=on: from the start.
#pragma once

namespace mana {

// With libc, at launch and at restart, when all handlers are registered. False: calls may go unseen, for it is needed and cannot be
// installed, or it never will be.
bool syscall_net_start();

// No libc; with the allocator's lock held (window.h). For all threads.
void syscall_net_need();

} // namespace mana
