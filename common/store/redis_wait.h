/* A write, until replicas have it too (WAIT). The store's own. Loop thread. */
#ifndef STORE_REDIS_WAIT_H
#define STORE_REDIS_WAIT_H

#include "store/redis_connection.h"

/* The write that @connection has just answered with @reply (an integer, a status or nil: its text
 * is not kept) is done when @replicas of them have it within @limit_ms: @done gets the reply then,
 * and UNAVAILABLE where fewer have it: the primary does, and a fail-over may lose it. */
enum status redis_wait(struct redis_connection *connection, unsigned replicas, uint32_t limit_ms,
                       const struct redis_reply *reply, redis_done_cb done, void *arg,
                       struct error *err);

#endif
