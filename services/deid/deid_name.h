/* Names of people by what stands beside them: titles, kin, roles, credentials, "Last, First", and
 * by what they are: deid_run weighs the rest. What is named after people (Parkinson's disease, a
 * Foley catheter) stays. A title is part of the name it stands before. */
#ifndef DEID_NAME_H
#define DEID_NAME_H

#include "deid_span.h"
#include "deid_token.h"

/* Add the names in @tokens to @spans. */
void deid_name_scan(const struct deid_tokens *tokens, struct deid_spans *spans);

/* The end (past the last word) of the name that begins with word @first because something before
 * it says that one does; @first itself where none can. A name ends with its line unless
 * @is_wrapped. */
unsigned deid_name_end(const struct deid_tokens *tokens, unsigned first, bool is_wrapped);

/* Add words [@first, @end) as a name. Nothing when it is empty. */
void deid_name_add(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned first,
                   unsigned end, float score);

#endif
