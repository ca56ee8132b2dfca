/* The tables of a vocabulary as the steps of an encoding read them: views into its image. Only for
 * the core of the tokenizer. */
#ifndef TOKENIZER_TABLES_H
#define TOKENIZER_TABLES_H

#include "base/hash.h"
#include "tokenizer_bytes.h"
#include "tokenizer_image.h"

/* What merges join. First the units: bytes, or code points that pieces hold, in any order. Then
 * what each merge makes, in the order of their ranks, so that the number of a merge tells the
 * symbol. This one joins with nothing: a code point that no piece holds. All others are below it.
 */
#define TOKENIZER_NO_SYMBOL ((1u << 20) - 2)

/* A merge that is none. Merges are below TOKENIZER_MERGES_MAX. */
#define TOKENIZER_NO_MERGE UINT32_MAX

/* Short words and their ids, two places for each word: those of a vocabulary, encoded ahead, and
 * those that a cache remembers. */
#define TOKENIZER_SHORT_BYTES 15
#define TOKENIZER_SHORT_IDS 4

/* The number of ids is in the upper 8 bits of the first. */
#define TOKENIZER_SHORT_COUNT_SHIFT 24
#define TOKENIZER_SHORT_ID_MASK ((1u << TOKENIZER_SHORT_COUNT_SHIFT) - 1)

struct tokenizer_short {
    uint64_t key[2]; /* the word, zeros, its size in the last byte; size 0: free */
    uint32_t ids[TOKENIZER_SHORT_IDS];
};

struct tokenizer_tables {
    const struct tokenizer_image *image;
    const struct tokenizer_short *shorts;
    const uint32_t *piece_at;
    const char *piece_bytes;
    const uint8_t *types, *flags;
    const uint32_t *find;
    const uint64_t *pairs, *pair_filter, *find_filter, *short_filter;
    const uint8_t *adjacent; /* bit x * 256 + y: a piece has byte y after x */
    const uint32_t *ids;     /* of symbols; TOKENIZER_NO_ID: a code point that is no piece */
    const uint32_t *merged;  /* while a vocabulary is compiled: the symbol that each merge makes,
                                and symbols are pieces and, beyond them, code points; NULL: as
                                numbers tell */
    const uint32_t *ranks;   /* of merges; NULL: their numbers */
    const uint32_t *firsts;  /* [left << 8 | right]: the merge of two bytes or TOKENIZER_NO_MERGE;
                                NULL: units are not bytes */
    const uint64_t *points;
    uint8_t cuts[65536]; /* SPM: [x * 256 + y]: no piece holds byte y after byte x, so that no merge
                            crosses; 0 where y continues a character. U+2581 counts as a blank */
    bool cuts_by_class;  /* wherever tokenizer_tables_class_cut says so, cuts says it too */
    bool cuts_digits;    /* between digits, too */
    struct tokenizer_byte_set cuts_blank; /* between these and a blank, too */
    const uint32_t *specials;
    uint32_t specials_at[257]; /* of those that begin with a byte the first, or where it would be */
    const uint32_t *words;
    const char *word_bytes;
    uint32_t find_filter_shift, short_filter_shift, pair_filter_shift;
    uint32_t find_mask, pairs_mask, points_mask, words_mask;
    uint32_t shorts_shift, units_count;
    bool has_bytes; /* every byte has a piece: nothing is ever unknown */
};

void tokenizer_tables_init(struct tokenizer_tables *tables, const struct tokenizer_image *image);

/* Of ASCII: 1 letters, 2 digits, 0 all else. */
static inline unsigned tokenizer_tables_class(unsigned char byte)
{
    if ((byte | 32) >= 'a' && (byte | 32) <= 'z')
        return 1;
    return byte >= '0' && byte <= '9' ? 2 : 0;
}

/* SPM, of ASCII: where classes change, but after a blank. */
static inline bool tokenizer_tables_class_cut(unsigned char before, unsigned char after)
{
    return tokenizer_tables_class(before) != tokenizer_tables_class(after) && before != ' ';
}

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

/* As what a special piece is cut out of a text. */
static inline unsigned tokenizer_tables_special_type(const struct tokenizer_tables *tables,
                                                     uint32_t id)
{
    return (tables->flags[id] & TOKENIZER_PIECE_WRITTEN) != 0 ? TOKENIZER_PIECE_USER
                                                              : tokenizer_tables_type(tables, id);
}

/* A filter is two bits of one word for each of many hashes: where one is not set, something is not
 * in the table. It is small enough to stay near the processor where the table is not. The upper
 * bits of a hash name the word and then the bits; a filter has 2^(64 - @shift) bits. */
static inline uint64_t tokenizer_filter_bits(uint32_t shift, uint64_t hash)
{
    return (uint64_t)1 << (hash >> shift & 63) | (uint64_t)1 << (hash >> (shift - 6) & 63);
}

static inline uint64_t tokenizer_filter_word(uint32_t shift, uint64_t hash)
{
    return hash >> shift >> 6;
}

