/* A run: the words of one text, in order, to ids or to their number. Cutting (tokenizer_bpe,
 * tokenizer_spm) puts words in; they are looked up some at a time, so that memory answers many
 * questions at once. Only for the core of the tokenizer. */
#ifndef TOKENIZER_RUN_H
#define TOKENIZER_RUN_H

#include "base/arena.h"
#include "tokenizer_cache.h"

#define TOKENIZER_RUN_WORDS 128

struct tokenizer_run {
    const struct tokenizer_tables *tables;
    struct tokenizer_cache *cache; /* NULL: nothing is remembered */
    struct arena *scratch;
    struct arena *arena; /* of ids; NULL: they are only counted */
    uint32_t *ids;
    size_t count, capacity;
    size_t limit; /* once count is over it nothing more is looked up */
    enum status status;
    struct error *err;
    const char *wide_end; /* 16 bytes may be read at any place before it */
    uint32_t words_count;
    size_t words_bytes;
    uint64_t keys[TOKENIZER_RUN_WORDS][2]; /* of words of up to 15 bytes; last byte 0: longer */
    uint32_t slots[TOKENIZER_RUN_WORDS];
    struct slice words[TOKENIZER_RUN_WORDS];
};

/* @arena may be NULL, @cache too. */
void tokenizer_run_init(struct tokenizer_run *run, const struct tokenizer_tables *tables,
                        struct tokenizer_cache *cache, struct arena *arena, struct arena *scratch,
                        struct error *err);

/* Room for about as many ids as a text of @bytes has. */
void tokenizer_run_expect(struct tokenizer_run *run, size_t bytes);

/* Whether more words are of use: nothing has failed and the limit is not passed. */
static inline bool tokenizer_run_goes_on(const struct tokenizer_run *run)
{
    return run->status == STATUS_OK && run->count <= run->limit;
}

/* Look the waiting words up. */
void tokenizer_run_flush(struct tokenizer_run *run);

/* An id of its own, after the words that wait. */
void tokenizer_run_put_id(struct tokenizer_run *run, uint32_t id);

extern const uint64_t tokenizer_run_masks[16][2];

/* The next word; its bytes stay where they are until the flush. */
static inline void tokenizer_run_put(struct tokenizer_run *run, const char *at, size_t size)
{
    uint32_t i = run->words_count++;
    uint64_t key[2] = { 0, 0 };
    size_t slot;

    run->words[i] = (struct slice){ at, size };
    run->words_bytes += size;
    if (size <= TOKENIZER_CACHE_SHORT_BYTES) {
        if (at < run->wide_end) {
            memcpy(key, at, sizeof(key));
            key[0] &= tokenizer_run_masks[size][0];
            key[1] &= tokenizer_run_masks[size][1];
        } else {
            memcpy(key, at, size);
        }
        key[1] |= (uint64_t)size << 56;
        slot = tokenizer_cache_short_slot(key[0], key[1]);
        run->slots[i] = (uint32_t)slot;
        if (run->cache != NULL)
            __builtin_prefetch(&run->cache->shorts[slot]);
    }
    run->keys[i][0] = key[0];
    run->keys[i][1] = key[1];
    if (run->words_count == TOKENIZER_RUN_WORDS)
        tokenizer_run_flush(run);
}

#endif
