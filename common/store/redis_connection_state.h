/* What redis_connection.c (the connection) and redis_command.c (what is asked over it) share;
 * nobody else includes this. Thread: the loop's. */
#ifndef STORE_REDIS_CONNECTION_STATE_H
#define STORE_REDIS_CONNECTION_STATE_H

#include "base/arena.h"
#include "base/list.h"
#include "base/machine.h"
#include "store/redis_adapter.h"
#include "store/redis_connection.h"
#include "store/redis_metrics.h"

enum redis_connection_state {
    REDIS_CONNECTION_CONNECTING,
    REDIS_CONNECTION_READY,
    REDIS_CONNECTION_WAITING,
    REDIS_CONNECTION_CLOSING,
};

struct redis_connection {
    struct loop *loop;
    struct redis_options options;
    struct address address;
    bool (*locate)(void *owner, struct address *address); /* NULL: @address is fixed */
    void (*on_state)(void *owner, bool is_ready);
    void *owner;
    bool is_primary_only;
    bool is_locating; /* CONNECTING, and the address is not there yet */
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
    struct slice refusal; /* Redis's error, while a command is answered with it */
    struct arena scratch; /* rewound after each use; its first block stays */
    unsigned references;  /* handles, look-ups and contexts: the last one out frees */
};

static inline bool is_in(const struct redis_connection *connection,
                         enum redis_connection_state state)
{
    return machine_state(&connection->machine) == state;
}

/* The connection is gone or never came; hiredis frees the context, or the caller does. @why is
 * static text. */
void redis_connection_lost(struct redis_connection *connection, const char *why);

/* The same, and the context is freed here. */
void redis_connection_drop(struct redis_connection *connection, const char *why);

/* Ask over a connection that is there, past the limit on commands in flight. RESOURCE_EXHAUSTED, or
 * @done is called later. */
enum status redis_command_create(struct redis_connection *connection, const struct slice *words,
                                 size_t words_count, redis_done_cb done, void *arg,
                                 struct error *err);

/* connection->expiry is due: answer the commands that are out of time. */
void redis_command_on_expiry(struct timer *timer);

#endif
