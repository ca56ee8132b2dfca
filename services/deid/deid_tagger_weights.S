/* The weights of the tagger, between deid_tagger_start and deid_tagger_end. */
    .section .rodata
    .balign 64
    .global deid_tagger_start
    .global deid_tagger_end
    .hidden deid_tagger_start
    .hidden deid_tagger_end
deid_tagger_start:
    .incbin "deid_tagger.bin"
deid_tagger_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
