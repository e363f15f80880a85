// Making threads of the upper half at launch and at restart, with the lower half's libc. See threads.h.
#include "threads.h"

#include <elf.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "arch/x86_64/crossing.h"
#include "arch/x86_64/park_frame.h"
#include "arch/x86_64/recreate.h"
#include "code_page.h"
#include "donors.h"
#include "pending_signals.h"
#include "signals.h"
#include "stop.h"

namespace mana {

namespace {

constexpr int kRecreateFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                               CLONE_SETTLS | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID;

// MANA_FSGSBASE=off takes the slow path where the fast one exists: for tests and measurements.
bool have_fsgsbase() {
  const char *wish = getenv("MANA_FSGSBASE");
  if (wish && wish[0] == 'o' && wish[1] == 'f')
    return false;
  return (getauxval(AT_HWCAP2) & arch::kHwcap2FsGsBase) != 0;
}

void attach_engine(ThreadBlock *block) {
  seam()->fsgsbase = have_fsgsbase();
  live_pid = rank_pid = getpid();
  block->kernel_tid = static_cast<std::int32_t>(syscall(SYS_gettid));
  block->lower_fs = arch::tls_self();
  arch::write_gs(reinterpret_cast<std::uint64_t>(block));
}

} // namespace

ThreadBlock *init_main_thread_block() {
  ThreadBlock *block = new_thread_block(0);
  block->is_engine = 1;
  attach_engine(block);
  block->tid = block->kernel_tid;
  saved()->pid = static_cast<std::uint64_t>(live_pid);
  return block;
}

void adopt_thread_blocks() {
  for_each_thread([](ThreadBlock *block) {
    block->lower_fs = 0;
    block->donor = nullptr;
    block->in_lower = 0;
    block->critical = 0;
    block->deferred = 0;
    block->kernel_tid = 0;
  });
  attach_engine(engine_block());
  donors_init();
}

bool recreate_thread(ThreadBlock *block) {
  const BlockAllSignals blocked; // the new thread inherits it
  block->state = kThreadParked;
  const long tid =
      arch::clone_recreated(kRecreateFlags, block, reinterpret_cast<void (*)(ThreadBlock *)>(run_recreated_thread));
  if (tid < 0) {
    errno = static_cast<int>(-tid);
    return false;
  }
  block->pending_signals = 0;
  queue_noted_signals(block, false);
  return true;
}

// The robust list and the alternative stack of this kernel thread were the lower half's; it does not need them
// any more.
void resume_engine(ThreadBlock *block) {
  const std::uint64_t all = ~std::uint64_t{0};
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, 8);
  block->pending_signals = 0;
  queue_noted_signals(block, true);
  if (block->robust_list)
    syscall(SYS_set_robust_list, block->robust_list, block->robust_len);
  if (block->clear_tid)
    syscall(SYS_set_tid_address, block->clear_tid);
  restore_altstack(block);
  block->state = kThreadRuns;
  block->in_lower = 0;
  const std::uint64_t resume = code_header()->resume, park_sp = block->park_sp;
  arch::write_fs(block->upper_fs);
  arch::enter_resume(resume, park_sp, static_cast<std::int32_t>(ParkResult::restarted));
}

} // namespace mana
