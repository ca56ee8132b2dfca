/* Pre-tokenisers: where byte-level BPE may not merge across. Each is the regular expression of its
 * family, written out by hand; one pass, no recursion.
 *
 * A piece never depends on what is before it: cutting may begin anew at the end of any piece. */
#ifndef TOKENIZER_SPLIT_H
#define TOKENIZER_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum tokenizer_split {
    TOKENIZER_SPLIT_GPT2,   /* "gpt-2", "phi-2", "mpt", "olmo" */
    TOKENIZER_SPLIT_LLAMA3, /* "llama-bpe": numbers in threes */
    TOKENIZER_SPLIT_QWEN2,  /* "qwen2": the same with single digits */
    TOKENIZER_SPLIT_SMOLLM, /* "smollm", "starcoder", "refact", "command-r": digits alone first,
                               then GPT-2 */
    TOKENIZER_SPLIT_O200K,  /* "gpt-4o": words end before a capital */
    TOKENIZER_SPLIT_QWEN35, /* "qwen35": as Qwen2, but marks are letters */
    TOKENIZER_SPLIT_TEKKEN, /* "tekken": as o200k without contractions, single digits */
    TOKENIZER_SPLIT_COUNT,
};

/* By the name in tokenizer.ggml.pre; false for one that is not known. */
bool tokenizer_split_parse(struct slice name, enum tokenizer_split *split);

/* The size in bytes, at least 1, of the first piece of @text, which is not empty. Any thread. */
size_t tokenizer_split_next(enum tokenizer_split split, struct slice text);

#endif
