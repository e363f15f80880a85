// ThreadBlocks while the application runs. See threads.h; the rules are those of intercept.h.
#include "threads.h"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/futex.h>

#include "arch/x86_64/crossing.h"
#include "code_page.h"
#include "crossing.h"
#include "donors.h"
#include "futex_calls.h"
#include "intercept.h"
#include "signals.h"
#include "stop.h"

namespace mana {

std::int64_t live_pid = 0, rank_pid = 0;

namespace {

std::uint32_t next_hint = 1;

bool claim(ThreadBlock *block) {
  std::uint32_t expected = 0;
  return __atomic_compare_exchange_n(&block->used, &expected, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

// A plain store at a time: the compiler must not make a call to memset of it.
void clear(ThreadBlock *block) {
  const std::uint32_t used = block->used;
  volatile std::uint64_t *word = reinterpret_cast<std::uint64_t *>(block);
  constexpr std::size_t kUsedWord = offsetof(ThreadBlock, used) / 8;
  for (std::size_t i = 0; i < sizeof(ThreadBlock) / 8; ++i)
    if (i != kUsedWord)
      word[i] = 0;
  block->is_engine = 0;
  block->used = used;
  time_of(block)->offset = 0;
}

void raise_thread_count(std::uint32_t count) {
  std::uint32_t now = __atomic_load_n(&saved()->thread_count, __ATOMIC_RELAXED);
  while (now < count && !__atomic_compare_exchange_n(&saved()->thread_count, &now, count, true, __ATOMIC_RELEASE,
                                                     __ATOMIC_RELAXED)) {
  }
}

ThreadBlock *claim_engine() {
  ThreadBlock *block = engine_block();
  block->used = 1;
  saved()->thread_count = 1;
  block->self = block;
  return block;
}

ThreadBlock *claim_any() {
  const std::uint32_t hint = __atomic_load_n(&next_hint, __ATOMIC_RELAXED);
  for (std::uint32_t tried = 0; tried < kMaxThreads - 1; ++tried) {
    const std::uint32_t index = 1 + (hint - 1 + tried) % (kMaxThreads - 1);
    ThreadBlock *block = &saved()->threads[index];
    if (block->used || !claim(block))
      continue;
    raise_thread_count(index + 1);
    return block;
  }
  return nullptr;
}

// Where the exits of threads are not seen (neither a rewritten site nor the net), blocks of dead ones pile up.
void free_dead_blocks() {
  for_each_thread([](ThreadBlock *block) { thread_lives(block); });
}

// The last call of a thread: it may not touch its block once it is free, and no signal may find it so.
long on_exit(SyscallFrame *frame) {
  ThreadBlock *block = this_thread_block();
  if (block->is_engine || raw_syscall(__NR_gettid) != block->kernel_tid)
    return pass_on(frame);
  const std::uint64_t all = ~std::uint64_t{0};
  raw_syscall(__NR_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<std::uint64_t>(&all), 0, 8);
  robust_list_at_exit();
  free_thread_block(block);
  return raw_syscall(__NR_exit, frame->arg[0]);
}

long on_set_tid_address(SyscallFrame *frame) {
  ThreadBlock *block = this_thread_block();
  pass_on(frame);
  block->clear_tid = frame->arg[0];
  return block->tid;
}

} // namespace

ThreadBlock *new_thread_block(std::uint64_t upper_fs) {
  if (saved()->thread_count == 0)
    return claim_engine();
  ThreadBlock *block = claim_any();
  if (!block) {
    free_dead_blocks();
    block = claim_any();
  }
  if (!block)
    return nullptr;
  clear(block);
  block->self = block;
  block->upper_fs = upper_fs;
  block->hidden_mask = this_thread_block()->hidden_mask & (kHiddenCheckpoint | kHiddenSigsys);
  return block;
}

void free_thread_block(ThreadBlock *block) {
  return_donor(block);
  __atomic_store_n(&next_hint, static_cast<std::uint32_t>(block - saved()->threads), __ATOMIC_RELAXED);
  __atomic_store_n(&block->used, 0, __ATOMIC_RELEASE);
}

bool thread_lives(ThreadBlock *block) {
  if (block->is_engine || block->kernel_tid == 0)
    return true; // 0: between new_thread_block() and clone
  const long result = raw_syscall(__NR_tgkill, static_cast<std::uint64_t>(live_pid),
                                  static_cast<std::uint64_t>(block->kernel_tid), 0);
  if (result != -ESRCH)
    return true;
  free_thread_block(block);
  return false;
}

void register_thread_calls() {
  intercept_register(__NR_exit, on_exit);
  intercept_register(__NR_set_tid_address, on_set_tid_address);
  register_identity_calls();
}

void run_recreated_thread(ThreadBlock *block) {
  arch::write_gs(reinterpret_cast<std::uint64_t>(block));
  if (block->robust_list)
    raw_syscall(__NR_set_robust_list, block->robust_list, block->robust_len);
  restore_altstack(block);
  wait_until_resumed(block);
  arch::enter_resume(code_header()->resume, block->park_sp, static_cast<std::int32_t>(ParkResult::restarted));
}

} // namespace mana