static inline bool tokenizer_filter_has(const uint64_t *filter, uint32_t shift, uint64_t hash)
{
    uint64_t bits = tokenizer_filter_bits(shift, hash);

    return (filter[tokenizer_filter_word(shift, hash)] & bits) == bits;
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

static inline uint64_t tokenizer_short_hash(const uint64_t *key)
{
    return key[0] * 0x9e3779b97f4a7c15u + key[1] * 0xc2b2ae3d27d4eb4fu;
}

/* The first of the two places of a short word, in a table whose pairs of places number 2^(64 -
 * @shift). */
static inline size_t tokenizer_short_slot(const uint64_t *key, uint32_t shift)
{
    return tokenizer_short_hash(key) >> shift << 1;
}

static inline bool tokenizer_short_is(const struct tokenizer_short *entry, const uint64_t *key)
{
    return ((entry->key[0] ^ key[0]) | (entry->key[1] ^ key[1])) == 0;
}

/* @word has TOKENIZER_SHORT_BYTES at most. */
static inline void tokenizer_short_key(struct slice word, uint64_t *key)
{
    char bytes[16] = { 0 };

    memcpy(bytes, word.data, word.size);
    bytes[15] = (char)word.size;
    memcpy(key, bytes, sizeof(bytes));
}

/* False for a short word that is neither a piece nor encoded ahead. */
static inline bool tokenizer_tables_may_know(const struct tokenizer_tables *tables,
                                             const uint64_t *key)
{
    return tokenizer_filter_has(tables->short_filter, tables->short_filter_shift,
                                tokenizer_short_hash(key));
}

static inline void tokenizer_tables_prefetch_short(const struct tokenizer_tables *tables,
                                                   const uint64_t *key)
{
    __builtin_prefetch(&tables->shorts[tokenizer_short_slot(key, tables->shorts_shift)]);
}

/* The ids of a short word that was encoded ahead, or NULL. */
static inline const uint32_t *tokenizer_tables_short(const struct tokenizer_tables *tables,
                                                     const uint64_t *key)
{
    const struct tokenizer_short *entry =
        &tables->shorts[tokenizer_short_slot(key, tables->shorts_shift)];

    entry += !tokenizer_short_is(entry, key);
    return tokenizer_short_is(entry, key) ? entry->ids : NULL;
}

/* Whether some piece has two neighbours of @word in it, so that @word may have fewer ids than
 * bytes.
 */
static inline bool tokenizer_tables_touch(const struct tokenizer_tables *tables, struct slice word)
{
    for (size_t at = 1; at < word.size; at++) {
        unsigned before = (unsigned char)word.data[at - 1], after = (unsigned char)word.data[at];

        if ((tables->adjacent[before * 32 + after / 8] >> after % 8 & 1) != 0)
            return true;
    }
    return false;
}

/* Pairs: left in the upper 20 bits, right in the next 20, the merge in the lower 24. Open
 * addressing, at most half full, ones in a free slot. A search begins at a multiple of
 * TOKENIZER_PAIR_SLOTS, so that so many slots can be compared at once. As many more, beyond the
 * table, are free: a search that begins there ends there.
 *
 * Most pairs that are asked for are none: so a filter is asked first. */
#define TOKENIZER_PAIR_BITS 24
#define TOKENIZER_PAIR_SLOTS 4

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
    return (uint32_t)(hash >> 24) & mask & ~(uint32_t)(TOKENIZER_PAIR_SLOTS - 1);
}

/* Where the search for a pair begins: in the table where it may be there, else beyond. */
static inline uint32_t tokenizer_tables_pair_start(const struct tokenizer_tables *tables,
                                                   uint64_t key)
{
    uint64_t hash = tokenizer_pair_hash(key);

    return tokenizer_filter_has(tables->pair_filter, tables->pair_filter_shift, hash)
               ? tokenizer_pair_slot(hash, tables->pairs_mask)
               : tables->pairs_mask + 1;
}

/* The merge of the pair @key whose search begins at @at, or TOKENIZER_NO_MERGE. */
static inline uint32_t tokenizer_tables_pair_at(const struct tokenizer_tables *tables, uint64_t key,
                                                uint32_t at)
{
    for (; /* beyond the table the first is free */; at = (at + 1) & tables->pairs_mask) {
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
    uint64_t key = tokenizer_pair_key(left, right);

    return tokenizer_tables_pair_at(tables, key, tokenizer_tables_pair_start(tables, key));
}

/* The symbol that @merge makes. */
static inline uint32_t tokenizer_tables_merged(const struct tokenizer_tables *tables,
                                               uint32_t merge)
{
    return tables->merged == NULL ? tables->units_count + merge : tables->merged[merge];
}

/* The piece of a symbol, or TOKENIZER_NO_ID. */
static inline uint32_t tokenizer_tables_id(const struct tokenizer_tables *tables, uint32_t symbol)
{
    return symbol == TOKENIZER_NO_SYMBOL ? TOKENIZER_NO_ID : tables->ids[symbol];
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
