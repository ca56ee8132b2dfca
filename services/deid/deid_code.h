/* Whether letters and digits in groups can be a number that an institution gave to somebody, and
 * not a measure, a range, a year or the name of a drug, a gene or a published code. */
#ifndef DEID_CODE_H
#define DEID_CODE_H

#include <stdbool.h>

#include "base/slice.h"

/* Capitals first, then groups: "MRN-1015952", "S24-71016", "LB-26-44819", "HX778812". */
bool deid_code_is_lettered(struct slice text);

/* Capitals and digits in one: "P7P125677". */
bool deid_code_is_dense(struct slice text);

/* Digits first: "4029-887-A", "12-3456789", "586563-12", "19-S-12345". */
bool deid_code_is_grouped(struct slice text);

/* Digits alone: "00341129". */
bool deid_code_is_plain(struct slice text);

/* Capitals and small letters and digits, as keys have them. */
bool deid_code_is_secret(struct slice text);

/* Sequences of the public databases: "NM_005461", "ENSG00000014701". */
bool deid_code_is_sequence(struct slice text);

/* Words that stand before a code that everybody may know: "ICD", "SNOMED", "NDC", "PMID". */
bool deid_code_is_published(struct slice word);

#endif
