/* Runs of words with capitals that nothing beside them names outright. What speaks for a name and
 * against it is weighed: how the words are used elsewhere (the odds of the lists), how they stand
 * together, and what stands before and behind them. */
#ifndef DEID_RUN_H
#define DEID_RUN_H

#include "deid_span.h"
#include "deid_token.h"

/* What kind of text it is, for which one look at its words is enough. */
struct deid_run_view {
    bool is_plain; /* next to no medicine in it: a capitalised word in no list is then no drug */
    bool is_small; /* written without capitals */
};

void deid_run_look(const struct deid_tokens *tokens, struct deid_run_view *view);

/* Weigh the run that begins with word @index and add it to @spans where it is a name. Returns the
 * word to go on with, past @index. */
unsigned deid_run_weigh(const struct deid_tokens *tokens, const struct deid_run_view *view,
                        struct deid_spans *spans, unsigned index);

#endif
