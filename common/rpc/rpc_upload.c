/* Client streams: messages go out one at a time, one reply comes back.
 *
 * The reply and the status are asked for at the start, so a server that has seen enough ends the
 * call whether or not we have said everything. */
#include <grpc/byte_buffer.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/fault.h"
#include "rpc/rpc.h"

struct upload {
    struct rpc rpc; /* first */
    rpc_reply_cb on_reply;
    struct attempt attempt;
    struct op start_op, send_op, close_op, end_op;
    void (*on_sent)(void *arg);
    bool is_sending, is_closed;
    unsigned running;   /* ops that gRPC holds: the call stays until they are done */
    struct error fault; /* a message that could not be sent */
};

static void op_is_done(struct upload *upload)
{
    if (--upload->running == 0)
        attempt_close(&upload->attempt);
    rpc_unref(&upload->rpc);
}

static void start_op(struct upload *upload, struct op *op, void (*done)(struct op *op, bool is_ok),
                     const grpc_op *operations, size_t count)
{
    upload->running++;
    upload->rpc.refs++;
    *op = (struct op){ .done = done, .on_loop = client_on_loop(upload->rpc.client) };
    op_start(op, upload->attempt.call, operations, count);
}

static const void *take_reply(struct upload *upload, struct error *err)
{
    struct rpc *rpc = &upload->rpc;

    if (attempt_error(&upload->attempt, rpc, err) != STATUS_OK)
        return NULL;
    if (upload->attempt.reply != NULL)
        return rpc_unpack(rpc, &upload->attempt, err);
    error_set(err, STATUS_INTERNAL, "%s: %s ended well without a reply", rpc->channel->service,
              rpc->method->name);
    return NULL;
}

static void end_done(struct op *op, bool is_ok)
{
    struct upload *upload = LIST_ITEM(op, struct upload, end_op);
    struct error err = { 0 };
    const void *reply = take_reply(upload, &err);

    (void)is_ok;
    channel_note(upload->rpc.channel, err.status != STATUS_UNAVAILABLE);
    rpc_end(&upload->rpc, &err);
    upload->on_reply(upload->rpc.arg, reply, &err);
    rpc_unref(&upload->rpc);
    op_is_done(upload);
}

static void start_done(struct op *op, bool is_ok)
{
    (void)is_ok;
    op_is_done(LIST_ITEM(op, struct upload, start_op));
}

static void close_done(struct op *op, bool is_ok)
{
    (void)is_ok;
    op_is_done(LIST_ITEM(op, struct upload, close_op));
}

static void send_done(struct op *op, bool is_ok)
{
    struct upload *upload = LIST_ITEM(op, struct upload, send_op);

    upload->is_sending = false;
    /* A message that could not go out is no news: the status will say why. */
    if (is_ok && upload->on_sent != NULL && !upload->rpc.is_ended && !upload->rpc.is_cancelled)
        upload->on_sent(upload->rpc.arg);
    op_is_done(upload);
}

static void refuse(struct upload *upload)
{
    upload->rpc.text_of_cancel = upload->fault.text;
    upload->rpc.status_of_cancel = upload->fault.status;
    upload->rpc.is_cancelled = true;
    grpc_call_cancel(upload->attempt.call, NULL);
}

void rpc_send(struct rpc *rpc, const void *message, void (*on_sent)(void *arg))
{
    struct upload *upload = (struct upload *)rpc;
    grpc_byte_buffer *packed;
    grpc_op op;

    CHECK(rpc->method->kind == METHOD_KIND_CLIENT_STREAM);
    if (rpc->is_ended || rpc->is_cancelled)
        return;
    CHECK(!upload->is_sending && !upload->is_closed);
    packed = rpc_pack(rpc->channel, rpc->method, message, &upload->fault);
    if (packed == NULL) {
        refuse(upload);
        return;
    }
    op = attempt_send(packed);
    upload->is_sending = true;
    upload->on_sent = on_sent;
    start_op(upload, &upload->send_op, send_done, &op, 1);
    grpc_byte_buffer_destroy(packed);
}

void rpc_close_send(struct rpc *rpc)
{
    struct upload *upload = (struct upload *)rpc;
    grpc_op op = attempt_send_end();

    CHECK(rpc->method->kind == METHOD_KIND_CLIENT_STREAM);
    if (rpc->is_ended || rpc->is_cancelled || upload->is_closed)
        return;
    upload->is_closed = true;
    start_op(upload, &upload->close_op, close_done, &op, 1);
}

void rpc_upload_cancel(struct rpc *rpc)
{
    grpc_call_cancel(((struct upload *)rpc)->attempt.call, NULL);
}

enum status rpc_open(struct channel *channel, const struct method *method,
                     const struct rpc_options *options, rpc_reply_cb on_reply, void *arg,
                     struct rpc **rpc, struct error *err)
{
    struct upload *upload;
    struct attempt *attempt;

    CHECK(method->kind == METHOD_KIND_CLIENT_STREAM && rpc != NULL);
    if (rpc_may_start(channel, method, err) != STATUS_OK)
        return STATUS_RESOURCE_EXHAUSTED;
    upload = fault_is_due() ? NULL : calloc(1, sizeof(*upload));
    if (upload == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a call");
    rpc_init(&upload->rpc, channel, method, options, arg);
    upload->on_reply = on_reply;
    attempt = &upload->attempt;
    attempt_open(attempt, &upload->rpc);
    *rpc = &upload->rpc;
    start_op(upload, &upload->start_op, start_done, (grpc_op[]){ attempt_send_start(attempt) }, 1);
    start_op(upload, &upload->end_op, end_done,
             (grpc_op[]){ attempt_recv_start(attempt), attempt_recv(attempt),
                          attempt_recv_end(attempt) },
             3);
    return STATUS_OK;
}
