/* Runs of words with capitals that nothing beside them names outright. What speaks for a name and
 * against it is weighed: how the words are used elsewhere (the odds of the lists), how they stand
 * together, and what stands before and behind them. */
#ifndef DEID_RUN_H
#define DEID_RUN_H

#include "deid_span.h"
#include "deid_token.h"

/* Weigh the run that begins with word @index, which has a capital, and add it to @spans where it is
 * a name. Returns the word behind it, @index where it is none. */
unsigned deid_run_weigh(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned index);

/* The same of a given name in small letters. */
unsigned deid_run_weigh_small(const struct deid_tokens *tokens, struct deid_spans *spans,
                              unsigned index);

#endif
