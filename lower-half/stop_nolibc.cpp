// The checkpoint signal's handler and the sleep of a parked thread. See stop.h; the rules are those of
// intercept.h.
#include "stop.h"

#include <asm/unistd.h>
#include <linux/futex.h>

#include "arch/x86_64/crossing.h"
#include "pending_signals.h"
#include "signals.h"

namespace mana {

namespace {

std::uint64_t address(const void *pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

bool park_wanted(const ThreadBlock *block) {
  const Seam *s = seam();
  return (s->intent.load(std::memory_order_seq_cst) & kIntentPark) != 0 || (s->program_over && !block->is_engine);
}

bool is_from_this_process(const siginfo_t *info) {
  return info->si_pid == static_cast<std::int32_t>(raw_syscall(__NR_getpid));
}

bool is_ours(const siginfo_t *info) {
  return info->si_code == SI_QUEUE && reinterpret_cast<std::uint64_t>(info->si_value.sival_ptr) == kStopMagic &&
         is_from_this_process(info);
}

// The application's own signal with our number.
int forward(ThreadBlock *block, const siginfo_t *info) {
  if ((block->hidden_mask & kHiddenLeaving) && info->si_code == SI_TKILL && is_from_this_process(info)) {
    block->hidden_mask &= ~std::uint32_t{kHiddenLeaving}; // mana_code_leave's: release_deferred() was all it wanted
    if (!(block->hidden_mask & kHiddenPending))
      return kStopReturn;
  }
  if (block->critical != 0 || (block->hidden_mask & kHiddenCheckpoint)) {
    block->hidden_mask |= kHiddenPending;
    if (block->critical != 0) {
      block->hidden_mask |= kHiddenLeaving;
      block->pending_signals |= signal_bit(kCheckpointSignal);
    }
    return kStopReturn;
  }
  block->hidden_mask &= ~std::uint32_t{kHiddenPending};
  const std::uint64_t handler = saved()->actions[kCheckpointSignal].handler;
  if (handler > 1)
    return kStopForward;
  if (handler == 0)
    raw_syscall(__NR_exit_group, 128 + kCheckpointSignal); // the default action ends the process
  return kStopReturn;
}

bool in_code_page(std::uint64_t pc) { return pc >= kCodeAddress && pc < kVdsoAddress; }

// In the code page only a thread that waits in a system call may be stopped; there everything it needs is in
// its frame.
bool at_system_call(std::uint64_t pc) {
  const auto *code = reinterpret_cast<const std::uint8_t *>(pc);
  return (code[-2] == 0x0f && code[-1] == 0x05) || (code[0] == 0x0f && code[1] == 0x05);
}

bool may_stop(const ThreadBlock *block, const ucontext_t *context) {
  if (block->in_lower || block->in_core || block->critical || block->upper_fs == 0)
    return false;
  if (is_held(block, context))
    return false;
  const auto pc = static_cast<std::uint64_t>(context->uc_mcontext.gregs[REG_RIP]);
  if (!in_upper_half(pc))
    return false;
  return !in_code_page(pc) || at_system_call(pc);
}

void save_altstack(ThreadBlock *block) {
  stack_t stack{};
  raw_syscall(__NR_sigaltstack, 0, address(&stack));
  block->altstack_sp = address(stack.ss_sp);
  block->altstack_size = stack.ss_size;
  block->altstack_flags = static_cast<std::uint32_t>(stack.ss_flags);
}

} // namespace

int stop_decide(int, siginfo_t *info, ucontext_t *context) {
  ThreadBlock *block = this_thread_block();
  release_deferred(block, context);
  restart_call(context);
  if (!is_ours(info))
    return forward(block, info);
  if (!park_wanted(block) || !may_stop(block, context))
    return kStopReturn;
  if (!is_held(block, context))
    block->held_sp = 0; // a handler that was left by siglongjmp
  if (!block->is_engine || !seam()->upper) {
    block->context = address(context);
    return kStopPark;
  }
  return seam()->upper->may_stop_anywhere() ? kStopEngine : kStopReturn;
}

// All signals are blocked from here until mana_code_resume puts block->sigmask back.
int parked(ThreadBlock *block) {
  const std::uint64_t all = ~std::uint64_t{0};
  raw_syscall(__NR_rt_sigprocmask, SIG_SETMASK, address(&all), address(&block->sigmask), 8);
  block->upper_fs = arch::tls_self();
  save_altstack(block);
  raw_syscall(__NR_get_robust_list, 0, address(&block->robust_list), address(&block->robust_len));
  if (block->is_engine) {
    const ParkResult result = engine_parked(block);
    return static_cast<int>(result);
  }

  note_pending_signals(block, false);
  __atomic_store_n(&block->state, kThreadParked, __ATOMIC_SEQ_CST);
  // resume_all_threads() clears the intent first: whoever comes too late for it must not sleep.
  if (!park_wanted(block))
    __atomic_store_n(&block->state, kThreadRuns, __ATOMIC_SEQ_CST);
  wait_until_resumed(block);
  return static_cast<int>(ParkResult::resumed);
}

void wait_until_resumed(ThreadBlock *block) {
  for (;;) {
    const std::uint32_t state = __atomic_load_n(&block->state, __ATOMIC_SEQ_CST);
    if (state == kThreadRuns)
      return;
    if (state == kThreadLooks) {
      note_pending_signals(block, false);
      __atomic_store_n(&block->state, kThreadParked, __ATOMIC_SEQ_CST);
      raw_syscall(__NR_futex, address(&block->state), FUTEX_WAKE_PRIVATE, 1);
    }
    raw_syscall(__NR_futex, address(&block->state), FUTEX_WAIT_PRIVATE, kThreadParked);
  }
}

void restore_altstack(const ThreadBlock *block) {
  stack_t stack{};
  stack.ss_sp = reinterpret_cast<void *>(block->altstack_sp);
  stack.ss_size = block->altstack_size;
  stack.ss_flags = static_cast<int>(block->altstack_flags & ~std::uint32_t{SS_ONSTACK});
  raw_syscall(__NR_sigaltstack, address(&stack));
}

} // namespace mana
