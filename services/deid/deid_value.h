/* Known values that are no names: numbers, addresses, mail addresses, towns. They are compared by
 * letters and digits alone, whatever stands between, and where they hold digits with one edit
 * (a slip of the pen, a letter read for a digit). A text is asked only where a word begins. */
#ifndef DEID_VALUE_H
#define DEID_VALUE_H

#include "base/arena.h"
#include "deid_span.h"
#include "deid_token.h"

struct deid_values {
    struct deid_value *items;
    uint32_t count, capacity;
    struct deid_value_table {
        uint32_t *slots; /* hash of the first or of the last letters -> index + 1 */
        uint32_t mask;
    } by_first, by_last;
    uint64_t first_letters,
        last_letters; /* of the values, as bits: most words of a text are none */
    struct arena *arena;
    bool is_full; /* the arena had no room: a value is missing, and the set must not be used */
};

void deid_values_init(struct deid_values *values, struct arena *arena);

/* Add @value as it is written, and the shorter ways to write the same: a telephone number without
 * its country or its area, a street by its short name. What is too short to be told from chance is
 * left out: four letters, or five where there are digits. */
void deid_values_add(struct deid_values *values, struct slice value, enum deid_class class);

/* Once all are added. */
void deid_values_index(struct deid_values *values);

/* Add to @spans every place in @tokens where one stands. */
void deid_values_scan(const struct deid_values *values, const struct deid_tokens *tokens,
                      struct deid_spans *spans);

#endif
