/* Substances whose mass and amount are both measured: by the LOINC codes of a measurement it is
 * known which substance it is of, and so what 90 mg/dL are in mmol/L. */
#ifndef CONTEXT_ANALYTE_H
#define CONTEXT_ANALYTE_H

#include "context_unit.h"

struct analyte {
    const char *name;
    struct substance substance;
    const char *codes; /* of LOINC, between blanks */
};

extern const struct analyte analytes[];
extern const uint32_t analytes_count;

/* The substance that @codes (see struct fact) measure; NULL: none that is known. */
const struct substance *analyte_find(struct slice codes);

#endif
