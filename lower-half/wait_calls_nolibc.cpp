// wait4 and waitid for children that had ended before a restart: see child_calls.h and children.h. The rules are those of intercept.h.
#include <asm/unistd.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "arch/x86_64/raw_syscall.h"
#include "child_calls.h"
#include "intercept.h"
#include "saved.h"

namespace mana {

namespace {

bool any_stand_in() {
  for (const EndedChild &child : saved()->ended)
    if (child.pid != 0 && child.pid != child.kernel_pid)
      return true;
  return false;
}

EndedChild *with_kernel_pid(std::int64_t pid) {
  for (EndedChild &child : saved()->ended)
    if (child.pid != 0 && child.kernel_pid == pid)
      return &child;
  return nullptr;
}

// What the application knows it by.
std::int32_t known_as(std::int64_t kernel_pid, bool taken) {
  EndedChild *child = with_kernel_pid(kernel_pid);
  if (!child)
    return static_cast<std::int32_t>(kernel_pid);
  const std::int32_t pid = child->pid;
  if (taken)
    child->pid = 0;
  return pid;
}

// A call that waited when the checkpoint was taken is made again after the restart, with the old number: it is then asked once more.
bool asked_in_another_life(const SyscallFrame *frame) {
  return frame->stage > 0 && frame->restarts != seam()->restarts && any_stand_in();
}

long wait_for_it(SyscallFrame *frame, std::uint64_t id, bool id_first) {
  const std::uint64_t *arg = frame->arg;
  frame->restarts = seam()->restarts;
  if (id_first)
    return then_raw_and_again(frame, frame->nr, id, arg[1], arg[2], arg[3]);
  return then_raw_and_again(frame, frame->nr, arg[0], id, arg[2], arg[3], arg[4]);
}

// Stand-ins have ended already, so whoever waits for one does not block: a call that would is none of theirs.
long on_wait4(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  const long waited = static_cast<long>(frame->raw[0]);
  if (frame->stage > 0 && (waited != -ECHILD || !asked_in_another_life(frame)))
    return waited > 0 ? known_as(waited, true) : waited;
  if (!any_stand_in())
    return wait_for_it(frame, arg[0], true);
  const auto pid = static_cast<std::uint64_t>(child_to_kernel(static_cast<std::int32_t>(arg[0])));
  const long result = raw_syscall(__NR_wait4, pid, arg[1], arg[2] | WNOHANG, arg[3]);
  if (result > 0)
    return known_as(result, true);
  return result == 0 && !(arg[2] & WNOHANG) ? wait_for_it(frame, pid, true) : result;
}

long on_waitid(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  const long waited = static_cast<long>(frame->raw[0]);
  if (frame->stage > 0 && (waited != -ECHILD || !asked_in_another_life(frame))) {
    auto *told = reinterpret_cast<siginfo_t *>(arg[2]);
    if (waited == 0 && told && told->si_pid != 0)
      told->si_pid = known_as(told->si_pid, !(arg[3] & WNOWAIT));
    return waited;
  }
  if (!any_stand_in())
    return wait_for_it(frame, arg[1], false);
  std::uint64_t id = arg[1];
  if (arg[0] == P_PID)
    id = static_cast<std::uint64_t>(child_to_kernel(static_cast<std::int32_t>(id)));
  siginfo_t nowhere, *info = arg[2] ? reinterpret_cast<siginfo_t *>(arg[2]) : &nowhere;
  info->si_pid = 0;
  const long result = raw_syscall(__NR_waitid, arg[0], id, reinterpret_cast<std::uint64_t>(info), arg[3] | WNOHANG, arg[4]);
  if (result == 0 && info->si_pid != 0)
    info->si_pid = known_as(info->si_pid, !(arg[3] & WNOWAIT));
  else if (result == 0 && !(arg[3] & WNOHANG))
    return wait_for_it(frame, id, false);
  return result;
}

} // namespace

std::int64_t child_to_kernel(std::int64_t pid) {
  for (const EndedChild &child : saved()->ended)
    if (pid > 0 && child.pid == pid)
      return child.kernel_pid;
  return pid;
}

void register_wait_calls() {
  intercept_register(__NR_wait4, on_wait4);
  intercept_register(__NR_waitid, on_waitid);
}

} // namespace mana
