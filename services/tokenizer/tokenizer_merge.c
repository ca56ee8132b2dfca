/* A window of at most 256 units is merged by scanning for the lowest pair; a longer text is merged
 * a window at a time, and each window is fitted to what is there.
 *
 * Why windows are exact. Symbols s1 … sn are what their text merges to if, and only if, each pair
 * of neighbours is what the pair's own text merges to. Suppose that in merging the whole text the
 * first join across a border happens between si and si+1. Until then everything within these two
 * went as in merging them alone: the lowest pair of all, where it lies within the two, is their
 * lowest too. So merging them alone would have made that join as well. Nothing is asked of the list
 * of merges.
 *
 *     done: s1 … sk | text of the last symbols, and as much again or more that is new
 *                     └── merged as a window: t1 … tm; fits when sk, t1 are neighbours as above
 *
 * What a window gave is kept for the next few: runs of one letter, blanks or a pattern make the same
 * windows over and over.
 *
 * Where it does not fit, the window takes more symbols back; where it would have to take more than
 * half a window, the text is merged by the heap. */
#include "tokenizer_merge.h"

#include <assert.h>

#include "tokenizer_cpu.h"

#define WINDOW TOKENIZER_MERGE_WINDOW
#define BLOCK 32
#define BLOCKS (WINDOW / BLOCK)
#define POSITION_BITS 9
#define NO_KEY UINT32_MAX
#define BACK_UNITS_WANTED 12
#define FRESH_MIN 96
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
    uint32_t count;
};

/* The lowest of the 32 keys at @keys. */
typedef uint32_t window_lowest_cb(const uint32_t *keys);

static inline uint32_t lowest_generic(const uint32_t *keys)
{
    uint32_t lowest = keys[0];

    for (int i = 1; i < BLOCK; i++)
        lowest = keys[i] < lowest ? keys[i] : lowest;
    return lowest;
}

/* A pair whose place in the table was asked for, so that it is near when it is looked at. */
struct question {
    uint64_t key;
    uint32_t at; /* TOKENIZER_NO_ID: the filter knows that there is no such merge */
};

static inline __attribute__((always_inline)) struct question
ask(const struct tokenizer_tables *tables, uint32_t left, uint32_t right)
{
    uint64_t key = tokenizer_pair_key(left, right), hash = tokenizer_pair_hash(key);
    struct question question = { key, TOKENIZER_NO_ID };

    if (tokenizer_filter_has(tables->pair_filter, tables->pair_filter_shift, hash)) {
        question.at = tokenizer_pair_slot(hash, tables->pairs_mask);
        __builtin_prefetch(&tables->pairs[question.at]);
    }
    return question;
}

/* The key of the symbol at @at, whose pair with the next was asked for. */
static inline __attribute__((always_inline)) uint32_t answer(const struct tokenizer_tables *tables,
                                                             struct question question, uint32_t at)
{
    uint32_t merge;

    if (question.at == TOKENIZER_NO_ID)
        return NO_KEY;
    merge = tokenizer_tables_pair_at(tables, question.key, question.at);
    if (merge == TOKENIZER_NO_MERGE)
        return NO_KEY;
    __builtin_prefetch(&tables->merged[merge]);
    return merge << POSITION_BITS | at;
}

/* Join the symbol at @at with the next. */
static inline __attribute__((always_inline)) void window_join(struct window *window, uint32_t at,
                                                              window_lowest_cb *lowest)
{
    uint32_t right = window->next[at], previous = window->previous[at];
    uint32_t id = window->tables->merged[window->keys[at] >> POSITION_BITS];
    uint32_t next = window->next[right];
    struct question before = { 0, TOKENIZER_NO_ID }, after = { 0, TOKENIZER_NO_ID };

    if (at > 0)
        before = ask(window->tables, window->ids[previous], id);
    if (next < window->count)
        after = ask(window->tables, id, window->ids[next]);
    window->ids[at] = id;
    window->next[at] = (uint16_t)next;
    window->previous[next] = (uint16_t)at;
    window->keys[right] = NO_KEY;
    window->keys[at] = answer(window->tables, after, at);
    if (at > 0) {
        window->keys[previous] = answer(window->tables, before, previous);
        if (previous / BLOCK != at / BLOCK)
            window->lowest[previous / BLOCK] = lowest(window->keys + previous / BLOCK * BLOCK);
    }
    if (right / BLOCK != at / BLOCK)
        window->lowest[right / BLOCK] = lowest(window->keys + right / BLOCK * BLOCK);
    window->lowest[at / BLOCK] = lowest(window->keys + at / BLOCK * BLOCK);
}

