/* Runs of words with capitals that nothing beside them names outright. What speaks for a name and
 * against it is weighed: how the words are used elsewhere (the odds of the lists), how they stand
 * together, and what stands before and behind them. */
#ifndef DEID_RUN_H
#define DEID_RUN_H

#include "deid_span.h"
#include "deid_token.h"

/* Weigh the run that begins with word @index and add it to @spans where it is a name. Returns the
 * word to go on with, past @index. */
unsigned deid_run_weigh(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned index);

#endif
