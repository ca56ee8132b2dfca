/* Words that were seen, with their ids: a bounded memory beside a vocabulary, so that a text mostly
 * costs one look for each word. A new word takes an old one's place.
 *
 * These are words of patients' records. They never leave the process, there is room for a fixed
 * number of them, and tokenizer_cache_clear forgets them all. */
#ifndef TOKENIZER_CACHE_H
#define TOKENIZER_CACHE_H

#include "tokenizer_tables.h"

#define TOKENIZER_CACHE_LONG_BYTES 47
#define TOKENIZER_CACHE_LONG_IDS 20

struct tokenizer_cache_long {
    char key[TOKENIZER_CACHE_LONG_BYTES + 1]; /* the word, its size in the last byte */
    uint32_t ids[TOKENIZER_CACHE_LONG_IDS];   /* the number of them as in a short word */
};

/* Two short words, in a line of the processor's cache: keys as tokenizer_short has them, and ids.
 */
struct tokenizer_bucket {
    uint64_t keys[2][2];
    uint32_t ids[2][TOKENIZER_SHORT_IDS];
};

/* What counting looks at alone: the key of a short word with the number of its ids. A word is among
 * so many that lie together. */
#define TOKENIZER_COUNTS 8

struct tokenizer_count {
    uint64_t key[2];
};

#define TOKENIZER_CACHE_SHORT_BITS 15 /* of two words each: 2 MiB */
#define TOKENIZER_CACHE_COUNT_BITS 15 /* 512 KiB */
#define TOKENIZER_CACHE_LONG_BITS 13  /* 1 MiB */

struct tokenizer_cache {
    struct tokenizer_bucket *buckets;
    struct tokenizer_cache_long *longs;
    struct tokenizer_count *counts;
    uint64_t turn; /* which of two places the next new word takes */
    bool is_used;  /* since it was cleared */
};

/* False when there is no memory. About 3.5 MiB, touched as words come. */
bool tokenizer_cache_init(struct tokenizer_cache *cache);
void tokenizer_cache_close(struct tokenizer_cache *cache);

/* Forget every word: the memory is overwritten. */
void tokenizer_cache_clear(struct tokenizer_cache *cache);

/* The bucket of a short word. */
static inline size_t tokenizer_cache_bucket(const uint64_t *key)
{
    return tokenizer_short_hash(key) >> (64 - TOKENIZER_CACHE_SHORT_BITS);
}

/* The ids of @key, where this bucket has them; else NULL. */
static inline const uint32_t *tokenizer_bucket_find(const struct tokenizer_bucket *bucket,
                                                    const uint64_t *key)
{
    const uint64_t(*keys)[2] = bucket->keys;
    unsigned place = ((keys[0][0] ^ key[0]) | (keys[0][1] ^ key[1])) != 0;

    return ((keys[place][0] ^ key[0]) | (keys[place][1] ^ key[1])) == 0 ? bucket->ids[place] : NULL;
}

/* The ids of a short word that had found both places of its bucket taken, or NULL. */
const uint32_t *tokenizer_cache_find_other(const struct tokenizer_cache *cache,
                                           const uint64_t *key);

/* What that, and tokenizer_cache_find_many, will look at is asked for from memory. */
void tokenizer_cache_prefetch_other(const struct tokenizer_cache *cache, const uint64_t *key,
                                    struct slice word);

/* Such a word takes a place in its own bucket: they are for what is asked for. */
void tokenizer_cache_bring_forward(struct tokenizer_cache *cache, const uint64_t *key);

/* The ids of a word that is not short, or NULL. */
const uint32_t *tokenizer_cache_find_long(const struct tokenizer_cache *cache, struct slice word);

/* The ids of a short word that has more of them than a short one's place, or NULL. Where such a
 * word has few bytes it is mostly noise, which would only take up places: it is never there. */
#define TOKENIZER_CACHE_MANY_BYTES_MIN 8

static inline const uint32_t *tokenizer_cache_find_many(const struct tokenizer_cache *cache,
                                                        struct slice word)
{
    return word.size < TOKENIZER_CACHE_MANY_BYTES_MIN ? NULL
                                                      : tokenizer_cache_find_long(cache, word);
}

/* Remember a short word, its ids as an entry holds them. */
void tokenizer_cache_put_short(struct tokenizer_cache *cache, const uint64_t *key,
                               const uint32_t *ids);

/* Remember what a word was found to be, where it fits. */
void tokenizer_cache_put(struct tokenizer_cache *cache, struct slice word, const uint32_t *ids,
                         size_t count);

#endif
