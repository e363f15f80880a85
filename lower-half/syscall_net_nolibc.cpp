// The net's installation, which may come at any time, and the SIGSYS handler: on the application's stack, with its FS base.
// See syscall_net.h and the rules in intercept.h.
#include "syscall_net.h"

#include <asm/unistd.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <ucontext.h>

#include "arch/x86_64/raw_syscall.h"
#include "code_page.h"
#include "saved.h"

namespace mana {

namespace {

sock_fprog program{};

// 0: for the calling thread, and all others with TSYNC.
long install(unsigned flags) {
  return raw_syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, reinterpret_cast<std::uint64_t>(&program));
}

// SPEC_ALLOW (Linux 4.17, seccomp(2)): this filter is no sandbox. Without it kernels before 5.16 slow the program down, as they turn the
// bypassing of stores off for whoever has a filter.
bool install_for(unsigned whom) {
  return !failed(raw_syscall(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1)) &&
         (install(whom | SECCOMP_FILTER_FLAG_SPEC_ALLOW) == 0 || install(whom) == 0);
}

} // namespace

void on_trapped_call(int, siginfo_t *info, void *context) {
  constexpr int kFromSeccomp = 1; // SYS_SECCOMP
  if (info->si_code != kFromSeccomp)
    return;
  greg_t *registers = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
  registers[REG_RCX] = registers[REG_RIP]; // already behind the syscall instruction
  registers[REG_RAX] = info->si_syscall;
  registers[REG_RIP] = static_cast<greg_t>(code_header()->syscall_entry);
}

bool syscall_net_prepare(sock_fprog filter, bool at_once) {
  program = filter;
  if (!at_once)
    return true;
  saved()->net_needed = 1;
  return install_for(0);
}

void syscall_net_need() {
  if (saved()->net_needed)
    return;
  // A child of vfork, whose memory is ours, is about to run another program.
  if (program.filter && raw_syscall(__NR_gettid) != this_thread_block()->kernel_tid)
    return;
  saved()->net_needed = 1;
  if (program.filter && !install_for(SECCOMP_FILTER_FLAG_TSYNC))
    seam()->sees_exit = 0;
}

} // namespace mana
