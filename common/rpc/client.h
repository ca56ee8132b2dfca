/* The calling side: channels to other servers, and the calls made on them.
 *
 * A call of any kind that no server has seen, because the connection that it was to go by was being
 * closed, is made again by itself.
 *
 * A client owns one or more threads that poll for completions. A reply's callback runs on the loop
 * (CLIENT_PLACE_LOOP, completions cross in batches) or on the polling thread (CLIENT_PLACE_INLINE).
 * With CLIENT_PLACE_LOOP every function here is called on the loop. With CLIENT_PLACE_INLINE an rpc
 * may be started from any thread; its callbacks may come before that thread goes on, and
 * rpc_proceed, rpc_send and rpc_cancel are called from its callbacks, or where the caller knows
 * that none runs. */
#ifndef RPC_CLIENT_H
#define RPC_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "contract/methods.h"
#include "rpc/call.h"
#include "rpc/credentials.h"
#include "run/loop.h"

enum client_place {
    CLIENT_PLACE_LOOP,
    CLIENT_PLACE_INLINE,
};

struct client;
struct channel;
struct rpc;

struct client *client_create(struct loop *loop, enum client_place place, unsigned threads,
                             struct error *err);

/* Every channel closed and every rpc ended before. Joins the threads. */
void client_destroy(struct client *client);

struct channel_options {
    const char *service; /* "deid": in metrics and errors */
    const char *target;  /* "127.0.0.1:7101", several with commas, or "dns:///deid:7101"; calls go
                            round-robin (target.h) */
    struct credentials *credentials; /* NULL: plaintext */
    const char *authority;           /* name to expect in the certificate; NULL: from the target */
    uint32_t keepalive_ms; /* 0: 10 s; a frozen peer is noticed after this and a timeout of 5 s */
    size_t message_bytes_max;  /* 0: MESSAGE_BYTES_MAX */
    const char *authorization; /* shown with every call: "Bearer …"; outlives the channel. NULL:
                                  none */
};

struct channel *channel_create(struct client *client, const struct channel_options *options,
                               struct error *err);

/* Calls on it must have ended. */
void channel_destroy(struct channel *channel);

/* Whether a connection is up (tries to connect when idle). */
bool channel_is_ready(struct channel *channel);

struct rpc_options {
    uint64_t
        deadline_ns; /* of clock_now; CLOCK_NEVER is refused by CHECK: every call has a deadline */
    const struct call *parent; /* the call on whose behalf: its cancellation and deadline reach this
                                  one; may be NULL */
    const struct trace *trace; /* NULL: the parent's, or a new one */
    unsigned attempts_max;     /* of a repeatable method, on UNAVAILABLE with backoff; 0: 3; server
                                  streams and others have one */
    uint32_t hedge_after_ms;   /* a repeatable method not answered after this is asked again
                                  elsewhere, first answer wins; 0: no */
};

/* The end of a unary (or client-streaming) rpc: @reply lives until the callback returns, and is
 * NULL when @err says why not. Called exactly once, never before the function that started the rpc
 * has returned. The rpc is gone afterwards. */
typedef void (*rpc_reply_cb)(void *arg, const void *reply, const struct error *err);

/* Call a unary method. @request is packed before this returns. Fails only where nothing was started
 * (no memory, message too large): then there is no callback. @rpc (may be NULL) is for rpc_cancel.
 */
enum status rpc_call(struct channel *channel, const struct method *method, const void *request,
                     const struct rpc_options *options, rpc_reply_cb on_reply, void *arg,
                     struct rpc **rpc, struct error *err);

/* A server stream. @on_message gets one message for each rpc_proceed; it lives until the callback
 * returns. @on_end comes once, after the last message, with @err of STATUS_OK when the stream ended
 * well. */
struct rpc_stream_callbacks {
    void (*on_message)(void *arg, const void *message);
    void (*on_end)(void *arg, const struct error *err);
};

enum status rpc_stream(struct channel *channel, const struct method *method, const void *request,
                       const struct rpc_options *options,
                       const struct rpc_stream_callbacks *callbacks, void *arg, struct rpc **rpc,
                       struct error *err);

/* Ready for one more message: the back-pressure. The first is asked for by rpc_stream itself. */
void rpc_proceed(struct rpc *rpc);

/* A client stream. One of a repeatable method that ends with UNAVAILABLE is begun again, and what
 * was sent is sent again, unless that is more than UPLOAD_KEPT_BYTES_MAX. */
enum status rpc_open(struct channel *channel, const struct method *method,
                     const struct rpc_options *options, rpc_reply_cb on_reply, void *arg,
                     struct rpc **rpc, struct error *err);

/* Send one message, packed before this returns; @on_sent (may be NULL) says that the next may come.
 * One at a time. Once the rpc has ended or was cancelled this does nothing, and @on_sent does not
 * come. A message over the channel's limit ends the rpc with RESOURCE_EXHAUSTED. */
void rpc_send(struct rpc *rpc, const void *message, void (*on_sent)(void *arg));
void rpc_close_send(struct rpc *rpc);

/* Its callback then comes with CANCELLED. Harmless from within one of its callbacks. */
void rpc_cancel(struct rpc *rpc);

#endif
