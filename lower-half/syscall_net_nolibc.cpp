// The SIGSYS handler: on the application's stack, with its FS base. See syscall_net.h and the rules in intercept.h.
#include <signal.h>
#include <ucontext.h>

#include "code_page.h"

namespace mana {

void on_trapped_call(int, siginfo_t *info, void *context) {
  constexpr int kFromSeccomp = 1; // SYS_SECCOMP
  if (info->si_code != kFromSeccomp)
    return;
  greg_t *registers = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
  registers[REG_RCX] = registers[REG_RIP]; // already behind the syscall instruction
  registers[REG_RAX] = info->si_syscall;
  registers[REG_RIP] = static_cast<greg_t>(code_header()->syscall_entry);
}

} // namespace mana
