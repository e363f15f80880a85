// See futex_calls.h; the rules are those of intercept.h.
#include "futex_calls.h"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/futex.h>
#include <time.h>

#include "arch/x86_64/raw_syscall.h"
#include "clocks.h"
#include "intercept.h"
#include "saved.h"
#include "signals.h"
#include "timed_calls.h"

namespace mana {

namespace {

constexpr int kMostRobust = 2048; // the kernel's own limit, against lists that are rings

using Word = std::uint32_t;

Word *word_at(std::uint64_t address) { return reinterpret_cast<Word *>(address); }

bool replace(Word *word, Word *expected, Word wanted) {
  return __atomic_compare_exchange_n(word, expected, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

Word own_tid() { return static_cast<Word>(this_thread_block()->tid); }

void wake_one(std::uint64_t address, std::uint64_t flags) { raw_syscall(__NR_futex, address, FUTEX_WAKE | flags, 1); }

// FUTEX_LOCK_PI's time is one of the wall clock, whatever its flags say.
std::uint64_t wait_operation(std::uint64_t operation) {
  const std::uint64_t clock =
      (operation & FUTEX_CMD_MASK) == FUTEX_LOCK_PI ? FUTEX_CLOCK_REALTIME : operation & FUTEX_CLOCK_REALTIME;
  return FUTEX_WAIT_BITSET | clock | (operation & FUTEX_PRIVATE_FLAG);
}

// Until when a futex waits, for the kernel: a time of the wall clock, of CLOCK_MONOTONIC, or none.
std::uint64_t kernel_timeout(SyscallFrame *frame, std::uint64_t operation) {
  const std::uint64_t timeout = frame->arg[3];
  if (!timeout || (operation & FUTEX_CLOCK_REALTIME))
    return timeout;
  frame->timeout = kernel_time(CLOCK_MONOTONIC, *reinterpret_cast<const KernelTimespec *>(timeout));
  return reinterpret_cast<std::uint64_t>(&frame->timeout);
}

// Who has waited does not know whether others still do, and says so to be sure.
long lock(SyscallFrame *frame) {
  const std::uint64_t address = frame->arg[0];
  const long waited = frame->stage > 0 ? static_cast<long>(frame->raw[0]) : 0;
  if (waited != 0 && waited != -EAGAIN && waited != -EINTR)
    return waited;
  const Word tid = own_tid(), others = frame->stage > 0 ? FUTEX_WAITERS : 0;
  Word word = __atomic_load_n(word_at(address), __ATOMIC_SEQ_CST);
  for (;;) {
    if ((word & FUTEX_TID_MASK) == tid)
      return -EDEADLK;
    if ((word & FUTEX_TID_MASK) == 0) {
      if (replace(word_at(address), &word, tid | others | (word & ~Word{FUTEX_TID_MASK})))
        return 0;
    } else if ((word & FUTEX_WAITERS) || replace(word_at(address), &word, word | FUTEX_WAITERS)) {
      const std::uint64_t wait = wait_operation(frame->arg[1]);
      return then_raw_and_again(frame, __NR_futex, address, wait, word | FUTEX_WAITERS, kernel_timeout(frame, wait), 0,
                                FUTEX_BITSET_MATCH_ANY);
    }
  }
}

long unlock(SyscallFrame *frame) {
  const std::uint64_t address = frame->arg[0];
  if ((__atomic_load_n(word_at(address), __ATOMIC_SEQ_CST) & FUTEX_TID_MASK) != own_tid())
    return -EPERM;
  __atomic_store_n(word_at(address), 0, __ATOMIC_SEQ_CST);
  wake_one(address, frame->arg[1] & FUTEX_PRIVATE_FLAG);
  return 0;
}

long try_lock(SyscallFrame *frame) {
  Word *at = word_at(frame->arg[0]), word = __atomic_load_n(at, __ATOMIC_SEQ_CST);
  do {
    if (word & FUTEX_TID_MASK)
      return (word & FUTEX_TID_MASK) == own_tid() ? -EDEADLK : -EAGAIN;
  } while (!replace(at, &word, own_tid() | word));
  return 0;
}

long on_futex(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  if ((arg[1] & FUTEX_CMD_MASK) == FUTEX_WAIT && arg[3]) {
    const std::uint64_t timeout = start_clock(frame, *reinterpret_cast<const KernelTimespec *>(arg[3]));
    return then_raw(frame, frame->nr, arg[0], arg[1], arg[2], timeout);
  }
  if (seam()->restarts == 0) // the kernel knows the numbers and the clock
    return then_raw(frame, frame->nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
  switch (arg[1] & FUTEX_CMD_MASK) {
  case FUTEX_LOCK_PI:
  case FUTEX_LOCK_PI2:
    return lock(frame);
  case FUTEX_UNLOCK_PI:
    return unlock(frame);
  case FUTEX_TRYLOCK_PI:
    return try_lock(frame);
  case FUTEX_WAIT_REQUEUE_PI:
  case FUTEX_CMP_REQUEUE_PI:
    return -ENOSYS;
  case FUTEX_WAIT_BITSET:
    return then_raw(frame, frame->nr, arg[0], arg[1], arg[2], kernel_timeout(frame, arg[1]), arg[4], arg[5]);
  }
  return then_raw(frame, frame->nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

// What the kernel does with a mutex that a dying thread holds, or was about to take or release.
void owner_dies(std::uint64_t address, bool pending, bool inheriting) {
  Word *at = word_at(address), word = __atomic_load_n(at, __ATOMIC_SEQ_CST);
  if (pending && !inheriting && word == 0) {
    wake_one(address, 0);
    return;
  }
  do {
    if ((word & FUTEX_TID_MASK) != own_tid())
      return;
  } while (!replace(at, &word, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED));
  if (!(word & FUTEX_WAITERS))
    return;
  wake_one(address, 0);
  wake_one(address, FUTEX_PRIVATE_FLAG);
}

} // namespace

void robust_list_at_exit() {
  if (seam()->restarts == 0)
    return;
  robust_list_head *head = nullptr;
  std::size_t bytes = 0;
  raw_syscall(__NR_get_robust_list, 0, reinterpret_cast<std::uint64_t>(&head), reinterpret_cast<std::uint64_t>(&bytes));
  if (!head || bytes != sizeof *head)
    return;
  constexpr std::uint64_t kInheriting = 1; // in an entry's address
  const auto offset = static_cast<std::uint64_t>(head->futex_offset);
  const auto pending = reinterpret_cast<std::uint64_t>(head->list_op_pending);
  auto entry = reinterpret_cast<std::uint64_t>(head->list.next);
  for (int i = 0; i < kMostRobust && (entry & ~kInheriting) != reinterpret_cast<std::uint64_t>(&head->list); ++i) {
    const std::uint64_t mutex = entry & ~kInheriting;
    const std::uint64_t after = reinterpret_cast<std::uint64_t>(reinterpret_cast<const robust_list *>(mutex)->next);
    if (entry != pending)
      owner_dies(mutex + offset, false, (entry & kInheriting) != 0);
    entry = after;
  }
  if (pending)
    owner_dies((pending & ~kInheriting) + offset, true, (pending & kInheriting) != 0);
  // The kernel must not take another owner's number for its own.
  raw_syscall(__NR_set_robust_list, 0, sizeof *head);
}

void register_futex_calls() { intercept_register(__NR_futex, on_futex); }

} // namespace mana
