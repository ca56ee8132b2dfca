/* Byte-pair merging: of all neighbours that may be joined, join the pair of the lowest rank, the
 * leftmost of equals; again, until none is left. A linked list of symbols and a heap of candidates:
 * n log n for any input, no recursion. Both kinds of vocabulary use it; they differ in what joins
 * and at which rank. */
#ifndef TOKENIZER_MERGE_H
#define TOKENIZER_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "tokenizer_vocab.h"

/* A stretch of the text that stays together. */
struct tokenizer_symbol {
    uint32_t at, size;       /* bytes of the text; size 0: joined to the symbol before it */
    uint32_t id;             /* its piece, or TOKENIZER_NO_ID */
    uint32_t previous, next; /* indexes; TOKENIZER_NO_ID at the ends */
};

/* Whether @left and @right, neighbours in @text, may be joined: the rank and the piece made. */
typedef bool (*tokenizer_merge_cb)(const struct tokenizer_vocab *vocab, struct slice text,
                                   const struct tokenizer_symbol *left,
                                   const struct tokenizer_symbol *right, uint32_t *rank,
                                   uint32_t *merged);

/* Join what joins among @symbols (linked here). Afterwards those of size > 0 are the result, in
 * order. @scratch holds the heap until the caller rewinds. False when it has no room. */
bool tokenizer_merge(const struct tokenizer_vocab *vocab, struct slice text,
                     struct tokenizer_symbol *symbols, uint32_t count, tokenizer_merge_cb merge,
                     struct arena *scratch);

#endif
