/* What the calling side's files share: the insides of clients and channels. Only for files of
 * common/rpc. */
#ifndef RPC_CHANNEL_H
#define RPC_CHANNEL_H

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "rpc/client.h"
#include "rpc/lookup.h"
#include "rpc/rpc_metrics.h"
#include "rpc/thread.h"
#include "rpc/throttle.h"

struct client {
    struct loop *loop;
    enum client_place place;
    unsigned threads_count;
    struct thread **threads;
    grpc_channel
        *idle; /* never connects: watching it until a deadline is a timer in a completion queue */
    atomic_uint turn; /* the thread of the next rpc */
    atomic_uint refs; /* the owner's, and one for each rpc that is not freed yet */
};

/* The next rpc's thread. Any thread. */
struct thread *client_thread(struct client *client);

void client_ref(struct client *client);
void client_unref(struct client *client);

/* @op is done at @at_ns (of clock_now), or when the client is destroyed. It cannot be taken back.
 * Any thread. */
void client_timer(struct client *client, struct thread *thread, struct op *op, uint64_t at_ns);

/* Where the client's callbacks run is where its ops are done. */
static inline bool client_on_loop(const struct client *client)
{
    return client->place == CLIENT_PLACE_LOOP;
}

/* One gRPC channel. A struct channel makes another when the certificates have changed or its name
 * has other addresses; the old one stays for the calls that began on it. */
struct link {
    grpc_channel *grpc;
    unsigned generation; /* of the credentials */
    atomic_uint refs;
};

/* Methods whose counters a channel keeps at hand; the others' are looked up. */
#define CHANNEL_METHODS_MAX 32

struct channel_method {
    const struct method *method;
    struct rpc_metrics *metrics;
    struct throttle throttle;
};

struct channel {
    struct client *client;
    char *service, *target, *authority, *certificate_name;
    struct credentials *credentials;
    const char *authorization; /* NULL: none is shown */
    uint32_t keepalive_ms;
    size_t message_bytes_max;
    atomic_int retry_tokens; /* in tenths; see channel_may_retry */
    atomic_ullong nudged_ns; /* see channel_nudge */
    struct lookup *lookup;   /* NULL: the target is no name, or there is no loop */
    uint64_t addresses;      /* of the name, as a fingerprint; 0: not known yet */
    pthread_mutex_t lock;    /* of what follows */
    struct link *link;
    struct link *coming; /* to the addresses that the name has now; NULL: @link is */
    struct channel_method methods[CHANNEL_METHODS_MAX];
    unsigned methods_count;
};

/* The link for a new call: the caller's reference. NULL when rotated certificates cannot be used.
 * Any thread. */
struct link *channel_link(struct channel *channel);
void link_unref(struct link *link);

/* Whether the services may be asked for one more call of @method, as busy as they have said they
 * are (throttle.h): one that may not is counted as refused there. Any
 * thread. */
bool channel_may_send(struct channel *channel, const struct method *method);

/* Each call that is sent: its start gives the method's counters. Any thread. */
struct rpc_metrics *channel_note_start(struct channel *channel, const struct method *method);
void channel_note_end(struct channel *channel, const struct method *method, enum throttle_end end);

/* A retry storm makes an outage longer. A failed attempt takes a token, a success gives a tenth of
 * one back, and below half of the full bucket nothing is repeated (the throttle of gRPC's retry
 * design, A6). Any thread. */
bool channel_may_retry(const struct channel *channel);
void channel_note(struct channel *channel, bool is_success);

/* gRPC core's timer for the next attempt to connect waits by the wall clock: set that back by an
 * hour, and a connection that was lost meanwhile stays away for an hour. Every few seconds this
 * makes the attempts that are due, or overdue, at once. Any thread. */
void channel_nudge(struct channel *channel);

#endif
