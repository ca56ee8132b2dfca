/* Each look at a table waits for memory, and a word that is new takes three of them. So some dozens
 * of words go a step together, and what the next step looks at is asked for before.
 *
 *     noise? its bytes ── another place of the cache? ── known to the vocabulary? ── merged, several
 *                                                                                   side by side */
#include "tokenizer_miss.h"

#include "tokenizer_merge_window.h"
#include "tokenizer_word.h"

enum way {
    WAY_NONE,  /* not yet */
    WAY_NOISE, /* not worth a place in the cache */
    WAY_CACHE, /* in a place that is not at hand */
    WAY_LONG,  /* among its long words: it has more ids than a short one's place */
    WAY_AHEAD, /* of the vocabulary */
    WAY_MADE,
};

static struct slice word_at(const struct tokenizer_miss *miss, size_t i)
{
    return slice_of(miss->words[i]->at, miss->words[i]->size);
}

/* No two bytes of it stand together in any piece: an id for each. A lone byte is no noise: every
 * text has some, over and over. */
static bool is_noise(const struct tokenizer_tables *tables, struct slice word)
{
    return word.size > 1 && tables->has_bytes && tables->image->settings.kind == TOKENIZER_KIND_BPE
           && !tokenizer_tables_touch(tables, word);
}

static void put_bytes(const struct tokenizer_tables *tables, struct slice word, uint32_t *ids)
{
    for (size_t i = 0; i < word.size; i++)
        ids[i] = tables->image->bytes[(unsigned char)word.data[i]];
    ids[0] |= (uint32_t)word.size << TOKENIZER_SHORT_COUNT_SHIFT;
}

static void take(struct tokenizer_miss *miss, size_t i, enum way way, const uint32_t *ids)
{
    miss->ways[i] = way;
    miss->ids[i] = ids;
}

static void find_noise(struct tokenizer_miss *miss, const struct tokenizer_tables *tables,
                       const struct tokenizer_cache *cache)
{
    for (size_t i = 0; i < miss->count; i++) {
        take(miss, i, WAY_NONE, miss->made[i]);
        if (is_noise(tables, word_at(miss, i))) {
            put_bytes(tables, word_at(miss, i), miss->made[i]);
            miss->ways[i] = WAY_NOISE;
        } else if (cache != NULL) {
            tokenizer_cache_prefetch_other(cache, miss->words[i]->key, word_at(miss, i));
        }
    }
}

static void find_cached(struct tokenizer_miss *miss, const struct tokenizer_cache *cache)
{
    for (size_t i = 0; i < miss->count; i++) {
        const uint32_t *ids = NULL;

        if (miss->ways[i] != WAY_NONE)
            continue;
        ids = tokenizer_cache_find_other(cache, miss->words[i]->key);
        if (ids != NULL) {
            take(miss, i, WAY_CACHE, ids);
            continue;
        }
        ids = miss->words[i]->size <= TOKENIZER_SHORT_IDS
                  ? NULL
                  : tokenizer_cache_find_long(cache, word_at(miss, i));
        if (ids != NULL) { /* a long word may take its place soon */
            memcpy(miss->made[i], ids, sizeof(miss->made[i]));
            miss->ways[i] = WAY_LONG;
        }
    }
}

/* What the vocabulary may know is mostly among its short words; where those were full, elsewhere.
 */
static enum status find_known(struct tokenizer_miss *miss, const struct tokenizer_tables *tables,
                              struct arena *scratch, struct error *err)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < miss->count; i++)
        if (miss->ways[i] == WAY_NONE && tokenizer_tables_may_know(tables, miss->words[i]->key))
            tokenizer_tables_prefetch_short(tables, miss->words[i]->key);
    for (size_t i = 0; i < miss->count && status == STATUS_OK; i++) {
        const uint64_t *key = miss->words[i]->key;
        size_t count;

        if (miss->ways[i] != WAY_NONE || !tokenizer_tables_may_know(tables, key))
            continue;
        take(miss, i, WAY_AHEAD, tokenizer_tables_short(tables, key));
        if (miss->ids[i] != NULL)
            continue;
        take(miss, i, WAY_MADE, miss->made[i]);
        status =
            tokenizer_word_encode(tables, word_at(miss, i), scratch, miss->made[i], &count, err);
        miss->made[i][0] |= (uint32_t)count << TOKENIZER_SHORT_COUNT_SHIFT;
    }
    return status;
}

static enum status merge_some(struct tokenizer_miss *miss, const struct tokenizer_tables *tables,
                              const size_t *which, size_t count, struct arena *scratch,
                              struct error *err)
{
    struct slice words[TOKENIZER_WINDOW_LANES] = { 0 };
    uint32_t *ids[TOKENIZER_WINDOW_LANES] = { 0 };
    size_t counts[TOKENIZER_WINDOW_LANES];
    enum status status;

    for (size_t i = 0; i < count; i++) {
        words[i] = word_at(miss, which[i]);
        ids[i] = miss->made[which[i]];
        ids[i][0] = 0;
        miss->ways[which[i]] = WAY_MADE;
    }
    status = tokenizer_word_merge(tables, words, count, scratch, ids, counts, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        ids[i][0] |= (uint32_t)counts[i] << TOKENIZER_SHORT_COUNT_SHIFT;
    return status;
}

enum status tokenizer_miss_find(struct tokenizer_miss *miss, const struct tokenizer_tables *tables,
                                const struct tokenizer_cache *cache, struct arena *scratch,
                                struct error *err)
{
    size_t which[TOKENIZER_WINDOW_LANES], count = 0;
    enum status status;

    find_noise(miss, tables, cache);
    if (cache != NULL)
        find_cached(miss, cache);
    status = find_known(miss, tables, scratch, err);
    for (size_t i = 0; i < miss->count && status == STATUS_OK; i++) {
        if (miss->ways[i] != WAY_NONE)
            continue;
        which[count++] = i;
        if (count < TOKENIZER_WINDOW_LANES)
            continue;
        status = merge_some(miss, tables, which, count, scratch, err);
        count = 0;
    }
    return count == 0 || status != STATUS_OK ? status
                                             : merge_some(miss, tables, which, count, scratch, err);
}

static void keep(struct tokenizer_cache *cache, struct slice word, uint32_t *ids)
{
    uint32_t count = ids[0] >> TOKENIZER_SHORT_COUNT_SHIFT;

    ids[0] &= TOKENIZER_SHORT_ID_MASK;
    tokenizer_cache_put(cache, word, ids, count);
}

void tokenizer_miss_keep(struct tokenizer_miss *miss, struct tokenizer_cache *cache)
{
    for (size_t i = 0; i < miss->count; i++) {
        if (miss->ways[i] == WAY_CACHE)
            tokenizer_cache_bring_forward(cache, miss->words[i]->key);
        else if (miss->ways[i] == WAY_AHEAD)
            tokenizer_cache_put_short(cache, miss->words[i]->key, miss->ids[i]);
        else if (miss->ways[i] == WAY_MADE)
            keep(cache, word_at(miss, i), miss->made[i]);
    }
}
