// Entry of every intercepted system call, in the code page (code_page.h): see intercept.h for the picture.
//
// mana_code_syscall_entry
//   in:       eax = number, rcx = return address, arguments as for a syscall, rsp = the application's
//   out:      rax = result; rcx, r11 destroyed as by a syscall; every other register and the flags kept
//   stack:    skips the 128-byte red zone, then uses 8 + 208 bytes plus what the handler uses
// mana_code_any_entry
//   the same, for a site of which nobody knows the number: its system call, right before the return address, makes the call when the number is not ours
// mana_code_leave
//   raises this thread's pending_signals with gs:critical already 0; keeps all registers but the flags.
//   Called by whoever lowers gs:critical to 0 and finds pending_signals set.
//
// Position independent: copied to a fixed address at start, saved with the image, and never replaced, so it
// knows nothing of the lower half but the slots.

#define SLOT_SYSCALL_HANDLER 0x200000008000  /* CodeSlots::syscall_handler */
#define SLOT_INTERCEPTED     0x200000008050  /* CodeSlots::intercepted */
#define SYSCALL_NUMBERS      512
#define RAW_CALL             0x200000021000  /* kRawCallAddress */

#define GS_SELF     %gs:0
#define GS_CRITICAL %gs:32
#define GS_SCRATCH0 %gs:64
#define GS_SCRATCH1 %gs:72
#define GS_SCRATCH2 %gs:80
#define GS_SCRATCH3 %gs:88
#define GS_PENDING  %gs:168

#define NR_rt_sigprocmask 14
#define NR_getpid         39
#define NR_arch_prctl     158
#define NR_gettid         186
#define NR_tgkill         234
#define ARCH_SET_GS       0x1001
#define SIG_SETMASK       2

// struct SyscallFrame
#define NR      0
#define RDI     8
#define RSI     16
#define RDX     24
#define R10     32
#define R8      40
#define R9      48
#define ACTION  56
#define RBX     64
#define RETURN  72
#define STACK   80
#define BLOCK   88
#define RAW     96
#define STAGE   160
#define FRAME   208

#define FLAG_DF     0x400
#define FLAG_OF_BIT 11

// No number of a system call has more than 32 bits.
#define AFTER_CLONE 0x1000001fe
#define THREAD_BORN 0x1000001ff

        .section mana_code, "ax", @progbits

        .balign 64
        .globl  mana_code_syscall_entry
        .type   mana_code_syscall_entry, @function
mana_code_syscall_entry:
        lea     -128(%rsp), %rsp
        pushfq
.Lflags_saved:
        cld
        mov     %rsp, %r11
        and     $-16, %rsp
        sub     $FRAME, %rsp
        mov     %rax, NR(%rsp)
        mov     %rdi, RDI(%rsp)
        mov     %rsi, RSI(%rsp)
        mov     %rdx, RDX(%rsp)
        mov     %r10, R10(%rsp)
        mov     %r8, R8(%rsp)
        mov     %r9, R9(%rsp)
        movq    $0, STAGE(%rsp)
        mov     %rbx, RBX(%rsp)
        mov     %rcx, RETURN(%rsp)
        mov     %r11, STACK(%rsp)
.Ldispatch:
        movq    $0, ACTION(%rsp)
        incl    GS_CRITICAL
        mov     %rsp, %rdi
        movabs  $SLOT_SYSCALL_HANDLER, %rax
        call    *(%rax)
        cmpl    $2, ACTION(%rsp)
        je      .Lclone
        cmpl    $0, ACTION(%rsp)
        jne     .Lraw
        decl    GS_CRITICAL
        jnz     .Lrestore
        cmpq    $0, GS_PENDING
        jne     .Lleave
.Lrestore:
        mov     RDI(%rsp), %rdi
        mov     RSI(%rsp), %rsi
        mov     RDX(%rsp), %rdx
        mov     R10(%rsp), %r10
        mov     R8(%rsp), %r8
        mov     R9(%rsp), %r9
        mov     RETURN(%rsp), %rcx
        mov     STACK(%rsp), %rsp
        // The flags of arithmetic by hand: popfq takes longer than all the rest of the way.
        mov     (%rsp), %r11
        test    $FLAG_DF, %r11d
        jnz     .Lbackwards
        lea     136(%rsp), %rsp
        xchg    %rax, %r11
        bt      $FLAG_OF_BIT, %eax
        mov     %al, %ah
        setc    %al
        add     $0x7f, %al              // overflows when it was 1
        sahf                            // sign, zero, adjust, parity, carry
        mov     %r11, %rax
        jmp     *%rcx
.Lbackwards:
        popfq
        lea     128(%rsp), %rsp
        jmp     *%rcx
.Lleave:
        call    mana_code_leave
        jmp     .Lrestore

        // kActionRaw, kActionRawThenAgain: the call may block. Nothing of the lower half is on the stack from here on, so
        // the thread may take signals, be stopped and be saved inside of it.
.Lraw:
        decl    GS_CRITICAL
        jnz     1f
        cmpq    $0, GS_PENDING
        je      1f
        call    mana_code_leave
