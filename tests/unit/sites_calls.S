# For sites_test.cpp: system calls of many shapes. NAME_call is the call of NAME; 202 is ours there, 110 is not.
        .macro  function name
        .globl  \name
        .type   \name, @function
        .balign 16
\name:
        .cfi_startproc
        .endm
        .macro  call name
        .globl  \name\()_call
\name\()_call:
        syscall
        .endm
        .macro  end name
        .cfi_endproc
        .size   \name, . - \name
        .endm

        .text
        function known_and_not_ours
        mov     $110, %eax
        xor     %edi, %edi
        call    known_and_not_ours
        ret
        end     known_and_not_ours

        function known_and_ours
        mov     $202, %eax
        xor     %esi, %esi
        call    known_and_ours
        cmp     $-4096, %rax
        ja      1f
        ret
1:      neg     %eax
        ret
        end     known_and_ours

        function behind_a_branch
        mov     $110, %eax
        test    %edi, %edi
        je      1f
        mov     $202, %eax
        xor     %esi, %esi
1:      xor     %edx, %edx
        xor     %r10d, %r10d
        call    behind_a_branch
        ret
        end     behind_a_branch

        function number_in_a_register
        mov     %rsi, %rdi
        mov     %r8d, %eax
        call    number_in_a_register
        ret
        end     number_in_a_register

        function relative_to_here
.Lhere: mov     .Lhere(%rip), %esi
        mov     %r8d, %eax
        call    relative_to_here
        ret
        end     relative_to_here

        function first_in_its_function
        call    first_in_its_function
        ret
        end     first_in_its_function

        function short_of_room
        mov     %edx, %eax
1:      xor     %edi, %edi
        mov     %edx, %eax
        call    short_of_room
        jmp     1b
        end     short_of_room

        function jumped_to
        mov     $110, %eax
        test    %edi, %edi
        je      1f
        mov     $202, %eax
1:      call    jumped_to
        cmp     $-4096, %rax
        ret
        end     jumped_to

        function does_not_return
        mov     $60, %edx
        jmp     2f
1:      mov     %edx, %eax
        call    does_not_return
        cmp     $-4096, %rax
2:      hlt
        jmp     1b
        end     does_not_return

        function known_beside_a_table
        lea     1f(%rip), %rcx
        movslq  (%rcx, %rdi, 4), %rax
        add     %rcx, %rax
        jmp     *%rax
1:      mov     $202, %eax
        xor     %edx, %edx
        call    known_beside_a_table
        ret
        end     known_beside_a_table

        function unknown_beside_a_table
        lea     1f(%rip), %rcx
        movslq  (%rcx, %rdi, 4), %rax
        add     %rcx, %rax
        jmp     *%rax
1:      mov     %rsi, %rdi
        mov     %r8d, %eax
        call    unknown_beside_a_table
        ret
        end     unknown_beside_a_table

        function no_call_at_all
        movabs  $0x0f050f050f050f05, %rax
        ret
        end     no_call_at_all

        # What is behind a `mov $NR, %eax` is not judged.
        function plain
        mov     $202, %eax
        call    plain
        ret
        end     plain

        function merged
        test    %edi, %edi
        jne     1f
        mov     $202, %eax
        call    merged
        ret
        .skip   200, 0x90
1:      mov     $110, %eax
        .byte   0xe9                    # jmp rel32, not by way of a symbol that others may define
        .long   merged_call - (. + 4)
        end     merged

        # No rules for unwinders: nothing is known of it but that it is no padding.
        .balign 16
        .globl  without_rules, without_rules_call
        .type   without_rules, @function
without_rules:
        .rept   20
        mov     %rsi, %rdi
        .endr
        mov     %r8d, %eax
without_rules_call:
        syscall
        ret
        .size   without_rules, . - without_rules

        .globl  merged_without_rules, merged_without_rules_call
        .type   merged_without_rules, @function
merged_without_rules:
        test    %edi, %edi
        jne     1f
        mov     $202, %eax
merged_without_rules_call:
        syscall
        ret
        .skip   200, 0x90
1:      mov     $110, %eax
        .byte   0xe9
        .long   merged_without_rules_call - (. + 4)
        .size   merged_without_rules, . - merged_without_rules

        .section .rodata
        .globl  data
data:   .byte   0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0x0f, 0x05

        .section .note.GNU-stack, "", @progbits
