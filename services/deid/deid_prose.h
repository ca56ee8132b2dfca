/* Names, places and houses in running text: the words are seen once, then places, the frame of the
 * note, names, and the second pass over the document. */
#ifndef DEID_PROSE_H
#define DEID_PROSE_H

#include "deid_span.h"
#include "deid_token.h"

/* Add what is found in @tokens to @spans; spans->is_full when there was no room. */
void deid_prose_scan(const struct deid_tokens *tokens, struct deid_spans *spans);

#endif
