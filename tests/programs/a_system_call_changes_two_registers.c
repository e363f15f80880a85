// A system call keeps every register but rax, rcx and r11, the flags and what lies in the red zone (System V ABI, AMD64 supplement,
// A.2.1), whether it is answered by the kernel or not, and however its instruction stands in the code.
#include "check.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { kRegisters = 13, kRedZone = 128 };
enum { kCarry = 1, kParity = 4, kAdjust = 16, kZero = 64, kSign = 128, kDirection = 1024, kOverflow = 2048 };

// rbx rbp rdi rsi rdx r8 r9 r10 r12 r13 r14 r15, flags: before the call and behind it.
uint64_t before[kRegisters], behind[kRegisters];
unsigned char red_zone[kRedZone];

#define MOVES(DIRECTION)                                                                                                       \
  DIRECTION("0", "rbx") DIRECTION("8", "rbp") DIRECTION("16", "rdi") DIRECTION("24", "rsi") DIRECTION("32", "rdx")               \
  DIRECTION("40", "r8") DIRECTION("48", "r9") DIRECTION("56", "r10") DIRECTION("64", "r12") DIRECTION("72", "r13")               \
  DIRECTION("80", "r14") DIRECTION("88", "r15")
#define LOAD(PLACE, REGISTER) "mov before+" PLACE "(%rip), %" REGISTER "\n\t"
#define STORE(PLACE, REGISTER) "mov %" REGISTER ", behind+" PLACE "(%rip)\n\t"

// Calls `number` with those registers and returns its result. `between`: an instruction between the number and the call.
#define FUNCTION(NAME, NUMBER, BETWEEN)                                                                                        \
  long NAME(void);                                                                                                             \
  asm(".text\n" #NAME ":\n\t"                                                                                                  \
      "push %rbx\n\tpush %rbp\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n\t"                                         \
      "lea -128(%rsp), %rdi\n\tmov $128, %ecx\n\tmov $0x5a, %eax\n\trep stosb\n\t"                                             \
      "push before+96(%rip)\n\tpopfq\n\t"                                                                                        \
      "movabs $0x5a5a5a5a5a5a5a5a, %rax\n\tmov %rax, -8(%rsp)\n\t" MOVES(LOAD)                                                 \
      "mov $" NUMBER ", %eax\n\t" BETWEEN "syscall\n\t" MOVES(STORE)                                                           \
      "lea -128(%rsp), %rsp\n\tpushfq\n\tpop behind+96(%rip)\n\tcld\n\tlea 128(%rsp), %rsp\n\tmov %rax, %rdx\n\t"             \
      "lea -128(%rsp), %rsi\n\tlea red_zone(%rip), %rdi\n\tmov $128, %ecx\n\trep movsb\n\tmov %rdx, %rax\n\t"                  \
      "pop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbp\n\tpop %rbx\n\tret")
FUNCTION(pid_beside, "39", "");
FUNCTION(pid_apart, "39", "nop\n\t");
FUNCTION(mask_beside, "14", "");
FUNCTION(mask_apart, "14", "nop\n\t");
FUNCTION(parent_beside, "110", "");

// With these flags; `expected` is negative when any result will do.
static void look(long (*call)(void), int asks_for_mask, long expected, uint64_t flags) {
  for (uint64_t i = 0; i < kRegisters; ++i) before[i] = 0x0123456789abcdefu * (i + 3);
  if (asks_for_mask) before[2] = before[3] = before[4] = 0, before[7] = 8;  // rt_sigprocmask(SIG_BLOCK, NULL, NULL, 8)
  before[kRegisters - 1] = 0x202 | flags;                                   // interrupts are on, one bit always is
  memset(behind, 0, sizeof behind), memset(red_zone, 0, sizeof red_zone);
  const long result = call();
  if (expected >= 0) SAME(result, expected);
  for (int i = 0; i < kRegisters; ++i) SAME(behind[i], before[i]);
  for (int i = 0; i < kRedZone; ++i) SAME(red_zone[i], 0x5a);
}

int main(int argc, char **argv) {
  static const uint64_t flags[] = {kCarry, kParity, kAdjust, kZero, kSign, kOverflow, kDirection};
  begin(&argc, &argv);
  const long pid = getpid();
  for (int step = 0; step < 3; ++step) {
    for (unsigned some = 0; some < 1u << 7; ++some) {
      uint64_t set = 0;
      for (int i = 0; i < 7; ++i) set |= some >> i & 1 ? flags[i] : 0;
      look(pid_beside, 0, pid, set), look(pid_apart, 0, pid, set);
      look(mask_beside, 1, 0, set), look(mask_apart, 1, 0, set);
      look(parent_beside, 0, -1, set);  // a restart gives another
    }
    MPI_Barrier(MPI_COMM_WORLD);
  }
  return end();
}
