/* Each look at a table waits for memory, and a word that is new takes three of them. So some dozens
 * of words go a step together, and what the next step looks at is asked for before. A step makes a
 * list of those that go on.
 *
 *     noise? its bytes ── another place of the cache? ── known to the vocabulary? ── merged side by
 *                                                                                    side */
#include "tokenizer_miss.h"

#include <assert.h>

#include "tokenizer_merge_short.h"
#include "tokenizer_word.h"

static_assert(TOKENIZER_MISS_WORDS <= TOKENIZER_MERGE_SHORT_WORDS, "they are merged together");

/* A word of so many bytes is looked at for noise. */
#define NOISE_BYTES_MAX 8

enum way {
    WAY_NOISE, /* not worth a place in the cache */
    WAY_CACHE, /* in a place that is not at hand */
    WAY_AHEAD, /* of the vocabulary */
    WAY_MADE,
};

/* The words that a step leaves to the next. */
struct rest {
    uint8_t at[TOKENIZER_MISS_WORDS];
    size_t count;
};

static struct slice word_at(const struct tokenizer_miss *miss, size_t i)
{
    return slice_of(miss->words[i]->at, miss->words[i]->size);
}

/* No two bytes of it stand together in any piece: an id for each. A lone byte is no noise: every
 * text has some, over and over. */
static bool is_noise(const struct tokenizer_tables *tables, const struct tokenizer_run_word *word)
{
    const unsigned char *bytes = (const unsigned char *)word->key;
    unsigned touch = 0;

    for (uint32_t at = 1; at < NOISE_BYTES_MAX; at++)
        touch |= (unsigned)(tables->adjacent[bytes[at - 1] * 32 + bytes[at] / 8] >> bytes[at] % 8
                            & (at < word->size));
    return (touch & 1) == 0 && word->size > 1 && word->size <= NOISE_BYTES_MAX;
}

static void put_bytes(const struct tokenizer_tables *tables, struct slice word, uint32_t *ids)
{
    for (size_t i = 0; i < word.size; i++)
        ids[i] = tables->image->bytes[(unsigned char)word.data[i]];
    ids[0] |= (uint32_t)word.size << TOKENIZER_SHORT_COUNT_SHIFT;
}

static void find_noise(struct tokenizer_miss *miss, const struct tokenizer_tables *tables,
                       struct rest *rest)
{
    bool has_noise = tables->has_bytes && tables->image->settings.kind == TOKENIZER_KIND_BPE;

    rest->count = 0;
    for (size_t i = 0; i < miss->count; i++) {
        miss->ids[i] = miss->made[i];
        miss->ways[i] = WAY_NOISE;
        if (has_noise && is_noise(tables, miss->words[i]))
            put_bytes(tables, word_at(miss, i), miss->made[i]);
        else
            rest->at[rest->count++] = (uint8_t)i;
    }
}

/* The ids of a word that has another place of the cache, or NULL. A record does not stay. */
static const uint32_t *find_other(const struct tokenizer_cache *cache,
                                  const struct tokenizer_run_word *word, uint32_t *made)
{
    const uint32_t *ids = tokenizer_cache_find_other(cache, word->bucket, word->key);

    if (ids == NULL || !tokenizer_cache_is_far(ids))
        return ids;
    ids = tokenizer_cache_record(cache, ids, slice_of(word->at, word->size));
    if (ids == NULL)
        return NULL;
    memcpy(made, ids, (ids[0] >> TOKENIZER_SHORT_COUNT_SHIFT) * sizeof(*ids));
    return made;
}

static void find_cached(struct tokenizer_miss *miss, const struct tokenizer_cache *cache,
                        struct rest *rest)
{
    size_t left = 0;

    for (size_t i = 0; i < rest->count; i++)
        tokenizer_cache_prefetch_other(cache, miss->words[rest->at[i]]->bucket);
    for (size_t i = 0; i < rest->count; i++) {
        uint8_t at = rest->at[i];
        const uint32_t *ids = find_other(cache, miss->words[at], miss->made[at]);

        miss->ways[at] = WAY_CACHE;
        miss->ids[at] = ids == NULL ? miss->made[at] : ids;
        rest->at[left] = at;
        left += ids == NULL;
    }
    rest->count = left;
}

