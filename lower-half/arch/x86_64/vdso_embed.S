// The linked image of vdso/ as data of the lower half; VDSO_IMAGE is its path.
        .section .rodata
        .globl  mana_vdso_image, mana_vdso_image_end
        .balign 64
mana_vdso_image:
        .incbin VDSO_IMAGE
mana_vdso_image_end:
        .section .note.GNU-stack, "", @progbits
