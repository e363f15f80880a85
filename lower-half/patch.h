// Rewrites system call sites in freshly mapped code, so that intercepted calls cost no trap.
//
//   b8 NR 00 00 00   mov $NR,%eax         e9 rel32   jmp stub
//   0f 05            syscall         =>   cc cc      (nobody comes here)
//
// The stub (32 bytes, on a page of its own within 2 GiB, so that one jmp reaches it) loads the number and the
// return address and jumps to the code page: intercept.h. After a system call rcx and r11 are dead to the program, so
// the stub may use them. It is in the window and holds no address of the lower half, so both stay as they are in an
// image.
//
// Sites of another shape take their neighbours along: sites.h.
//
// ld.so's own mmap is the first site rewritten (load_elf.cpp), therefore each library passes here before it runs. Cost of the search:
// 0.04 ns per byte of text in the cache, and what it takes to read it first; of what is done about libc, ld.so and a dozen libraries
// besides 1 ms.
#pragma once
#include <cstdint>

namespace mana {

// MANA_PATCH=off: leaves everything to the net.
void patch_disable();

// A private mapping of `fd` at `offset`, just made, that nobody runs yet. False: it may make system calls that are ours and are not seen
// here. With the allocator's lock held. No libc.
bool patch_file_mapping(std::uintptr_t start, std::uint64_t bytes, std::uint64_t prot, int fd, std::uint64_t offset);

} // namespace mana
