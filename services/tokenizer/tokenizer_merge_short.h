/* Merging of many short words at once. Only for tokenizer_word. */
#ifndef TOKENIZER_MERGE_SHORT_H
#define TOKENIZER_MERGE_SHORT_H

#include "tokenizer_tables.h"

#define TOKENIZER_MERGE_SHORT_WORDS 32

/* A word of 1 to TOKENIZER_SHORT_BYTES units. Symbols are named by the position of their first
 * unit; one beyond the last, and before the first, joins with nothing. */
struct tokenizer_merge_short {
    uint32_t keys[TOKENIZER_SHORT_BYTES + 1]; /* a symbol's merge with the next, and its position */
    uint32_t symbols[TOKENIZER_SHORT_BYTES + 1];
    uint8_t next[TOKENIZER_SHORT_BYTES + 1], previous[TOKENIZER_SHORT_BYTES + 1];
    uint32_t starts; /* bit i: a symbol begins with unit i */
} __attribute__((aligned(64)));

/* Get ready for the first @count of @job->symbols, which are units. */
void tokenizer_merge_short_put_units(const struct tokenizer_tables *tables,
                                     struct tokenizer_merge_short *job, size_t count);

/* The same for a word of bytes that all have pieces, with its zeros and its size, as
 * tokenizer_short_key has it. */
void tokenizer_merge_short_put_key(const struct tokenizer_tables *tables,
                                   struct tokenizer_merge_short *job, const uint64_t *key);

/* Merge each of them, up to TOKENIZER_MERGE_SHORT_WORDS. The vocabulary has no merges of equal
 * ranks. */
void tokenizer_merge_short(const struct tokenizer_tables *tables,
                           struct tokenizer_merge_short *jobs, size_t count);

#endif
