/* Finders that go over the words of a text together: at each word they are asked in turn, until one
 * has found something and says where to go on. */
#ifndef DEID_FINDER_H
#define DEID_FINDER_H

#include "deid_span.h"
#include "deid_token.h"

struct deid_finder {
    /* Add what begins or ends at token @index to @spans. The token behind it; @index where there is
     * nothing. */
    unsigned (*find)(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned index);
};

/* Whether no finder begins at the word: in small letters, and all that is known of it is that it is
 * one. A third of a text's words are such, and are not asked of one finder after the other. */
bool deid_finder_is_idle(const struct deid_tokens *tokens, unsigned index);

void deid_finder_run(const struct deid_finder *finders, size_t count,
                     const struct deid_tokens *tokens, struct deid_spans *spans);

#endif
