// Interception of the application's system calls.
//
// A few dozen numbers must not reach the kernel as they are: memory has to land in the window, signals have to
// pass the router, threads need a ThreadBlock, identities must survive a restart. Two ways lead to
// the same handler:
//
//   rewritten site (patch.h)          trapped (syscall_net.h): where some could not be rewritten
//     mov $nr,%eax                      syscall
//     syscall         ─► jmp stub         │ SIGSYS: the handler only sets rip, rcx and eax
//        │                                │ of the interrupted context
//        ▼                                ▼
//     stub: rcx = return address, eax = number
//        │
//        ▼
//     code page: syscall_entry          steps over the red zone, fills a SyscallFrame, ++gs:critical
//        │
//        ▼  slot syscall_handler
//     intercept_dispatch(frame)         one table, number -> handler; returns the result for rax
//        │
//        ▼
//     code page: --gs:critical, raises the signals that arrived meanwhile, returns to the site
//
// THE RULES for handlers, and for all code in files named *_nolibc.cpp: it runs on the application's stack (which may
// be 16 KiB in all) with the application's FS base. So: no libc call, no errno, no thread_local, no malloc, no
// stack protector, general registers only. The build links these objects alone and refuses any undefined symbol that
// is not ours (cmake/check_nolibc.cmake).
//
// Sites whose number nobody knows come by way of any_entry, which sends the call back to the site when there is no handler for it.
//
// While gs:critical is positive, signals of the application are deferred (signals.h; they leave a bit in
// ThreadBlock::pending_signals) and the thread is not stopped for a checkpoint, for frames of the lower half are on
// its stack. Hence a handler must not block. A call that blocks (rt_sigsuspend) is left to the code page: then_raw(). It makes
// the call in the vDSO image, for which unwinders have rules: threads are cancelled there.
//
// The handlers never see the difference between the two ways; each of them alone is complete (MANA_PATCH=off,
// MANA_NET=off), but for sites that cannot be rewritten when the net is off.
#pragma once
#include <cstddef>
#include <cstdint>

#include "interface/seam.h"

namespace mana {

struct KernelTimespec {
  std::int64_t seconds, nanoseconds;
};
struct KernelItimerspec {
  KernelTimespec interval, value;
};

// Built on the stack by arch/x86_64/intercept.S, offsets asserted there and below.
struct SyscallFrame {
  std::uint64_t nr;
  std::uint64_t arg[6]; // as the application passed them: rdi rsi rdx r10 r8 r9; restored from here
  std::uint64_t action; // SyscallAction
  std::uint64_t rbx;
  std::uint64_t return_address;
  std::uint64_t stack;  // the application's rsp is stack + 136
  ThreadBlock *block;   // SyscallAction::clone: the ThreadBlock that the new thread will run with
  std::uint64_t raw[7]; // SyscallAction::raw and clone: number and arguments
  std::uint64_t mask;   // what raw[] may point to: a set of signals,
  std::uint64_t stage;  // how often the handler has asked for kActionRawThenAgain in this call; raw[0] is the last result
  KernelTimespec timeout; // a time (timed_calls.h),
  std::int64_t since;     // from when it counts,
  std::uint64_t restarts; // in which life of the process
  std::uint64_t padding;
};
static_assert(sizeof(SyscallFrame) == 208 && offsetof(SyscallFrame, action) == 56);
static_assert(offsetof(SyscallFrame, return_address) == 72 && offsetof(SyscallFrame, stack) == 80);
static_assert(offsetof(SyscallFrame, block) == 88 && offsetof(SyscallFrame, raw) == 96 && offsetof(SyscallFrame, stage) == 160);

enum SyscallAction : std::uint64_t {
  kActionReturn = 0, // the handler's result is the application's
  kActionRaw = 1,    // then execute raw[] at kRawCallAddress, outside of the critical section
  kActionClone = 2,  // then execute raw[] as a clone that shares memory (clone_nolibc.cpp)
  kActionRawThenAgain = 3, // as kActionRaw, then call the handler again with the next stage
};

using SyscallHandler = long (*)(SyscallFrame *);

inline constexpr int kSyscallNumbers = 512;
// Not system calls: how intercept.S comes back to C++ around a clone.
inline constexpr std::uint64_t kAfterClone = 0x1000001fe; // in the parent; block->scratch[3] holds clone's result
inline constexpr std::uint64_t kThreadBorn = 0x1000001ff; // first thing in the new thread, with its own ThreadBlock

// Registers the handler of a number. All must be registered before the first mapping is patched and the
// net is installed; each half-registered number is both patched and trapped.
void intercept_register(std::uint64_t number, SyscallHandler handler);
bool intercepted(std::uint64_t number);

// Leaves the call to the code page: it may block and be stopped there. Only values and pointers into the window
// may be passed; a restarted process executes the same call anew.
inline long then_raw(SyscallFrame *frame, std::uint64_t nr, std::uint64_t a = 0, std::uint64_t b = 0,
                     std::uint64_t c = 0, std::uint64_t d = 0, std::uint64_t e = 0, std::uint64_t f = 0) {
  frame->raw[0] = nr;
  frame->raw[1] = a;
  frame->raw[2] = b;
  frame->raw[3] = c;
  frame->raw[4] = d;
  frame->raw[5] = e;
  frame->raw[6] = f;
  frame->action = kActionRaw;
  return 0;
}

// The same, and then the handler again.
inline long then_raw_and_again(SyscallFrame *frame, std::uint64_t nr, std::uint64_t a = 0, std::uint64_t b = 0,
                               std::uint64_t c = 0, std::uint64_t d = 0, std::uint64_t e = 0, std::uint64_t f = 0) {
  then_raw(frame, nr, a, b, c, d, e, f);
  frame->action = kActionRawThenAgain;
  return 0;
}

// What follows the prefix.
inline bool starts_with(const char *text, const char *prefix, const char **rest) {
  while (*prefix)
    if (*text++ != *prefix++)
      return false;
  *rest = text;
  return true;
}

// The path leads to the program of this process by way of /proc, where the kernel has the lower half.
bool names_own_exe(const char *path);

// Executes the call as the application made it, from the handler: for calls that do not block.
long pass_on(SyscallFrame *frame);

// Has every part register its handlers and fills the slot `syscall_handler`. At launch and at restart. With libc.
void intercept_init();

// True when the environment has VARIABLE=off.
bool switched_off(const char *variable);

// The slot's function.
long intercept_dispatch(SyscallFrame *frame);

void register_memory_calls(); // memory_calls_nolibc.cpp
void register_clone_calls();  // clone_nolibc.cpp
void register_own_calls();    // intercept_nolibc.cpp: /proc/self/exe, arch_prctl

} // namespace mana
