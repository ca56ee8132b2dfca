/* A window: the lowest key of all → unlink: the two symbols are one → ask for its pairs with its
 * neighbours → answer: their keys. A key is a merge and a position, so that the lowest is the
 * lowest merge, and the leftmost of equals. Keys are in blocks of 32, the lowest of each block
 * beside them.
 *
 * Nearly all time goes by in waiting for the table of pairs. So several windows take each step in
 * turn, and a question is asked long before its answer is read. */
#include "tokenizer_merge_window.h"

#include <assert.h>

#include "tokenizer_cpu.h"

#define WINDOW TOKENIZER_MERGE_WINDOW
#define LANES TOKENIZER_WINDOW_LANES
#define BLOCK 32
#define BLOCKS (WINDOW / BLOCK)
#define POSITION_BITS 9
#define NO_KEY UINT32_MAX
#define QUESTIONS 32

static_assert(WINDOW == 1 << POSITION_BITS, "a key is a merge and a position");
static_assert(TOKENIZER_MERGES_MAX <= 1u << (32 - POSITION_BITS - 1), "a key has 32 bits");

/* Symbols are named by the position of their first unit. */
struct window {
    uint32_t keys[WINDOW] __attribute__((aligned(64))); /* merge with the next symbol, position */
    uint32_t lowest[BLOCKS];                            /* of each block's keys */
    uint32_t ids[WINDOW + 1];
    uint16_t next[WINDOW + 1], previous[WINDOW + 1];
    const struct tokenizer_tables *tables;
    uint32_t count, blocks;
};

/* What is faster with wide registers. */
struct wide {
    uint32_t (*lowest)(const uint32_t *keys); /* of the 32 keys of a block */
    void (*set)(uint32_t *keys, uint32_t at, uint32_t key);
    uint32_t (*find)(const struct tokenizer_tables *tables, uint64_t key, uint32_t at);
};

static inline __attribute__((always_inline)) uint32_t lowest_generic(const uint32_t *keys)
{
    uint32_t lowest = keys[0];

    for (int i = 1; i < BLOCK; i++)
        lowest = keys[i] < lowest ? keys[i] : lowest;
    return lowest;
}

static inline __attribute__((always_inline)) void set_generic(uint32_t *keys, uint32_t at,
                                                              uint32_t key)
{
    keys[at] = key;
}

/* Questions
 * ------------------------------------------------------------------------------------------ */

/* A pair whose place in the table was asked for, so that it is near when it is looked at. */
struct question {
    uint64_t key;
    uint32_t at; /* TOKENIZER_NO_ID: nothing was asked */
};

static const struct question nothing = { 0, TOKENIZER_NO_ID };

static inline __attribute__((always_inline)) struct question
ask(const struct tokenizer_tables *tables, uint32_t left, uint32_t right)
{
    uint64_t key = tokenizer_pair_key(left, right);
    struct question question = { key, tokenizer_pair_slot(tokenizer_pair_hash(key),
                                                          tables->pairs_mask) };

    __builtin_prefetch(&tables->pairs[question.at]);
    return question;
}

/* The key of the symbol at @at, whose pair with the next was asked for. */
static inline __attribute__((always_inline)) uint32_t answer(const struct tokenizer_tables *tables,
                                                             struct question question, uint32_t at,
                                                             const struct wide *wide)
{
    uint32_t merge;

    if (question.at == TOKENIZER_NO_ID)
        return NO_KEY;
    merge = wide->find(tables, question.key, question.at);
    __builtin_prefetch(&tables->merged[merge == TOKENIZER_NO_MERGE ? 0 : merge]);
    return merge == TOKENIZER_NO_MERGE ? NO_KEY : merge << POSITION_BITS | at;
}

/* Start
 * ---------------------------------------------------------------------------------------------- */

/* The keys of all pairs of units, some questions at a time. */
static inline __attribute__((always_inline)) void
window_ask(struct window *window, const uint32_t *units, const struct wide *wide)
{
    struct question questions[QUESTIONS];

    for (uint32_t from = 0; from + 1 < window->count; from += QUESTIONS) {
        uint32_t count =
            window->count - 1 - from < QUESTIONS ? window->count - 1 - from : QUESTIONS;

        for (uint32_t i = 0; i < count; i++)
            questions[i] = ask(window->tables, units[from + i], units[from + i + 1]);
        for (uint32_t i = 0; i < count; i++)
            window->keys[from + i] = answer(window->tables, questions[i], from + i, wide);
    }
}

