/* One connection to one Redis: pipelined, reconnecting with backoff, every command under a deadline
 * of its own. The store's own; others see redis.h.
 *
 * Where it leads is fixed, or is found anew for each attempt (@locate: the primary that Sentinel
 * names, a node of a cluster that still answers). Loop thread throughout.
 */
#ifndef STORE_REDIS_CONNECTION_H
#define STORE_REDIS_CONNECTION_H

#include "run/address.h"
#include "store/redis.h"

struct redis_connection;

struct redis_connection_options {
    struct loop *loop;
    const struct redis_options *store; /* copied; its strings must outlive the connection */
    struct address address;            /* where @locate is NULL */
    /* Where to, for each attempt: true with @address, or false where redis_connection_locate brings
     * it later or, when nobody knows, never: the attempt then ends by its timeout. NULL: @address
     * above, always. */
    bool (*locate)(void *owner, struct address *address);
    bool is_primary_only;                         /* not ready before ROLE answers "master" */
    void (*on_state)(void *owner, bool is_ready); /* may be NULL */
    void *owner;
};

/* Begin to connect. NULL and RESOURCE_EXHAUSTED without memory. */
struct redis_connection *redis_connection_create(const struct redis_connection_options *options,
                                                 struct error *err);

/* Fail what is in flight with CANCELLED, close, free when libuv has let go. @on_state is not called
 * any more. */
void redis_connection_destroy(struct redis_connection *connection);

bool redis_connection_is_ready(const struct redis_connection *connection);

/* Where it leads, or led last. */
const struct address *redis_connection_address(const struct redis_connection *connection);

/* The address that @locate asked for; nothing happens where none is waited for. */
void redis_connection_locate(struct redis_connection *connection, const struct address *address);

/* Commands that wait for Redis. */
unsigned redis_connection_in_flight(const struct redis_connection *connection);

/* As redis_command. */
enum status redis_connection_command(struct redis_connection *connection, const struct slice *words,
                                     size_t words_count, redis_done_cb done, void *arg,
                                     struct error *err);

/* Within a redis_done_cb: the whole of the error that Redis itself answered with; empty for any
 * other end. May hold somebody's text. */
struct slice redis_connection_refusal(const struct redis_connection *connection);

#endif
