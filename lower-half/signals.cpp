// The part of the signal router that runs with the lower half's libc: start, restart, and the sigaction(),
// signal() and pthread_create() that the lower half's libraries find in this program before libc's. See
// signals.h.
#include "signals.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <initializer_list>

#include "stop.h"

namespace mana {

namespace {

void fill_slots() {
  code_slots()->signal_handler = reinterpret_cast<void *>(signal_handler);
  code_slots()->signal_done = reinterpret_cast<void *>(signal_done);
  code_slots()->stop_decide = reinterpret_cast<void *>(stop_decide);
  code_slots()->parked = reinterpret_cast<void *>(parked);
}

// With every signal blocked and restarting calls. What the application runs from it may be long (a whole
// checkpoint), so it stays on the thread's stack and not on an alternative one, which is small.
void install_checkpoint_signal() {
  constexpr std::uint64_t kRestorerFlag = 0x04000000;
  const KernelSigaction action{code_header()->stop_entry, SA_SIGINFO | SA_RESTART | kRestorerFlag,
                               code_header()->restorer, ~std::uint64_t{0}};
  syscall(SYS_rt_sigaction, kCheckpointSignal, &action, nullptr, 8);
  const std::uint64_t ours = kNeverBlocked;
  syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &ours, nullptr, 8);
}

// glibc's struct sigaction and the kernel's hold the same in another order.
KernelSigaction to_kernel(const struct sigaction &action) {
  KernelSigaction result{};
  result.handler = reinterpret_cast<std::uint64_t>(action.sa_handler);
  result.flags = static_cast<std::uint64_t>(static_cast<unsigned>(action.sa_flags));
  result.mask = *reinterpret_cast<const std::uint64_t *>(&action.sa_mask);
  return result;
}

struct sigaction from_kernel(const KernelSigaction &action) {
  struct sigaction result = {};
  result.sa_handler = reinterpret_cast<sighandler_t>(action.handler);
  result.sa_flags = static_cast<int>(action.flags);
  *reinterpret_cast<std::uint64_t *>(&result.sa_mask) = action.mask;
  return result;
}

bool router_ready = false; // before, handlers of the lower half are recorded and given to the kernel as they are

using SigactionFunction = int (*)(int, const struct sigaction *, struct sigaction *);

template <typename Function> Function libc_function(const char *name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

} // namespace

void signals_init() {
  for (int sig = 1; sig < kSignals; ++sig) {
    KernelSigaction inherited{};
    syscall(SYS_rt_sigaction, sig, nullptr, &inherited, 8);
    saved()->actions[sig] = {};
    if (inherited.handler == reinterpret_cast<std::uint64_t>(SIG_IGN))
      saved()->actions[sig].handler = inherited.handler;
  }
  fill_slots();
  install_checkpoint_signal();
  router_ready = true;
}

void restore_signals() {
  const BlockAllSignals blocked;
  fill_slots();
  router_ready = true;
  for (int sig = 1; sig < kSignals; ++sig)
    if (sig != SIGKILL && sig != SIGSTOP)
      install_action(sig);
  install_checkpoint_signal();
}

BlockAllSignals::BlockAllSignals(Except except) {
  std::uint64_t blocked = ~std::uint64_t{0};
  if (except == what_ends_the_process)
    for (int sig : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
      KernelSigaction action{};
      syscall(SYS_rt_sigaction, sig, nullptr, &action, 8);
      if (action.handler == reinterpret_cast<std::uint64_t>(SIG_DFL))
        blocked &= ~(std::uint64_t{1} << (sig - 1));
    }
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, &blocked, &mask_, 8);
}

BlockAllSignals::~BlockAllSignals() { syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask_, nullptr, 8); }

namespace {

int lower_sigaction(int sig, const struct sigaction *action, struct sigaction *old) {
  const BlockAllSignals blocked; // the tables' lock is taken
  KernelSigaction before{};
  if (action) {
    const KernelSigaction wanted = to_kernel(*action);
    set_lower_action(sig, &wanted, &before, router_ready);
  } else {
    set_lower_action(sig, nullptr, &before, false);
  }
  if (!router_ready)
    libc_function<SigactionFunction>("sigaction")(sig, action, nullptr);
  if (old)
    *old = from_kernel(before);
  return 0;
}

} // namespace

} // namespace mana

// Found by the lower half's libraries before libc's own.

extern "C" int sigaction(int sig, const struct sigaction *action, struct sigaction *old) noexcept {
  using namespace mana;
  if (sig < 1 || sig >= kSignals || sig == SIGKILL || sig == SIGSTOP || sig == SIGSYS || sig == kCheckpointSignal)
    return libc_function<SigactionFunction>("sigaction")(sig, action, old);
  return lower_sigaction(sig, action, old);
}

extern "C" sighandler_t signal(int sig, sighandler_t handler) noexcept {
  struct sigaction action = {}, old = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  return sigaction(sig, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

// The alternative stack is the application's. A library's own handlers (UCX wants one) run on the stack they interrupt.
extern "C" int sigaltstack(const stack_t *, stack_t *old) noexcept {
  if (old) {
    *old = {};
    old->ss_flags = SS_DISABLE;
  }
  return 0;
}

extern "C" int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
                              void *argument) noexcept {
  using Create = int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  static const auto create = mana::libc_function<Create>("pthread_create");
  const mana::BlockAllSignals blocked;
  return create(thread, attributes, function, argument);
}
