/* Asks Sentinels where the primary is
 * (https://redis.io/docs/latest/develop/reference/sentinel-clients/). The store's own. Loop thread.
 */
#ifndef STORE_REDIS_SENTINEL_H
#define STORE_REDIS_SENTINEL_H

#include "store/redis_connection.h"
#include "store/redis_where.h"

struct redis_sentinel;

struct redis_sentinel_options {
    struct loop *loop;
    const struct redis_options *store; /* timeouts, and the Sentinels' own password */
    const struct redis_where *where;   /* copied */
    void (*on_found)(void *owner, const struct address *primary);
    void *owner;
};

/* Connect to them all. NULL and RESOURCE_EXHAUSTED without memory. */
struct redis_sentinel *redis_sentinel_create(const struct redis_sentinel_options *options,
                                             struct error *err);

/* @on_found is not called any more. */
void redis_sentinel_destroy(struct redis_sentinel *sentinel);

/* Ask the next one that is connected, or, where none is, the first that comes to be; and those
 * after it where one does not know. @on_found is called later, or never when nobody knows. */
void redis_sentinel_ask(struct redis_sentinel *sentinel);

#endif
