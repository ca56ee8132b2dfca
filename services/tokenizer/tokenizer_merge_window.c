/* A window: the lowest key of all → unlink: the two symbols are one → ask for its pairs with its
 * neighbours → answer: their keys. A key is a merge and a position, so that the lowest is the
 * lowest merge, and the leftmost of equals. Keys are in blocks of 32, the lowest of each block
 * beside them.
 *
 * Nearly all time goes by in waiting for the table of pairs. So several windows take each step in
 * turn, and a question is asked long before its answer is read. */
#include "tokenizer_merge_window.h"

#include "tokenizer_merge_find.h"

#define WINDOW TOKENIZER_MERGE_WINDOW
#define LANES TOKENIZER_WINDOW_LANES
#define BLOCK 32
#define BLOCKS (WINDOW / BLOCK)
#define POSITION_BITS 9
#define NO_KEY UINT32_MAX
#define QUESTIONS 32

static_assert(WINDOW == 1 << POSITION_BITS, "a key is a merge and a position");
static_assert(TOKENIZER_MERGES_MAX <= 1u << (32 - POSITION_BITS - 1), "a key has 32 bits");

/* Symbols are named by the position of their first unit. Beyond the last, and before the first,
 * there is one that joins with nothing. */
struct window {
    uint32_t keys[WINDOW + BLOCK]
        __attribute__((aligned(64)));                    /* merge with the next symbol, position */
    uint32_t lowest[BLOCK] __attribute__((aligned(64))); /* of each block's keys */
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

/* The key of the symbol at @at, whose pair with the next was asked for. */
static inline __attribute__((always_inline)) uint32_t answer(const struct tokenizer_tables *tables,
                                                             struct tokenizer_question question,
                                                             uint32_t at, const struct wide *wide)
{
    uint32_t merge = wide->find(tables, question.key, question.at);

    return merge == TOKENIZER_NO_MERGE ? NO_KEY : merge << POSITION_BITS | at;
}

/* Start
 * ---------------------------------------------------------------------------------------------- */

/* The keys of all pairs of units, some questions at a time. */
static inline __attribute__((always_inline)) void
window_ask(struct window *window, const uint32_t *units, const struct wide *wide)
{
    struct tokenizer_question questions[QUESTIONS];

    for (uint32_t from = 0; from + 1 < window->count; from += QUESTIONS) {
        uint32_t count =
            window->count - 1 - from < QUESTIONS ? window->count - 1 - from : QUESTIONS;

        for (uint32_t i = 0; i < count; i++)
            questions[i] = tokenizer_ask(window->tables, units[from + i], units[from + i + 1]);
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
        uint32_t merge = firsts[units[i] << 8 | units[i + 1]];

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
    window->ids[count] = TOKENIZER_NO_SYMBOL;
    window->previous[0] = (uint16_t)count;
    if (tables->firsts != NULL)
        window_look(window, job->units);
    else
        window_ask(window, job->units, wide);
    for (uint32_t i = count - 1; i < count / BLOCK * BLOCK + BLOCK; i++)
        window->keys[i] = NO_KEY;
    memset(window->lowest, 0xff, sizeof(window->lowest));
    for (uint32_t i = 0; i < window->blocks; i++)
        window->lowest[i] = wide->lowest(window->keys + (size_t)i * BLOCK);
}

/* A step
 * --------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) uint32_t window_lowest(const struct window *window,
                                                                    const struct wide *wide)
{
    return wide->lowest(window->lowest);
}

struct step {
    uint32_t at, right; /* the symbols that were joined */
    struct tokenizer_question before, after;
};

/* Join the symbol of @key with the next, and ask for its pairs. */
static inline __attribute__((always_inline)) struct step window_unlink(struct window *window,
                                                                       uint32_t key)
{
    uint32_t at = key & (WINDOW - 1), right = window->next[at], next = window->next[right];
    uint32_t id = window->tables->units_count + (key >> POSITION_BITS);
    struct step step = { at, right,
                         tokenizer_ask(window->tables, window->ids[window->previous[at]], id),
                         tokenizer_ask(window->tables, id, window->ids[next]) };

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
    wide->set(window->keys, previous, answer(window->tables, step->before, previous, wide));
    if (previous / BLOCK != step->at / BLOCK)
        window_renew(window, previous, wide);
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
            keys[i] = window_lowest(&windows[i], wide);
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

TOKENIZER_AVX2 static void run_avx2(struct window *windows, const struct tokenizer_tables *tables,
                                    const struct tokenizer_window_job *jobs, size_t count)
{
    static const struct wide wide = { lowest_avx2, set_avx2, tokenizer_find_avx2 };

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
