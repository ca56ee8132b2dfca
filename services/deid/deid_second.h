/* The second pass over a document: a name found once with strong evidence is that name wherever it
 * stands again, in any case, as a possessive, in part, as initials, misspelt. */
#ifndef DEID_SECOND_H
#define DEID_SECOND_H

#include "deid_span.h"
#include "deid_token.h"

/* Look in @tokens for the names among spans [@from, count) and add what is found. Memory comes from
 * the arena of @spans; spans->is_full when it has none. */
void deid_second_scan(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned from);

#endif
