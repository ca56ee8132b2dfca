/* The inside of a call, for the files of common/rpc that serve.
 *
 *   accept.c     gRPC has a call → admission → begin: deadline, trace, peer, request → the
 *                handler, at its place
 *   call.c       what handlers say and ask; the end; release
 *   call_stream.c  messages out (one in flight, the rest queued) and in (one for each call_read)
 *
 * Everything that can happen to a call from outside (a send is out, a message is in, the caller has
 * gone, the timer) happens on its home thread; what the handler does may happen on any one thread.
 * The lock is where the two meet; it is never held while a handler runs.
 *
 * A call is held by: its handler until it ends the call, each operation under way in gRPC, each
 * notice under way to the handler. The last one to let go releases it, on the home thread. */
#ifndef RPC_SERVER_CALL_H
#define RPC_SERVER_CALL_H

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "rpc/call.h"
#include "rpc/server_state.h"
#include "rpc/thread.h"
#include "run/workers.h"

/* What a handler is to be told, at its place. */
enum call_due {
    CALL_DUE_MESSAGE = 1,
    CALL_DUE_WRITABLE = 2,
    CALL_DUE_CANCEL = 4,
};

/* A message on its way out. */
struct outgoing {
    struct outgoing *next;
    grpc_byte_buffer *payload;
    size_t size_bytes;
};

struct server_call {
    struct call call; /* first: a struct call * is a struct server_call * */
    struct served *served;
    struct server_thread *home;
    grpc_call *grpc;
    char *address; /* of the peer, gRPC's memory; NULL until someone asks */

    /* home thread only */
    struct list in_thread;
    struct list in_gate; /* under the gate's lock */
    struct op begin;     /* admitted; later: let go elsewhere, to be released here */
    struct thread_timer timer;
    grpc_byte_buffer *request_payload, *message_payload;
    bool is_admitted, is_refused;

    /* the handler's way to another thread */
    struct letter hop;
    struct job job;
    void (*hop_run)(struct call *call);

    struct op close, send, receive, notice;
    int close_cancelled; /* gRPC's answer to RECV_CLOSE_ON_SERVER */
    atomic_bool is_cancelled;

    pthread_mutex_t lock;
    /* under the lock */
    unsigned holds;
    bool is_begun;    /* the handler has it, or had it */
    bool is_ended;    /* by the handler */
    bool is_cut;      /* by this layer, before the handler did */
    bool is_answered; /* the status is on its way, or nobody is there to get it */
    bool has_headers; /* initial metadata is sent */
    bool has_close;   /* RECV_CLOSE_ON_SERVER is under way or done */
    bool is_sending, is_reading, is_noticing;
    bool is_blocked;  /* call_send has said so */
    unsigned away;    /* jobs of it on workers: notices wait */
    unsigned due;     /* enum call_due */
    struct error end; /* how it ended */
    struct outgoing *queue_first, **queue_last, *sending;
    size_t queue_bytes;
    void (*on_writable)(struct call *call);
    void (*on_cancel)(struct call *call);
    void (*on_message)(struct call *call, const void *message);
    const void *message; /* for on_message */
    struct arena message_arena;
};

static inline struct server_call *server_call_of(const struct call *call)
{
    return (struct server_call *)call;
}

/* What an outgoing call names as its parent (with GRPC_PROPAGATE_DEFAULTS, no other set of bits is
 * safe in 1.51). Valid until the handler ends @call. */
grpc_call *call_grpc(const struct call *call);

/* call.c */

/* A call that has just arrived: @grpc becomes its own. NULL without memory, and then @grpc stays
 * the caller's. Held once, for the handler. Home thread. */
struct server_call *call_create(struct served *served, struct server_thread *home, grpc_call *grpc);

/* Free what @home keeps for calls to come; after its last call. */
void call_free_spare(struct server_thread *home);

/* Give it to the handler, at the place that the method names. Home thread. */
void call_start(struct server_call *sc);

/* End a call that no handler has. Home thread. */
void call_refuse(struct server_call *sc, const struct error *err);

/* This layer ends it, though a handler has it or another part may still: it is cancelled then. Home
 * thread. */
void call_cut(struct server_call *sc, const struct error *err);

/* A standing call, before the server ends: it is_cancelled, and its handler's own end is still
 * sent. Home thread. */
void call_ask_to_end(struct server_call *sc);

/* Ask gRPC to say when the call is over; that is how cancellation is noticed. Lock held. */
void call_watch_close(struct server_call *sc);

/* Note how it ended, metrics and log, once. Lock held. */
void call_answered(struct server_call *sc, enum status status);

/* Let go of one hold. Unlocks; @sc may be gone then. */
void call_let_go_and_unlock(struct server_call *sc);

/* call_notice.c: what the handler is told */

void call_notice_init(struct server_call *sc);

/* Tell the handler what is due, now where that is its place, else soon there. Outside of every
 * handler. Unlocks. */
void call_tell_and_unlock(struct server_call *sc);

/* The same from inside a handler: always soon. Unlocks. */
void call_tell_soon_and_unlock(struct server_call *sc);

/* Whatever is_cancelled makes due. Lock held. */
void call_set_cancelled(struct server_call *sc);

/* call_stream.c */

void call_stream_init(struct server_call *sc);

/* Start the next send, if there is one and none is under way. Lock held. */
void call_pump(struct server_call *sc);

/* Append @message; false without memory. Lock held. */
bool call_queue(struct server_call *sc, const void *message);

/* Drop what is queued. Lock held. */
void call_drop_queue(struct server_call *sc);

#endif