/* The same where all pairs of bytes are in a table of their own. */
static inline __attribute__((always_inline)) void window_look(struct window *window,
                                                              const uint32_t *units)
{
    const uint32_t *firsts = window->tables->firsts;

    for (uint32_t i = 0; i + 1 < window->count; i++) {
        uint32_t merge = firsts[units[i] << window->tables->firsts_bits | units[i + 1]];

        window->keys[i] = merge == TOKENIZER_NO_MERGE ? NO_KEY : merge << POSITION_BITS | i;
    }
}

static inline __attribute__((always_inline)) void
window_start(struct window *window, const struct tokenizer_tables *tables,
             const struct tokenizer_window_job *job, const struct wide *wide)
{
    uint32_t count = (uint32_t)job->count;

    window->tables = tables;
    window->count = count;
    window->blocks = (count + BLOCK - 1) / BLOCK;
    for (uint32_t i = 0; i < count; i++) {
        window->ids[i] = job->units[i];
        window->next[i] = (uint16_t)(i + 1);
        window->previous[i] = (uint16_t)(i - 1);
    }
    if (tables->firsts != NULL)
        window_look(window, job->units);
    else
        window_ask(window, job->units, wide);
    for (uint32_t i = count - 1; i < window->blocks * BLOCK; i++)
        window->keys[i] = NO_KEY;
    for (uint32_t i = 0; i < window->blocks; i++)
        window->lowest[i] = wide->lowest(window->keys + (size_t)i * BLOCK);
}

/* A step
 * --------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) uint32_t window_lowest(const struct window *window)
{
    uint32_t key = window->lowest[0];

    for (uint32_t i = 1; i < window->blocks; i++)
        key = window->lowest[i] < key ? window->lowest[i] : key;
    return key;
}

struct step {
    uint32_t at, right; /* the symbols that were joined */
    struct question before, after;
};

/* Join the symbol of @key with the next, and ask for its pairs. */
static inline __attribute__((always_inline)) struct step window_unlink(struct window *window,
                                                                       uint32_t key)
{
    uint32_t at = key & (WINDOW - 1), right = window->next[at], next = window->next[right];
    uint32_t id = window->tables->merged[key >> POSITION_BITS];
    struct step step = { at, right, nothing, nothing };

    if (at > 0)
        step.before = ask(window->tables, window->ids[window->previous[at]], id);
    if (next < window->count)
        step.after = ask(window->tables, id, window->ids[next]);
    window->ids[at] = id;
    window->next[at] = (uint16_t)next;
    window->previous[next] = (uint16_t)at;
    return step;
}

static inline __attribute__((always_inline)) void window_renew(struct window *window, uint32_t at,
                                                               const struct wide *wide)
{
    window->lowest[at / BLOCK] = wide->lowest(window->keys + at / BLOCK * BLOCK);
}

static inline __attribute__((always_inline)) void
window_answer(struct window *window, const struct step *step, const struct wide *wide)
{
    uint32_t previous = window->previous[step->at];

    wide->set(window->keys, step->right, NO_KEY);
    wide->set(window->keys, step->at, answer(window->tables, step->after, step->at, wide));
    if (step->at > 0) {
        wide->set(window->keys, previous, answer(window->tables, step->before, previous, wide));
        if (previous / BLOCK != step->at / BLOCK)
            window_renew(window, previous, wide);
    }
    if (step->right / BLOCK != step->at / BLOCK)
        window_renew(window, step->right, wide);
    window_renew(window, step->at, wide);
}

/* @lanes is a constant where this is used. */
static inline __attribute__((always_inline)) void
windows_run(struct window *windows, const struct tokenizer_tables *tables,
            const struct tokenizer_window_job *jobs, unsigned lanes, const struct wide *wide)
{
    struct step steps[LANES];
    uint32_t keys[LANES], any;

    for (unsigned i = 0; i < lanes; i++)
        window_start(&windows[i], tables, &jobs[i], wide);
    do {
        any = 0;
        for (unsigned i = 0; i < lanes; i++) {
            keys[i] = window_lowest(&windows[i]);
            if (keys[i] == NO_KEY)
                continue;
            steps[i] = window_unlink(&windows[i], keys[i]);
            any = 1;
        }
        for (unsigned i = 0; i < lanes; i++)
            if (keys[i] != NO_KEY)
                window_answer(&windows[i], &steps[i], wide);
    } while (any != 0);
}

