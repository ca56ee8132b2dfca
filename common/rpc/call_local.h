/* A call that comes from within the process: another face of the service (HTTP) makes it and gives
 * it to the handler that gRPC's calls go to, which cannot tell the two apart. So what a method
 * means, checks and records stands in one place.
 *
 * For methods of METHOD_PLACE_LOOP, on the loop's thread. Admission is the face's own. */
#ifndef RPC_CALL_LOCAL_H
#define RPC_CALL_LOCAL_H

#include "rpc/server.h"

struct call_local_options {
    struct loop *loop;
    const struct server_method *method;
    void *service;
    const void *request;       /* lives until the end; NULL where requests stream */
    const struct trace *trace; /* NULL: a new one */
    struct peer peer;
    /* Where requests stream: the next one, which lives until it is asked for another; NULL: that
     * was the last. */
    const void *(*next)(void *arg);
    /* The reply, or one message of the stream; it lives until this returns. False: the handler
     * holds back until call_local_proceed, as well as it can. May come before call_local_start has
     * returned. */
    bool (*on_message)(void *arg, const void *message);
    /* The end, once, never before call_local_start has returned. The call is gone then. */
    void (*on_end)(void *arg, const struct error *err);
    void *arg;
};

/* NULL without memory. */
struct call *call_local_start(const struct call_local_options *options);

/* More messages can be taken. */
void call_local_proceed(struct call *call);

/* The caller has gone. on_end still comes. */
void call_local_cancel(struct call *call);

#endif
