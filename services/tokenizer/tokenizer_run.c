#include "tokenizer_run.h"

#include "tokenizer_word.h"

#define EXPECTED_SPARE 512

#define MASK(bytes) ((bytes) >= 8 ? UINT64_MAX : ((uint64_t)1 << ((bytes)*8 % 64)) - 1)
#define MASKS(bytes)                                                                               \
    {                                                                                              \
        MASK(bytes), (bytes) <= 8 ? 0 : MASK((bytes)-8)                                            \
    }

const uint64_t tokenizer_run_masks[16][2] = {
    MASKS(0), MASKS(1), MASKS(2),  MASKS(3),  MASKS(4),  MASKS(5),  MASKS(6),  MASKS(7),
    MASKS(8), MASKS(9), MASKS(10), MASKS(11), MASKS(12), MASKS(13), MASKS(14), MASKS(15),
};

void tokenizer_run_init(struct tokenizer_run *run, const struct tokenizer_tables *tables,
                        struct tokenizer_cache *cache, struct arena *arena, struct arena *scratch,
                        struct error *err)
{
    run->tables = tables;
    run->cache = cache;
    run->scratch = scratch;
    run->arena = arena;
    run->ids = NULL;
    run->count = run->capacity = 0;
    run->limit = SIZE_MAX;
    run->status = STATUS_OK;
    run->err = err;
    run->wide_end = NULL;
    run->words_count = 0;
    run->words_bytes = 0;
}

/* Room for @more ids, and for three more that a wide store may touch. */
static bool reserve(struct tokenizer_run *run, size_t more)
{
    size_t capacity = run->count + more + TOKENIZER_CACHE_SHORT_IDS;
    uint32_t *ids;

    if (run->arena == NULL || capacity <= run->capacity)
        return true;
    if (capacity < run->capacity * 2)
        capacity = run->capacity * 2;
    ids = arena_alloc(run->arena, capacity * sizeof(*ids));
    if (ids == NULL) {
        run->status =
            error_set(run->err, STATUS_RESOURCE_EXHAUSTED, "the ids are over the call's limit");
        return false;
    }
    if (run->count > 0)
        memcpy(ids, run->ids, run->count * sizeof(*ids));
    run->ids = ids;
    run->capacity = capacity;
    return true;
}

void tokenizer_run_expect(struct tokenizer_run *run, size_t bytes)
{
    reserve(run, bytes / 3 + EXPECTED_SPARE);
}

void tokenizer_run_put_id(struct tokenizer_run *run, uint32_t id)
{
    tokenizer_run_flush(run);
    if (!reserve(run, 1))
        return;
    if (run->arena != NULL)
        run->ids[run->count] = id;
    run->count++;
}

/* Ids as an entry of the cache holds them. */
static void put_found(struct tokenizer_run *run, const uint32_t *ids)
{
    uint32_t count = ids[0] >> TOKENIZER_CACHE_COUNT_SHIFT;

    if (run->arena != NULL) {
        memcpy(run->ids + run->count, ids, count * sizeof(*ids));
        run->ids[run->count] &= TOKENIZER_CACHE_ID_MASK;
    }
    run->count += count;
}

/* A word that is not remembered. */
static __attribute__((noinline)) void put_new(struct tokenizer_run *run, struct slice word)
{
    uint32_t few[256], *ids = few;
    struct arena_mark mark = arena_mark(run->scratch);
    size_t count = 0;

    if (run->arena != NULL)
        ids = run->ids + run->count;
    else if (word.size > sizeof(few) / sizeof(few[0]))
        ids = arena_alloc(run->scratch, word.size * sizeof(*ids));
    if (ids == NULL)
        run->status =
            error_set(run->err, STATUS_RESOURCE_EXHAUSTED, "the text needs too much memory");
    else
        run->status = tokenizer_word_encode(run->tables, word, run->scratch, ids, &count, run->err);
    if (run->status == STATUS_OK && run->cache != NULL)
        tokenizer_cache_put(run->cache, word, ids, count);
    run->count += count;
    if (ids != few && run->arena == NULL)
        arena_rewind(run->scratch, mark);
}

static __attribute__((noinline)) void put_slowly(struct tokenizer_run *run, uint32_t i)
{
    const uint32_t *ids = run->cache == NULL || run->words[i].size == 0
                              ? NULL
                              : tokenizer_cache_find_long(run->cache, run->words[i]);

    if (ids != NULL)
        put_found(run, ids);
    else
        put_new(run, run->words[i]);
}

static inline bool is_key(const struct tokenizer_cache_short *entry, const uint64_t *key)
{
    return ((entry->key[0] ^ key[0]) | (entry->key[1] ^ key[1])) == 0;
}

static inline __attribute__((always_inline)) void flush(struct tokenizer_run *run, bool has_ids)
{
    const struct tokenizer_cache_short *shorts = run->cache->shorts;
    size_t count = run->count;
    uint32_t *ids = run->ids;

    for (uint32_t i = 0; i < run->words_count; i++) {
        const struct tokenizer_cache_short *entry = &shorts[run->slots[i]];

        entry += !is_key(entry, run->keys[i]);
        if (__builtin_expect(run->keys[i][1] != 0 && is_key(entry, run->keys[i]), 1)) {
            if (has_ids) {
                uint64_t low, high;

                memcpy(&low, entry->ids, sizeof(low));
                memcpy(&high, entry->ids + 2, sizeof(high));
                low &= 0xffffffff00000000u | TOKENIZER_CACHE_ID_MASK;
                memcpy(ids + count, &low, sizeof(low));
                memcpy(ids + count + 2, &high, sizeof(high));
            }
            count += entry->ids[0] >> TOKENIZER_CACHE_COUNT_SHIFT;
            continue;
        }
        run->count = count;
        put_slowly(run, i);
        count = run->count;
        if (run->status != STATUS_OK)
            break;
    }
    run->count = count;
}

void tokenizer_run_flush(struct tokenizer_run *run)
{
    if (run->words_count == 0)
        return;
    if (run->status == STATUS_OK && reserve(run, run->words_bytes)) {
        if (run->cache == NULL) {
            for (uint32_t i = 0; i < run->words_count && run->status == STATUS_OK; i++)
                put_new(run, run->words[i]);
        } else if (run->arena != NULL) {
            flush(run, true);
        } else {
            flush(run, false);
        }
    }
    run->words_count = 0;
    run->words_bytes = 0;
}
