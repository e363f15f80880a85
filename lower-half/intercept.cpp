// The start of interception, with the lower half's libc. See intercept.h.
#include "intercept.h"

#include <cstdlib>
#include <cstring>

#include "child_calls.h"
#include "clocks.h"
#include "code_page.h"
#include "exec.h"
#include "futex_calls.h"
#include "patch.h"
#include "signals.h"
#include "threads.h"
#include "timed_calls.h"
#include "timers.h"
#include "watched_paths.h"

namespace mana {

bool switched_off(const char *variable) {
  const char *value = std::getenv(variable);
  return value && std::strcmp(value, "off") == 0;
}

void intercept_init() {
  register_memory_calls();
  register_clone_calls();
  register_own_calls();
  register_signal_calls();
  register_thread_calls();
  register_watch_calls();
  register_timer_calls();
  register_timed_calls();
  register_wait_calls();
  register_futex_calls();
  register_clock_calls();
  register_exec_calls();
  if (switched_off("MANA_PATCH"))
    patch_disable();
  CodeSlots *slots = code_slots();
  for (std::uint64_t nr = 0; nr < kSyscallNumbers; ++nr) {
    const std::uint64_t bit = std::uint64_t{1} << nr % 64;
    std::uint64_t &word = slots->intercepted[nr / 64];
    word = intercepted(nr) ? word | bit : word & ~bit;
  }
  slots->syscall_handler = reinterpret_cast<void *>(intercept_dispatch);
}

} // namespace mana
