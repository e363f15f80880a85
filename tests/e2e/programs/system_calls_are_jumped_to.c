// system_calls_are_jumped_to: as compilers merge the ends of two ways, a jump from afar leads to the system call behind `mov $NR,%eax`,
// with another number.
#define _GNU_SOURCE
#include "check.h"

#include <sys/syscall.h>
#include <unistd.h>

asm(R"(
        .text
        .type   merged, @function
        .balign 16
merged: .cfi_startproc                  # (which): getpid, or getppid
        test    %edi, %edi
        jne     2f
        mov     $39, %eax
1:      syscall
        ret
        .skip   200, 0x90
2:      mov     $110, %eax
        jmp     1b
        .cfi_endproc
        .size   merged, . - merged

        .type   left, @function
        .balign 16
left:   .cfi_startproc                  # (which): getuid, or getpid
        test    %edi, %edi
        jne     2f
        mov     $102, %eax
1:      syscall
        ret
        .skip   200, 0x90
2:      mov     $39, %eax
        jmp     1b
        .cfi_endproc
        .size   left, . - left
)");
long merged(int which);
long left(int which);

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const pid_t pid = getpid();
  for (int round = 0; round < 10; ++round) {
    SAME(merged(0), pid);
    if (merged(1) != getppid()) SAME(merged(1), getppid());  // another after a restart, which may lie between the two
    SAME(left(0), getuid());
    SAME(left(1), pid);
    MPI_Barrier(MPI_COMM_WORLD);
  }
  return end();
}
