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

// The kernel's struct sigaction (x86-64).
struct KernelSigaction {
  std::uint64_t handler;
  std::uint64_t flags;
  std::uint64_t restorer;
  std::uint64_t mask;
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
  KernelSigaction actions[kSignals];            // as the application set them
  char exe[4096];                               // absolute path of the application
  char cwd[4096];                               // filled when an image is written
  alignas(64) ThreadBlock threads[kMaxThreads];
};

inline SavedProcess *saved() { return reinterpret_cast<SavedProcess *>(kSavedAddress); }
static_assert(kSavedAddress + sizeof(SavedProcess) < kFirstFree);

}  // namespace mana