/* Processors
 * ----------------------------------------------------------------------------------------- */

#if TOKENIZER_HAS_AVX2
TOKENIZER_AVX2 static inline __attribute__((always_inline)) uint32_t
lowest_avx2(const uint32_t *keys)
{
    const __m256i *at = (const __m256i *)(const void *)keys;
    __m256i a = _mm256_min_epu32(_mm256_load_si256(at), _mm256_load_si256(at + 1));
    __m256i b = _mm256_min_epu32(_mm256_load_si256(at + 2), _mm256_load_si256(at + 3));
    __m128i c;

    a = _mm256_min_epu32(a, b);
    c = _mm_min_epu32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    c = _mm_min_epu32(c, _mm_shuffle_epi32(c, 0x4e));
    c = _mm_min_epu32(c, _mm_shuffle_epi32(c, 0xb1));
    return (uint32_t)_mm_cvtsi128_si32(c);
}

/* A whole row is stored: a wide load of what was stored narrow would wait for it. */
TOKENIZER_AVX2 static inline __attribute__((always_inline)) void set_avx2(uint32_t *keys,
                                                                          uint32_t at, uint32_t key)
{
    static const uint32_t masks[16] __attribute__((aligned(64))) = { [8] = UINT32_MAX };
    __m256i *row = (__m256i *)(void *)(keys + at / 8 * 8);
    __m256i mask = _mm256_loadu_si256((const __m256i *)(const void *)(masks + 8 - at % 8));

    _mm256_store_si256(
        row, _mm256_blendv_epi8(_mm256_load_si256(row), _mm256_set1_epi32((int)key), mask));
}

static_assert(TOKENIZER_PAIR_SLOTS == 4, "so many are compared at once");

/* Without a branch for what may as well be there as not. */
TOKENIZER_AVX2 static inline __attribute__((always_inline)) uint32_t
find_avx2(const struct tokenizer_tables *tables, uint64_t key, uint32_t at)
{
    const uint64_t *slots = tables->pairs + at;
    __m256i all = _mm256_loadu_si256((const __m256i *)(const void *)slots);
    __m256i same = _mm256_cmpeq_epi64(_mm256_srli_epi64(all, TOKENIZER_PAIR_BITS),
                                      _mm256_set1_epi64x((long long)key));
    unsigned which = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(same));
    uint32_t merge = (uint32_t)slots[__builtin_ctz(which | 8)];

    merge = which == 0 ? TOKENIZER_NO_MERGE : merge & ((1u << TOKENIZER_PAIR_BITS) - 1);
    if (__builtin_expect(which == 0 && slots[3] != UINT64_MAX, 0))
        merge =
            tokenizer_tables_pair_at(tables, key, (at + TOKENIZER_PAIR_SLOTS) & tables->pairs_mask);
    return merge;
}

TOKENIZER_AVX2 static void run_avx2(struct window *windows, const struct tokenizer_tables *tables,
                                    const struct tokenizer_window_job *jobs, size_t count)
{
    static const struct wide wide = { lowest_avx2, set_avx2, find_avx2 };

    if (count == LANES)
        windows_run(windows, tables, jobs, LANES, &wide);
    for (size_t i = 0; i < count && count != LANES; i++)
        windows_run(&windows[i], tables, &jobs[i], 1, &wide);
}
#endif

static void run_generic(struct window *windows, const struct tokenizer_tables *tables,
                        const struct tokenizer_window_job *jobs, size_t count)
{
    static const struct wide wide = { lowest_generic, set_generic, tokenizer_tables_pair_at };

    for (size_t i = 0; i < count; i++)
        windows_run(&windows[i], tables, &jobs[i], 1, &wide);
}

static void put_symbols(const struct window *window, struct tokenizer_window_job *job)
{
    job->made = 0;
    for (uint32_t i = 0; i < window->count; i = window->next[i]) {
        job->symbols[job->made] = window->ids[i];
        job->sizes[job->made++] = window->next[i] - i;
    }
}

void tokenizer_merge_windows(const struct tokenizer_tables *tables,
                             struct tokenizer_window_job *jobs, size_t count)
{
    struct window windows[LANES];

#if TOKENIZER_HAS_AVX2
    if (tokenizer_cpu_has_avx2())
        run_avx2(windows, tables, jobs, count);
    else
#endif
        run_generic(windows, tables, jobs, count);
    for (size_t i = 0; i < count; i++)
        put_symbols(&windows[i], &jobs[i]);
}
