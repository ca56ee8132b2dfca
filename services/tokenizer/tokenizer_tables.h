/* The tables of a vocabulary as the steps of an encoding read them: views into its image. Only for
 * the core of the tokenizer. */
#ifndef TOKENIZER_TABLES_H
#define TOKENIZER_TABLES_H

#include "base/hash.h"
#include "tokenizer_image.h"

/* A symbol that joins with nothing: a code point that no piece holds. Symbols are pieces and, from
 * pieces_count on, code points of pieces that are none themselves; all are below this. */
#define TOKENIZER_NO_SYMBOL ((1u << 20) - 1)

/* A merge that is none. Merges are below TOKENIZER_MERGES_MAX. */
#define TOKENIZER_NO_MERGE UINT32_MAX

struct tokenizer_tables {
    const struct tokenizer_image *image;
    const uint32_t *piece_at;
    const char *piece_bytes;
    const uint8_t *types, *flags;
    const uint32_t *find;
    const uint64_t *pairs, *pair_filter, *find_filter;
    const uint32_t *merged, *ranks; /* ranks: NULL where merges have ranks of their own */
    const uint64_t *points;
    uint8_t cuts[65536]; /* SPM: [x * 256 + y]: no piece holds byte y after byte x, so that no merge
                            crosses; 0 where y continues a character. U+2581 counts as a blank */
    const uint32_t *specials;
    const uint32_t *words;
    const char *word_bytes;
    uint32_t pair_filter_shift, find_filter_shift;
    uint32_t find_mask, pairs_mask, points_mask, words_mask;
    bool has_bytes; /* every byte has a piece: nothing is ever unknown */
};

void tokenizer_tables_init(struct tokenizer_tables *tables, const struct tokenizer_image *image);

static inline struct slice tokenizer_tables_piece(const struct tokenizer_tables *tables,
                                                  uint32_t id)
{
    return slice_of(tables->piece_bytes + tables->piece_at[id],
                    tables->piece_at[id + 1] - tables->piece_at[id]);
}

static inline unsigned tokenizer_tables_type(const struct tokenizer_tables *tables, uint32_t id)
{
    return tables->types[id] & TOKENIZER_TYPE_MASK;
}

/* A filter is a bit for each of many hashes: a bit that is not set says that something is not in
 * the table. It is small enough to stay near the processor where the table is not. The upper bits
 * of a hash name the bit. */
static inline bool tokenizer_filter_has(const uint64_t *filter, uint32_t shift, uint64_t hash)
{
    uint64_t bit = hash >> shift;

    return (filter[bit / 64] >> bit % 64 & 1) != 0;
}

/* The normal piece that is @text, or TOKENIZER_NO_ID. */
static inline uint32_t tokenizer_tables_find(const struct tokenizer_tables *tables,
                                             struct slice text)
{
    uint64_t hash = hash_bytes(text, 0);
    uint32_t at = (uint32_t)hash & tables->find_mask;

    if (!tokenizer_filter_has(tables->find_filter, tables->find_filter_shift, hash))
        return TOKENIZER_NO_ID;
    while (tables->find[at] != TOKENIZER_NO_ID
           && !slice_equal(tokenizer_tables_piece(tables, tables->find[at]), text))
        at = (at + 1) & tables->find_mask;
    return tables->find[at];
}

/* Pairs: left in the upper 20 bits, right in the next 20, the merge in the lower 24. Open
 * addressing, at most half full, ones in a free slot. */
#define TOKENIZER_PAIR_BITS 24

static inline uint64_t tokenizer_pair_key(uint32_t left, uint32_t right)
{
    return (uint64_t)left << 20 | right;
}

static inline uint64_t tokenizer_pair_hash(uint64_t key)
{
    return key * 0x9e3779b97f4a7c15u;
}

static inline uint32_t tokenizer_pair_slot(uint64_t hash, uint32_t mask)
{
    return (uint32_t)(hash >> 24) & mask;
}

/* The merge of the pair @key that the filter has, or TOKENIZER_NO_MERGE. */
static inline uint32_t tokenizer_tables_pair_at(const struct tokenizer_tables *tables, uint64_t key,
                                                uint32_t at)
{
    for (;; at = (at + 1) & tables->pairs_mask) {
        uint64_t slot = tables->pairs[at];

        if (slot == UINT64_MAX)
            return TOKENIZER_NO_MERGE;
        if (slot >> TOKENIZER_PAIR_BITS == key)
            return (uint32_t)slot & ((1u << TOKENIZER_PAIR_BITS) - 1);
    }
}

/* The merge of @left and @right, or TOKENIZER_NO_MERGE. */
static inline uint32_t tokenizer_tables_pair(const struct tokenizer_tables *tables, uint32_t left,
                                             uint32_t right)
{
    uint64_t key = tokenizer_pair_key(left, right), hash = tokenizer_pair_hash(key);

    if (!tokenizer_filter_has(tables->pair_filter, tables->pair_filter_shift, hash))
        return TOKENIZER_NO_MERGE;
    return tokenizer_tables_pair_at(tables, key, tokenizer_pair_slot(hash, tables->pairs_mask));
}

/* SPM: the symbol of @point; TOKENIZER_NO_SYMBOL for a code point that no piece holds. */
static inline uint32_t tokenizer_tables_point(const struct tokenizer_tables *tables, uint32_t point)
{
    uint32_t at = (point * 0x9e3779b1u) >> 8 & tables->points_mask;

    while (tables->points[at] != UINT64_MAX && tables->points[at] >> 32 != point)
        at = (at + 1) & tables->points_mask;
    return tables->points[at] == UINT64_MAX ? TOKENIZER_NO_SYMBOL : (uint32_t)tables->points[at];
}

#endif
