/* What each word of a run goes through, with wide registers: a key is made and stored at once, and
 * the two keys of a bucket are compared at once. On a processor with AVX2 only; tokenizer_run has
 * the plain way. Only for it. */
#ifndef TOKENIZER_RUN_WIDE_H
#define TOKENIZER_RUN_WIDE_H

#include "tokenizer_run.h"

/* tokenizer_run_put_cuts, where there is room for the words. */
const char *tokenizer_run_put_wide(struct tokenizer_run *run, const char *start, const char *base,
                                   uint64_t cuts);

/* The same of a run that counts and has a cache: words whose counts are at hand are counted at
 * once, in no order, and only the others wait. */
const char *tokenizer_run_count_wide(struct tokenizer_run *run, const char *start, const char *base,
                                     uint64_t cuts);

/* Have the count of a short word at hand. */
void tokenizer_run_keep_count(struct tokenizer_run *run, const struct tokenizer_run_word *word,
                              uint32_t count);

/* The ids of words from @word on, as far as they are at hand, of a run that has a cache, wants ids
 * and has room for them. Returns the first word that is not, or @end. */
const struct tokenizer_run_word *tokenizer_run_take_wide(struct tokenizer_run *run,
                                                         const struct tokenizer_run_word *word,
                                                         const struct tokenizer_run_word *end);

/* A word that the cache never has. */
static inline void tokenizer_run_word_init(struct tokenizer_run_word *word, const char *at,
                                           size_t size)
{
    *word = (struct tokenizer_run_word){ .key = { UINT64_MAX, UINT64_MAX },
                                         .at = at,
                                         .size = (uint32_t)size };
}

/* Where the bucket of @key begins. */
uint32_t tokenizer_run_bucket_wide(const uint64_t *key);

/* A word that is not short. */
void tokenizer_run_word_long(struct tokenizer_run_word *word, const char *at, size_t size,
                             const struct tokenizer_bucket *buckets);

#endif
