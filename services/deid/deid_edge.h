/* What belongs to a place that was found and stands right beside it: the article of its name, the
 * ward, the week of the visit. */
#ifndef DEID_EDGE_H
#define DEID_EDGE_H

#include "deid_span.h"
#include "deid_token.h"

/* Widen the places among @spans from number @from on, and add what stands behind them. */
void deid_edge_widen(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned from);

#endif
