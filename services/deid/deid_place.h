/* Geography below a state: street addresses, towns, ZIP codes, and the places of care whose names
 * tell where one was. */
#ifndef DEID_PLACE_H
#define DEID_PLACE_H

#include "deid_span.h"
#include "deid_token.h"

void deid_place_scan(const struct deid_tokens *tokens, struct deid_spans *spans);

#endif
