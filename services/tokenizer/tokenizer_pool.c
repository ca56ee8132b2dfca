#include "tokenizer_pool.h"

#include <stdlib.h>

void tokenizer_pool_init(struct tokenizer_pool *pool)
{
    for (unsigned i = 0; i < TOKENIZER_POOL_MAX; i++)
        atomic_init(&pool->idle[i], NULL);
    atomic_init(&pool->made, 0);
    atomic_init(&pool->clears, 0);
}

static void destroy(struct tokenizer_cache *cache)
{
    if (cache != NULL) {
        tokenizer_cache_clear(cache); /* what is freed keeps what was in it */
        tokenizer_cache_close(cache);
    }
    free(cache);
}

void tokenizer_pool_close(struct tokenizer_pool *pool)
{
    for (unsigned i = 0; i < TOKENIZER_POOL_MAX; i++)
        destroy(atomic_exchange(&pool->idle[i], NULL));
}

static struct tokenizer_cache *make(struct tokenizer_pool *pool)
{
    struct tokenizer_cache *cache = NULL;

    if (atomic_fetch_add(&pool->made, 1) < TOKENIZER_POOL_MAX)
        cache = calloc(1, sizeof(*cache));
    if (cache != NULL && tokenizer_cache_init(cache))
        return cache;
    atomic_fetch_sub(&pool->made, 1);
    free(cache);
    return NULL;
}

struct tokenizer_lease tokenizer_pool_take(struct tokenizer_pool *pool)
{
    struct tokenizer_lease lease = { .clears = atomic_load(&pool->clears) };

    for (unsigned i = 0; i < TOKENIZER_POOL_MAX && lease.cache == NULL; i++) {
        if (atomic_load_explicit(&pool->idle[i], memory_order_relaxed) != NULL)
            lease.cache = atomic_exchange(&pool->idle[i], NULL);
    }
    if (lease.cache == NULL)
        lease.cache = make(pool);
    return lease;
}

/* It goes to the first free place: there is one for each that was made. */
static void put_back(struct tokenizer_pool *pool, struct tokenizer_cache *cache)
{
    struct tokenizer_cache *none;

    for (unsigned i = 0;; i = (i + 1) % TOKENIZER_POOL_MAX) {
        none = NULL;
        if (atomic_compare_exchange_strong(&pool->idle[i], &none, cache))
            return;
    }
}

static void clear_idle(struct tokenizer_pool *pool)
{
    for (unsigned i = 0; i < TOKENIZER_POOL_MAX; i++) {
        struct tokenizer_cache *cache = atomic_exchange(&pool->idle[i], NULL);

        if (cache == NULL)
            continue;
        if (cache->is_used)
            tokenizer_cache_clear(cache);
        put_back(pool, cache);
    }
}

void tokenizer_pool_give(struct tokenizer_pool *pool, struct tokenizer_lease lease)
{
    if (lease.cache == NULL)
        return;
    if (lease.clears != atomic_load(&pool->clears)) {
        lease.clears = atomic_load(&pool->clears);
        tokenizer_cache_clear(lease.cache);
    }
    put_back(pool, lease.cache);
    /* A clear that came in between found it gone. */
    if (lease.clears != atomic_load(&pool->clears))
        clear_idle(pool);
}

void tokenizer_pool_clear(struct tokenizer_pool *pool)
{
    atomic_fetch_add(&pool->clears, 1);
    clear_idle(pool);
}
