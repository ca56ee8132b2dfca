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

const uint32_t *tokenizer_cache_find_long(const struct tokenizer_cache *cache, struct slice word)
{
    const struct tokenizer_cache_long *entry;

    if (word.size > TOKENIZER_CACHE_LONG_BYTES)
        return NULL;
    entry = long_slot(cache, word);
    if ((unsigned char)entry->key[TOKENIZER_CACHE_LONG_BYTES] != word.size
        || memcmp(entry->key, word.data, word.size) != 0)
        return NULL;
    return entry->ids;
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
    struct tokenizer_cache_short *entry;
    char key[16] = { 0 };
    uint64_t low, high;

    if (word.size == 0 || word.size > TOKENIZER_CACHE_LONG_BYTES || count == 0
        || count > TOKENIZER_CACHE_LONG_IDS)
        return;
    cache->is_used = true;
    if (word.size > TOKENIZER_CACHE_SHORT_BYTES || count > TOKENIZER_CACHE_SHORT_IDS) {
        put_long(cache, word, ids, count);
        return;
    }
    memcpy(key, word.data, word.size);
    key[15] = (char)word.size;
    memcpy(&low, key, 8);
    memcpy(&high, key + 8, 8);
    entry = &cache->shorts[tokenizer_cache_short_slot(low, high)];
    if (entry[0].key[1] != 0 && (entry[1].key[1] == 0 || (cache->turn++ & 1) != 0))
        entry++;
    *entry = (struct tokenizer_cache_short){ .key = { low, high } };
    memcpy(entry->ids, ids, count * sizeof(*ids));
    entry->ids[0] |= (uint32_t)count << TOKENIZER_CACHE_COUNT_SHIFT;
}
