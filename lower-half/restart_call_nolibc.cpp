// Issues a system call again that the checkpoint signal has interrupted and that the kernel does not restart by
// itself.
//
// The application has no handler of its own to expect EINTR from, and many programs treat it as an error. The
// kernel has already put -EINTR in rax; the number is found in the `mov $nr, %eax` before the instruction, as
// glibc's cancellation points and wrappers are compiled, or in the frame when the code page made the call
// (then_raw).
//
// Again means: with the same arguments. For a relative timeout that would wait too long (and never end with
// checkpoints more frequent than it), so those only when the kernel has left the rest of the time where the
// call reads it. For calls that wait for a signal nothing is missed: a signal that is let through by the call's
// mask only is still blocked here, and is delivered inside the new call.
#include "stop.h"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/futex.h>

#include "intercept.h"

namespace mana {

namespace {

constexpr std::uint64_t kTimerAbsolute = 1; // TIMER_ABSTIME

bool is_syscall(const std::uint8_t *code) { return code[0] == 0x0f && code[1] == 0x05; }

// The number of the call that ends before `pc`, or -1. Made by the code page: its frame is at the stack pointer.
long number_before(std::uint64_t pc, std::uint64_t sp) {
  const auto *code = reinterpret_cast<const std::uint8_t *>(pc);
  if (!is_syscall(code - 2))
    return -1;
  if (pc >= kCodeAddress && pc < kVdsoAddress)
    return static_cast<long>(reinterpret_cast<const SyscallFrame *>(sp)->raw[0]);
  if (code[-7] != 0xb8)
    return -1;
  return static_cast<long>(code[-6] | code[-5] << 8 | code[-4] << 16);
}

bool negative(std::uint64_t value) { return static_cast<std::int32_t>(value) < 0; }

bool may_repeat(long number, const std::uint64_t (&arg)[6]) {
  switch (number) {
  case __NR_pause:
  case __NR_rt_sigsuspend:
  case __NR_msgsnd:
  case __NR_msgrcv:
  case __NR_semop:
    return true;
  case __NR_rt_sigtimedwait:
  case __NR_ppoll:
    return arg[2] == 0;
  case __NR_poll:
    return negative(arg[2]);
  case __NR_epoll_wait:
  case __NR_epoll_pwait:
    return negative(arg[3]);
  case __NR_select:
  case __NR_pselect6:
    return arg[4] == 0;
  case __NR_semtimedop:
    return arg[3] == 0;
  case __NR_nanosleep:
    return arg[0] == arg[1];
  case __NR_clock_nanosleep:
    return (arg[1] & kTimerAbsolute) || arg[2] == arg[3];
  case __NR_futex:
    return (arg[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET; // its timeout is absolute
  default:
    return false;
  }
}

} // namespace

bool restart_call(ucontext_t *context) {
  greg_t *registers = context->uc_mcontext.gregs;
  if (registers[REG_RAX] != -EINTR)
    return false;
  const long number =
      number_before(static_cast<std::uint64_t>(registers[REG_RIP]), static_cast<std::uint64_t>(registers[REG_RSP]));
  const std::uint64_t arg[6] = {
      static_cast<std::uint64_t>(registers[REG_RDI]), static_cast<std::uint64_t>(registers[REG_RSI]),
      static_cast<std::uint64_t>(registers[REG_RDX]), static_cast<std::uint64_t>(registers[REG_R10]),
      static_cast<std::uint64_t>(registers[REG_R8]),  static_cast<std::uint64_t>(registers[REG_R9])};
  if (number < 0 || !may_repeat(number, arg))
    return false;
  registers[REG_RAX] = number;
  registers[REG_RIP] -= 2;
  return true;
}

} // namespace mana
