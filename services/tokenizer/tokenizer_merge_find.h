/* Looking for a pair with what the processor has. Only for tokenizer_merge. */
#ifndef TOKENIZER_MERGE_FIND_H
#define TOKENIZER_MERGE_FIND_H

#include <assert.h>

#include "tokenizer_cpu.h"
#include "tokenizer_tables.h"

/* A pair whose place in the table was asked for, so that it is near when it is looked at. */
struct tokenizer_question {
    uint64_t key;
    uint32_t at;
};

static inline __attribute__((always_inline)) struct tokenizer_question
tokenizer_ask(const struct tokenizer_tables *tables, uint32_t left, uint32_t right)
{
    uint64_t key = tokenizer_pair_key(left, right);
    struct tokenizer_question question = { key, tokenizer_tables_pair_start(tables, key) };

    __builtin_prefetch(&tables->pairs[question.at]);
    return question;
}

#if TOKENIZER_HAS_AVX2
static_assert(TOKENIZER_PAIR_SLOTS == 4, "so many are compared at once");

/* As tokenizer_tables_pair_at, without a branch for what may as well be there as not. */
TOKENIZER_AVX2 static inline __attribute__((always_inline)) uint32_t
tokenizer_find_avx2(const struct tokenizer_tables *tables, uint64_t key, uint32_t at)
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
#endif

#endif
