/* Words that were seen, with their ids: a bounded memory beside a vocabulary, so that a text mostly
 * costs one look for each word. A new word takes an old one's place.
 *
 * These are words of patients' records. They never leave the process, there is room for a fixed
 * number of them, and tokenizer_cache_clear forgets them all. */
#ifndef TOKENIZER_CACHE_H
#define TOKENIZER_CACHE_H

#include "tokenizer_tables.h"

/* Words of up to 15 bytes and 4 ids are looked for first: two places for each. */
#define TOKENIZER_CACHE_SHORT_BYTES 15
#define TOKENIZER_CACHE_SHORT_IDS 4
#define TOKENIZER_CACHE_LONG_BYTES 47
#define TOKENIZER_CACHE_LONG_IDS 20

/* The number of ids is in the upper 8 bits of the first. */
#define TOKENIZER_CACHE_COUNT_SHIFT 24
#define TOKENIZER_CACHE_ID_MASK ((1u << TOKENIZER_CACHE_COUNT_SHIFT) - 1)

struct tokenizer_cache_short {
    uint64_t key[2]; /* the word, zeros, its size in the last byte; size 0: free */
    uint32_t ids[TOKENIZER_CACHE_SHORT_IDS];
};

struct tokenizer_cache_long {
    char key[TOKENIZER_CACHE_LONG_BYTES + 1]; /* the same */
    uint32_t ids[TOKENIZER_CACHE_LONG_IDS];
};

#define TOKENIZER_CACHE_SHORT_BITS 15 /* of two words each: 2 MiB */
#define TOKENIZER_CACHE_LONG_BITS 13  /* 1 MiB */

struct tokenizer_cache {
    struct tokenizer_cache_short *shorts;
    struct tokenizer_cache_long *longs;
    uint64_t turn; /* which of two places the next new word takes */
    bool is_used;  /* since it was cleared */
};

/* False when there is no memory. About 3 MiB, touched as words come. */
bool tokenizer_cache_init(struct tokenizer_cache *cache);
void tokenizer_cache_close(struct tokenizer_cache *cache);

/* Forget every word: the memory is overwritten. */
void tokenizer_cache_clear(struct tokenizer_cache *cache);

static inline size_t tokenizer_cache_short_slot(uint64_t low, uint64_t high)
{
    uint64_t mixed = low * 0x9e3779b97f4a7c15u + high * 0xc2b2ae3d27d4eb4fu;

    return mixed >> (64 - TOKENIZER_CACHE_SHORT_BITS) << 1;
}

/* The ids of a long word, or of a short one that found both its places taken; NULL for none. */
const uint32_t *tokenizer_cache_find_other(const struct tokenizer_cache *cache, struct slice word);

/* Remember what a word was found to be, where it fits. */
void tokenizer_cache_put(struct tokenizer_cache *cache, struct slice word, const uint32_t *ids,
                         size_t count);

#endif
