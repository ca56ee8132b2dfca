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

static struct tokenizer_cache_short short_key(struct slice word)
{
    struct tokenizer_cache_short entry = { .key = { 0 } };
    char key[16] = { 0 };

    memcpy(key, word.data, word.size);
    key[15] = (char)word.size;
    memcpy(entry.key, key, sizeof(key));
    return entry;
}

/* The two places of a word beside its first two: a look that is paid only where those are taken. */
static struct tokenizer_cache_short *other_slot(const struct tokenizer_cache *cache, size_t slot)
{
    return &cache->shorts[slot ^ 2];
}

const uint32_t *tokenizer_cache_find_other(const struct tokenizer_cache *cache, struct slice word)
{
    const struct tokenizer_cache_short *entry;
    const uint32_t *ids = NULL;

    if (word.size > TOKENIZER_CACHE_LONG_BYTES)
        return NULL;
    if (word.size <= TOKENIZER_CACHE_SHORT_BYTES) {
        struct tokenizer_cache_short wanted = short_key(word);

        entry = other_slot(cache, tokenizer_cache_short_slot(wanted.key[0], wanted.key[1]));
        for (int i = 0; i < 2 && ids == NULL; i++) {
            if (entry[i].key[0] == wanted.key[0] && entry[i].key[1] == wanted.key[1])
                ids = entry[i].ids;
        }
    }
    return ids != NULL ? ids : find_long(cache, word);
}

static void put_long(struct tokenizer_cache *cache, struct slice word, const uint32_t *ids,
                     size_t count)
{
    struct tokenizer_cache_long *entry = long_slot(cache, word);

    memset(entry, 0, sizeof(*entry));
    memcpy(entry->key, word.data, word.size);
    entry->key[TOKENIZER_CACHE_LONG_BYTES] = (char)word.size;
    memcpy(entry->ids, ids, count * sizeof(*ids));
    entry->ids[0] |= (uint32_t)count << TOKENIZER_CACHE_COUNT_SHIFT;
}

void tokenizer_cache_put(struct tokenizer_cache *cache, struct slice word, const uint32_t *ids,
                         size_t count)
{
    struct tokenizer_cache_short new, *places[4];
    size_t slot, place = 0;

    if (word.size == 0 || word.size > TOKENIZER_CACHE_LONG_BYTES || count == 0
        || count > TOKENIZER_CACHE_LONG_IDS)
        return;
    cache->is_used = true;
    if (word.size > TOKENIZER_CACHE_SHORT_BYTES || count > TOKENIZER_CACHE_SHORT_IDS) {
        put_long(cache, word, ids, count);
        return;
    }
    new = short_key(word);
    memcpy(new.ids, ids, count * sizeof(*ids));
    new.ids[0] |= (uint32_t)count << TOKENIZER_CACHE_COUNT_SHIFT;
    slot = tokenizer_cache_short_slot(new.key[0], new.key[1]);
    for (size_t i = 0; i < 2; i++) {
        places[i] = &cache->shorts[slot + i];
        places[2 + i] = other_slot(cache, slot) + i;
    }
    while (place < 4 && places[place]->key[1] != 0)
        place++;
    *places[place < 4 ? place : cache->turn++ % 4] = new;
}
