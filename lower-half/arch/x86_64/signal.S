// Where the kernel delivers signals, in the code page (code_page.h): see signals.h for the decisions.
//
// The kernel enters with rdi = signal, rsi = siginfo, rdx = ucontext and, as a return address, the restorer at rsp. Whenever
// nothing is left to do afterwards, the handler is *jumped* to with the stack as the kernel made it: so
// the application's handler returns to the restorer as it would without us, and C++ unwinding, thread cancellation and
// gdb see the frames they know (they recognise the restorer by its bytes).
//
//   mana_code_signal_entry   sa_handler of every handler of the application or of a lower-half library
//        slot signal_handler(sig, info, uc, scope) ──► 0: return    f: jump to f
//                                                      f with scope->across: call f, then slot signal_done(scope)
//   mana_code_stop_entry     sa_handler of the checkpoint signal, with all signals blocked
//        slot stop_decide(sig, info, uc) ──► 0 return    1 jump to park    2 jump to Seam::upper->checkpoint_here
//                                            3 it was the application's own: jump to signal_entry
//   mana_code_restorer       rt_sigreturn

#define SLOT_SIGNAL_HANDLER  0x200000008008
#define SLOT_STOP_DECIDE     0x200000008010
#define SLOT_SIGNAL_DONE     0x200000008048
#define SEAM_UPPER           0x200000000028  /* Seam::upper */
#define UPPER_CHECKPOINT     8               /* UpperServices::checkpoint_here */

#define SCOPE        32                      /* sizeof(SignalScope), `across` first */

        .section mana_code, "ax", @progbits

        .balign 64
        .globl  mana_code_signal_entry
        .type   mana_code_signal_entry, @function
mana_code_signal_entry:
        push    %rdi
        push    %rsi
        push    %rdx
        sub     $SCOPE, %rsp
        mov     %rsp, %rcx
        movabs  $SLOT_SIGNAL_HANDLER, %rax
        call    *(%rax)
        test    %rax, %rax
        jz      .Lsignal_return
        mov     SCOPE(%rsp), %rdx
        mov     SCOPE+8(%rsp), %rsi
        mov     SCOPE+16(%rsp), %rdi
        cmpl    $0, (%rsp)
        jne     .Lsignal_across
        add     $SCOPE+24, %rsp
        jmp     *%rax
.Lsignal_across:
        call    *%rax
        mov     %rsp, %rdi
        movabs  $SLOT_SIGNAL_DONE, %rax
        call    *(%rax)
.Lsignal_return:
        add     $SCOPE+24, %rsp
        ret
        .size   mana_code_signal_entry, . - mana_code_signal_entry

        .balign 16
        .globl  mana_code_stop_entry
        .type   mana_code_stop_entry, @function
mana_code_stop_entry:
        push    %rdi
        push    %rsi
        push    %rdx
        movabs  $SLOT_STOP_DECIDE, %rax
        call    *(%rax)
        pop     %rdx
        pop     %rsi
        pop     %rdi
        cmp     $1, %eax
        je      mana_code_park
        ja      .Lstop_more
        ret
.Lstop_more:
        cmp     $3, %eax
        je      mana_code_signal_entry
        movabs  $SEAM_UPPER, %rax
        mov     (%rax), %rax
        jmp     *UPPER_CHECKPOINT(%rax)
        .size   mana_code_stop_entry, . - mana_code_stop_entry

        // These bytes are what unwinders and debuggers look for.
        .balign 16
        .globl  mana_code_restorer
        .type   mana_code_restorer, @function
mana_code_restorer:
        .byte   0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00    // mov $15, %rax
        syscall
        .size   mana_code_restorer, . - mana_code_restorer

        .section .note.GNU-stack, "", @progbits
