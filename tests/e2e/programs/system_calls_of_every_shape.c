// system_calls_of_every_shape [compiles]: system calls of the program's own machine code, in shapes that compilers give them, are what
// they are natively: results, registers, flags and the red zone, for calls that matter to us and for others, known numbers and not.
// Rank 0 tells whether the kernel filters them. With `compiles` the program makes one at run time in the middle of it.
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

asm(R"(
        .text
        .macro  function name
        .type   \name, @function
        .balign 16
\name:
        .cfi_startproc
        .endm
        .macro  end name
        .cfi_endproc
        .size   \name, . - \name
        .endm

        function any_number             # (number, a, b, c, d)
        mov     %rdi, %rax
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        mov     %rcx, %rdx
        mov     %r8, %r10
        syscall
        ret
        end     any_number

        function known_number           # getpid
        mov     $39, %eax
        xor     %edi, %edi
        syscall
        ret
        end     known_number

        function number_in_memory       # getppid, then getpid
        mov     .Lppid(%rip), %eax
        syscall
        mov     %rax, %rdi
        nop
        mov     .Lpid(%rip), %eax
        syscall
        shl     $32, %rdi
        or      %rdi, %rax
        ret
        end     number_in_memory

        function behind_a_branch        # (which): getpid or getppid
        mov     $110, %eax
        test    %edi, %edi
        je      1f
        mov     $39, %eax
1:      xor     %edx, %edx
        xor     %r10d, %r10d
        syscall
        ret
        end     behind_a_branch

        # (number, registers): loads rbx, rdi, rsi, rdx, r8, r9, r10, r12, r13, r14, r15, rbp from registers[], puts them back there after
        # the call; 16 words of the red zone likewise. Returns the flags, which were all that may be set by arithmetic.
        function keeps_all
        push    %rbx
        .cfi_adjust_cfa_offset 8
        push    %rbp
        .cfi_adjust_cfa_offset 8
        push    %r12
        .cfi_adjust_cfa_offset 8
        push    %r13
        .cfi_adjust_cfa_offset 8
        push    %r14
        .cfi_adjust_cfa_offset 8
        push    %r15
        .cfi_adjust_cfa_offset 8
        push    %rsi
        .cfi_adjust_cfa_offset 8
        mov     $0xad5, %eax
        push    %rax
        .cfi_adjust_cfa_offset 8
        popfq
        .cfi_adjust_cfa_offset -8
        mov     %edi, %eax
        mov     0(%rsi), %rbx
        mov     8(%rsi), %rdi
        mov     24(%rsi), %rdx
        mov     32(%rsi), %r8
        mov     40(%rsi), %r9
        mov     48(%rsi), %r10
        mov     56(%rsi), %r12
        mov     64(%rsi), %r13
        mov     72(%rsi), %r14
        mov     80(%rsi), %r15
        mov     88(%rsi), %rbp
        mov     16(%rsi), %rsi
        mov     %rbx, -8(%rsp)
        mov     %r15, -128(%rsp)
        mov     %r14, -120(%rsp)
        mov     %r13, -64(%rsp)
        lea     0(%rdi), %rdi
        lea     0(%rsi), %rsi
        syscall
        mov     (%rsp), %rcx
        mov     %rdi, 8(%rcx)
        mov     %rsi, 16(%rcx)
        mov     %rdx, 24(%rcx)
        mov     %r8, 32(%rcx)
        mov     %r9, 40(%rcx)
        mov     %r10, 48(%rcx)
        mov     %rbp, 88(%rcx)
        mov     %r12, 56(%rcx)
        lea     0(%rbx), %r11
        mov     -8(%rsp), %rbx
        mov     %rbx, 0(%rcx)
        mov     -64(%rsp), %rbx
        mov     %rbx, 64(%rcx)
        mov     -120(%rsp), %rbx
        mov     %rbx, 72(%rcx)
        mov     -128(%rsp), %rbx
        mov     %rbx, 80(%rcx)
        mov     %r11, 96(%rcx)
        mov     %r13, 104(%rcx)
        mov     %r14, 112(%rcx)
        mov     %r15, 120(%rcx)
        mov     %rax, 128(%rcx)
        pushfq
        .cfi_adjust_cfa_offset 8
        pop     %rax
        .cfi_adjust_cfa_offset -8
        cld
        pop     %rsi
        .cfi_adjust_cfa_offset -8
        pop     %r15
        .cfi_adjust_cfa_offset -8
        pop     %r14
        .cfi_adjust_cfa_offset -8
        pop     %r13
        .cfi_adjust_cfa_offset -8
        pop     %r12
        .cfi_adjust_cfa_offset -8
        pop     %rbp
        .cfi_adjust_cfa_offset -8
        pop     %rbx
        .cfi_adjust_cfa_offset -8
        ret
        end     keeps_all

        .balign 8
.Lpid:  .long   39
.Lppid: .long   110
)");
long any_number(long number, long a, long b, long c, long d);
long known_number(void);
unsigned long number_in_memory(void);
long behind_a_branch(int which);
long keeps_all(long number, unsigned long registers[17]);

