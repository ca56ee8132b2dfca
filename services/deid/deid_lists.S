/* The compiled word lists (deid_words.h), between deid_lists_start and deid_lists_end. */
    .section .rodata
    .balign 64
    .global deid_lists_start
    .global deid_lists_end
    .hidden deid_lists_start
    .hidden deid_lists_end
deid_lists_start:
    .incbin "deid_words.bin"
deid_lists_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
