/* Names of places of care and of firms: "Duke Regional Hospital", "seen at UWMC", "Brigham &
 * Women's", "Chicago clinic". What only says what a place does ("our Hand Clinic", "the Emergency
 * Department") stays, and so does a house that is quoted as an authority. */
#ifndef DEID_FACILITY_H
#define DEID_FACILITY_H

#include "deid_span.h"
#include "deid_token.h"

/* Whether the house that begins with word @first is quoted as an authority: "recommendations from
 * Mayo Clinic". */
bool deid_facility_is_quoted(const struct deid_tokens *tokens, unsigned first);

/* The same by what follows it, from token @end on: "trials", "guidelines". */
bool deid_facility_is_source(const struct deid_tokens *tokens, unsigned end);

/* Add them to @spans. */
void deid_facility_scan(const struct deid_tokens *tokens, struct deid_spans *spans);

#endif