enum { kFlags = 0xcd5 };  // overflow, direction, sign, zero, adjust, parity, carry

// The result, after a look at all registers.
static long keep_all(long number, long first) {
  unsigned long registers[17];
  for (unsigned long i = 0; i < 17; ++i) registers[i] = 0x0101010101010101ul * (i + 1);
  registers[1] = (unsigned long)first;
  const long flags = keeps_all(number, registers);
  SAME(flags & kFlags, 0xad5 & kFlags);
  SAME((long)registers[1], first);
  for (unsigned long i = 0; i < 12; ++i)
    if (i != 1) SAME((long)registers[i], (long)(0x0101010101010101ul * (i + 1)));
  SAME((long)registers[12], 0x0101010101010101l);
  for (unsigned long i = 13; i < 16; ++i) SAME((long)registers[i], (long)(0x0101010101010101ul * (i - 4)));
  return (long)registers[16];
}

// The parent is another one after a restart, and this rank may be stopped anywhere.
static pid_t parent;

static void is_parent(long said) {
  if (said != parent) parent = getppid();
  SAME(said, parent);
}

static void make_some(pid_t pid) {
  SAME(known_number(), pid);
  SAME(any_number(SYS_getpid, 0, 0, 0, 0), pid);
  SAME(any_number(SYS_gettid, 0, 0, 0, 0), gettid());
  is_parent(any_number(SYS_getppid, 0, 0, 0, 0));
  const unsigned long both = number_in_memory();
  is_parent((long)(both >> 32));
  SAME(both & 0xffffffff, pid);
  is_parent(behind_a_branch(0));
  SAME(behind_a_branch(1), pid);
  SAME(any_number(511, 0, 0, 0, 0), -38);
  SAME(any_number(510, 0, 0, 0, 0), -38);
  SAME(any_number(SYS_kill, pid, 0, 0, 0), 0);
  SAME(keep_all(SYS_getpid, 0), pid);
  is_parent(keep_all(SYS_getppid, 0));
  if (keep_all(SYS_getpgid, pid) != getpgid(0)) SAME(keep_all(SYS_getpgid, pid), getpgid(0));  // stopped between the two
  SAME(keep_all(SYS_close, -1), -9);
  sigset_t wanted, now;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGUSR2);
  SAME(any_number(SYS_rt_sigprocmask, SIG_BLOCK, (long)&wanted, 0, 8), 0);
  sigprocmask(SIG_UNBLOCK, &wanted, &now);
  SAME(sigismember(&now, SIGUSR2), 1);
  cpu_set_t processors;
  CHECK(any_number(SYS_sched_getaffinity, gettid(), sizeof processors, (long)&processors, 0) > 0);
  SAME(munmap((void *)any_number(SYS_brk, 0, 0, 0, 0), 0), -1);
}

static long (*compiled(void))(void) {
  static const unsigned char code[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};  // mov $39, %eax; syscall; ret
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(page, code, sizeof code);
  SAME(mprotect(page, 4096, PROT_READ | PROT_EXEC), 0);
  return (long (*)(void))page;
}

static long (*own)(void);
static pthread_barrier_t made;

// Began before there was a filter, with all signals blocked.
static void *call_from_thread(void *pid) {
  pthread_barrier_wait(&made);
  for (int i = 0; i < 100; ++i) SAME(own(), (long)pid);
  return NULL;
}

static pthread_t blocked_thread(pid_t pid) {
  sigset_t all, before;
  pthread_t thread;
  pthread_barrier_init(&made, NULL, 2);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  SAME(pthread_create(&thread, NULL, call_from_thread, (void *)(long)pid), 0);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return thread;
}

static void tell_filter(void) {
  char line[256];
  FILE *status = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, status))
    if (rank == 0 && strncmp(line, "Seccomp:", 8) == 0) printf("%s", line);
  fclose(status);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const pid_t pid = getpid();
  pthread_t thread = 0;
  if (argc > 1) thread = blocked_thread(pid);
  for (int round = 0; round < 20; ++round) {
    make_some(pid);
    if (round == 10 && argc > 1) {
      own = compiled();
      pthread_barrier_wait(&made);
    }
    if (own) SAME(own(), pid);
    MPI_Barrier(MPI_COMM_WORLD);
  }
  if (argc > 1) SAME(pthread_join(thread, NULL), 0);
  tell_filter();
  return end();
}
