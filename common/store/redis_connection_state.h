/* What redis.c (the connection) and redis_command.c (what is asked over it) share; nobody else
 * includes this. Thread: the loop's. */
#ifndef STORE_REDIS_STATE_H
#define STORE_REDIS_STATE_H

#include "base/arena.h"
#include "base/list.h"
#include "base/machine.h"
#include "run/address.h"
#include "store/redis.h"
#include "store/redis_adapter.h"
#include "store/redis_metrics.h"

enum redis_state {
    REDIS_STATE_CONNECTING,
    REDIS_STATE_READY,
    REDIS_STATE_WAITING,
    REDIS_STATE_CLOSING,
};

struct redis {
    struct loop *loop;
    struct redis_options options;
    struct address address;
    struct redis_metrics metrics;
    struct machine machine;
    redisAsyncContext *context;
    uv_getaddrinfo_t lookup;
    bool is_looking_up, was_ready;
    const char
        *said; /* why it was lost, as the log has it: each reason is written once until READY */
    unsigned failures; /* since the last READY */
    struct timer step; /* what ends the present state: patience, the next PING, the backoff */
    struct timer
        expiry;        /* the oldest deadline; it may find that command answered, and looks again */
    struct list queue; /* commands that wait for an answer, oldest deadline first */
    unsigned in_flight;   /* commands that hiredis holds */
    struct arena scratch; /* rewound after each use; its first block stays */
    unsigned references;  /* handles, look-ups and contexts: the last one out frees */
};

static inline bool redis_is_in(const struct redis *redis, enum redis_state state)
{
    return machine_state(&redis->machine) == state;
}

/* The connection is gone or never came; hiredis frees the context, or the caller does. @why is
 * static text. */
void redis_on_lost(struct redis *redis, const char *why);

/* Ask over a connection that is there, past the limit on commands in flight. RESOURCE_EXHAUSTED, or
 * @done is called later. */
enum status redis_command_create(struct redis *redis, const struct slice *words, size_t words_count,
                                 redis_done_cb done, void *arg, struct error *err);

/* redis->expiry is due: answer the commands that are out of time. */
void redis_command_on_expiry(struct timer *timer);

#endif
