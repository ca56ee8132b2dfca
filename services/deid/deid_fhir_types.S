/* The element types of FHIR, as they stand in lists/, between deid_fhir_types_start and deid_fhir_types_end. */
    .section .rodata
    .global deid_fhir_types_start
    .global deid_fhir_types_end
    .hidden deid_fhir_types_start
    .hidden deid_fhir_types_end
deid_fhir_types_start:
    .incbin "fhir_types.txt"
deid_fhir_types_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
