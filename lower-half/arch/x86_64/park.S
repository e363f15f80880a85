// Parking a thread of the upper half, in the code page (code_page.h).
//
//   mana_code_park     int park(void), an ordinary C function: saves what such a function must keep (ParkFrame, park_frame.h) on
//                      the caller's stack and calls the slot `parked`, which returns when the thread may go on.
//   mana_code_resume   in: rsp = ThreadBlock::park_sp, eax = the result, FS and GS set, all signals blocked.
//                      A restarted thread starts here; a resumed one falls into it.
//
// Both come back through the same instructions, in the window, so the caller cannot tell them apart but by the
// result. The signal mask is put back only here: with it signals of the application arrive, and by then no frame
// of the lower half may be left on the stack (a handler may be stopped for the next checkpoint).

#define SLOT_PARKED 0x200000008018  /* CodeSlots::parked */

#define GS_SELF     %gs:0
#define GS_PARK_SP  %gs:40
#define GS_CONTEXT  %gs:48
#define SIGMASK     136             /* ThreadBlock::sigmask */

#define NR_rt_sigprocmask 14
#define SIG_SETMASK       2

        .section mana_code, "ax", @progbits

        .balign 64
        .globl  mana_code_park, mana_code_resume
        .type   mana_code_park, @function
mana_code_park:
        .cfi_startproc
        push    %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        push    %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        push    %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        push    %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        push    %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        push    %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        sub     $8, %rsp
        .cfi_adjust_cfa_offset 8
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        mov     %rsp, GS_PARK_SP
        mov     GS_SELF, %rdi
        movabs  $SLOT_PARKED, %rax
        call    *(%rax)
mana_code_resume:
        mov     %eax, %ebx
        movq    $0, GS_CONTEXT
        mov     $NR_rt_sigprocmask, %eax
        mov     $SIG_SETMASK, %edi
        mov     GS_SELF, %rsi
        add     $SIGMASK, %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
        mov     %ebx, %eax
        ldmxcsr (%rsp)
        fldcw   4(%rsp)
        add     $8, %rsp
        .cfi_adjust_cfa_offset -8
        pop     %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        pop     %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        pop     %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        pop     %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        pop     %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        pop     %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        ret
        .cfi_endproc
        .size   mana_code_park, . - mana_code_park

        .section .note.GNU-stack, "", @progbits
