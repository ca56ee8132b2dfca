/* Words of a run that the cache does not have at hand. Only for tokenizer_run. */
#ifndef TOKENIZER_MISS_H
#define TOKENIZER_MISS_H

#include "tokenizer_run.h"

/* Short words that are looked at together. */
#define TOKENIZER_MISS_WORDS 32

/* Some short words of a run with their ids, as a short word of the cache has them. */
struct tokenizer_miss {
    const struct tokenizer_run_word *words[TOKENIZER_MISS_WORDS];
    const uint32_t *ids[TOKENIZER_MISS_WORDS];
    size_t count, next;                 /* next: of the user, who takes them one by one */
    uint8_t ways[TOKENIZER_MISS_WORDS]; /* how each was found */
    uint32_t made[TOKENIZER_MISS_WORDS][TOKENIZER_SHORT_BYTES + 1];
};

/* Find the ids of @miss->words, all short. @cache may be NULL; ids may point at its short words,
 * whose places must stay as they are until the ids are taken. The statuses of
 * tokenizer_word_encode. */
enum status tokenizer_miss_find(struct tokenizer_miss *miss, const struct tokenizer_tables *tables,
                                const struct tokenizer_cache *cache, struct arena *scratch,
                                struct error *err);

/* Remember what was found: pointers into the cache are of no use any more. */
void tokenizer_miss_keep(struct tokenizer_miss *miss, struct tokenizer_cache *cache);

#endif
