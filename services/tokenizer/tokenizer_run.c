#include "tokenizer_run.h"

#include "tokenizer_cpu.h"
#include "tokenizer_miss.h"
#include "tokenizer_run_wide.h"
#include "tokenizer_word.h"

/* Of an id, in a text that has many: of JSON, say. And some ids more. */
#define EXPECTED_BYTES 2
#define EXPECTED_SPARE 512

/* A block's words. */
#define BLOCK_WORDS_MAX 65

/* Ids that short words which wait have at most. */
#define WAITING_IDS_MAX (TOKENIZER_RUN_WORDS_MAX * TOKENIZER_SHORT_IDS)

/* How far is looked ahead for words that are not at hand: they mostly stand close to each other. */
#define LOOK_AHEAD_WORDS 64

/* Whether the processor does what tokenizer_run_wide asks of it. */
static inline bool has_wide(void)
{
#if TOKENIZER_HAS_AVX2
    return tokenizer_cpu_has_avx2();
#else
    return false;
#endif
}

void tokenizer_run_init(struct tokenizer_run *run, const struct tokenizer_tables *tables,
                        struct tokenizer_cache *cache, struct tokenizer_run_word *words,
                        struct arena *arena, struct arena *scratch, struct error *err)
{
    *run = (struct tokenizer_run){
        .tables = tables,
        .cache = cache,
        .words = words,
        .scratch = scratch,
        .arena = arena,
        .limit = SIZE_MAX,
        .has_counts = arena == NULL && cache != NULL && has_wide(),
        .err = err,
    };
}

