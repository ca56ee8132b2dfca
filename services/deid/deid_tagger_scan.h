/* The tagger's opinion of a text as spans: names, places, houses. */
#ifndef DEID_TAGGER_SCAN_H
#define DEID_TAGGER_SCAN_H

#include "deid_span.h"
#include "deid_tagger.h"

/* How sure it must be, in units of DEID_TAGGER_UNIT to a nat. */
struct deid_tagger_least {
    int name, place, house; /* margins that every token of a span is above */
    bool is_capital; /* only words with a capital (or a number, in an address), where the text
                      * has capitals */
};

/* Add what it finds in @tokens to @spans; nothing is allocated besides. Only sentences and lines
 * with a word that may be a name or is in no list are read, and those beside them. A country, a
 * state or a nationality alone is no identifier and is left out. Scores are WEAK, LIST from two
 * nats, SHAPE from five.
 *
 * With 64 (four nats) for each kind it is hardly ever wrong and finds what rules do not foresee. */
void deid_tagger_scan(const struct deid_tagger *tagger, const struct deid_tokens *tokens,
                      const struct deid_tagger_least *least, struct deid_spans *spans);

#endif
