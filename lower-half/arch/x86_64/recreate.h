// clone for a thread that a restart brings back.
//
// The new thread runs on the parked thread's own stack, below what is parked there, with the application's FS
// base, and calls `run`, which never returns. Its GS base is still the creator's: `run` sets it. The caller has
// blocked all signals. Returns the kernel's tid or a negative errno value; block->kernel_tid is set before the
// new thread runs.
#pragma once
#include <asm/unistd.h>

#include <cstdint>

#include "interface/seam.h"

namespace mana::arch {

inline long clone_recreated(int flags, ThreadBlock *block, void (*run)(ThreadBlock *)) {
  constexpr std::uint64_t kRedZone = 128;
  register std::uint64_t clear_tid asm("r10") = block->clear_tid;
  register std::uint64_t tls asm("r8") = block->upper_fs;
  register ThreadBlock *child_block asm("r9") = block;
  register void (*child_run)(ThreadBlock *) asm("r12") = run;
  long result;
  asm volatile("syscall\n\t"
               "test %%rax, %%rax\n\t"
               "jnz 1f\n\t"
               "xor %%ebp, %%ebp\n\t"
               "mov %%r9, %%rdi\n\t"
               "call *%%r12\n\t"
               "ud2\n"
               "1:"
               : "=a"(result)
               : "a"(__NR_clone), "D"(flags), "S"((block->park_sp - kRedZone) & ~std::uint64_t{15}),
                 "d"(&block->kernel_tid), "r"(clear_tid), "r"(tls), "r"(child_block), "r"(child_run)
               : "rcx", "r11", "memory");
  return result;
}

} // namespace mana::arch
