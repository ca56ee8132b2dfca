/* A server: listens, admits, unpacks, hands calls to handlers, drains.
 *
 * Threads: each rpc thread owns one completion queue and every call that arrives on it. INLINE
 * handlers run whole on that thread and must be short (well under a millisecond) and never wait.
 * WORKER handlers run on a worker. LOOP handlers run on the loop; calls cross to it in batches.
 *
 * Every server also serves grpc.health.v1.Health and grpc.reflection v1 and v1alpha, counts
 * rpc_server_calls_total{method,status}, rpc_server_seconds{method}, rpc_server_in_flight{method},
 * and logs each call that ends other than OK (method, status, trace id, duration; no text of the
 * request). Calls that admission refuses share a line a second for each method. */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "base/error.h"
#include "rpc/call.h"
#include "rpc/credentials.h"
#include "rpc/peers.h"
#include "rpc/refusals.h"
#include "run/loop.h"
#include "run/workers.h"

enum method_place {
    METHOD_PLACE_INLINE,
    METHOD_PLACE_WORKER,
    METHOD_PLACE_LOOP,
};

/* One row of a service's table. */
struct server_method {
    const struct method *method;
    enum method_place place;
    void (*start)(struct call *call); /* the handler */
    /* Admission: calls that are handled at once, calls that wait for that; beyond,
     * RESOURCE_EXHAUSTED at once. 0: SERVER_CALLS_MAX, SERVER_QUEUE_MAX. */
    unsigned calls_max, queue_max;
    size_t arena_bytes_max;   /* 0: SERVER_ARENA_BYTES */
    uint32_t deadline_ms_max; /* put on calls that come without a deadline or with a longer one; 0:
                                 none */
};

struct server_options {
    const char *name; /* "deid": in metrics and logs */
    const char *const
        *addresses; /* "127.0.0.1:7101", "unix:/path"; ends with NULL. Port 0 picks one */
    struct credentials *credentials; /* NULL: plaintext */
    const struct peers *peers;       /* who may call, of those with a certificate; NULL: all */
    struct refusals *refusals;       /* told of who may not; outlives the server; NULL: none */
    const char *health_address; /* a further plaintext port that serves health alone; NULL: none */
    unsigned threads;           /* rpc threads; 0: 1 */
    struct loop *loop;
    struct workers *workers;    /* NULL when no method is METHOD_PLACE_WORKER */
    size_t message_bytes_max;   /* 0: MESSAGE_BYTES_MAX */
    uint32_t connection_age_ms; /* 0: connections live on; else clients reconnect and so find new
                                   replicas */
    uint32_t keepalive_ms;      /* 0: 30 s */
    const struct server_method *methods; /* ends with a method of NULL */
    void *service;
};

struct server;

/* Bind and listen; every service of the table is NOT_SERVING until server_set_serving.
 * ALREADY_EXISTS (with what to do about it) when an address is taken. Loop thread. */
struct server *server_create(const struct server_options *options, struct error *err);

/* The port bound for address @index. */
int server_port(const struct server *server, unsigned index);

/* Health of all services of this server, "" among them; Watch streams hear of it. Any thread. */
void server_set_serving(struct server *server, bool is_serving);
bool server_is_serving(const struct server *server);

/* A further name that Health knows ("redis"): something that the services can do without, but that
 * an operator wants to see.
 * @name is static. Any thread. */
void server_set_health(struct server *server, const char *name, bool is_serving);

/* Graceful drain: health goes NOT_SERVING, new calls are refused with UNAVAILABLE, running ones
 * finish within @grace_ms, then are cancelled. @drained is called on the loop when no call is left
 * and the threads have ended; then server_destroy. Loop thread. */
void server_drain(struct server *server, uint32_t grace_ms, void (*drained)(void *owner),
                  void *owner);

/* Only after @drained. */
void server_destroy(struct server *server);

#endif
