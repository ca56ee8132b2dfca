/* Byte-pair merging: of all neighbours that may be joined, join the pair of the lowest rank, the
 * leftmost of equals; again, until none is left. No recursion; time grows with the text and never
 * with its square. */
#ifndef TOKENIZER_MERGE_H
#define TOKENIZER_MERGE_H

#include "base/arena.h"
#include "tokenizer_tables.h"

/* A text of up to this many symbols is merged without memory from the arena. */
#define TOKENIZER_MERGE_WINDOW 512

/* The symbols that @units merge to, into @symbols, and the units that each took, into @sizes; both
 * have room for @count. Returns how many there are, SIZE_MAX when @scratch has no room; what was
 * taken from it is the caller's to rewind. Any thread. */
size_t tokenizer_merge(const struct tokenizer_tables *tables, const uint32_t *units, size_t count,
                       uint32_t *symbols, uint32_t *sizes, struct arena *scratch);

/* A join that was made: the symbols that were joined, and the merge. */
struct tokenizer_join {
    uint32_t left, right, merge;
};

/* The same by the plain method, a heap of all pairs: what tokenizer_merge is checked against, and
 * what it falls back on where a text's merges reach further than a window. *last, where it is not
 * NULL, gets the last join, or stays as it is when there is none. */
size_t tokenizer_merge_heap(const struct tokenizer_tables *tables, const uint32_t *units,
                            size_t count, uint32_t *symbols, uint32_t *sizes, struct arena *scratch,
                            struct tokenizer_join *last);

#endif
