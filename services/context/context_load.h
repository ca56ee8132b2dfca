/* A record, from memory or from Redis. Loop thread. */
#ifndef CONTEXT_LOAD_H
#define CONTEXT_LOAD_H

#include "context.h"

enum load_mode {
    LOAD_MODE_FRESH,  /* what memory holds will do when Redis confirmed it within LOAD_FRESH_MS */
    LOAD_MODE_CHECK,  /* ask Redis whether what memory holds is its version */
    LOAD_MODE_STORED, /* what Redis has, even where memory holds something that Redis does not */
};

/* A question asks Recall (which checks) and then Assemble; another replica's Put is seen after this
 * at the latest. */
#define LOAD_FRESH_MS 1000

/* @entry comes with a reference for the callee; it is NULL when @err is not OK: NOT_FOUND,
 * UNAVAILABLE (Redis is away and memory does not have it), DATA_LOSS. @from_memory: Redis was not
 * reached. May be called before context_load returns. */
typedef void (*load_done_cb)(void *arg, struct cache_entry *entry, bool from_memory,
                             const struct error *err);

/* @arena holds what waits. @tenant and @patient stay until the callback. */
void context_load(struct context *context, struct slice tenant, struct slice patient,
                  enum load_mode mode, struct arena *arena, load_done_cb done, void *arg);

#endif
