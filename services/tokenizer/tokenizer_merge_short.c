/* Rounds: each word that has a pair left joins its lowest.
 *
 *     lowest, of each word → who is done leaves → join and ask for the new pairs → answers
 *
 * Words of a few bytes merge in two or three joins, and no two take the same turns: what one by one
 * would be a jump that nobody foresees is a list here that gets shorter. And the table of pairs has
 * a round's time to answer. */
#include "tokenizer_merge_short.h"

#include "tokenizer_merge_find.h"

#define UNITS (TOKENIZER_SHORT_BYTES + 1)
#define END TOKENIZER_SHORT_BYTES /* the symbol that joins with nothing */
#define POSITION_BITS 4
#define NO_KEY UINT32_MAX

static_assert(UNITS == 1 << POSITION_BITS, "a key is a merge and a position");

/* What is faster with wide registers. */
struct wide {
    uint32_t (*lowest)(const uint32_t *keys);
    uint32_t (*find)(const struct tokenizer_tables *tables, uint64_t key, uint32_t at);
};

struct step {
    struct tokenizer_merge_short *job;
    struct tokenizer_question before, after;
    uint32_t key, at, previous;
};

static inline __attribute__((always_inline)) uint32_t key_of(uint32_t merge, uint32_t at)
{
    return merge == TOKENIZER_NO_MERGE ? NO_KEY : merge << POSITION_BITS | at;
}

static void put_links(struct tokenizer_merge_short *job, size_t count)
{
    static const uint8_t next[UNITS] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15 };
    static const uint8_t previous[UNITS] = { 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };

    memcpy(job->next, next, sizeof(next));
    memcpy(job->previous, previous, sizeof(previous));
    memset(job->keys, 0xff, sizeof(job->keys));
    job->next[count - 1] = END;
    job->symbols[END] = TOKENIZER_NO_SYMBOL;
    job->starts = (1u << count) - 1;
}

static void put_first_keys(const struct tokenizer_tables *tables, struct tokenizer_merge_short *job,
                           size_t count)
{
    const uint32_t *units = job->symbols;

    for (uint32_t i = 0; i + 1 < count; i++)
        job->keys[i] = key_of(tables->firsts[units[i] << 8 | units[i + 1]], i);
}

void tokenizer_merge_short_put_units(const struct tokenizer_tables *tables,
                                     struct tokenizer_merge_short *job, size_t count)
{
    struct tokenizer_question questions[UNITS];

    put_links(job, count);
    if (tables->firsts != NULL) {
        put_first_keys(tables, job, count);
        return;
    }
    for (uint32_t i = 0; i + 1 < count; i++)
        questions[i] = tokenizer_ask(tables, job->symbols[i], job->symbols[i + 1]);
    for (uint32_t i = 0; i + 1 < count; i++)
        job->keys[i] =
            key_of(tokenizer_tables_pair_at(tables, questions[i].key, questions[i].at), i);
}

void tokenizer_merge_short_put_key(const struct tokenizer_tables *tables,
                                   struct tokenizer_merge_short *job, const uint64_t *key)
{
    unsigned char bytes[UNITS];

    memcpy(bytes, key, sizeof(bytes));
    for (int i = 0; i < UNITS; i++)
        job->symbols[i] = bytes[i];
    put_links(job, bytes[END]);
    put_first_keys(tables, job, bytes[END]);
}

/* Join the symbol of @key with the next, and ask for its pairs. */
static inline __attribute__((always_inline)) void join(const struct tokenizer_tables *tables,
                                                       struct step *step)
{
    struct tokenizer_merge_short *job = step->job;
    uint32_t at = step->key & (UNITS - 1), right = job->next[at], next = job->next[right];
    uint32_t symbol = tables->units_count + (step->key >> POSITION_BITS);

    step->at = at;
    step->previous = job->previous[at];
    step->before = tokenizer_ask(tables, job->symbols[step->previous], symbol);
    step->after = tokenizer_ask(tables, symbol, job->symbols[next]);
    job->symbols[at] = symbol;
    job->next[at] = (uint8_t)next;
    job->previous[next] = (uint8_t)at;
    job->keys[right] = NO_KEY;
    job->starts &= ~(1u << right);
}

static inline __attribute__((always_inline)) void rounds(const struct tokenizer_tables *tables,
                                                         struct tokenizer_merge_short *jobs,
                                                         size_t count, const struct wide *wide)
{
    struct step steps[TOKENIZER_MERGE_SHORT_WORDS];
    size_t left;

    for (size_t i = 0; i < count; i++)
        steps[i].job = &jobs[i];
    for (; count > 0; count = left) {
        left = 0;
        for (size_t i = 0; i < count; i++) {
            struct tokenizer_merge_short *job = steps[i].job;
            uint32_t key = wide->lowest(job->keys);

            steps[left].job = job;
            steps[left].key = key;
            left += key != NO_KEY;
        }
        for (size_t i = 0; i < left; i++)
            join(tables, &steps[i]);
        for (size_t i = 0; i < left; i++) {
            const struct step *step = &steps[i];
            uint32_t *keys = step->job->keys;

            keys[step->at] = key_of(wide->find(tables, step->after.key, step->after.at), step->at);
            keys[step->previous] =
                key_of(wide->find(tables, step->before.key, step->before.at), step->previous);
        }
    }
}

static inline __attribute__((always_inline)) uint32_t lowest_generic(const uint32_t *keys)
{
    uint32_t lowest = keys[0];

    for (int i = 1; i < UNITS; i++)
        lowest = keys[i] < lowest ? keys[i] : lowest;
    return lowest;
}

#if TOKENIZER_HAS_AVX2
TOKENIZER_AVX2 static inline __attribute__((always_inline)) uint32_t
lowest_avx2(const uint32_t *keys)
{
    const __m256i *at = (const __m256i *)(const void *)keys;
    __m256i all = _mm256_min_epu32(_mm256_load_si256(at), _mm256_load_si256(at + 1));
    __m128i half = _mm_min_epu32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));

    half = _mm_min_epu32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_min_epu32(half, _mm_shuffle_epi32(half, 0xb1));
    return (uint32_t)_mm_cvtsi128_si32(half);
}

TOKENIZER_AVX2 static void rounds_avx2(const struct tokenizer_tables *tables,
                                       struct tokenizer_merge_short *jobs, size_t count)
{
    static const struct wide wide = { lowest_avx2, tokenizer_find_avx2 };

    rounds(tables, jobs, count, &wide);
}
#endif

void tokenizer_merge_short(const struct tokenizer_tables *tables,
                           struct tokenizer_merge_short *jobs, size_t count)
{
    static const struct wide generic = { lowest_generic, tokenizer_tables_pair_at };

#if TOKENIZER_HAS_AVX2
    if (tokenizer_cpu_has_avx2()) {
        rounds_avx2(tables, jobs, count);
        return;
    }
#endif
    rounds(tables, jobs, count, &generic);
}
