/* The inside of a server, for the files of common/rpc that serve. */
#ifndef RPC_SERVER_STATE_H
#define RPC_SERVER_STATE_H

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "rpc/admission.h"
#include "rpc/server.h"
#include "rpc/thread.h"
#include "run/metrics.h"

/* Requests for a call that each thread keeps outstanding for each method of the service; health,
 * reflection and the like get one. A burst of more calls only waits until the thread has taken
 * these. Not more than are of use: Debian builds gRPC core with its assertions, and so every
 * completion searches a list of all tags that are outstanding on its queue. */
#define ACCEPTS_PER_METHOD 16

/* Calls that have ended and whose memory a thread keeps for the next ones. */
#define SPARE_CALLS_MAX 64

struct server_thread {
    struct server *server;
    struct thread *thread;
    struct list calls; /* all that live here; the thread's own */
    struct list spare; /* memory of calls that have ended; the thread's own */
    unsigned spare_count;
    struct list watchers; /* Health.Watch; the thread's own */
    struct op health_changed, drain;
    atomic_bool is_health_posted;
};

/* One method as one front serves it. */
struct served {
    struct server_method row; /* the service's, with the defaults filled in */
    struct server *server;
    void *service; /* what its handlers get: the service, or the server itself for health and
                      reflection */
    bool is_standing;
    void *registration; /* gRPC's; NULL for the row that answers for unknown methods */
    grpc_server *grpc;
    struct gate gate;
    struct metric *seconds, *in_flight;
    _Atomic(struct metric *) calls_total[STATUS_COUNT];
    _Atomic uint64_t refused;    /* since the last log line about them */
    _Atomic uint64_t refused_ns; /* when that was */
};

/* One gRPC server: the full one, or the plaintext one that knows only health. */
struct front {
    grpc_server *grpc;
    struct served *served;
    unsigned served_count;
    struct op shut;
};

#define FRONTS_MAX 2
#define SERVER_ADDRESSES_MAX 16
#define SERVER_THREADS_MAX 64
#define HEALTH_NAMES_MAX 64

struct health_name {
    struct slice name;
    bool is_serving;
    bool is_extra; /* by server_set_health: not one of the services */
};

struct health {
    pthread_mutex_t lock;
    struct health_name names[HEALTH_NAMES_MAX];
    unsigned count;
    bool is_serving, is_draining;
};

struct server {
    struct server_options options;
    struct front fronts[FRONTS_MAX];
    unsigned front_count;
    struct server_thread threads[SERVER_THREADS_MAX];
    unsigned thread_count;
    struct accept *accepts;
    int ports[SERVER_ADDRESSES_MAX];
    struct health health;

    atomic_bool is_draining;
    atomic_uint pending; /* what the end waits for: accepts, calls, fronts that shut, posts */
    struct letter idle;  /* posted when pending is 0 */
    struct timer grace;
    bool is_cancelling; /* the grace is over */
    void (*drained)(void *owner);
    void *drained_owner;
};

/* Count one more thing that the server's end must wait for; and one less. Any thread. */
void server_hold(struct server *server);
void server_let_go(struct server *server);

/* call_metrics.c */
void served_init_metrics(struct served *served);
/* One call has ended: counters, and a log line when it was not OK; those that admission has refused
 * share lines. */
void served_count(struct served *served, const struct call *call, const struct error *end,
                  bool is_refused);

/* accept.c */
enum status accept_create(struct server *server, struct error *err);
void accept_start(struct server *server);
void accept_destroy(struct server *server);

/* health.c: rows for every front; the state behind them. */
extern const struct server_method health_methods[];
void health_init(struct server *server);
void health_init_thread(struct server_thread *home);
/* NOT_SERVING from here on, and nothing is posted after this. Any thread. */
void health_drain(struct server *server);
void health_destroy(struct server *server);

/* listen.c: bind @address. The status and text say what to do when it cannot be. */
enum status listen_add(grpc_server *grpc, const char *address, grpc_server_credentials *credentials,
                       int *port, struct error *err);

/* reflection.c */
extern const struct server_method reflection_methods[];

#endif
