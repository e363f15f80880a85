// What happens with a signal: see the picture in signals.h. Runs on the application's stack with either FS
// base; the rules are those of intercept.h.
#include "signals.h"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/futex.h>

#include "arch/x86_64/crossing.h"
#include "arch/x86_64/raw_syscall.h"
#include "intercept.h"
#include "stop.h"

namespace mana {

namespace {

constexpr greg_t kSyscallBytes = 2;

constexpr std::uint64_t kDefault = 0, kIgnore = 1;  // SIG_DFL, SIG_IGN
constexpr std::uint64_t kRestorerFlag = 0x04000000; // SA_RESTORER
constexpr std::uint64_t kFromApp = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_ONSTACK | SA_RESTART | SA_NODEFER;

KernelSigaction lower_actions[kSignals];
std::uint32_t actions_word = 0, actions_sequence = 0;

bool is_function(std::uint64_t handler) { return handler != kDefault && handler != kIgnore; }

// For changing the two tables. The holder is critical or has all signals blocked, so no handler of its own
// thread waits for it. Readers, who may have interrupted anything, retry while the sequence is odd or moves.
class ActionsLock {
public:
  ActionsLock() {
    while (__atomic_exchange_n(&actions_word, 1, __ATOMIC_ACQUIRE) != 0)
      raw_syscall(__NR_sched_yield);
    __atomic_fetch_add(&actions_sequence, 1, __ATOMIC_SEQ_CST);
  }
  ~ActionsLock() {
    __atomic_fetch_add(&actions_sequence, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&actions_word, 0, __ATOMIC_RELEASE);
  }
};

struct BothActions {
  KernelSigaction app, lower;
};

BothActions read_actions(int sig) {
  for (;;) {
    const std::uint32_t before = __atomic_load_n(&actions_sequence, __ATOMIC_SEQ_CST);
    const BothActions both{saved()->actions[sig], lower_actions[sig]};
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!(before & 1) && __atomic_load_n(&actions_sequence, __ATOMIC_SEQ_CST) == before)
      return both;
    raw_syscall(__NR_sched_yield);
  }
}

// The fault happens again as soon as the handler returns, so it cannot wait.
bool is_fault(int sig, const siginfo_t *info) {
  if (info->si_code <= 0)
    return false;
  return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL || sig == SIGTRAP;
}

void queue_again(int sig, const siginfo_t *info) {
  raw_syscall(__NR_rt_tgsigqueueinfo, static_cast<std::uint64_t>(raw_syscall(__NR_getpid)),
              static_cast<std::uint64_t>(raw_syscall(__NR_gettid)), static_cast<std::uint64_t>(sig),
              reinterpret_cast<std::uint64_t>(info));
}

std::uint64_t *mask_of(ucontext_t *context) { return reinterpret_cast<std::uint64_t *>(&context->uc_sigmask); }

std::uint64_t register_of(const ucontext_t *context, int index) {
  return static_cast<std::uint64_t>(context->uc_mcontext.gregs[index]);
}

void defer(ThreadBlock *block, int sig, const siginfo_t *info, ucontext_t *context) {
  queue_again(sig, info);
  *mask_of(context) |= signal_bit(sig);
  block->deferred |= signal_bit(sig);
  block->hidden_mask |= kHiddenLeaving;
  block->pending_signals |= signal_bit(kCheckpointSignal);
}

void set_kernel_action(int sig, std::uint64_t handler, std::uint64_t flags, std::uint64_t mask) {
  const KernelSigaction action{handler, flags | kRestorerFlag, code_header()->restorer, mask & ~kNeverBlocked};
  raw_syscall(__NR_rt_sigaction, static_cast<std::uint64_t>(sig), reinterpret_cast<std::uint64_t>(&action), 0, 8);
}

// Lets the kernel's default happen, when the interrupted code goes on.
void take_default(int sig, const siginfo_t *info, ucontext_t *context) {
  set_kernel_action(sig, kDefault, 0, 0);
  *mask_of(context) &= ~signal_bit(sig);
  if (!is_fault(sig, info))
    queue_again(sig, info);
}

void begin_across(ThreadBlock *block, SignalScope *scope) {
  scope->across = 1;
  scope->in_lower = block->in_lower;
  scope->fs = 0;
  scope->held_sp = block->held_sp;
}

// SA_RESETHAND is ours: the kernel would apply it to a delivery that we defer. What arrives meanwhile stays
// blocked until the handler has returned.
void reset_app_action(ThreadBlock *block, int sig) {
  const KernelSigaction none{};
  ++block->critical;
  set_app_action(sig, &none, nullptr);
  --block->critical;
}

// glibc from 2.41 on cancels a thread in a system call where its own instruction is interrupted, and else when the call fails with EINTR.
// The kernel would make these calls again by itself.
void fail_for_cancellation(int sig, ucontext_t *context) {
  constexpr int kCancel = 32; // glibc's SIGCANCEL
  greg_t *registers = context->uc_mcontext.gregs;
  const auto *frame = reinterpret_cast<const SyscallFrame *>(registers[REG_RSP]);
  if (sig != kCancel || registers[REG_RIP] != static_cast<greg_t>(kRawCallAddress))
    return;
  const std::uint64_t call = frame->raw[0], operation = frame->raw[2] & FUTEX_CMD_MASK;
  const bool waits = call == __NR_futex && (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET);
  if (!waits && call != __NR_wait4 && call != __NR_waitid)
    return;
  registers[REG_RAX] = -EINTR;
  registers[REG_RIP] += kSyscallBytes;
}

std::uint64_t run_app_handler(ThreadBlock *block, std::uint64_t handler, ucontext_t *context, SignalScope *scope) {
  scope->across = 0;
  redo_inheriting_lock(context);
  const bool outside = block->in_lower != 0 || !in_upper_half(register_of(context, REG_RIP));
  if (!outside)
    return handler;
  begin_across(block, scope);
  if (!is_held(block, context))
    block->held_sp = register_of(context, REG_RSP);
  if (block->in_lower) {
    scope->fs = arch::read_fs();
    arch::write_fs(block->upper_fs);
    block->in_lower = 0;
  }
  return handler;
}

// Without a TLS of the lower half there is nothing it could run with.
std::uint64_t run_lower_handler(ThreadBlock *block, std::uint64_t handler, ucontext_t *context, SignalScope *scope) {
  if (block->lower_fs == 0)
    return 0;
  begin_across(block, scope);
  if (!is_held(block, context))
    block->held_sp = register_of(context, REG_RSP);
  scope->fs = arch::read_fs();
  if (!block->in_lower)
    block->upper_fs = scope->fs;
  block->in_lower = 1;
  arch::write_fs(block->lower_fs);
  return handler;
}

} // namespace

