// What the lower half itself must find again after a restart: at kSavedAddress in the window, so
// that it is saved with the upper half. Plain data, no pointer out of the window. Covered by kSeamVersion.
#pragma once
#include <cstddef>
#include <cstdint>

#include "interface/seam.h"

namespace mana {

inline constexpr int kSignals = 65;             // 1..64
inline constexpr int kCheckpointSignal = 64;    // the last real-time signal, see signals.h
inline constexpr std::size_t kMaxThreads = 4096;
inline constexpr int kMaxTimers = 256;
inline constexpr int kMaxPending = 1024;
inline constexpr int kMaxEnded = 1024;

// The kernel's struct sigaction (x86-64).
struct KernelSigaction {
  std::uint64_t handler;
  std::uint64_t flags;
  std::uint64_t restorer;
  std::uint64_t mask;
};

// The kernel's struct sigevent.
struct KernelSigevent {
  std::uint64_t value;
  std::int32_t signo, notify, tid;  // the tid as the application knows it
  std::int32_t unused[11];
};
static_assert(sizeof(KernelSigevent) == 64);

// A timer of timer_create, see timers.h; its index is the number that the application knows.
struct PosixTimer {
  std::uint32_t used;
  std::int32_t clock, kernel_id;
  std::uint32_t absolute;                       // as it was set last
  std::int64_t rest_ns, interval_ns;            // at the checkpoint
  KernelSigevent event;
};

// A signal that waits while it is blocked, see pending_signals.h.
struct SavedSignal {
  std::int32_t owner;   // 0: the entry is free
  std::int32_t signal;
  unsigned char info[128];
};

// A child that has ended and that the application has not waited for yet, see children.h.
struct EndedChild {
  std::int32_t pid;         // as the application knows it; 0: the entry is free
  std::int32_t kernel_pid;  // the same before the first restart
  std::int32_t status;      // as wait4 tells it
};

// The processor time of a thread, in ns: see clocks.h.
struct ThreadTime {
  std::int64_t saved;   // as the application knew it when the image was written
  std::int64_t offset;  // the application's less the kernel's
};

// The processors that a thread may run on, bit by bit; all zero when they are not known.
struct ProcessorSet {
  std::uint64_t bits[16];
};

struct SavedProcess {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t thread_count;                   // highest used index + 1 of `threads`
  std::uint64_t brk_start, brk_now, brk_limit;
  std::uint64_t app_phdr, app_phnum, app_entry, interp_base, stack_low, stack_high;  // of the main program
  std::uint64_t auxv, auxv_bytes, argv, envp, argc;                                  // on the upper half's stack
  std::uint64_t exec_low, exec_high;            // ET_EXEC program outside the window, else 0
  std::uint64_t pid;                            // pid the application knows
  std::uint64_t code_end;                       // bump pointer of stubs within 2 GiB (intercept)
  std::int64_t clocks[kMovedClocks];            // as the application knew them when the image was written, in ns
  std::int64_t system_time_us, ticks;
  std::uint64_t net_needed;                     // syscall_net.h
  KernelSigaction actions[kSignals];            // as the application set them
  PosixTimer timers[kMaxTimers];
  SavedSignal signals[kMaxPending];
  EndedChild ended[kMaxEnded];
  char exe[4096];                               // absolute path of the application
  char cwd[4096];                               // filled when an image is written
  ProcessorSet processors[kMaxThreads];         // of each of `threads`, filled when an image is written
  ThreadTime times[kMaxThreads];                // of each of `threads`
  alignas(64) ThreadBlock threads[kMaxThreads];
};

inline SavedProcess *saved() { return reinterpret_cast<SavedProcess *>(kSavedAddress); }
inline ThreadTime *time_of(const ThreadBlock *block) { return &saved()->times[block - saved()->threads]; }
static_assert(kSavedAddress + sizeof(SavedProcess) < kFirstFree);

}  // namespace mana
