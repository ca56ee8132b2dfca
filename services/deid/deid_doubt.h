/* What the rules leave in doubt: a word with a capital that is no word of English or medicine, part
 * of no span yet, and nothing known to be named after people or to be a product. The tagger reads
 * the sentences that hold one, and those alone. */
#ifndef DEID_DOUBT_H
#define DEID_DOUBT_H

#include "deid_span.h"
#include "deid_token.h"

/* Add what the tagger finds around the words in doubt to @spans, whose other spans are all there
 * but those of the second pass. Memory comes from the arena of @spans; spans->is_full when it has
 * none. */
void deid_doubt_scan(const struct deid_tokens *tokens, struct deid_spans *spans);

/* Take out of @spans, from the one at @from on, the names and places that the rules found with
 * little evidence and the tagger is sure are none: "Ponseti casting", in a text with medicine in
 * it. */
void deid_doubt_settle(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned from);

/* Take out what the tagger added from the one at @from on, but is made of words of medicine. */
void deid_doubt_clear(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned from);

#endif
