/* The word lists, as they stand in lists/, between deid_lists_start and deid_lists_end. */
    .section .rodata
    .global deid_lists_start
    .global deid_lists_end
    .hidden deid_lists_start
    .hidden deid_lists_end
deid_lists_start:
    .incbin "given.txt"
    .incbin "family.txt"
    .incbin "places.txt"
    .incbin "words.txt"
deid_lists_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