/* The keys of all pairs of units, some questions at a time. */
static inline __attribute__((always_inline)) void window_ask(struct window *window,
                                                             const uint32_t *units)
{
    struct question questions[QUESTIONS];

    for (uint32_t from = 0; from + 1 < window->count; from += QUESTIONS) {
        uint32_t count =
            window->count - 1 - from < QUESTIONS ? window->count - 1 - from : QUESTIONS;

        for (uint32_t i = 0; i < count; i++)
            questions[i] = ask(window->tables, units[from + i], units[from + i + 1]);
        for (uint32_t i = 0; i < count; i++)
            window->keys[from + i] = answer(window->tables, questions[i], from + i);
    }
}

static inline __attribute__((always_inline)) void
window_run(struct window *window, const uint32_t *units, window_lowest_cb *lowest)
{
    uint32_t count = window->count, blocks = (count + BLOCK - 1) / BLOCK;

    for (uint32_t i = 0; i < count; i++) {
        window->ids[i] = units[i];
        window->next[i] = (uint16_t)(i + 1);
        window->previous[i] = (uint16_t)(i - 1);
    }
    window_ask(window, units);
    for (uint32_t i = count - 1; i < blocks * BLOCK; i++)
        window->keys[i] = NO_KEY;
    for (uint32_t i = 0; i < blocks; i++)
        window->lowest[i] = lowest(window->keys + (size_t)i * BLOCK);
    for (;;) {
        uint32_t key = window->lowest[0];

        for (uint32_t i = 1; i < blocks; i++)
            key = window->lowest[i] < key ? window->lowest[i] : key;
        if (key == NO_KEY)
            return;
        window_join(window, key & (WINDOW - 1), lowest);
    }
}

#if TOKENIZER_HAS_AVX2
TOKENIZER_AVX2 static inline uint32_t lowest_avx2(const uint32_t *keys)
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

TOKENIZER_AVX2 static void window_run_avx2(struct window *window, const uint32_t *units)
{
    window_run(window, units, lowest_avx2);
}
#endif

static void window_run_generic(struct window *window, const uint32_t *units)
{
    window_run(window, units, lowest_generic);
}

static size_t merge_window(const struct tokenizer_tables *tables, const uint32_t *units,
                           size_t count, uint32_t *symbols, uint32_t *sizes)
{
    struct window window;
    size_t out = 0;

    window.tables = tables;
    window.count = (uint32_t)count;
#if TOKENIZER_HAS_AVX2
    if (tokenizer_cpu_has_avx2())
        window_run_avx2(&window, units);
    else
#endif
        window_run_generic(&window, units);
    for (uint32_t i = 0; i < count; i = window.next[i]) {
        symbols[out] = window.ids[i];
        sizes[out++] = window.next[i] - i;
    }
    return out;
}

/* What a window was merged to. A long text is long mostly because it says the same again. */
struct memo {
    const uint32_t *units; /* NULL: none */
    size_t count, made;
    uint32_t symbols[WINDOW], sizes[WINDOW];
};

#define MEMOS 4

struct long_merge {
    const struct tokenizer_tables *tables;
    const uint32_t *units;
    size_t count;
    uint32_t *symbols, *sizes;
    size_t done, units_done;
    struct memo memos[MEMOS];
    unsigned turn;
    uint32_t fresh_symbols[WINDOW], fresh_sizes[WINDOW];
};