static bool grow(struct tokenizer_run *run, size_t more)
{
    size_t capacity = run->count + more + TOKENIZER_SHORT_IDS;
    uint32_t *ids;

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

/* Room for @more ids, and for three more that a wide store may touch. */
static inline bool reserve(struct tokenizer_run *run, size_t more)
{
    return run->arena == NULL || run->count + more + TOKENIZER_SHORT_IDS <= run->capacity
           || grow(run, more);
}

void tokenizer_run_expect(struct tokenizer_run *run, size_t bytes)
{
    reserve(run, bytes / EXPECTED_BYTES + EXPECTED_SPARE);
}

static void put_id(struct tokenizer_run *run, uint32_t id)
{
    if (!reserve(run, 1))
        return;
    if (run->arena != NULL)
        run->ids[run->count] = id;
    run->count++;
}

/* Four ids at once; the number of them, in the first, is taken off. */
static inline void store_ids(uint32_t *to, const uint32_t *ids)
{
    uint64_t low, high;

    memcpy(&low, ids, sizeof(low));
    memcpy(&high, ids + 2, sizeof(high));
    low &= 0xffffffff00000000u | TOKENIZER_SHORT_ID_MASK;
    memcpy(to, &low, sizeof(low));
    memcpy(to + 2, &high, sizeof(high));
}

/* Ids as an entry of the cache, or a record, holds them. */
static void put_found(struct tokenizer_run *run, const uint32_t *ids)
{
    uint32_t count = ids[0] >> TOKENIZER_SHORT_COUNT_SHIFT;

    if (run->arena != NULL) {
        store_ids(run->ids + run->count, ids);
        for (uint32_t i = TOKENIZER_SHORT_IDS; i < count; i += TOKENIZER_SHORT_IDS)
            memcpy(run->ids + run->count + i, ids + i, TOKENIZER_SHORT_IDS * sizeof(*ids));
    }
    run->count += count;
}

/* Those of a short word. */
static inline void put_short(struct tokenizer_run *run, const struct tokenizer_run_word *word,
                             const uint32_t *ids)
{
#if TOKENIZER_HAS_AVX2
    if (run->has_counts)
        tokenizer_run_keep_count(run, word, ids[0] >> TOKENIZER_SHORT_COUNT_SHIFT);
#endif
    put_found(run, ids);
}

/* A word that is not remembered; with @keeps, from now on it is. There is room for its ids where
 * they are wanted. */
static void put_new(struct tokenizer_run *run, const struct tokenizer_run_word *new, bool keeps)
{
    struct slice word = slice_of(new->at, new->size);
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
    if (run->status == STATUS_OK && keeps && count > 0)
        tokenizer_cache_put_far(run->cache, new->bucket, new->key, word, ids, count);
    run->count += count;
    if (ids != few && run->arena == NULL)
        arena_rewind(run->scratch, mark);
}

/* A far word, or one that may be. With @keeps its place may be put in order. */
static void put_far(struct tokenizer_run *run, const struct tokenizer_run_word *word, bool keeps)
{
    bool is_known = run->cache != NULL && word->size <= TOKENIZER_CACHE_BYTES_MAX;
    const uint32_t *ids = !is_known ? NULL
                                    : tokenizer_cache_find_far(run->cache, word->bucket, word->key,
                                                               slice_of(word->at, word->size));

    if (!reserve(run, word->size))
        return;
    if (ids == NULL)
        put_new(run, word, keeps && is_known);
    else if (word->size <= TOKENIZER_SHORT_BYTES)
        put_short(run, word, ids);
    else
        put_found(run, ids);
}

static inline struct tokenizer_bucket *buckets_of(const struct tokenizer_run *run)
{
    return run->cache == NULL ? NULL : run->cache->buckets;
}

/* The ids of a short word, where its bucket has them; else NULL. */
static inline __attribute__((always_inline)) const uint32_t *
ids_of(struct tokenizer_bucket *buckets, const struct tokenizer_run_word *word)
{
    return buckets == NULL
               ? NULL
               : tokenizer_bucket_find(tokenizer_cache_bucket(buckets, word->bucket), word->key);
}

/* The short words from @word on that are not at hand, of the next few. */
static void collect(const struct tokenizer_run *run, struct tokenizer_miss *miss,
                    const struct tokenizer_run_word *word, const struct tokenizer_run_word *end)
{
    struct tokenizer_bucket *buckets = buckets_of(run);

    miss->count = miss->next = 0;
    if (end - word > LOOK_AHEAD_WORDS)
        end = word + LOOK_AHEAD_WORDS;
    for (; word < end && miss->count < TOKENIZER_MISS_WORDS; word++)
        if (word->size > 0 && word->size <= TOKENIZER_SHORT_BYTES && ids_of(buckets, word) == NULL)
            miss->words[miss->count++] = word;
}

/* A word that is not at hand; and room after it for all that wait. Where short ones are looked for
 * together, the places of the cache stay as they are until all of those are put. */
static __attribute__((noinline)) void put_other(struct tokenizer_run *run,
                                                struct tokenizer_miss *miss,
                                                const struct tokenizer_run_word *word,
                                                const struct tokenizer_run_word *end)
{
    if (word->size == 0) {
        put_id(run, word->id);
    } else if (word->size > TOKENIZER_SHORT_BYTES || ids_of(buckets_of(run), word) != NULL) {
        put_far(run, word, miss->next == miss->count);
    } else {
        if (miss->next == miss->count) {
            collect(run, miss, word, end);
            run->status =
                tokenizer_miss_find(miss, run->tables, run->cache, run->scratch, run->err);
        }
        if (run->status != STATUS_OK || !reserve(run, TOKENIZER_SHORT_BYTES))
            return;
        put_short(run, word, miss->ids[miss->next++]);
        if (miss->next == miss->count && run->cache != NULL)
            tokenizer_miss_keep(miss, run->cache);
    }
    if (run->status == STATUS_OK)
        reserve(run, WAITING_IDS_MAX);
}

/* The ids of words from @word on, as far as they are at hand. Returns the first that is not, or
 * @end. */
static const struct tokenizer_run_word *take(struct tokenizer_run *run,
                                             const struct tokenizer_run_word *word,
                                             const struct tokenizer_run_word *end)
{
    struct tokenizer_bucket *buckets = buckets_of(run);
    const uint32_t *found;

    for (; word < end; word++) {
        found = ids_of(buckets, word);
        if (found == NULL || tokenizer_cache_is_far(found))
            break;
        put_short(run, word, found);
    }
    return word;
}

static const struct tokenizer_run_word *take_fast(struct tokenizer_run *run,
                                                  const struct tokenizer_run_word *word,
                                                  const struct tokenizer_run_word *end)
{
#if TOKENIZER_HAS_AVX2
    if (run->arena != NULL && run->cache != NULL && tokenizer_cpu_has_avx2())
        return tokenizer_run_take_wide(run, word, end);
#endif
    return take(run, word, end);
}

static void settle(struct tokenizer_run *run)
{
    const struct tokenizer_run_word *word = run->words, *end = word + run->words_count;
    struct tokenizer_miss miss;

    miss.count = miss.next = 0;
    while ((word = take_fast(run, word, end)) < end) {
        put_other(run, &miss, word++, end);
        if (run->status != STATUS_OK)
            return;
    }
}

void tokenizer_run_settle(struct tokenizer_run *run)
{
    if (run->words_count > 0 && run->status == STATUS_OK && reserve(run, WAITING_IDS_MAX))
        settle(run);
    run->words_count = 0;
}

/* Where the bucket of a key begins: the one way in this process. */
static uint32_t bucket_of(const uint64_t *key)
{
#if TOKENIZER_HAS_AVX2
    if (tokenizer_cpu_has_avx2())
        return tokenizer_run_bucket_wide(key);
#endif
    return (uint32_t)(tokenizer_short_hash(key) >> 32)
           & (TOKENIZER_CACHE_BUCKETS_BYTES - TOKENIZER_CACHE_BUCKET_BYTES);
}

/* A word whose key is there: ask memory for its bucket. */
static void ask(struct tokenizer_run_word *word, const struct tokenizer_bucket *buckets)
{
    word->bucket = bucket_of(word->key);
    /* What is asked for without a cache is nowhere, and does no harm. */
    __builtin_prefetch((const void *)((uintptr_t)buckets + word->bucket));
}

void tokenizer_run_word_long(struct tokenizer_run_word *word, const char *at, size_t size,
                             const struct tokenizer_bucket *buckets)
{
    tokenizer_run_word_init(word, at, size);
    if (size > TOKENIZER_CACHE_BYTES_MAX)
        return;
    tokenizer_cache_long_key(slice_of(at, size), word->key);
    ask(word, buckets);
}

void tokenizer_run_put(struct tokenizer_run *run, const char *at, size_t size)
{
    struct tokenizer_run_word *word;

    if (run->words_count + 1 > TOKENIZER_RUN_WORDS_MAX)
        tokenizer_run_settle(run);
    word = &run->words[run->words_count++];
    if (size > TOKENIZER_SHORT_BYTES) {
        tokenizer_run_word_long(word, at, size, buckets_of(run));
        return;
    }
    tokenizer_run_word_init(word, at, size);
    tokenizer_short_key(slice_of(at, size), word->key);
    ask(word, buckets_of(run));
}

void tokenizer_run_put_id(struct tokenizer_run *run, uint32_t id)
{
    if (run->words_count == 0 || run->arena == NULL) { /* in counting there is no order */
        if (run->status == STATUS_OK)
            put_id(run, id);
        return;
    }
    if (run->words_count + 1 > TOKENIZER_RUN_WORDS_MAX)
        tokenizer_run_settle(run);
    tokenizer_run_word_init(&run->words[run->words_count], NULL, 0);
    run->words[run->words_count++].id = id;
}

static const char *put_cuts(struct tokenizer_run *run, const char *start, const char *base,
                            uint64_t cuts)
{
    for (; cuts != 0; cuts &= cuts - 1) {
        const char *end = base + __builtin_ctzll(cuts);

        tokenizer_run_put(run, start, (size_t)(end - start));
        start = end;
    }
    return start;
}

const char *tokenizer_run_put_cuts(struct tokenizer_run *run, const char *start, const char *base,
                                   uint64_t cuts)
{
    if (run->words_count + BLOCK_WORDS_MAX > TOKENIZER_RUN_WORDS_MAX)
        tokenizer_run_settle(run);
#if TOKENIZER_HAS_AVX2
    if (run->has_counts)
        return tokenizer_run_count_wide(run, start, base, cuts);
    if (tokenizer_cpu_has_avx2())
        return tokenizer_run_put_wide(run, start, base, cuts);
#endif
    return put_cuts(run, start, base, cuts);
}