/* What the vocabulary may know is mostly among its short words; where those were full, among its
 * pieces. */
static void find_known(struct tokenizer_miss *miss, const struct tokenizer_tables *tables,
                       struct rest *rest)
{
    bool may_know[TOKENIZER_MISS_WORDS];
    size_t left = 0;

    for (size_t i = 0; i < rest->count; i++) {
        may_know[i] = tokenizer_tables_may_know(tables, miss->words[rest->at[i]]->key);
        if (may_know[i])
            tokenizer_tables_prefetch_short(tables, miss->words[rest->at[i]]->key);
    }
    for (size_t i = 0; i < rest->count; i++) {
        uint8_t at = rest->at[i];

        rest->at[left++] = at;
        if (!may_know[i])
            continue;
        miss->ways[at] = WAY_AHEAD;
        miss->ids[at] = tokenizer_tables_short(tables, miss->words[at]->key);
        left -= miss->ids[at] != NULL;
        if (miss->ids[at] != NULL)
            continue;
        miss->ids[at] = miss->made[at];
        if (tokenizer_word_find(tables, word_at(miss, at), miss->made[at])) {
            miss->ways[at] = WAY_MADE;
            miss->made[at][0] |= 1u << TOKENIZER_SHORT_COUNT_SHIFT;
            left--;
        }
    }
    rest->count = left;
}

static enum status merge(struct tokenizer_miss *miss, const struct tokenizer_tables *tables,
                         const struct rest *rest, struct arena *scratch, struct error *err)
{
    const uint64_t *keys[TOKENIZER_MISS_WORDS];
    uint32_t *ids[TOKENIZER_MISS_WORDS];

    for (size_t i = 0; i < rest->count; i++) {
        keys[i] = miss->words[rest->at[i]]->key;
        ids[i] = miss->made[rest->at[i]];
        ids[i][0] = 0;
        miss->ways[rest->at[i]] = WAY_MADE;
    }
    return tokenizer_word_merge(tables, keys, rest->count, scratch, ids, err);
}

enum status tokenizer_miss_find(struct tokenizer_miss *miss, const struct tokenizer_tables *tables,
                                const struct tokenizer_cache *cache, struct arena *scratch,
                                struct error *err)
{
    struct rest rest;

    find_noise(miss, tables, &rest);
    if (cache != NULL)
        find_cached(miss, cache, &rest);
    find_known(miss, tables, &rest);
    return rest.count == 0 ? STATUS_OK : merge(miss, tables, &rest, scratch, err);
}

static void keep(struct tokenizer_cache *cache, const struct tokenizer_run_word *word,
                 uint32_t *ids)
{
    uint32_t count = ids[0] >> TOKENIZER_SHORT_COUNT_SHIFT;

    if (count <= TOKENIZER_SHORT_IDS) {
        tokenizer_cache_put_short(cache, word->bucket, word->key, ids);
        return;
    }
    ids[0] &= TOKENIZER_SHORT_ID_MASK;
    tokenizer_cache_put_far(cache, word->bucket, word->key, slice_of(word->at, word->size), ids,
                            count);
}

void tokenizer_miss_keep(struct tokenizer_miss *miss, struct tokenizer_cache *cache)
{
    for (size_t i = 0; i < miss->count; i++) {
        const struct tokenizer_run_word *word = miss->words[i];

        if (miss->ways[i] == WAY_CACHE)
            tokenizer_cache_bring_forward(cache, word->bucket, word->key);
        else if (miss->ways[i] == WAY_AHEAD)
            tokenizer_cache_put_short(cache, word->bucket, word->key, miss->ids[i]);
        else if (miss->ways[i] == WAY_MADE)
            keep(cache, word, miss->made[i]);
    }
}
