// clone and clone3 of the application: threads, fork, vfork, posix_spawn.
//
// A thread of the upper half is a thread with a ThreadBlock under its GS base. The parent makes the block before the
// call; the child finds it in rbx, where no stack is needed to find it, and sets its GS base as its first act:
//
//   parent: on_clone()      block all signals; new_thread_block(); code page executes clone
//      │ ├─► child:         GS base = its block; on_thread_born(): tid, signal mask; then the application's code
//      └──► parent:         on_after_clone(): signal mask; the block is taken back if clone failed
//
// All signals are blocked in between, ours too: a handler in the child before it has its GS base would act on
// its parent's block.
//
//   CLONE_VM without CLONE_SETTLS   vfork, posix_spawn: the child borrows its parent's TLS, so it shares the
//                                   block too, with critical raised until the parent goes on: signals wait,
//                                   nothing is stopped. It must not clone in turn before it execs.
//   no CLONE_VM                     fork: the allocator's lock is held across it, so that the child's copy is whole
//
// While a checkpoint waits for the application's children to end (children.h), no new process is started: the call sleeps, where it
// can be stopped and saved, and looks again; not for ever, as the checkpoint may wait for this very thread to call MPI.
#include <asm/unistd.h>
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>

#include "arch/x86_64/raw_syscall.h"
#include "child_calls.h"
#include "intercept.h"
#include "saved.h"
#include "threads.h"
#include "window.h"

namespace mana {

namespace {

enum Scratch { kOldRbx = 0, kReturnAddress = 1, kChild = 2, kResult = 3 }; // of ThreadBlock::scratch, see intercept.S
constexpr std::uint64_t kForked = 1; // scratch[kChild] is no ThreadBlock but this

struct CloneArguments {
  std::uint64_t flags, child_tid, tls;
};

constexpr std::uint64_t kMostLooks = 3000; // a millisecond apart
std::uint32_t starts_held = 0, starts_under_way = 0;

bool begin_start(const SyscallFrame *frame) {
  __atomic_fetch_add(&starts_under_way, 1, __ATOMIC_SEQ_CST);
  if (!__atomic_load_n(&starts_held, __ATOMIC_SEQ_CST) || frame->stage >= kMostLooks)
    return true;
  __atomic_fetch_sub(&starts_under_way, 1, __ATOMIC_SEQ_CST);
  return false;
}

long look_again_later(SyscallFrame *frame) {
  frame->timeout = {0, 1'000'000};
  const auto time = reinterpret_cast<std::uint64_t>(&frame->timeout);
  return then_raw_and_again(frame, __NR_nanosleep, time, time);
}

std::uint64_t swap_signal_mask(std::uint64_t mask) {
  std::uint64_t old = 0;
  raw_syscall(__NR_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<std::uint64_t>(&mask),
              reinterpret_cast<std::uint64_t>(&old), 8);
  return old;
}

void remember_caller(ThreadBlock *block, const SyscallFrame *frame) {
  block->scratch[kOldRbx] = frame->rbx;
  block->scratch[kReturnAddress] = frame->return_address;
}

long prepare(SyscallFrame *frame, const CloneArguments &clone) {
  ThreadBlock *self = this_thread_block();
  ThreadBlock *child = self;
  const bool is_thread = (clone.flags & CLONE_VM) && (clone.flags & CLONE_SETTLS);
  if (!is_thread && !begin_start(frame))
    return look_again_later(frame);
  self->scratch[kChild] = 0;
  if (!(clone.flags & CLONE_VM)) {
    window_lock();
    self->scratch[kChild] = kForked;
  } else if (is_thread) {
    child = new_thread_block(clone.tls);
    if (!child)
      return -EAGAIN;
    if (clone.flags & CLONE_CHILD_CLEARTID)
      child->clear_tid = clone.child_tid;
    child->sigmask = self->sigmask = swap_signal_mask(~std::uint64_t{0});
    remember_caller(child, frame);
    self->scratch[kChild] = reinterpret_cast<std::uint64_t>(child);
  }
  remember_caller(self, frame);
  const std::uint64_t *arg = frame->arg;
  then_raw(frame, frame->nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
  frame->block = child;
  frame->action = kActionClone;
  return 0;
}

long on_clone(SyscallFrame *frame) { return prepare(frame, {frame->arg[0], frame->arg[3], frame->arg[4]}); }

long on_clone3(SyscallFrame *frame) {
  const clone_args *args = reinterpret_cast<const clone_args *>(frame->arg[0]);
  if (frame->arg[1] < CLONE_ARGS_SIZE_VER0)
    return -EINVAL;
  return prepare(frame, {args->flags, args->child_tid, args->tls});
}

long on_vfork(SyscallFrame *frame) { return prepare(frame, {CLONE_VM | CLONE_VFORK, 0, 0}); }
long on_fork(SyscallFrame *frame) { return prepare(frame, {0, 0, 0}); }

// A vfork-like child may have ended inside a handler and so left `critical` raised. Such a child itself is left
// alone: it is about to exec.
void undo_shared_child(ThreadBlock *self) {
  if (raw_syscall(__NR_gettid) == self->kernel_tid)
    self->critical = 2;
}

// Critical counts twice here: once for clone's own frame, which is gone, once for this call.
long on_after_clone(SyscallFrame *) {
  ThreadBlock *self = this_thread_block();
  const long result = static_cast<long>(self->scratch[kResult]);
  const std::uint64_t child = self->scratch[kChild];
  if (child == kForked || child == 0)
    __atomic_fetch_sub(&starts_under_way, 1, __ATOMIC_SEQ_CST);
  if (child == kForked) {
    window_unlock();
  } else if (child) {
    if (failed(result))
      free_thread_block(reinterpret_cast<ThreadBlock *>(child));
    swap_signal_mask(self->sigmask);
  } else {
    undo_shared_child(self);
  }
  --self->critical;
  return result;
}

// The forked child is a process of its own, with one thread, and no rank of the job.
void become_child_process(ThreadBlock *self) {
  for (std::uint32_t i = 0; i < saved()->thread_count; ++i)
    if (&saved()->threads[i] != self)
      saved()->threads[i].used = 0;
  for (PosixTimer &timer : saved()->timers)
    timer.used = 0;
  starts_held = starts_under_way = 0;
  time_of(self)->offset = seam()->clock_offset_ns[kClockProcess] = seam()->system_time_offset_us = 0;
  live_pid = raw_syscall(__NR_getpid);
  saved()->pid = static_cast<std::uint64_t>(live_pid);
  seam()->intent.store(kIntentNone, std::memory_order_relaxed);
  window_unlock();
  --self->critical;
}

long on_thread_born(SyscallFrame *) {
  ThreadBlock *self = this_thread_block();
  self->tid = self->kernel_tid = static_cast<std::int32_t>(raw_syscall(__NR_gettid));
  if (self->scratch[kChild] == kForked)
    become_child_process(self);
  else
    swap_signal_mask(self->sigmask);
  return 0;
}

} // namespace

void hold_starts(bool hold) { __atomic_store_n(&starts_held, hold, __ATOMIC_SEQ_CST); }

bool starts_are_under_way() { return __atomic_load_n(&starts_under_way, __ATOMIC_SEQ_CST) != 0; }

void register_clone_calls() {
  intercept_register(__NR_clone, on_clone);
  intercept_register(__NR_clone3, on_clone3);
  intercept_register(__NR_vfork, on_vfork);
  intercept_register(__NR_fork, on_fork);
  intercept_register(kAfterClone, on_after_clone);
  intercept_register(kThreadBorn, on_thread_born);
}

} // namespace mana
