/* What each word of a run goes through, with wide registers: a key is made and stored at once, and
 * the two keys of a bucket are compared at once. On a processor with AVX2 only; tokenizer_run has
 * the plain way. Only for it. */
#ifndef TOKENIZER_RUN_WIDE_H
#define TOKENIZER_RUN_WIDE_H

#include "tokenizer_run.h"

/* tokenizer_run_put_cuts, where there is room for the words. */
const char *tokenizer_run_put_wide(struct tokenizer_run *run, const char *start, const char *base,
                                   uint64_t cuts);

/* The ids of words from @word on, as far as they are at hand, of a run with a cache and room for
 * them. Returns the first word that is not, or @end. */
const struct tokenizer_run_word *tokenizer_run_take_wide(struct tokenizer_run *run,
                                                         const struct tokenizer_run_word *word,
                                                         const struct tokenizer_run_word *end);

/* A word that is not looked for among the short ones. */
static inline void tokenizer_run_word_init(struct tokenizer_run_word *word, const char *at,
                                           size_t size)
{
    *word = (struct tokenizer_run_word){ { UINT64_MAX, UINT64_MAX }, at, (uint32_t)size, 0 };
}

/* A short word, whose key is there: ask memory for its bucket. @buckets may be NULL. */
static inline void tokenizer_run_word_ask(struct tokenizer_run_word *word,
                                          const struct tokenizer_bucket *buckets)
{
    word->bucket = (uint32_t)tokenizer_cache_bucket(word->key);
    /* What is asked for without a cache is nowhere, and does no harm. */
    __builtin_prefetch((const void *)((uintptr_t)buckets + word->bucket * sizeof(*buckets)));
}

#endif
