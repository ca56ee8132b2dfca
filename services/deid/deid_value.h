/* Known values that are no names: numbers, addresses, mail addresses, towns. They are compared by
 * letters and digits alone, whatever stands between, and where they hold digits with one edit
 * (a slip of the pen, a letter read for a digit). A text is asked only where a word begins or ends.
 * However many values are known, and however alike they are, a place in a text costs a few
 * look-ups. */
#ifndef DEID_VALUE_H
#define DEID_VALUE_H

#include "deid_span.h"
#include "deid_token.h"
#include "deid_value_index.h"

struct deid_values {
    struct deid_value_index index;
    struct arena *arena;
    bool is_full; /* the arena had no room: a value is missing, and the set must not be used */
};

void deid_values_init(struct deid_values *values, struct arena *arena);

/* Add @value as it is written, and the shorter ways to write the same: a telephone number without
 * its country or its area, a street by its short name. What is too short to be told from chance is
 * left out: four letters, or five where there are digits. */
void deid_values_add(struct deid_values *values, struct slice value, enum deid_class class);

/* Add to @spans every place in @tokens where one stands. (deid_value_scan.c) */
void deid_values_scan(const struct deid_values *values, const struct deid_tokens *tokens,
                      struct deid_spans *spans);

#endif
