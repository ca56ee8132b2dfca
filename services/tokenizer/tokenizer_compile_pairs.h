/* What joins with what: the sections of symbols and merges. Only for tokenizer_compile. */
#ifndef TOKENIZER_COMPILE_PAIRS_H
#define TOKENIZER_COMPILE_PAIRS_H

#include "tokenizer_tables.h"

struct tokenizer_compile {
    struct tokenizer_parts *parts;
    struct arena arena;
    struct tokenizer_image header;
    uint32_t symbols_count; /* before tokenizer_compile_used numbers them anew */
    struct slice sections[TOKENIZER_SECTION_COUNT];
};

/* Zeroed memory for a section of @count items, or NULL. */
void *tokenizer_compile_section(struct tokenizer_compile *compile, enum tokenizer_section section,
                                uint64_t count, size_t item_bytes);

/* A power of two, at least twice @count. */
uint32_t tokenizer_compile_slots(uint64_t count);

/* A filter of @count hashes, four bits or more for each; NULL when there is no memory. */
uint64_t *tokenizer_compile_filter(struct tokenizer_compile *compile,
                                   enum tokenizer_section section, uint64_t count, uint32_t *shift);

static inline void tokenizer_compile_put_hash(uint64_t *filter, uint32_t shift, uint64_t hash)
{
    filter[tokenizer_filter_word(shift, hash)] |= tokenizer_filter_bits(shift, hash);
}

/* SECTION_PAIRS and _PAIR_FILTER of @merges. @orders: the number of each; NULL: its own place. Of
 * pairs that are listed twice the first holds. */
enum status tokenizer_compile_put_pairs(struct tokenizer_compile *compile,
                                        const struct tokenizer_merge *merges,
                                        const uint32_t *orders, uint32_t count, struct error *err);

/* SECTION_POINTS, _PAIRS, _PAIR_FILTER, _MERGED, _RANKS and _ADJACENT. Symbols are pieces and, from
 * pieces_count on, code points of pieces that are none themselves; _MERGED is never empty. */
enum status tokenizer_compile_pairs(struct tokenizer_compile *compile, struct error *err);

#endif