static const struct memo *merge_again(struct long_merge *merge, const uint32_t *units, size_t count)
{
    struct memo *memo;

    for (unsigned i = 0; i < MEMOS; i++) {
        memo = &merge->memos[i];
        if (memo->units != NULL && memo->count == count
            && memcmp(memo->units, units, count * sizeof(*units)) == 0)
            return memo;
    }
    memo = &merge->memos[merge->turn++ % MEMOS];
    memo->units = units;
    memo->count = count;
    memo->made = merge_window(merge->tables, units, count, memo->symbols, memo->sizes);
    return memo;
}

/* Whether the @left_size and @right_size units at @units merge to two symbols of these sizes. */
static bool are_neighbours(struct long_merge *merge, const uint32_t *units, uint32_t left_size,
                           uint32_t right_size)
{
    const struct memo *memo;

    if (left_size + right_size > WINDOW)
        return false;
    memo = merge_again(merge, units, left_size + right_size);
    return memo->made == 2 && memo->sizes[0] == left_size;
}

/* Merge the last @back symbols' text and what follows it anew, and put it in their place. False
 * when it does not fit to what is before. */
static bool merge_next(struct long_merge *merge, size_t back, size_t back_units)
{
    size_t start = merge->units_done - back_units, first = merge->done - back;
    size_t fresh = merge->count - merge->units_done, made;
    const struct memo *memo;
    uint32_t size;

    if (fresh > FRESH_MIN && fresh > 2 * back_units)
        fresh = 2 * back_units > FRESH_MIN ? 2 * back_units : FRESH_MIN;
    if (fresh > WINDOW - back_units)
        fresh = WINDOW - back_units;
    memo = merge_again(merge, merge->units + start, back_units + fresh);
    made = memo->made;
    size = memo->sizes[0];
    memcpy(merge->fresh_symbols, memo->symbols, made * sizeof(*memo->symbols));
    memcpy(merge->fresh_sizes, memo->sizes, made * sizeof(*memo->sizes));
    /* The symbol that was there fits: it did before. */
    if (first > 0 && (back == 0 || size != merge->sizes[first])
        && !are_neighbours(merge, merge->units + start - merge->sizes[first - 1],
                           merge->sizes[first - 1], size))
        return false;
    memcpy(merge->symbols + first, merge->fresh_symbols, made * sizeof(*memo->symbols));
    memcpy(merge->sizes + first, merge->fresh_sizes, made * sizeof(*memo->sizes));
    merge->done = first + made;
    merge->units_done += fresh;
    return true;
}

/* False when a window would have to begin too far back. */
static bool merge_on(struct long_merge *merge)
{
    size_t back = 0, back_units = 0;

    for (size_t wanted = BACK_UNITS_WANTED;; wanted = 2 * back_units) {
        do {
            if (back < merge->done)
                back_units += merge->sizes[merge->done - 1 - back++];
        } while (back < merge->done && back_units < wanted);
        if (back_units > WINDOW / 2)
            return false;
        if (merge_next(merge, back, back_units))
            return true;
    }
}

size_t tokenizer_merge(const struct tokenizer_tables *tables, const uint32_t *units, size_t count,
                       uint32_t *symbols, uint32_t *sizes, struct arena *scratch)
{
    struct long_merge merge;

    if (count == 0)
        return 0;
    if (tables->ranks != NULL)
        return tokenizer_merge_heap(tables, units, count, symbols, sizes, scratch);
    if (count <= WINDOW / 2)
        return merge_window(tables, units, count, symbols, sizes);
    merge.tables = tables;
    merge.units = units;
    merge.count = count;
    merge.symbols = symbols;
    merge.sizes = sizes;
    merge.done = merge.units_done = merge.turn = 0;
    for (unsigned i = 0; i < MEMOS; i++)
        merge.memos[i].units = NULL;
    while (merge.units_done < count) {
        if (!merge_on(&merge))
            return tokenizer_merge_heap(tables, units, count, symbols, sizes, scratch);
    }
    return merge.done;
}
