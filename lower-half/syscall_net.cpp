// See syscall_net.h.
#include "syscall_net.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <vector>

#include "intercept.h"
#include "saved.h"

namespace mana {

// syscall_net_nolibc.cpp
void on_trapped_call(int, siginfo_t *info, void *context);
bool syscall_net_prepare(sock_fprog program, bool at_once);

namespace {

constexpr std::uint32_t kHigh(std::uint64_t address) { return static_cast<std::uint32_t>(address >> 32); }
static_assert((kWindowBase & 0xffffffff) == 0 && (kWindowEnd & 0xffffffff) == 0 &&
              kHigh(kFirstFree) == kHigh(kWindowBase));

sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter answer(std::uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
sock_filter jump(std::uint16_t test, std::uint32_t value, std::size_t yes, std::size_t no) {
  return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), value, static_cast<std::uint8_t>(yes),
                  static_cast<std::uint8_t>(no));
}

// Only operations with priority inheritance, and waits until some time of CLOCK_MONOTONIC; the test of the address comes `behind` + 1
// instructions after this.
void filter_futexes(std::vector<sock_filter> *filter, std::size_t behind) {
  constexpr std::uint32_t kOperations[] = {FUTEX_LOCK_PI,          FUTEX_UNLOCK_PI,        FUTEX_TRYLOCK_PI,
                                           FUTEX_WAIT_REQUEUE_PI, FUTEX_CMP_REQUEUE_PI, FUTEX_LOCK_PI2};
  constexpr std::size_t kCount = std::size(kOperations);
  constexpr auto kCommand = static_cast<std::uint32_t>(FUTEX_CMD_MASK);
  constexpr std::size_t kUntil = 7, kTimeout = offsetof(seccomp_data, args) + 3 * 8;
  filter->push_back(jump(BPF_JEQ, SYS_futex, 0, 2 + kCount + kUntil + 1));
  filter->push_back(load(offsetof(seccomp_data, args) + 8));
  filter->push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kCommand));
  for (std::size_t i = 0; i < kCount; ++i)
    filter->push_back(jump(BPF_JEQ, kOperations[i], kCount - i + kUntil + behind + 1, 0));
  filter->insert(filter->end(), {
                                    jump(BPF_JEQ, FUTEX_WAIT_BITSET, 0, kUntil - 1),
                                    load(offsetof(seccomp_data, args) + 8),
                                    jump(BPF_JSET, FUTEX_CLOCK_REALTIME, kUntil - 3, 0),
                                    load(kTimeout),
                                    jump(BPF_JEQ, 0, 0, behind + 4),
                                    load(kTimeout + 4),
                                    jump(BPF_JEQ, 0, 0, behind + 2),
                                    answer(SECCOMP_RET_ALLOW),
                                });
}

std::vector<sock_filter> build_filter() {
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t nr = 0; nr < kSyscallNumbers; ++nr)
    if (intercepted(nr) && nr != SYS_futex)
      numbers.push_back(nr);

  constexpr std::size_t kIpLow = offsetof(seccomp_data, instruction_pointer), kIpHigh = kIpLow + 4;
  std::vector<sock_filter> filter = {
      load(offsetof(seccomp_data, arch)),
      jump(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0),
      answer(SECCOMP_RET_ALLOW),
      load(offsetof(seccomp_data, nr)),
  };
  filter_futexes(&filter, numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    filter.push_back(jump(BPF_JEQ, numbers[i], numbers.size() - i, 0));
  filter.insert(filter.end(), {
                                  answer(SECCOMP_RET_ALLOW),
                                  load(kIpHigh),
                                  jump(BPF_JGE, kHigh(kWindowEnd), 4, 0),
                                  jump(BPF_JGT, kHigh(kWindowBase), 4, 0),
                                  jump(BPF_JEQ, kHigh(kWindowBase), 0, 2),
                                  load(kIpLow),
                                  jump(BPF_JGE, static_cast<std::uint32_t>(kFirstFree), 1, 0),
                                  answer(SECCOMP_RET_ALLOW),
                                  answer(SECCOMP_RET_TRAP),
                              });
  return filter;
}

std::vector<sock_filter> filter;

} // namespace

bool syscall_net_start() {
  if (switched_off("MANA_NET"))
    return false;
  struct sigaction action = {};
  action.sa_sigaction = on_trapped_call;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  std::memset(&action.sa_mask, 0xff,
              sizeof action.sa_mask); // glibc's own 32 and 33 too, which sigfillset() leaves out
  if (sigaction(SIGSYS, &action, nullptr) != 0)
    return false;
  sigset_t trap;
  sigemptyset(&trap);
  sigaddset(&trap, SIGSYS);
  pthread_sigmask(SIG_UNBLOCK, &trap, nullptr);

  filter = build_filter();
  const char *wish = std::getenv("MANA_NET");
  const bool at_once = (wish && std::strcmp(wish, "on") == 0) || switched_off("MANA_PATCH") || saved()->net_needed ||
                       (personality(0xffffffff) & READ_IMPLIES_EXEC);
  return syscall_net_prepare({static_cast<unsigned short>(filter.size()), filter.data()}, at_once);
}

} // namespace mana
