/* Special pieces in a text: control and user pieces, which are cut out before anything is merged.
 * Of two that begin at the same place the longer is taken. */
#ifndef TOKENIZER_SPECIAL_H
#define TOKENIZER_SPECIAL_H

#include "tokenizer_tables.h"

#define TOKENIZER_SPECIAL_FIRSTS_MAX 4

struct tokenizer_special {
    const struct tokenizer_tables *tables;
    uint8_t pairs[8192]; /* bit x * 256 + y: one begins with bytes x, y, or is x alone */
    unsigned char firsts[TOKENIZER_SPECIAL_FIRSTS_MAX]; /* the bytes that one begins with … */
    struct tokenizer_byte_set ascii_firsts;             /* those of ASCII, however many */
    bool has_other_firsts;
    unsigned firsts_count; /* … where they are few; else more than TOKENIZER_SPECIAL_FIRSTS_MAX */
};

/* The pieces of @types (bits 1 << type). */
void tokenizer_special_init(struct tokenizer_special *special,
                            const struct tokenizer_tables *tables, unsigned types);

/* Where in @text, from @at on, a special piece may begin; text.size when none does. */
size_t tokenizer_special_next(const struct tokenizer_special *special, struct slice text,
                              size_t at);

/* The longest special piece of @types at the front of @text, or TOKENIZER_NO_ID. */
uint32_t tokenizer_special_at(const struct tokenizer_tables *tables, struct slice text,
                              unsigned types);

#endif
