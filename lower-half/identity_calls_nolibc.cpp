// pid and tids as the application knows them: see threads.h.
//
// Before the first restart old and new numbers are the same, but the calls go through here all the same, so
// that the rewritten call sites exist when a restart needs them.
#include <asm/unistd.h>

#include <initializer_list>

#include "arch/x86_64/raw_syscall.h"
#include "child_calls.h"
#include "intercept.h"
#include "threads.h"

namespace mana {

namespace {

bool translating() { return seam()->restarts != 0; }

long on_getpid(SyscallFrame *) {
  const long pid = raw_syscall(__NR_getpid);
  return pid == live_pid ? static_cast<long>(saved()->pid) : pid;
}

long on_gettid(SyscallFrame *) {
  const long tid = raw_syscall(__NR_gettid);
  const ThreadBlock *block = this_thread_block();
  return tid == block->kernel_tid ? block->tid : tid;
}

// kill(-pid) is a process group, which is the live launcher's: left alone.
long on_kill(SyscallFrame *frame) {
  if (translating())
    frame->raw[1] = static_cast<std::uint64_t>(pid_to_kernel(static_cast<std::int32_t>(frame->arg[0])));
  else
    frame->raw[1] = frame->arg[0];
  return then_raw(frame, frame->nr, frame->raw[1], frame->arg[1], frame->arg[2]);
}

// The first argument is a tid.
long on_tid_call(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  std::uint64_t tid = arg[0];
  if (translating())
    tid = static_cast<std::uint64_t>(tid_to_kernel(static_cast<std::int32_t>(tid)));
  return then_raw(frame, frame->nr, tid, arg[1], arg[2], arg[3], arg[4], arg[5]);
}

// The first argument says whether the second is one; its number for that differs.
template <int Kind> long on_which_call(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  std::uint64_t who = arg[1];
  if (translating() && arg[0] == Kind)
    who = static_cast<std::uint64_t>(tid_to_kernel(static_cast<std::int32_t>(who)));
  return then_raw(frame, frame->nr, arg[0], who, arg[2]);
}

// pid, tid, ...
long on_pid_tid_call(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  std::uint64_t pid = arg[0], tid = arg[1];
  if (translating()) {
    pid = static_cast<std::uint64_t>(pid_to_kernel(static_cast<std::int32_t>(pid)));
    tid = static_cast<std::uint64_t>(tid_to_kernel(static_cast<std::int32_t>(tid)));
  }
  return then_raw(frame, frame->nr, pid, tid, arg[2], arg[3]);
}

} // namespace

std::int64_t pid_to_kernel(std::int64_t pid) {
  return pid == static_cast<std::int64_t>(saved()->pid) ? live_pid : child_to_kernel(pid);
}

std::int64_t tid_to_kernel(std::int64_t tid) {
  if (tid <= 0)
    return tid;
  std::int64_t found = child_to_kernel(tid);
  for_each_thread([&](ThreadBlock *block) {
    if (block->tid == tid)
      found = block->kernel_tid;
  });
  return found;
}

void register_identity_calls() {
  intercept_register(__NR_getpid, on_getpid);
  intercept_register(__NR_gettid, on_gettid);
  intercept_register(__NR_kill, on_kill);
  intercept_register(__NR_rt_sigqueueinfo, on_kill);
  intercept_register(__NR_tkill, on_tid_call);
  for (const int number : {__NR_sched_setaffinity, __NR_sched_getaffinity, __NR_sched_setscheduler, __NR_sched_getscheduler,
                           __NR_sched_setparam, __NR_sched_getparam, __NR_sched_setattr, __NR_sched_getattr,
                           __NR_sched_rr_get_interval, __NR_prlimit64, __NR_getpgid, __NR_getsid, __NR_pidfd_open})
    intercept_register(number, on_tid_call);
  constexpr int kPriorityOfProcess = 0, kIoPriorityOfProcess = 1; // PRIO_PROCESS, IOPRIO_WHO_PROCESS
  intercept_register(__NR_getpriority, on_which_call<kPriorityOfProcess>);
  intercept_register(__NR_setpriority, on_which_call<kPriorityOfProcess>);
  intercept_register(__NR_ioprio_get, on_which_call<kIoPriorityOfProcess>);
  intercept_register(__NR_ioprio_set, on_which_call<kIoPriorityOfProcess>);
  intercept_register(__NR_tgkill, on_pid_tid_call);
  intercept_register(__NR_rt_tgsigqueueinfo, on_pid_tid_call);
  intercept_register(__NR_setpgid, on_pid_tid_call);
}

} // namespace mana
