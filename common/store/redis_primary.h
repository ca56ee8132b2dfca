/* One primary: a connection for what is asked, and, where writes wait for replicas, one for those,
 * which WAIT holds up. The store's own. Loop thread. */
#ifndef STORE_REDIS_PRIMARY_H
#define STORE_REDIS_PRIMARY_H

#include "store/redis_connection.h"

struct redis_primary {
    struct redis_connection *asks, *writes; /* the same where no write waits */
    bool is_ready;                          /* both are */
    void (*on_state)(void *owner, bool is_ready);
    bool (*locate)(void *owner, struct address *address);
    void *owner;
};

/* Connect as @options say; on_state, which must be there, is told of both together. @primary does
 * not move until it is closed. RESOURCE_EXHAUSTED without memory. */
enum status redis_primary_open(struct redis_primary *primary,
                               const struct redis_connection_options *options, struct error *err);

/* Fail what is in flight with CANCELLED; nothing to do for one that was not opened. */
void redis_primary_close(struct redis_primary *primary);

/* For connections that ask where to. */
void redis_primary_locate(struct redis_primary *primary, const struct address *address);

unsigned redis_primary_in_flight(const struct redis_primary *primary);

static inline struct redis_connection *redis_primary_for(const struct redis_primary *primary,
                                                         bool is_write)
{
    return is_write ? primary->writes : primary->asks;
}

#endif
