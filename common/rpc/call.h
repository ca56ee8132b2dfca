/* A call: one RPC that arrived here. Its arena, deadline, trace, peer and reply.
 *
 * A handler starts the work of one method and ends the call exactly once, with call_reply,
 * call_fail or (server streams) call_finish, now or later. Until then it owns the call and
 * everything in the call's arena. A call is touched by one thread at a time: the place its method
 * names, and then wherever call_run_on_worker or call_run_on_loop has taken it.
 *
 * When the caller cancels or the deadline passes, the caller is answered at once by this layer; the
 * call itself lives on, is_cancelled, until the handler ends it. What the handler sends then goes
 * nowhere. A handler that waits (a stream, a machine) registers call_on_cancel and ends the call
 * there, or soon after. */
#ifndef RPC_CALL_H
#define RPC_CALL_H

#include <protobuf-c/protobuf-c.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "contract/methods.h"
#include "run/trace.h"

struct access_identity;
struct call;
struct call_face;
struct loop;
struct workers;
struct server_method;

/* Who calls: from the client's certificate, which is verified, or nothing on a plaintext port; and
 * what they show of themselves, which is not. */
struct peer {
    const char *spiffe_id;      /* NULL: none */
    const char *name;           /* first DNS SAN, else common name; NULL: no certificate */
    struct slice authorization; /* the metadata of that name; empty: none */
    struct slice api_key;       /* api-key or x-api-key */
};

struct call {
    struct arena arena;
    const struct call_face *face; /* NULL: it came by gRPC; else see call_local.h */
    const struct server_method *method;
    void *service;       /* as given to server_create: the struct that owns everything */
    const void *request; /* the unpacked message, in the arena; NULL where requests stream */
    struct trace trace;
    uint64_t deadline_ns; /* of clock_now; CLOCK_NEVER: none */
    uint64_t arrived_ns;
    struct peer peer;
    const struct access_identity *identity; /* as the service found; NULL: it did not ask */
    void *state;                            /* the handler's own */
    /* With call_fail: trying again may help after so long, which the caller's gRPC is told
     * (grpc-retry-pushback-ms). 0: nothing is said. */
    uint32_t retry_ms;
};

/* End the call with OK and @message, which is packed before this returns. Unary and client streams.
 */
void call_reply(struct call *call, const void *message);

/* End the call with a status that is not OK. */
void call_fail(struct call *call, const struct error *err);

/* Server streams. Queue one message; packed before this returns. False when the stream's send queue
 * now holds more than SEND_QUEUE_BYTES: stop until on_writable. A cancelled call takes messages and
 * drops them: a loop that sends asks call_is_cancelled too. */
bool call_send(struct call *call, const void *message);

/* Server streams. End with OK once everything queued is out. */
void call_finish(struct call *call);

/* Called each time the send queue has drained after call_send returned false. Set once, by the
 * handler. Runs at the method's place: the loop for METHOD_PLACE_LOOP, else the call's rpc thread.
 */
void call_on_writable(struct call *call, void (*on_writable)(struct call *call));

/* Client streams. Ask for the next request; @on_message gets it (it lives until the next
 * call_read), or NULL when the caller has said that no more come. Nothing is read ahead: that is
 * the back-pressure. When the call is cancelled, NULL does not come and on_cancel does: what was
 * cut off is never taken for whole. (A handler without on_cancel does get NULL, and asks
 * call_is_cancelled.) */
void call_read(struct call *call, void (*on_message)(struct call *call, const void *message));

/* Whether the caller has gone or the deadline has passed. Any thread. */
bool call_is_cancelled(const struct call *call);

/* What the handler did from @start_ns to @end_ns (of clock_now), as a span of the call's trace
 * (spans.h). @name is the program's own and lives for ever. Any thread that has the call. */
void call_span(const struct call *call, const char *name, uint64_t start_ns, uint64_t end_ns);

/* Where the caller's connection comes from: "ipv4:127.0.0.1:40312". Lives as long as the call. */
const char *call_address(struct call *call);

/* Called at most once, at the method's place, when the caller goes or the deadline passes before
 * the end. Registered after the fact, it is called soon. For METHOD_PLACE_WORKER it is never
 * called: ask call_is_cancelled. */
void call_on_cancel(struct call *call, void (*on_cancel)(struct call *call));

/* While a worker has the call, nothing else is called for it: on_cancel and the like come when @run
 * has returned. Hop: go on with @run on a worker, or on the loop. The hop takes the call along; do
 * not touch it afterwards. A full queue of the workers fails the call with RESOURCE_EXHAUSTED. */
void call_run_on_worker(struct call *call, void (*run)(struct call *call));
/* The same for a handler that has something to let go of: with a full queue the call stays its own.
 */
enum status call_try_on_worker(struct call *call, void (*run)(struct call *call),
                               struct error *err);
void call_run_on_loop(struct call *call, void (*run)(struct call *call));

#endif
