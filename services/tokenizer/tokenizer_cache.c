#include "tokenizer_cache.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SHORT_COUNT ((size_t)2 << TOKENIZER_CACHE_SHORT_BITS)
#define LONG_COUNT ((size_t)1 << TOKENIZER_CACHE_LONG_BITS)
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
        .shorts = map(SHORT_COUNT * sizeof(*cache->shorts)),
        .longs = map(LONG_COUNT * sizeof(*cache->longs)),
    };
    if (cache->shorts != NULL && cache->longs != NULL)
        return true;
    tokenizer_cache_close(cache);
    return false;
}

void tokenizer_cache_close(struct tokenizer_cache *cache)
{
    free(cache->shorts);
    free(cache->longs);
    *cache = (struct tokenizer_cache){ 0 };
}

void tokenizer_cache_clear(struct tokenizer_cache *cache)
{
    memset(cache->shorts, 0, SHORT_COUNT * sizeof(*cache->shorts));
    memset(cache->longs, 0, LONG_COUNT * sizeof(*cache->longs));
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

/* The two places of a word beside its first two: a look that is paid only where those are taken. */
static struct tokenizer_short *other_slot(const struct tokenizer_cache *cache, size_t slot)
{
    return &cache->shorts[slot ^ 2];
}

const uint32_t *tokenizer_cache_find_other(const struct tokenizer_cache *cache, const uint64_t *key)
{
    const struct tokenizer_short *other =
        other_slot(cache, tokenizer_short_slot(key, TOKENIZER_CACHE_SHORT_SHIFT));

    other += !tokenizer_short_is(other, key);
    return tokenizer_short_is(other, key) ? other->ids : NULL;
}

const uint32_t *tokenizer_cache_find_long(const struct tokenizer_cache *cache, struct slice word)
{
    return word.size > TOKENIZER_CACHE_LONG_BYTES ? NULL : find_long(cache, word);
}

void tokenizer_cache_prefetch_other(const struct tokenizer_cache *cache, const uint64_t *key,
                                    struct slice word)
{
    __builtin_prefetch(other_slot(cache, tokenizer_short_slot(key, TOKENIZER_CACHE_SHORT_SHIFT)));
    if (word.size >= TOKENIZER_CACHE_MANY_BYTES_MIN)
        __builtin_prefetch(long_slot(cache, word)->key);
}

void tokenizer_cache_bring_forward(struct tokenizer_cache *cache, const uint64_t *key)
{
    size_t slot = tokenizer_short_slot(key, TOKENIZER_CACHE_SHORT_SHIFT);
    struct tokenizer_short *other = other_slot(cache, slot), *first, found;

    other += !tokenizer_short_is(other, key);
    if (!tokenizer_short_is(other, key))
        return;
    first = &cache->shorts[slot + cache->turn++ % 2];
    found = *other;
    *other = *first;
    *first = found;
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
    size_t slot = tokenizer_short_slot(key, TOKENIZER_CACHE_SHORT_SHIFT);
    unsigned places = 0, place;
    struct tokenizer_short *entry;

    /* Bit i: the place slot ^ i is free or the word's own. */
    for (unsigned i = 0; i < 4; i++) {
        entry = &cache->shorts[slot ^ i];
        places |= (unsigned)(entry->key[1] == 0 || tokenizer_short_is(entry, key)) << i;
    }
    place = places == 0 ? (unsigned)(cache->turn++ % 4) : (unsigned)__builtin_ctz(places);
    entry = &cache->shorts[slot ^ place];
    memcpy(entry->key, key, sizeof(entry->key));
    memcpy(entry->ids, ids, sizeof(entry->ids));
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
