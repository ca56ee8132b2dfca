/* Server streams.
 *
 * A stream that no server has seen is begun again (rpc_retry.h); what a server has begun is not.
 *
 * Two things are under way: a read (one for each rpc_proceed) and the status. gRPC gives the status
 * only when the messages before it have been read, or when the call was cancelled or ran out of
 * time. The end comes when the status is here and no read is. */
#include <grpc/byte_buffer.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/fault.h"
#include "rpc/rpc_retry.h"

struct stream {
    struct rpc rpc; /* first */
    struct rpc_stream_callbacks callbacks;
    grpc_byte_buffer *request;
    struct attempt attempt; /* between two its call is NULL */
    struct retries retries;
    struct op read_op, status_op, wait_op, cancel_op;
    unsigned credits; /* messages that the owner is ready for, and that are not being read */
    bool is_reading, has_status;
    bool is_read_out;   /* a read has met the end */
    struct error fault; /* a message that does not unpack */
};

static void start(struct stream *stream);

static void end(struct stream *stream, const struct error *err)
{
    rpc_end(&stream->rpc, err);
    stream->callbacks.on_end(stream->rpc.arg, err);
    grpc_byte_buffer_destroy(stream->request);
    rpc_unref(&stream->rpc);
}

static void wait_done(struct op *op, bool is_ok)
{
    struct stream *stream = LIST_ITEM(op, struct stream, wait_op);

    (void)is_ok;
    if (!stream->rpc.is_ended && !stream->rpc.is_cancelled)
        start(stream);
    rpc_unref(&stream->rpc);
}

static void judge(struct stream *stream)
{
    struct error err = { 0 };

    attempt_error(&stream->attempt, &stream->rpc, &err);
    retries_note(&stream->rpc, err.status);
    attempt_close(&stream->attempt);
    if (stream->rpc.is_unseen && retries_allow(&stream->retries, &stream->rpc))
        retries_wait(&stream->retries, &stream->rpc, &stream->wait_op, wait_done);
    else
        end(stream, &err);
}

static void end_if_over(struct stream *stream)
{
    if (stream->has_status && !stream->is_reading)
        judge(stream);
}

static void start_read(struct stream *stream)
{
    grpc_op op = attempt_recv(&stream->attempt);

    stream->credits--;
    stream->is_reading = true;
    op_start(&stream->read_op, stream->attempt.call, &op, 1);
}

static void refuse(struct stream *stream)
{
    stream->rpc.text_of_cancel = stream->fault.text;
    stream->rpc.status_of_cancel = stream->fault.status;
    stream->rpc.is_cancelled = true;
    grpc_call_cancel(stream->attempt.call, NULL);
}

static void give(struct stream *stream)
{
    const void *message = rpc_unpack(&stream->rpc, &stream->attempt, &stream->fault);

    stream->rpc.is_answered = true;
    if (message != NULL)
        stream->callbacks.on_message(stream->rpc.arg, message);
    else
        refuse(stream);
}

static void read_done(struct op *op, bool is_ok)
{
    struct stream *stream = LIST_ITEM(op, struct stream, read_op);

    (void)is_ok;
    stream->is_reading = false;
    if (stream->attempt.reply == NULL)
        stream->is_read_out = true;
    else if (!stream->rpc.is_cancelled)
        give(stream);
    if (stream->credits > 0 && !stream->is_reading && !stream->is_read_out && !stream->has_status)
        start_read(stream);
    end_if_over(stream);
}

static void status_done(struct op *op, bool is_ok)
{
    struct stream *stream = LIST_ITEM(op, struct stream, status_op);

    (void)is_ok;
    stream->has_status = true;
    end_if_over(stream);
}

void rpc_proceed(struct rpc *rpc)
{
    struct stream *stream = (struct stream *)rpc;

    CHECK(rpc->method->kind == METHOD_KIND_SERVER_STREAM);
    if (rpc->is_ended || rpc->is_cancelled)
        return;
    stream->credits++;
    if (!stream->is_reading && !stream->is_read_out && !stream->has_status)
        start_read(stream);
}

static void cancel_done(struct op *op, bool is_ok)
{
    struct stream *stream = LIST_ITEM(op, struct stream, cancel_op);
    struct error err = { 0 };

    (void)is_ok;
    if (!stream->rpc.is_ended) {
        attempt_error(&stream->attempt, &stream->rpc, &err);
        end(stream, &err);
    }
    rpc_unref(&stream->rpc);
}

void rpc_stream_cancel(struct rpc *rpc)
{
    struct stream *stream = (struct stream *)rpc;

    if (stream->attempt.call != NULL) {
        grpc_call_cancel(stream->attempt.call, NULL);
        return;
    }
    /* It waits to be begun again: nothing of gRPC's will say that it has ended. */
    rpc->refs++;
    stream->cancel_op = (struct op){ .done = cancel_done, .on_loop = client_on_loop(rpc->client) };
    thread_post(rpc->thread, &stream->cancel_op);
}

static void start(struct stream *stream)
{
    bool on_loop = client_on_loop(stream->rpc.client);
    grpc_byte_buffer *request = grpc_byte_buffer_copy(stream->request);
    grpc_op status, ops[5];

    attempt_open(&stream->attempt, &stream->rpc);
    status = attempt_recv_end(&stream->attempt);
    ops[0] = attempt_send_start(&stream->attempt);
    ops[1] = attempt_send(request);
    ops[2] = attempt_send_end();
    ops[3] = attempt_recv_start(&stream->attempt);
    ops[4] = attempt_recv(&stream->attempt);
    stream->has_status = stream->is_read_out = false;
    stream->status_op = (struct op){ .done = status_done, .on_loop = on_loop };
    stream->read_op = (struct op){ .done = read_done, .on_loop = on_loop };
    stream->is_reading = true;
    /* The status first: nothing can end the stream before the first read has come back. */
    op_start(&stream->status_op, stream->attempt.call, &status, 1);
    op_start(&stream->read_op, stream->attempt.call, ops, 5);
    grpc_byte_buffer_destroy(request);
}

enum status rpc_stream(struct channel *channel, const struct method *method, const void *request,
                       const struct rpc_options *options,
                       const struct rpc_stream_callbacks *callbacks, void *arg, struct rpc **rpc,
                       struct error *err)
{
    grpc_byte_buffer *packed;
    struct stream *stream;

    CHECK(method->kind == METHOD_KIND_SERVER_STREAM);
    if (rpc_may_start(channel, method, err) != STATUS_OK)
        return STATUS_RESOURCE_EXHAUSTED;
    packed = rpc_pack(channel, method, request, err);
    if (packed == NULL)
        return err == NULL ? STATUS_RESOURCE_EXHAUSTED : err->status;
    stream = fault_is_due() ? NULL : calloc(1, sizeof(*stream));
    if (stream == NULL) {
        grpc_byte_buffer_destroy(packed);
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a call");
    }
    rpc_init(&stream->rpc, channel, method, options, arg);
    stream->callbacks = *callbacks;
    stream->request = packed;
    retries_init(&stream->retries, method, options);
    if (rpc != NULL)
        *rpc = &stream->rpc;
    start(stream);
    return STATUS_OK;
}
