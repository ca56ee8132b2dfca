/* Merging of stretches that fit into a window, by scanning for the lowest pair. Only for
 * tokenizer_merge. */
#ifndef TOKENIZER_MERGE_WINDOW_H
#define TOKENIZER_MERGE_WINDOW_H

#include "tokenizer_merge.h"

/* Windows that are merged side by side: while one waits for its table, others go on. */
#define TOKENIZER_WINDOW_LANES 4

struct tokenizer_window_job {
    const uint32_t *units;
    size_t count;              /* 1 … TOKENIZER_MERGE_WINDOW */
    uint32_t *symbols, *sizes; /* room for count; may be the units' place */
    size_t made;               /* symbols, once it is done */
};

/* What tokenizer_merge says, of each job; @count: 1 to TOKENIZER_WINDOW_LANES. The vocabulary has
 * no merges of equal ranks. */
void tokenizer_merge_windows(const struct tokenizer_tables *tables,
                             struct tokenizer_window_job *jobs, size_t count);

#endif
