/* Streets and boxes with the rest of the address behind them: "4002 Erwin Rd, Durham NC 27710",
 * "P.O. Box 12", "36 rue de Pologne", "Harjukatu 54". */
#ifndef DEID_STREET_H
#define DEID_STREET_H

#include "deid_span.h"
#include "deid_token.h"

/* Add them to @spans. */
void deid_street_scan(const struct deid_tokens *tokens, struct deid_spans *spans);

#endif
