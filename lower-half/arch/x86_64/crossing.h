// FS and GS base of the calling thread: reading and writing them, and jumping into parked code.
//
// Every function may be used with either half's FS base and compiles to a few instructions without a call. The
// instructions rdfsbase and wrfsbase need the kernel's consent (AT_HWCAP2 bit 1, Linux 5.9); where it is
// missing arch_prctl does it at 100-200 ns a call. Seam::fsgsbase says which; it is set before the first use
// (threads_attach).
#pragma once
#include <asm/prctl.h>
#include <asm/unistd.h>

#include <cstdint>

#include "arch/x86_64/raw_syscall.h"
#include "interface/seam.h"

namespace mana::arch {

inline constexpr std::uint64_t kHwcap2FsGsBase = 2;

// The FS base of code that has thread-local storage: the ABI keeps it at fs:0. Faults when FS is 0.
inline std::uint64_t tls_self() {
  std::uint64_t base;
  asm volatile("mov %%fs:0, %0" : "=r"(base));
  return base;
}

inline std::uint64_t read_fs() {
  std::uint64_t base = 0;
  if (seam()->fsgsbase) [[likely]] {
    asm volatile("rdfsbase %0" : "=r"(base));
  } else {
    raw_syscall(__NR_arch_prctl, ARCH_GET_FS, reinterpret_cast<std::uint64_t>(&base));
  }
  return base;
}

// Orders all memory accesses before and after it, as the compiler sees them.
inline void write_fs(std::uint64_t base) {
  if (seam()->fsgsbase) [[likely]] {
    asm volatile("wrfsbase %0" : : "r"(base) : "memory");
  } else {
    raw_syscall(__NR_arch_prctl, ARCH_SET_FS, base);
  }
}

// Rare (once per thread), so the system call is good enough.
inline void write_gs(std::uint64_t base) { raw_syscall(__NR_arch_prctl, ARCH_SET_GS, base); }

// Goes on at `resume` on the stack of a parked thread. FS and GS must be the thread's.
[[noreturn]] inline void enter_resume(std::uint64_t resume, std::uint64_t park_sp, std::int32_t result) {
  asm volatile("mov %0, %%rsp\n\tjmp *%1" : : "r"(park_sp), "r"(resume), "a"(result) : "memory");
  __builtin_unreachable();
}

} // namespace mana::arch