void show_old_identity(siginfo_t *info) {
  if (seam()->restarts == 0 || info->si_code > 0 || info->si_code == SI_TIMER)
    return;
  if (info->si_pid == static_cast<std::int32_t>(raw_syscall(__NR_getpid)))
    info->si_pid = static_cast<std::int32_t>(saved()->pid);
}

void install_action(int sig) {
  if (sig == kCheckpointSignal || sig == SIGSYS)
    return;
  const KernelSigaction &app = saved()->actions[sig];
  const KernelSigaction &chosen = app.handler == kDefault ? lower_actions[sig] : app;
  if (is_function(chosen.handler))
    set_kernel_action(sig, code_header()->signal_entry, (chosen.flags & kFromApp) | SA_SIGINFO, chosen.mask);
  else
    set_kernel_action(sig, chosen.handler, chosen.flags & kFromApp, chosen.mask);
}

void set_app_action(int sig, const KernelSigaction *action, KernelSigaction *old) {
  const ActionsLock lock;
  if (old)
    *old = saved()->actions[sig];
  if (!action)
    return;
  saved()->actions[sig] = *action;
  install_action(sig);
}

void set_lower_action(int sig, const KernelSigaction *action, KernelSigaction *old, bool install) {
  const ActionsLock lock;
  if (old)
    *old = lower_actions[sig];
  if (!action)
    return;
  lower_actions[sig] = *action;
  if (install)
    install_action(sig);
}

bool in_upper_half(std::uint64_t pc) {
  return (pc >= kWindowBase && pc < kWindowEnd) || (pc >= saved()->exec_low && pc < saved()->exec_high);
}

// A handler that left by siglongjmp never lowers held_sp; but then the stack is above it again. While a handler
// runs on the alternative stack the two cannot be compared, and it is held.
bool is_held(const ThreadBlock *block, const ucontext_t *context) {
  if (block->held_sp == 0)
    return false;
  const std::uint64_t sp = register_of(context, REG_RSP);
  const auto &stack = context->uc_stack;
  const std::uint64_t low = reinterpret_cast<std::uint64_t>(stack.ss_sp);
  const bool alternative = !(stack.ss_flags & SS_DISABLE) && sp >= low && sp < low + stack.ss_size;
  const bool held_there =
      !(stack.ss_flags & SS_DISABLE) && block->held_sp >= low && block->held_sp < low + stack.ss_size;
  if (alternative != held_there)
    return alternative;
  return sp < block->held_sp;
}

void release_deferred(ThreadBlock *block, ucontext_t *context) {
  if (block->critical != 0 || block->deferred == 0)
    return;
  *mask_of(context) &= ~block->deferred;
  block->deferred = 0;
}

std::uint64_t signal_handler(int sig, siginfo_t *info, ucontext_t *context, SignalScope *scope) {
  ThreadBlock *block = this_thread_block();
  scope->across = 0;
  if (block->critical != 0 && !is_fault(sig, info)) {
    defer(block, sig, info, context);
    return 0;
  }
  const auto [app, lower] = read_actions(sig);
  if (app.handler == kIgnore)
    return 0;
  if (is_function(app.handler)) {
    if (app.flags & SA_RESETHAND)
      reset_app_action(block, sig);
    show_old_identity(info);
    fail_for_cancellation(sig, context);
    return run_app_handler(block, app.handler, context, scope);
  }
  if (is_function(lower.handler))
    if (const std::uint64_t handler = run_lower_handler(block, lower.handler, context, scope))
      return handler;
  take_default(sig, info, context);
  return 0;
}

void signal_done(SignalScope *scope) {
  ThreadBlock *block = this_thread_block();
  if (scope->fs) {
    if (scope->in_lower)
      block->in_lower = 1;
    arch::write_fs(scope->fs);
    if (!scope->in_lower)
      block->in_lower = 0;
  }
  block->held_sp = scope->held_sp;
}

} // namespace mana
