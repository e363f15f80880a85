// The jump from the lower half into the application's first instruction.
//
// Precondition: the stack pointer points to argc, as after execve; GS is the thread's ThreadBlock. FS becomes 0 as
// in a new process (ld.so sets it up), and so does every general register: rdx is a function that ld.so would
// register for exit, rbp ends backtraces. The lower half's stack of this thread is never used again; its TLS is lent
// to the thread's crossings (ThreadBlock::lower_fs).
#pragma once
#include <asm/prctl.h>
#include <asm/unistd.h>

#include <cstdint>

namespace mana {

[[noreturn]] inline void enter_upper_half(std::uint64_t entry, std::uint64_t stack) {
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
