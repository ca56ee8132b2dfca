/* The caches of a vocabulary: a call takes one and gives it back, so that a thread mostly finds the
 * one that it has warmed, there are never more than TOKENIZER_POOL_MAX, and all can be cleared. Any
 * thread. */
#ifndef TOKENIZER_POOL_H
#define TOKENIZER_POOL_H

#include <stdatomic.h>

#include "tokenizer_cache.h"

#define TOKENIZER_POOL_MAX 16

struct tokenizer_pool {
    /* NULL: taken, or not made yet. */
    _Atomic(struct tokenizer_cache *) idle[TOKENIZER_POOL_MAX];
    atomic_uint made;
    atomic_uint
        clears; /* a cache that was taken before the last of them is cleared when it is back */
};

struct tokenizer_lease {
    struct tokenizer_cache *cache; /* NULL: all are in use, or there is no memory: go without */
    unsigned clears;
};

void tokenizer_pool_init(struct tokenizer_pool *pool);

/* Nobody uses a cache. */
void tokenizer_pool_close(struct tokenizer_pool *pool);

struct tokenizer_lease tokenizer_pool_take(struct tokenizer_pool *pool);
void tokenizer_pool_give(struct tokenizer_pool *pool, struct tokenizer_lease lease);

/* Forget every word: at once in caches that are idle, in the others when they are given back. */
void tokenizer_pool_clear(struct tokenizer_pool *pool);

#endif
