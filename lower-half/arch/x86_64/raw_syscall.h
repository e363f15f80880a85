// A system call without libc: no errno, no TLS, no cancellation point.
//
// Precondition: none; usable with either half's FS base. Clobbers rax, rcx, r11 only. Returns what the kernel
// returns: a result, or a negative errno value (-4095..-1, see failed()).
#pragma once
#include <cstdint>

namespace mana {

inline long raw_syscall(long number, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0,
                        std::uint64_t d = 0, std::uint64_t e = 0, std::uint64_t f = 0) {
  register std::uint64_t r10 asm("r10") = d;
  register std::uint64_t r8 asm("r8") = e;
  register std::uint64_t r9 asm("r9") = f;
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

inline bool failed(long result) { return static_cast<unsigned long>(result) >= static_cast<unsigned long>(-4095); }

} // namespace mana
