/* Names that are not written as names: as synthetic records have them, half masked, encoded.
 * Finders of deid_name alone (deid_finder.h). */
#ifndef DEID_NAME_ODD_H
#define DEID_NAME_ODD_H

#include "deid_span.h"
#include "deid_token.h"

/* "Edythe31 Morar593". */
unsigned deid_name_odd_numbered(const struct deid_tokens *tokens, struct deid_spans *spans,
                                unsigned index);

/* "A***** R*******". */
unsigned deid_name_odd_masked(const struct deid_tokens *tokens, struct deid_spans *spans,
                              unsigned index);

/* "SmVzc2ljYSBQZXJleg==". */
unsigned deid_name_odd_encoded(const struct deid_tokens *tokens, struct deid_spans *spans,
                               unsigned index);

#endif
