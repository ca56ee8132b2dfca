/* What is published of a drug where the kidneys are weak, by the glomerular filtration rate. Many
 * labels were written for creatinine clearance; KDIGO 2024 (practice point 4.2.2) takes an eGFR for
 * either. A drug that is not listed is not known to need nothing: it is not listed.
 *
 * Sources: the dosage, contraindications and renal sections of the FDA label of each drug; of
 * anti-inflammatory drugs KDIGO 2012, table 32. */
#ifndef CONTEXT_RENAL_H
#define CONTEXT_RENAL_H

#include <stdbool.h>
#include <stdint.h>

/* Whether something is published of @drug (a thing, context_thing.h). Any thread; the first call
 * builds the table. */
bool renal_is_listed(uint32_t drug);

/* "contraindicated below 30 (FDA)": the strictest that @egfr (mL/min/1.73 m2) has reached for
 * @drug; NULL: none. */
const char *renal_limit_of(uint32_t drug, double egfr);

#endif
