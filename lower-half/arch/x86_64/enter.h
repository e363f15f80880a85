// The jump from the lower half into the application's first instruction.
//
// Precondition: the stack pointer points to argc, as after execve. FS is 0 as in a new process (ld.so sets it up), GS
// is the thread's ThreadBlock, and every general register is 0: rdx is a function that ld.so registers for
// exit, rbp ends backtraces. The lower half's stack of this thread is never used again; its TLS is lent to the
// thread's crossings (ThreadBlock::lower_fs).
#pragma once
#include <asm/prctl.h>
#include <asm/unistd.h>

#include "arch/x86_64/raw_syscall.h"
#include "interface/seam.h"

namespace mana {

inline std::uint64_t current_fs() {
  std::uint64_t base = 0;
  raw_syscall(__NR_arch_prctl, ARCH_GET_FS, reinterpret_cast<std::uint64_t>(&base));
  return base;
}

[[noreturn]] inline void enter_upper_half(std::uint64_t entry, std::uint64_t stack, ThreadBlock *block) {
  raw_syscall(__NR_arch_prctl, ARCH_SET_GS, reinterpret_cast<std::uint64_t>(block));
  asm volatile("mov %[stack], %%rsp\n\t"
               "push %[entry]\n\t"
               "mov %[set_fs], %%edi\n\t"
               "xor %%esi, %%esi\n\t"
               "mov %[arch_prctl], %%eax\n\t"
               "syscall\n\t"
               "xor %%eax, %%eax\n\t"
               "xor %%ebx, %%ebx\n\t"
               "xor %%ecx, %%ecx\n\t"
               "xor %%edx, %%edx\n\t"
               "xor %%edi, %%edi\n\t"
               "xor %%ebp, %%ebp\n\t"
               "xor %%r8d, %%r8d\n\t"
               "xor %%r9d, %%r9d\n\t"
               "xor %%r10d, %%r10d\n\t"
               "xor %%r11d, %%r11d\n\t"
               "xor %%r12d, %%r12d\n\t"
               "xor %%r13d, %%r13d\n\t"
               "xor %%r14d, %%r14d\n\t"
               "xor %%r15d, %%r15d\n\t"
               "ret"
               :
               : [stack] "r"(stack), [entry] "r"(entry), [set_fs] "i"(ARCH_SET_FS), [arch_prctl] "i"(__NR_arch_prctl)
               : "memory");
  __builtin_unreachable();
}

} // namespace mana
