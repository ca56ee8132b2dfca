#include "tokenizer_cache.h"

#include <stdlib.h>
#include <sys/mman.h>

#define BUCKETS_COUNT ((size_t)1 << TOKENIZER_CACHE_SHORT_BITS)
#define RING_COUNT ((size_t)1 << TOKENIZER_CACHE_RING_BITS)
#define RING_BYTES ((RING_COUNT + TOKENIZER_SHORT_IDS) * sizeof(uint32_t))
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
        .ring = map(RING_BYTES),
        .counts = map(COUNTS_COUNT * sizeof(*cache->counts)),
    };
    if (cache->buckets != NULL && cache->ring != NULL && cache->counts != NULL)
        return true;
    tokenizer_cache_close(cache);
    return false;
}

void tokenizer_cache_close(struct tokenizer_cache *cache)
{
    free(cache->buckets);
    free(cache->ring);
    free(cache->counts);
    *cache = (struct tokenizer_cache){ 0 };
}

void tokenizer_cache_clear(struct tokenizer_cache *cache)
{
    memset(cache->buckets, 0, BUCKETS_COUNT * sizeof(*cache->buckets));
    memset(cache->ring, 0, RING_BYTES);
    memset(cache->counts, 0, COUNTS_COUNT * sizeof(*cache->counts));
    cache->is_used = false;
}

/* The bucket beside a word's own: a look that is paid only where that is full. */
static struct tokenizer_bucket *other_bucket(const struct tokenizer_cache *cache, uint32_t bucket)
{
    return tokenizer_cache_bucket(cache->buckets, bucket ^ TOKENIZER_CACHE_BUCKET_BYTES);
}

const uint32_t *tokenizer_cache_find_other(const struct tokenizer_cache *cache, uint32_t bucket,
                                           const uint64_t *key)
{
    return tokenizer_bucket_find(other_bucket(cache, bucket), key);
}

void tokenizer_cache_prefetch_other(const struct tokenizer_cache *cache, uint32_t bucket)
{
    __builtin_prefetch(other_bucket(cache, bucket));
}

static void put_at(struct tokenizer_bucket *bucket, unsigned place, const uint64_t *key,
                   const uint32_t *ids)
{
    memcpy(bucket->keys[place], key, sizeof(bucket->keys[place]));
    memcpy(bucket->ids[place], ids, sizeof(bucket->ids[place]));
}

void tokenizer_cache_bring_forward(struct tokenizer_cache *cache, uint32_t at, const uint64_t *key)
{
    struct tokenizer_bucket *bucket = tokenizer_cache_bucket(cache->buckets, at);
    struct tokenizer_bucket *other = other_bucket(cache, at), was;
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

void tokenizer_cache_put_short(struct tokenizer_cache *cache, uint32_t bucket, const uint64_t *key,
                               const uint32_t *ids)
{
    struct tokenizer_bucket *both[2] = { tokenizer_cache_bucket(cache->buckets, bucket),
                                         other_bucket(cache, bucket) };
    unsigned places = 0, place;

    /* Bit i: place i % 2 of the word's bucket, or of the one beside it, is free or the word's. */
    for (unsigned i = 0; i < 4; i++) {
        const uint64_t *there = both[i / 2]->keys[i % 2];

        places |= (unsigned)(there[1] == 0 || (there[0] == key[0] && there[1] == key[1])) << i;
    }
    place = places == 0 ? (unsigned)(cache->turn++ % 4) : (unsigned)__builtin_ctz(places);
    put_at(both[place / 2], place % 2, key, ids);
    cache->is_used = true;
}

/* Far words
 * ------------------------------------------------------------------------------------------ */

/* The numbers before a record's ids. */
static size_t numbers_of_word(struct slice word)
{
    return word.size <= TOKENIZER_SHORT_BYTES
               ? 0
               : 1 + (word.size + sizeof(uint32_t) - 1) / sizeof(uint32_t);
}

static uint32_t *ring_at(const struct tokenizer_cache *cache, uint64_t at)
{
    return &cache->ring[at & (RING_COUNT - 1)];
}

const uint32_t *tokenizer_cache_record(const struct tokenizer_cache *cache, const uint32_t *ids,
                                       struct slice word)
{
    size_t before = numbers_of_word(word);
    const uint32_t *record;
    uint64_t at;

    memcpy(&at, ids + 1, sizeof(at));
    record = ring_at(cache, at);
    if (cache->head - at > RING_COUNT)
        return NULL;
    if (before > 0 && (record[0] != word.size || memcmp(record + 1, word.data, word.size) != 0))
        return NULL;
    return record + before;
}

const uint32_t *tokenizer_cache_find_far(const struct tokenizer_cache *cache, uint32_t bucket,
                                         const uint64_t *key, struct slice word)
{
    const uint32_t *ids =
        tokenizer_bucket_find(tokenizer_cache_bucket(cache->buckets, bucket), key);

    if (ids == NULL)
        ids = tokenizer_cache_find_other(cache, bucket, key);
    return ids == NULL || !tokenizer_cache_is_far(ids) ? NULL
                                                       : tokenizer_cache_record(cache, ids, word);
}

void tokenizer_cache_put_far(struct tokenizer_cache *cache, uint32_t bucket, const uint64_t *key,
                             struct slice word, const uint32_t *ids, size_t count)
{
    size_t before = numbers_of_word(word), rest = RING_COUNT - (cache->head & (RING_COUNT - 1));
    uint32_t place[TOKENIZER_SHORT_IDS] = { TOKENIZER_CACHE_FAR << TOKENIZER_SHORT_COUNT_SHIFT };
    uint32_t *record;

    if (before + count > rest)
        cache->head += rest; /* a record is in one piece */
    memcpy(place + 1, &cache->head, sizeof(cache->head));
    record = ring_at(cache, cache->head);
    if (before > 0) {
        record[0] = (uint32_t)word.size;
        memcpy(record + 1, word.data, word.size);
    }
    memcpy(record + before, ids, count * sizeof(*ids));
    record[before] |= (uint32_t)count << TOKENIZER_SHORT_COUNT_SHIFT;
    cache->head += before + count;
    tokenizer_cache_put_short(cache, bucket, key, place);
}
