# For sites_test.cpp: a part that stands elsewhere jumps to the middle of what would be moved.
        .text
        .globl  known_and_ours, known_and_ours_call
        .type   known_and_ours, @function
        .balign 16
known_and_ours:
        .cfi_startproc
        mov     $202, %eax
middle: xor     %esi, %esi
known_and_ours_call:
        syscall
        cmp     $-4096, %rax
        ja      elsewhere
        ret
        .cfi_endproc
        .size   known_and_ours, . - known_and_ours

elsewhere:
        .cfi_startproc
        cmp     $-11, %eax
        mov     $202, %eax
        .byte   0x0f, 0x84              # je rel32, as assemblers write it over sections
        .long   middle - (. + 4)
        hlt
        .cfi_endproc

        .section .note.GNU-stack, "", @progbits
