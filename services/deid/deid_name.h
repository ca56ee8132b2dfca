/* Names of people by rules: titles, labels, kin, credentials, "Last, First", the lists of names,
 * and the shape that synthetic names have. What is named after people (Parkinson's disease, a Foley
 * catheter) stays. */
#ifndef DEID_NAME_H
#define DEID_NAME_H

#include "deid_span.h"
#include "deid_token.h"

/* Add the names in @tokens to @spans, and every further place where a name found so stands. */
void deid_name_scan(const struct deid_tokens *tokens, struct deid_spans *spans);

/* Whether token @index is in the name of a disease, sign or device: "Foley catheter",
 * "Parkinson's". */
bool deid_name_is_eponym(const struct deid_tokens *tokens, unsigned index);

#endif
