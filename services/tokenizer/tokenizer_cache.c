#include "tokenizer_cache.h"

#include <stdlib.h>
#include <sys/mman.h>

#define BUCKETS_COUNT ((size_t)1 << TOKENIZER_CACHE_SHORT_BITS)
#define LONG_COUNT ((size_t)1 << TOKENIZER_CACHE_LONG_BITS)
#define COUNTS_COUNT ((size_t)1 << TOKENIZER_CACHE_COUNT_BITS)
#define HUGE_PAGE_BYTES ((size_t)2 << 20)

/* Zeroed; on a huge page where the system has one to give. */
static void *map(size_t size)
{
    void *memory = aligned_alloc(HUGE_PAGE_BYTES, (size + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES);

    if (memory == NULL)
        return NULL;
    madvise(memory, size, MADV_HUGEPAGE);
    memset(memory, 0, size);
    return memory;
}

bool tokenizer_cache_init(struct tokenizer_cache *cache)
{
    *cache = (struct tokenizer_cache){
        .buckets = map(BUCKETS_COUNT * sizeof(*cache->buckets)),
        .longs = map(LONG_COUNT * sizeof(*cache->longs)),
        .counts = map(COUNTS_COUNT * sizeof(*cache->counts)),
    };
    if (cache->buckets != NULL && cache->longs != NULL && cache->counts != NULL)
        return true;
    tokenizer_cache_close(cache);
    return false;
}

void tokenizer_cache_close(struct tokenizer_cache *cache)
{
    free(cache->buckets);
    free(cache->longs);
    free(cache->counts);
    *cache = (struct tokenizer_cache){ 0 };
}

void tokenizer_cache_clear(struct tokenizer_cache *cache)
{
    memset(cache->buckets, 0, BUCKETS_COUNT * sizeof(*cache->buckets));
    memset(cache->longs, 0, LONG_COUNT * sizeof(*cache->longs));
    memset(cache->counts, 0, COUNTS_COUNT * sizeof(*cache->counts));
    cache->is_used = false;
}

static struct tokenizer_cache_long *long_slot(const struct tokenizer_cache *cache,
                                              struct slice word)
{
    return &cache->longs[hash_bytes(word, 2) >> (64 - TOKENIZER_CACHE_LONG_BITS)];
}

static const uint32_t *find_long(const struct tokenizer_cache *cache, struct slice word)
{
    const struct tokenizer_cache_long *entry = long_slot(cache, word);

    if ((unsigned char)entry->key[TOKENIZER_CACHE_LONG_BYTES] != word.size
        || memcmp(entry->key, word.data, word.size) != 0)
        return NULL;
    return entry->ids;
}

/* The bucket beside a word's own: a look that is paid only where that is full. */
static struct tokenizer_bucket *other_bucket(const struct tokenizer_cache *cache, size_t bucket)
{
    return &cache->buckets[bucket ^ 1];
}

const uint32_t *tokenizer_cache_find_other(const struct tokenizer_cache *cache, const uint64_t *key)
{
    return tokenizer_bucket_find(other_bucket(cache, tokenizer_cache_bucket(key)), key);
}

const uint32_t *tokenizer_cache_find_long(const struct tokenizer_cache *cache, struct slice word)
{
    return word.size > TOKENIZER_CACHE_LONG_BYTES ? NULL : find_long(cache, word);
}

void tokenizer_cache_prefetch_other(const struct tokenizer_cache *cache, const uint64_t *key,
                                    struct slice word)
{
    __builtin_prefetch(other_bucket(cache, tokenizer_cache_bucket(key)));
    if (word.size >= TOKENIZER_CACHE_MANY_BYTES_MIN)
        __builtin_prefetch(long_slot(cache, word)->key);
}

static void put_at(struct tokenizer_bucket *bucket, unsigned place, const uint64_t *key,
                   const uint32_t *ids)
{
    memcpy(bucket->keys[place], key, sizeof(bucket->keys[place]));
    memcpy(bucket->ids[place], ids, sizeof(bucket->ids[place]));
}

void tokenizer_cache_bring_forward(struct tokenizer_cache *cache, const uint64_t *key)
{
    size_t at = tokenizer_cache_bucket(key);
    struct tokenizer_bucket *bucket = &cache->buckets[at], *other = other_bucket(cache, at), was;
    const uint32_t *ids = tokenizer_bucket_find(other, key);
    unsigned place, other_place;

    if (ids == NULL)
        return;
    other_place = ids != other->ids[0];
    place = (unsigned)(cache->turn++ % 2);
    was = *other;
    put_at(other, other_place, bucket->keys[place], bucket->ids[place]);
    put_at(bucket, place, was.keys[other_place], was.ids[other_place]);
}

static void put_long(struct tokenizer_cache *cache, struct slice word, const uint32_t *ids,
                     size_t count)
{
    struct tokenizer_cache_long *entry = long_slot(cache, word);

    memset(entry, 0, sizeof(*entry));
    memcpy(entry->key, word.data, word.size);
    entry->key[TOKENIZER_CACHE_LONG_BYTES] = (char)word.size;
    memcpy(entry->ids, ids, count * sizeof(*ids));
    entry->ids[0] |= (uint32_t)count << TOKENIZER_SHORT_COUNT_SHIFT;
}

void tokenizer_cache_put_short(struct tokenizer_cache *cache, const uint64_t *key,
                               const uint32_t *ids)
{
    size_t at = tokenizer_cache_bucket(key);
    unsigned places = 0, place;

    /* Bit i: place i % 2 of the word's bucket, or of the one beside it, is free or the word's. */
    for (unsigned i = 0; i < 4; i++) {
        const uint64_t *there = cache->buckets[at ^ i / 2].keys[i % 2];

        places |= (unsigned)(there[1] == 0 || (there[0] == key[0] && there[1] == key[1])) << i;
    }
    place = places == 0 ? (unsigned)(cache->turn++ % 4) : (unsigned)__builtin_ctz(places);
    put_at(&cache->buckets[at ^ place / 2], place % 2, key, ids);
    cache->is_used = true;
}

void tokenizer_cache_put(struct tokenizer_cache *cache, struct slice word, const uint32_t *ids,
                         size_t count)
{
    uint32_t few[TOKENIZER_SHORT_IDS] = { 0 };
    uint64_t key[2];

    if (word.size == 0 || word.size > TOKENIZER_CACHE_LONG_BYTES || count == 0
        || count > TOKENIZER_CACHE_LONG_IDS)
        return;
    if (word.size > TOKENIZER_SHORT_BYTES || count > TOKENIZER_SHORT_IDS) {
        if (word.size < TOKENIZER_CACHE_MANY_BYTES_MIN)
            return;
        put_long(cache, word, ids, count);
        cache->is_used = true;
        return;
    }
    memcpy(few, ids, count * sizeof(*ids));
    few[0] |= (uint32_t)count << TOKENIZER_SHORT_COUNT_SHIFT;
    tokenizer_short_key(word, key);
    tokenizer_cache_put_short(cache, key, few);
}
