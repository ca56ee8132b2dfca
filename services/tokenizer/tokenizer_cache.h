/* Words that were seen, with their ids: a bounded memory beside a vocabulary, so that a text mostly
 * costs one look for each word. A new word takes an old one's place.
 *
 * These are words of patients' records. They never leave the process, there is room for a fixed
 * number of them, and tokenizer_cache_clear forgets them all. */
#ifndef TOKENIZER_CACHE_H
#define TOKENIZER_CACHE_H

#include "tokenizer_tables.h"

/* Longer words are not remembered. */
#define TOKENIZER_CACHE_BYTES_MAX 127

/* Two words, in a line of the processor's cache: keys as tokenizer_short has them, and ids. */
struct tokenizer_bucket {
    uint64_t keys[2][2];
    uint32_t ids[2][TOKENIZER_SHORT_IDS];
};

/* A far word is one that is not short, whose key is its size and a hash, or one that has more ids
 * than a place in a bucket. This number of ids says so: the next two numbers are where its record
 * lies. A record is a far word's ids, their number in the first as in a short word; before them,
 * where the word is not short, its size and its bytes. */
#define TOKENIZER_CACHE_FAR 0xffu

/* What counting looks at alone: the key of a short word with the number of its ids. A word is among
 * so many that lie together. */
#define TOKENIZER_COUNTS 8

struct tokenizer_count {
    uint64_t key[2];
};

#define TOKENIZER_CACHE_SHORT_BITS 15 /* of two words each: 2 MiB */
#define TOKENIZER_CACHE_COUNT_BITS 15 /* 512 KiB */
#define TOKENIZER_CACHE_RING_BITS 18  /* numbers of 32 bits: 1 MiB */

struct tokenizer_cache {
    struct tokenizer_bucket *buckets;
    uint32_t *ring; /* records, each new one over the oldest */
    uint64_t head;  /* numbers that were ever put there */
    struct tokenizer_count *counts;
    uint64_t turn; /* which of two places the next new word takes */
    bool is_used;  /* since it was cleared */
};

/* False when there is no memory. About 3.5 MiB, touched as words come. */
bool tokenizer_cache_init(struct tokenizer_cache *cache);
void tokenizer_cache_close(struct tokenizer_cache *cache);

/* Forget every word: the memory is overwritten. */
void tokenizer_cache_clear(struct tokenizer_cache *cache);

/* A word's own bucket is told by where it begins, in bytes: a multiple of this below
 * TOKENIZER_CACHE_BUCKETS_BYTES, which depends on the key alone. Whoever uses a cache makes it, the
 * same way each time. */
#define TOKENIZER_CACHE_BUCKET_BYTES sizeof(struct tokenizer_bucket)
#define TOKENIZER_CACHE_BUCKETS_BYTES (TOKENIZER_CACHE_BUCKET_BYTES << TOKENIZER_CACHE_SHORT_BITS)

static inline struct tokenizer_bucket *tokenizer_cache_bucket(struct tokenizer_bucket *buckets,
                                                              uint32_t at)
{
    return (struct tokenizer_bucket *)(void *)((char *)buckets + at);
}

/* The ids of @key, where this bucket has them; else NULL. */
static inline const uint32_t *tokenizer_bucket_find(const struct tokenizer_bucket *bucket,
                                                    const uint64_t *key)
{
    const uint64_t(*keys)[2] = bucket->keys;
    unsigned place = ((keys[0][0] ^ key[0]) | (keys[0][1] ^ key[1])) != 0;

    return ((keys[place][0] ^ key[0]) | (keys[place][1] ^ key[1])) == 0 ? bucket->ids[place] : NULL;
}

/* The ids of a word that had found both places of its bucket taken, or NULL. */
const uint32_t *tokenizer_cache_find_other(const struct tokenizer_cache *cache, uint32_t bucket,
                                           const uint64_t *key);

/* What that will look at is asked for from memory. */
void tokenizer_cache_prefetch_other(const struct tokenizer_cache *cache, uint32_t bucket);

/* Such a word takes a place in its own bucket: they are for what is asked for. */
void tokenizer_cache_bring_forward(struct tokenizer_cache *cache, uint32_t bucket,
                                   const uint64_t *key);

/* The key of a word that is not short and has TOKENIZER_CACHE_BYTES_MAX at most. */
static inline void tokenizer_cache_long_key(struct slice word, uint64_t *key)
{
    key[0] = hash_bytes(word, 2);
    key[1] = (uint64_t)word.size << 56;
}

/* Whether @ids, of a place in a bucket, are a far word's. */
static inline bool tokenizer_cache_is_far(const uint32_t *ids)
{
    return ids[0] >> TOKENIZER_SHORT_COUNT_SHIFT == TOKENIZER_CACHE_FAR;
}

/* The record of @word, whose key has a place with @ids, a far word's: NULL when others were put
 * over it or it is another word's. TOKENIZER_SHORT_IDS can be read from its last id on. It stays
 * until the next is put. */
const uint32_t *tokenizer_cache_record(const struct tokenizer_cache *cache, const uint32_t *ids,
                                       struct slice word);

/* The same of a word whose key may have a place in either of its buckets, or not. */
const uint32_t *tokenizer_cache_find_far(const struct tokenizer_cache *cache, uint32_t bucket,
                                         const uint64_t *key, struct slice word);

/* Remember a short word, its ids as an entry holds them. */
void tokenizer_cache_put_short(struct tokenizer_cache *cache, uint32_t bucket, const uint64_t *key,
                               const uint32_t *ids);

/* Remember a far word and its @count ids: 1 to as many as it has bytes. */
void tokenizer_cache_put_far(struct tokenizer_cache *cache, uint32_t bucket, const uint64_t *key,
                             struct slice word, const uint32_t *ids, size_t count);

#endif
