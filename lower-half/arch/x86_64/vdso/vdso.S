// The application's vDSO (vdso.h): each function calls the live kernel's through its slot in CodeSlots.
//
// gs:critical is raised around the call, for the kernel's code is outside of the window: a thread must not be
// saved there, nor run a handler of the application on top of it. Costs 2 ns. Keeps what the ABI keeps.
//
// A thread that does nothing but look at the clock is nearly always there, so while a checkpoint wants threads to stand still it
// waits behind the call for a while, where it can be stopped. Not for ever: this thread may be the one that others wait for.

#define SLOTS             0x200000008000 /* CodeSlots */
        .set SLOT_clock_gettime, 32
        .set SLOT_gettimeofday, 40
        .set SLOT_time, 48
        .set SLOT_clock_getres, 56
        .set SLOT_getcpu, 64
#define HEADER_LEAVE      0x200000010038 /* CodeHeader::leave */
#define SEAM_INTENT       0x200000000010 /* Seam::intent */
#define INTENT_PARK       2
#define MOST_YIELDS       64
#define SCHED_YIELD       24

        .macro  function name
        .globl  __vdso_\name
        .type   __vdso_\name, @function
        .weak   \name
        .set    \name, __vdso_\name
        .balign 16
__vdso_\name:
        .cfi_startproc
        incl    %gs:32
        sub     $8, %rsp
        .cfi_adjust_cfa_offset 8
        movabs  $(SLOTS + SLOT_\name), %rax
        call    *(%rax)
        add     $8, %rsp
        .cfi_adjust_cfa_offset -8
        decl    %gs:32
        jnz     1f
        cmpq    $0, %gs:168             // ThreadBlock::pending_signals
        jne     2f
        movabs  $SEAM_INTENT, %r9
        testb   $INTENT_PARK, (%r9)
        jnz     3f
1:      ret
2:      movabs  $HEADER_LEAVE, %rcx
        jmp     *(%rcx)
3:      mov     %rax, %r8
        mov     $MOST_YIELDS, %edx
4:      mov     $SCHED_YIELD, %eax
        syscall
        testb   $INTENT_PARK, (%r9)
        jz      5f
        dec     %edx
        jnz     4b
5:      mov     %r8, %rax
        ret
        .cfi_endproc
        .size   __vdso_\name, . - __vdso_\name
        .endm

        .text
        function clock_gettime
        function gettimeofday
        function time
        function clock_getres
        function getcpu

        // A system call of the application that may block (intercept.h), made by the code page: here, because unwinders look for
        // rules in the vDSO, and threads are cancelled where they block.
        //   in:   the call's registers; rsp = SyscallFrame
        //   out:  to CodeHeader::raw_done, with rax = the result
        // The caller's rsp is SyscallFrame::stack + 136, its return address stands in the frame.
#define HEADER_RAW_DONE   0x200000010040
        .section .raw_call, "ax", @progbits
        .cfi_startproc
        .cfi_escape 0x0f, 7, 0x77, 0xd0, 0x00, 0x06, 0x23, 0x88, 0x01
        .cfi_escape 0x10, 16, 3, 0x77, 0xc8, 0x00
        syscall
        movabs  $HEADER_RAW_DONE, %rcx
        jmp     *(%rcx)
        .cfi_endproc

        .section .note.GNU-stack, "", @progbits
