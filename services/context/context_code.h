/* What a code says where a record gives no words for it: names by ranges of the classifications
 * (ICD-10-CM, ICD-9-CM, ICD-10-PCS, CPT, HCPCS, CDT) and of the codes that everybody uses (LOINC,
 * SNOMED CT, CVX, RxNorm's ingredients). The names are ours: a range says what kind of thing it is,
 * not which of them. */
#ifndef CONTEXT_CODE_H
#define CONTEXT_CODE_H

#include "base/slice.h"

enum code_system {
    CODE_SYSTEM_OTHER,
    CODE_SYSTEM_SNOMED,
    CODE_SYSTEM_LOINC,
    CODE_SYSTEM_RXNORM,
    CODE_SYSTEM_ICD10,
    CODE_SYSTEM_ICD9,
    CODE_SYSTEM_ICD10PCS,
    CODE_SYSTEM_CPT,
    CODE_SYSTEM_HCPCS,
    CODE_SYSTEM_CDT,
    CODE_SYSTEM_CVX,
};

/* The system that @uri names. */
enum code_system code_system_of(struct slice uri);

/* How it is called in a line: "ICD-10". */
const char *code_system_name(enum code_system system);

/* Codes @first to @last of @system, compared as text over the length of @first: a range of
 * categories where @first is shorter than a code. */
struct code_row {
    enum code_system system;
    const char *first, *last;
    const char *name;
};

extern const struct code_row code_rows[];
extern const size_t code_rows_count;

/* The name of the narrowest range that holds @code; {NULL, 0} for none. */
struct slice code_name(enum code_system system, struct slice code);

#endif
