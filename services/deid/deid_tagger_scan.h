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

/* Add what it finds in all of @tokens to @spans, a chunk at a time and nothing allocated besides. A
 * country, a state or a nationality alone is no identifier and is left out. Scores are WEAK, LIST
 * from two nats, SHAPE from five. */
void deid_tagger_scan(const struct deid_tagger *tagger, const struct deid_tokens *tokens,
                      const struct deid_tagger_least *least, struct deid_spans *spans);

#endif