1:      mov     RAW+0(%rsp), %rax
        mov     RAW+8(%rsp), %rdi
        mov     RAW+16(%rsp), %rsi
        mov     RAW+24(%rsp), %rdx
        mov     RAW+32(%rsp), %r10
        mov     RAW+40(%rsp), %r8
        mov     RAW+48(%rsp), %r9
        movabs  $RAW_CALL, %rcx
        jmp     *%rcx
        .globl  mana_code_raw_done
mana_code_raw_done:
        cmpl    $3, ACTION(%rsp)
        jne     .Lrestore
        mov     %rax, RAW+0(%rsp)
        incq    STAGE(%rsp)
        jmp     .Ldispatch

        // kActionClone: a new thread (its ThreadBlock in rbx, so that it finds it however its stack is), or a
        // vfork-like child, which runs on with our ThreadBlock and perhaps on our stack: neither side may look
        // below the application's rsp afterwards. gs:critical stays raised until kAfterClone.
.Lclone:
        mov     BLOCK(%rsp), %rbx
        mov     RAW+0(%rsp), %rax
        mov     RAW+8(%rsp), %rdi
        mov     RAW+16(%rsp), %rsi
        mov     RAW+24(%rsp), %rdx
        mov     RAW+32(%rsp), %r10
        mov     RAW+40(%rsp), %r8
        mov     RAW+48(%rsp), %r9
        mov     STACK(%rsp), %rsp
        lea     136(%rsp), %rsp
        syscall
        test    %rax, %rax
        jz      .Lchild
        mov     %rax, GS_SCRATCH3
        mov     GS_SCRATCH0, %rbx
        mov     GS_SCRATCH1, %rcx
        movabs  $AFTER_CLONE, %rax
        jmp     mana_code_syscall_entry
.Lchild:
        cmp     GS_SELF, %rbx
        je      .Lchild_shares_block
        mov     %rdi, 80(%rbx)
        mov     %rsi, 88(%rbx)
        mov     $NR_arch_prctl, %eax
        mov     $ARCH_SET_GS, %edi
        mov     %rbx, %rsi
        syscall
        mov     GS_SCRATCH2, %rdi
        mov     GS_SCRATCH3, %rsi
        movq    $0, GS_SCRATCH2
        mov     GS_SCRATCH1, %rcx
        mov     GS_SCRATCH0, %rbx
        movabs  $THREAD_BORN, %rax
        jmp     mana_code_syscall_entry
.Lchild_shares_block:
        cmpq    $0, 80(%rbx)            // scratch[2]: a forked copy, not a vfork-like child
        mov     72(%rbx), %rcx
        mov     64(%rbx), %rbx
        movabs  $THREAD_BORN, %rax
        jne     mana_code_syscall_entry
        xor     %eax, %eax
        jmp     *%rcx
        .size   mana_code_syscall_entry, . - mana_code_syscall_entry

        .balign 16
        .globl  mana_code_any_entry
        .type   mana_code_any_entry, @function
mana_code_any_entry:
        lea     -128(%rsp), %rsp
        pushfq
        cmp     $SYSCALL_NUMBERS, %eax
        jae     1f
        push    %rcx
        movabs  $SLOT_INTERCEPTED, %rcx
        bt      %eax, (%rcx)
        pop     %rcx
        jnc     1f
        mov     %eax, %eax              // the kernel looks at no more
        jmp     .Lflags_saved
1:      lea     -2(%rcx), %r11
        testl   $FLAG_DF, (%rsp)
        jnz     2f
        push    %rax
        mov     8(%rsp), %eax
        bt      $FLAG_OF_BIT, %eax
        mov     %al, %ah
        setc    %al
        add     $0x7f, %al              // as above
        sahf
        pop     %rax
        lea     136(%rsp), %rsp
        jmp     *%r11
2:      popfq
        lea     128(%rsp), %rsp
        jmp     *%r11
        .size   mana_code_any_entry, . - mana_code_any_entry

        // Every pending signal is sent to this thread while all are blocked, then the old mask lets them through
        // at once. They arrive here, in the code page; and a stop for a checkpoint, which
        // is blocked too meanwhile, finds either all of them still in pending_signals' hands or delivered.
        .balign 16
        .globl  mana_code_leave
        .type   mana_code_leave, @function
mana_code_leave:
        push    %rax
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    $-1
        sub     $8, %rsp                // 0: old mask, 8: all signals
        mov     $NR_rt_sigprocmask, %eax
        mov     $SIG_SETMASK, %edi
        lea     8(%rsp), %rsi
        mov     %rsp, %rdx
        mov     $8, %r10d
        syscall
        mov     $NR_getpid, %eax
        syscall
        mov     %eax, %r8d
        mov     $NR_gettid, %eax
        syscall
        mov     %eax, %r9d
1:      mov     GS_PENDING, %rdx
        test    %rdx, %rdx
        jz      2f
        bsf     %rdx, %rdx
        lock btrq %rdx, GS_PENDING
        inc     %edx
        mov     %r8d, %edi
        mov     %r9d, %esi
        mov     $NR_tgkill, %eax
        syscall
        jmp     1b
2:      mov     $NR_rt_sigprocmask, %eax
        mov     $SIG_SETMASK, %edi
        mov     %rsp, %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
        add     $16, %rsp
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rax
        ret
        .size   mana_code_leave, . - mana_code_leave

        .section .note.GNU-stack, "", @progbits
