// Rewrites system call sites in freshly mapped code, so that intercepted calls cost no trap.
//
//   b8 NR 00 00 00   mov $NR,%eax         e9 rel32   jmp stub
//   0f 05            syscall         =>   66 90      xchg %ax,%ax (filler)
//
// and, because glibc ends threads with another shape, `ba 3c 00 00 00 ... 31 ff 89 d0 0f 05`
// (mov $60,%edx ... xor %edi,%edi; mov %edx,%eax; syscall) in the same way from its `xor` on.
//
// The stub (32 bytes, on a page of its own within 2 GiB, so that one jmp reaches it) loads the number and the
// return address and jumps to the code page: intercept.h. After a system call rcx and r11 are dead to the program, so
// the stub may use them. It is in the window and holds no address of the lower half, so both stay as they are in an
// image.
//
// ld.so's own mmap is the first site rewritten (load_elf.cpp), therefore each library passes here before it runs. In
// glibc 2.36 that is every site of mmap, munmap, brk, mremap, rt_sigaction, rt_sigprocmask, clone, clone3. What
// does not match is left to the net (syscall_net.h). Cost of the search: 0.04 ns per byte of
// text in the cache, and what it takes to read it first.
#pragma once
#include <cstdint>

namespace mana {

// MANA_PATCH=off: leaves everything to the net.
void patch_disable();

// A private mapping of `fd` at `offset`, just made, that nobody runs yet. With the allocator's lock held. No libc.
void patch_file_mapping(std::uintptr_t start, std::uint64_t bytes, std::uint64_t prot, int fd, std::uint64_t offset);

} // namespace mana
