/* From hiredis's replies to ours. The store's own; others see redis.h. */
#ifndef STORE_REDIS_REPLY_H
#define STORE_REDIS_REPLY_H

#include <hiredis/hiredis.h>

#include "base/arena.h"
#include "store/redis.h"

/* A view of @from in @arena; NULL and @err for an error reply (its first word, FAILED_PRECONDITION,
 * or UNAVAILABLE for what passes, as LOADING and READONLY do), for one that @arena has no room for
 * (RESOURCE_EXHAUSTED), and for no reply (UNAVAILABLE: the connection is gone). */
const struct redis_reply *redis_reply_convert(const redisReply *from, struct arena *arena,
                                              struct error *err);

/* The text of an error reply, whole; empty for any other. */
struct slice redis_reply_refusal(const redisReply *from);

#endif
