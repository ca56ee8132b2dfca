/* What the three kinds of outgoing call share. Only for files of common/rpc.
 *
 * rpc_unary.c (with retries and hedges) · rpc_stream.c · rpc_upload.c (with retries) each have a
 * struct that begins with struct rpc. Everything of one rpc happens on one thread: the loop, or the
 * polling thread that the rpc was given. */
#ifndef RPC_RPC_H
#define RPC_RPC_H

#include "rpc/channel.h"

/* Two replies at most: the first and the hedge's. */
#define ATTEMPTS_AT_ONCE 2

struct rpc {
    struct channel *channel; /* not after the end: it may be gone */
    struct client *client;
    struct thread *thread;
    const struct method *method;
    struct rpc_metrics *metrics;
    const struct call *parent; /* not after the end */
    uint64_t deadline_ns, started_ns;
    char traceparent[TRACEPARENT_TEXT_BYTES];
    void *arg;
    struct arena arena; /* of the message that a callback is looking at */
    unsigned refs;      /* one until the end, one for each op that gRPC still holds */
    bool is_ended, is_cancelled;
    bool is_answered;           /* a message has come */
    bool is_pushed_back;        /* the server has said that it has no room */
    bool is_unseen;             /* the last attempt reached no server */
    const char *text_of_cancel; /* why we cancelled it ourselves; NULL: the owner did */
    enum status status_of_cancel;
};

/* One gRPC call. What gRPC writes to lives here until its op is done. */
struct attempt {
    grpc_call *call; /* NULL: none */
    struct link *link;
    grpc_metadata metadata[2]; /* traceparent; authorization, where the channel shows one */
    size_t metadata_count;
    grpc_metadata_array initial, trailing;
    grpc_status_code code;
    grpc_slice details;
    grpc_byte_buffer *reply;
};

/* Whether a call of @method may be made at all now: RESOURCE_EXHAUSTED where the service has been
 * refusing them (channel_may_send). */
enum status rpc_may_start(struct channel *channel, const struct method *method, struct error *err);

/* Fill @rpc: deadline and trace from @options and its parent. */
void rpc_init(struct rpc *rpc, struct channel *channel, const struct method *method,
              const struct rpc_options *options, void *arg);

/* One reference less; with the last @rpc is freed. */
void rpc_unref(struct rpc *rpc);

/* @err may be NULL where nothing went wrong. Counts the rpc; the caller then calls back and unrefs.
 */
void rpc_end(struct rpc *rpc, const struct error *err);

/* Make a gRPC call for @rpc; no op is started yet. */
void attempt_open(struct attempt *attempt, struct rpc *rpc);
void attempt_close(struct attempt *attempt);

/* Operations for a batch. */
grpc_op attempt_send_start(struct attempt *attempt);
grpc_op attempt_send(grpc_byte_buffer *message);
grpc_op attempt_send_end(void);
grpc_op attempt_recv_start(struct attempt *attempt);
grpc_op attempt_recv(struct attempt *attempt);
grpc_op attempt_recv_end(struct attempt *attempt);

/* The status that the attempt has ended with, as an error of ours. */
enum status attempt_error(const struct attempt *attempt, struct rpc *rpc, struct error *err);

/* Pack @message for the wire. NULL: too large for the channel, or no memory. */
grpc_byte_buffer *rpc_pack(const struct channel *channel, const struct method *method,
                           const void *message, struct error *err);

/* Unpack and destroy the attempt's reply, into the rpc's arena. */
const void *rpc_unpack(struct rpc *rpc, struct attempt *attempt, struct error *err);

/* What the kinds do to cancel. */
void rpc_unary_cancel(struct rpc *rpc);
void rpc_stream_cancel(struct rpc *rpc);
void rpc_upload_cancel(struct rpc *rpc);

#endif
