// The dispatch table, and the handlers that are nobody else's. See intercept.h for the rules.
#include "intercept.h"

#include <asm/prctl.h>
#include <asm/unistd.h>
#include <errno.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "arch/x86_64/raw_syscall.h"
#include "code_page.h"
#include "saved.h"
#include "syscall_net.h"
#include "window.h"

namespace mana {

static_assert(offsetof(ThreadBlock, scratch) == 64 && offsetof(ThreadBlock, pending_signals) == 168,
              "intercept.S and the vDSO image know these offsets");
static_assert(kSeamAddress + offsetof(Seam, intent) == 0x200000000010 && kIntentPark == 2, "the vDSO image knows them");
static_assert(kSlotsAddress == 0x200000008000 && offsetof(CodeSlots, syscall_handler) == 0 &&
              offsetof(CodeSlots, intercepted) == 0x50 && sizeof(CodeSlots::intercepted) * 8 == kSyscallNumbers);

namespace {

SyscallHandler handlers[kSyscallNumbers], after_clone, thread_born;

// The kernel has answered with the lower half's path, so `path` and `buffer` are good pointers.
long own_exe_instead(long answered, const char *path, char *buffer, std::uint64_t size) {
  if (answered <= 0 || !names_own_exe(path))
    return answered;
  const char *exe = saved()->exe;
  std::uint64_t length = 0;
  while (length < size && exe[length])
    ++length;
  for (std::uint64_t i = 0; i < length; ++i)
    buffer[i] = exe[i];
  return static_cast<long>(length);
}

long on_readlink(SyscallFrame *frame) {
  return own_exe_instead(pass_on(frame), reinterpret_cast<const char *>(frame->arg[0]),
                         reinterpret_cast<char *>(frame->arg[1]), frame->arg[2]);
}

long on_readlinkat(SyscallFrame *frame) {
  return own_exe_instead(pass_on(frame), reinterpret_cast<const char *>(frame->arg[1]),
                         reinterpret_cast<char *>(frame->arg[2]), frame->arg[3]);
}

// The GS base is ours (ThreadBlock); a program that sets it cannot run here and is told so.
long on_arch_prctl(SyscallFrame *frame) {
  if (frame->arg[0] == ARCH_SET_GS)
    return -EPERM;
  const long result = pass_on(frame);
  if (frame->arg[0] == ARCH_SET_FS && !failed(result))
    this_thread_block()->upper_fs = frame->arg[1];
  return result;
}

// With the net first, if the call is of those that need it.
long pass_on_with_net(SyscallFrame *frame, bool need) {
  if (need) {
    window_lock();
    syscall_net_need();
    window_unlock();
  }
  return pass_on(frame);
}

// A filter of the application's own for one thread: the net, which must be for all, could not come after it.
long on_seccomp(SyscallFrame *frame) { return pass_on_with_net(frame, frame->arg[0] == SECCOMP_SET_MODE_FILTER); }
long on_prctl(SyscallFrame *frame) { return pass_on_with_net(frame, frame->arg[0] == PR_SET_SECCOMP); }

// All that is readable is executable from then on.
long on_personality(SyscallFrame *frame) {
  constexpr std::uint64_t kOnlyAsks = 0xffffffff;
  return pass_on_with_net(frame, frame->arg[0] != kOnlyAsks && (frame->arg[0] & READ_IMPLIES_EXEC));
}

} // namespace

// "/proc/self/exe", "/proc/thread-self/exe" or "/proc/<own pid>/exe"
bool names_own_exe(const char *path) {
  if (!starts_with(path, "/proc/", &path))
    return false;
  const char *rest = path;
  if (!starts_with(path, "self/", &rest) && !starts_with(path, "thread-self/", &rest)) {
    std::uint64_t pid = 0;
    for (; *rest >= '0' && *rest <= '9'; ++rest)
      pid = pid * 10 + static_cast<std::uint64_t>(*rest - '0');
    if (*rest++ != '/')
      return false;
    if (pid != saved()->pid && pid != static_cast<std::uint64_t>(raw_syscall(__NR_getpid)))
      return false;
  }
  return starts_with(rest, "exe", &rest) && *rest == '\0';
}

void intercept_register(std::uint64_t number, SyscallHandler handler) {
  if (number == kAfterClone)
    after_clone = handler;
  else if (number == kThreadBorn)
    thread_born = handler;
  else
    handlers[number] = handler;
}

bool intercepted(std::uint64_t number) { return number < kSyscallNumbers && handlers[number] != nullptr; }

long pass_on(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  return raw_syscall(static_cast<long>(frame->nr), arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

// A number without a handler comes from a site whose number nobody knows, or that an earlier lower half has rewritten; it may block.
long intercept_dispatch(SyscallFrame *frame) {
  if (frame->nr < kSyscallNumbers && handlers[frame->nr])
    return handlers[frame->nr](frame);
  if (frame->nr == kAfterClone)
    return after_clone(frame);
  if (frame->nr == kThreadBorn)
    return thread_born(frame);
  const std::uint64_t *arg = frame->arg;
  return then_raw(frame, frame->nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

void register_own_calls() {
  intercept_register(__NR_readlink, on_readlink);
  intercept_register(__NR_readlinkat, on_readlinkat);
  intercept_register(__NR_arch_prctl, on_arch_prctl);
  intercept_register(__NR_seccomp, on_seccomp);
  intercept_register(__NR_prctl, on_prctl);
  intercept_register(__NR_personality, on_personality);
}

} // namespace mana
