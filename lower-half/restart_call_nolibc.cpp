// Issues a system call again that the checkpoint signal has interrupted and that the kernel does not restart by
// itself.
//
// The application has no handler of its own to expect EINTR from, and many programs treat it as an error. The
// kernel has already put -EINTR in rax; the number is found in the `mov $nr, %eax` before the instruction, as
// glibc's cancellation points and wrappers are compiled, or in the frame when the code page made the call
// (then_raw).
//
// Again means: with the same arguments, but for absolute times of clocks that a restart moves on and for clocks of threads (clocks.h:
// their handler is called again), and relative times, of which the rest is waited for (timed_calls.h). Where a call was
// not seen at its start (an inlined one without the net), those only when the kernel has left the rest of the time where the
// call reads it. For calls that wait for a signal nothing is missed: a signal that is let through by the call's
// mask only is still blocked here, and is delivered inside the new call.
#include "stop.h"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/futex.h>

#include "clocks.h"
#include "intercept.h"
#include "timed_calls.h"

namespace mana {

namespace {

constexpr std::uint64_t kTimerAbsolute = 1; // TIMER_ABSTIME

std::uint8_t byte_at(std::uint64_t address) { return *reinterpret_cast<const std::uint8_t *>(address); }

// The number of the application's own call that ends before `pc`, or -1.
long number_before(std::uint64_t pc) {
  const bool is_syscall = byte_at(pc - 2) == 0x0f && byte_at(pc - 1) == 0x05;
  if (!is_syscall || (pc >= kCodeAddress && pc < kFirstFree) || byte_at(pc - 7) != 0xb8)
    return -1;
  return static_cast<long>(byte_at(pc - 6) | byte_at(pc - 5) << 8 | byte_at(pc - 4) << 16);
}

bool negative(std::uint64_t value) { return static_cast<std::int32_t>(value) < 0; }

bool may_repeat(long number, const std::uint64_t (&arg)[6], bool seen) {
  switch (number) {
  case __NR_pause:
  case __NR_rt_sigsuspend:
  case __NR_msgsnd:
  case __NR_msgrcv:
  case __NR_semop:
  case __NR_select:
  case __NR_pselect6:
  case __NR_ppoll:
    return true;
  case __NR_rt_sigtimedwait:
    return seen || arg[2] == 0;
  case __NR_poll:
    return seen || negative(arg[2]);
  case __NR_epoll_wait:
  case __NR_epoll_pwait:
    return seen || negative(arg[3]);
  case __NR_epoll_pwait2:
  case __NR_semtimedop:
    return seen || arg[3] == 0;
  case __NR_nanosleep:
    return seen || arg[0] == arg[1];
  case __NR_clock_nanosleep:
    return seen || (arg[1] & kTimerAbsolute) || arg[2] == arg[3];
  case __NR_futex:
    return (arg[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET || (seen && (arg[1] & FUTEX_CMD_MASK) == FUTEX_WAIT);
  default:
    return false;
  }
}

// Calls whose absolute time or clock must be that of the kernel below, which after a restart is another one.
bool names_kernels_clock(const SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  switch (frame->nr) {
  case __NR_clock_nanosleep:
    return arg[1] & kTimerAbsolute ? is_moved_clock(static_cast<std::int32_t>(arg[0])) : negative(arg[0]);
  case __NR_futex:
    return arg[3] && !(arg[1] & FUTEX_CLOCK_REALTIME) &&
           ((arg[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET || (arg[1] & FUTEX_CMD_MASK) == FUTEX_LOCK_PI2);
  default:
    return false;
  }
}

} // namespace

void redo_inheriting_lock(ucontext_t *context) {
  greg_t *registers = context->uc_mcontext.gregs;
  auto *frame = reinterpret_cast<SyscallFrame *>(registers[REG_RSP]);
  if (registers[REG_RIP] != static_cast<greg_t>(kRawCallAddress) || frame->raw[0] != __NR_futex || frame->action != kActionRaw)
    return;
  const std::uint64_t operation = frame->raw[2] & FUTEX_CMD_MASK;
  if (operation != FUTEX_LOCK_PI && operation != FUTEX_LOCK_PI2)
    return;
  frame->action = kActionRawThenAgain;
  registers[REG_RAX] = __NR_sched_yield;
}

bool restart_call(ucontext_t *context) {
  redo_inheriting_lock(context);
  greg_t *registers = context->uc_mcontext.gregs;
  if (registers[REG_RAX] != -EINTR)
    return false;
  constexpr int kArguments[6] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9};
  std::uint64_t arg[6];
  for (int i = 0; i < 6; ++i)
    arg[i] = static_cast<std::uint64_t>(registers[kArguments[i]]);
  const auto pc = static_cast<std::uint64_t>(registers[REG_RIP]);
  auto *frame = pc == kRawCallAddress + 2 ? reinterpret_cast<SyscallFrame *>(registers[REG_RSP]) : nullptr;
  const long number = frame ? static_cast<long>(frame->raw[0]) : number_before(pc);
  if (frame && names_kernels_clock(frame)) {
    if (frame->action == kActionRawThenAgain)
      return false; // its handler knows of EINTR
    take_rest(frame, arg);
    // Back to its handler, by way of a call without effect.
    frame->action = kActionRawThenAgain;
    registers[REG_RAX] = __NR_gettid;
    registers[REG_RIP] -= 2;
    return true;
  }
  if (number < 0 || !may_repeat(number, arg, frame != nullptr))
    return false;
  if (frame)
    take_rest(frame, arg);
  for (int i = 0; i < 6; ++i)
    registers[kArguments[i]] = static_cast<greg_t>(arg[i]);
  registers[REG_RAX] = number;
  registers[REG_RIP] -= 2;
  return true;
}

} // namespace mana
