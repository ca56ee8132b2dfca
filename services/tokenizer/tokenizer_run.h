/* A run: the words of one text, in order, to ids or to their number. Cutting (tokenizer_bpe,
 * tokenizer_spm) puts words in. They wait in a row of some dozens, while what the cache has of them
 * is fetched from memory, and are looked at together. Only for the core of the tokenizer. */
#ifndef TOKENIZER_RUN_H
#define TOKENIZER_RUN_H

#include "base/arena.h"
#include "tokenizer_cache.h"

/* tokenizer_run_put_cuts reads so many bytes from the beginning of each word, whatever its size. */
#define TOKENIZER_RUN_WIDE_BYTES 16

/* Words that wait: two blocks' at the most, of which one may be full. */
#define TOKENIZER_RUN_WORDS_MAX 192

struct tokenizer_run_word {
    uint64_t key[2]; /* as the cache has it, or one that it never has */
    union {
        const char *at;
        uint32_t id; /* of size 0: no word, but an id of its own between words */
    };
    uint32_t size;
    uint32_t bucket; /* its own in the cache */
};

struct tokenizer_run {
    const struct tokenizer_tables *tables;
    struct tokenizer_cache *cache; /* NULL: nothing is remembered */
    struct arena *scratch;
    struct arena *arena;              /* of ids; NULL: they are only counted */
    struct tokenizer_run_word *words; /* room for TOKENIZER_RUN_WORDS_MAX */
    size_t words_count;
    uint32_t *ids;
    size_t count, capacity; /* count: without the words that wait */
    size_t limit;           /* once count is over it nothing more need be put */
    bool has_counts;        /* words are counted without their ids, where counts are at hand */
    enum status status;
    struct error *err;
};

/* @arena may be NULL, @cache too. @words are the run's until it is done. */
void tokenizer_run_init(struct tokenizer_run *run, const struct tokenizer_tables *tables,
                        struct tokenizer_cache *cache, struct tokenizer_run_word *words,
                        struct arena *arena, struct arena *scratch, struct error *err);

/* Room for about as many ids as a text of @bytes has. */
void tokenizer_run_expect(struct tokenizer_run *run, size_t bytes);

/* Whether more words are of use: nothing has failed and the limit is not passed. */
static inline bool tokenizer_run_goes_on(const struct tokenizer_run *run)
{
    return run->status == STATUS_OK && run->count <= run->limit;
}

/* An id of its own: it comes after the words that were put before. */
void tokenizer_run_put_id(struct tokenizer_run *run, uint32_t id);

/* The next word, of @size bytes, at least 1. The bytes stay where they are until they are settled.
 */
void tokenizer_run_put(struct tokenizer_run *run, const char *at, size_t size);

/* No word waits any longer. */
void tokenizer_run_settle(struct tokenizer_run *run);

/* The words between @start and the bits of @cuts: bit i is a border at @base + i. Returns the last
 * border, or @start when there is none. TOKENIZER_RUN_WIDE_BYTES can be read from every border but
 * the last on, and from @start. */
const char *tokenizer_run_put_cuts(struct tokenizer_run *run, const char *start, const char *base,
                                   uint64_t cuts);

#endif
