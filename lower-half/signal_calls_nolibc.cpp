// System calls about signals: the application's tables and masks, as it believes them to be, and what the
// kernel gets.
//
// Masks. kCheckpointSignal and SIGSYS must never really be blocked: each set on its way to the kernel loses
// their two bits. The call itself is then made by the code page (then_raw), outside of the critical section, so
// that a signal which it lets through, or waits for, is delivered right there. That is the path of nearly all
// calls; only when the set names one of the two signals, as "block all" does, is the answer worked out here,
// from the kernel's mask, what is deferred at the moment, and ThreadBlock::hidden_mask.
#include <asm/unistd.h>
#include <errno.h>

#include "arch/x86_64/raw_syscall.h"
#include "intercept.h"
#include "signals.h"

namespace mana {

namespace {

std::uint64_t address(const void *pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

// A child of vfork or posix_spawn: it has its own table of actions but our memory, and must leave no trace in it.
bool borrows_memory(const ThreadBlock *block) { return raw_syscall(__NR_gettid) != block->kernel_tid; }

// --- rt_sigaction ---

// The kernel runs the handler directly there; it is about to exec. SIGSYS stays ours as long as the net holds it.
long sigaction_in_borrower(SyscallFrame *frame, int sig) {
  if (sig == SIGSYS || sig == kCheckpointSignal)
    return 0;
  return pass_on(frame);
}

long on_sigaction(SyscallFrame *frame) {
  const int sig = static_cast<int>(frame->arg[0]);
  const auto *action = reinterpret_cast<const KernelSigaction *>(frame->arg[1]);
  auto *old = reinterpret_cast<KernelSigaction *>(frame->arg[2]);
  if (frame->arg[3] != 8 || sig < 1 || sig >= kSignals)
    return -EINVAL;
  if (sig == SIGKILL || sig == SIGSTOP)
    return pass_on(frame);
  if (action && borrows_memory(this_thread_block()))
    return sigaction_in_borrower(frame, sig);
  const KernelSigaction wanted = action ? *action : KernelSigaction{}; // `old` may be the same object
  KernelSigaction before;
  set_app_action(sig, action ? &wanted : nullptr, &before);
  if (old)
    *old = before;
  return 0;
}

// --- rt_sigprocmask ---

std::uint64_t hidden_to_mask(std::uint32_t hidden) {
  std::uint64_t mask = 0;
  if (hidden & kHiddenCheckpoint)
    mask |= signal_bit(kCheckpointSignal);
  if (hidden & kHiddenSigsys)
    mask |= signal_bit(SIGSYS);
  return mask;
}

std::uint64_t swap_mask(std::uint64_t mask) {
  std::uint64_t old = 0;
  raw_syscall(__NR_rt_sigprocmask, SIG_SETMASK, address(&mask), address(&old), 8);
  return old;
}

std::uint64_t combine(int how, std::uint64_t old, std::uint64_t set) {
  if (how == SIG_BLOCK)
    return old | set;
  if (how == SIG_UNBLOCK)
    return old & ~set;
  return set;
}

// Its own signal with our number waited only in our flag: it comes as from raise().
void deliver_hidden(ThreadBlock *block) {
  block->hidden_mask &= ~std::uint32_t{kHiddenPending};
  raw_syscall(__NR_tgkill, static_cast<std::uint64_t>(raw_syscall(__NR_getpid)),
              static_cast<std::uint64_t>(raw_syscall(__NR_gettid)), kCheckpointSignal);
}

void change_mask(ThreadBlock *block, int how, const std::uint64_t *set, std::uint64_t *old) {
  const std::uint64_t kernel = swap_mask(~std::uint64_t{0}); // nothing is deferred from here on
  const std::uint64_t before = (kernel & ~block->deferred & ~kNeverBlocked) | hidden_to_mask(block->hidden_mask);
  const std::uint64_t now = set ? combine(how, before, *set) : before;
  block->hidden_mask &= ~std::uint32_t{kHiddenCheckpoint | kHiddenSigsys};
  if (now & signal_bit(kCheckpointSignal))
    block->hidden_mask |= kHiddenCheckpoint;
  if (now & signal_bit(SIGSYS))
    block->hidden_mask |= kHiddenSigsys;
  block->deferred &= ~now; // what it blocks now simply stays queued in the kernel
  swap_mask((now & ~kNeverBlocked) | block->deferred);
  if ((block->hidden_mask & kHiddenPending) && !(block->hidden_mask & kHiddenCheckpoint))
    deliver_hidden(block);
  if (old)
    *old = before;
}

long on_sigprocmask(SyscallFrame *frame) {
  const int how = static_cast<int>(frame->arg[0]);
  const auto *set = reinterpret_cast<const std::uint64_t *>(frame->arg[1]);
  auto *old = reinterpret_cast<std::uint64_t *>(frame->arg[2]);
  ThreadBlock *block = this_thread_block();
  const std::uint64_t wanted = set ? *set : 0;
  const bool plain = (wanted & kNeverBlocked) == 0 && !(block->hidden_mask & (kHiddenCheckpoint | kHiddenSigsys));
  const bool invalid = frame->arg[3] != 8 || (set && (how < SIG_BLOCK || how > SIG_SETMASK));
  if (plain || invalid)
    return then_raw(frame, frame->nr, frame->arg[0], frame->arg[1], frame->arg[2], frame->arg[3]);
  change_mask(block, how, set ? &wanted : nullptr, old);
  return 0;
}

// --- calls with a mask of their own ---

long on_sigsuspend(SyscallFrame *frame) {
  return then_raw(frame, frame->nr, clean_mask(frame, frame->arg[0]), frame->arg[1]);
}

long on_signalfd(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  return then_raw(frame, frame->nr, arg[0], clean_mask(frame, arg[1]), arg[2], arg[3]);
}

} // namespace

std::uint64_t clean_mask(SyscallFrame *frame, std::uint64_t set) {
  if (!set)
    return 0;
  frame->mask = *reinterpret_cast<const std::uint64_t *>(set) & ~kNeverBlocked;
  return address(&frame->mask);
}

void register_signal_calls() {
  intercept_register(__NR_rt_sigaction, on_sigaction);
  intercept_register(__NR_rt_sigprocmask, on_sigprocmask);
  intercept_register(__NR_rt_sigsuspend, on_sigsuspend);
  intercept_register(__NR_signalfd4, on_signalfd);
}

} // namespace mana
