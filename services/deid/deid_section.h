/* The frame of a note: labels with a name behind a colon or "by", tables with a column of names,
 * lines that are nothing but a name, as over an address and under a letter. */
#ifndef DEID_SECTION_H
#define DEID_SECTION_H

#include "deid_span.h"
#include "deid_token.h"

/* Add the names that the frame shows to @spans. */
void deid_section_scan(const struct deid_tokens *tokens, struct deid_spans *spans);

#endif
