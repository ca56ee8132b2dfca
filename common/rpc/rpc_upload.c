/* Client streams: messages go out one at a time, one reply comes back.
 *
 *     rpc_open → attempt ──answer──→ callback
 *                  │ └─UNAVAILABLE→ backoff → attempt, which sends again what was sent before …
 *
 * The reply and the status are asked for at the start, so a server that has seen enough ends the
 * call whether or not we have said everything. The messages are kept, up to a bound; an upload that
 * has outgrown it is tried no more (and else: rpc_retry.h). */
#include <grpc/byte_buffer.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/limits.h"
#include "rpc/rpc_retry.h"

struct piece {
    struct piece *next;
    grpc_byte_buffer *packed;
};

struct upload {
    struct rpc rpc; /* first */
    rpc_reply_cb on_reply;
    struct attempt attempt; /* between two its call is NULL */
    struct retries retries;
    struct op start_op, send_op, close_op, end_op, wait_op, cancel_op;
    unsigned running; /* ops that gRPC holds: the attempt stays until they are done */
    struct piece *first, **last;
    struct piece *due; /* the first that this attempt has not sent */
    size_t kept_bytes;
    void (*on_sent)(void *arg);
    bool is_awaited; /* the last message is still to go out for the first time */
    bool is_sending, is_closed, is_close_sent;
    bool is_kept;       /* from the first message on, so that all can be sent again */
    bool is_retrying;   /* the attempt has failed, and its last ops are not done */
    struct error fault; /* a message that could not be sent */
};

static void open_attempt(struct upload *upload);

static void free_piece(struct piece *piece)
{
    grpc_byte_buffer_destroy(piece->packed);
    free(piece);
}

static void free_pieces_before(struct upload *upload, const struct piece *end)
{
    while (upload->first != end) {
        struct piece *piece = upload->first;

        upload->first = piece->next;
        free_piece(piece);
    }
    if (end == NULL)
        upload->last = &upload->first;
}

static void end(struct upload *upload, const void *reply, const struct error *err)
{
    rpc_end(&upload->rpc, err);
    upload->on_reply(upload->rpc.arg, reply, err);
    free_pieces_before(upload, NULL);
    rpc_unref(&upload->rpc);
}

static void end_cancelled(struct upload *upload)
{
    struct error err = { 0 };

    attempt_error(&upload->attempt, &upload->rpc, &err);
    end(upload, NULL, &err);
}

static void wait_done(struct op *op, bool is_ok)
{
    struct upload *upload = LIST_ITEM(op, struct upload, wait_op);

    (void)is_ok;
    if (!upload->rpc.is_ended && !upload->rpc.is_cancelled)
        open_attempt(upload);
    rpc_unref(&upload->rpc);
}

static void op_is_done(struct upload *upload)
{
    if (--upload->running == 0) {
        attempt_close(&upload->attempt);
        if (upload->is_retrying && upload->rpc.is_cancelled)
            end_cancelled(upload);
        else if (upload->is_retrying)
            retries_wait(&upload->retries, &upload->rpc, &upload->wait_op, wait_done);
        upload->is_retrying = false;
    }
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
    retries_note(&upload->rpc, err.status);
    if (err.status == STATUS_UNAVAILABLE && upload->is_kept
        && retries_allow(&upload->retries, &upload->rpc))
        upload->is_retrying = true;
    else
        end(upload, reply, &err);
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

static void send_done(struct op *op, bool is_ok);

/* gRPC takes the slices out of the buffer that it sends; the copy shares its bytes. */
static void send_due(struct upload *upload)
{
    grpc_byte_buffer *copy = grpc_byte_buffer_copy(upload->due->packed);
    grpc_op op = attempt_send(copy);

    upload->is_sending = true;
    start_op(upload, &upload->send_op, send_done, &op, 1);
    grpc_byte_buffer_destroy(copy);
}

/* Send what is to be sent next, if there is an attempt that may. */
static void go_on(struct upload *upload)
{
    grpc_op op = attempt_send_end();

    if (upload->attempt.call == NULL || upload->is_retrying || upload->is_sending)
        return;
    if (upload->due != NULL) {
        send_due(upload);
    } else if (upload->is_closed && !upload->is_close_sent) {
        upload->is_close_sent = true;
        start_op(upload, &upload->close_op, close_done, &op, 1);
    }
}

static void note_sent(struct upload *upload)
{
    upload->due = upload->due->next;
    if (!upload->is_kept)
        free_pieces_before(upload, upload->due);
    if (upload->due != NULL || !upload->is_awaited) {
        go_on(upload);
        return;
    }
    upload->is_awaited = false;
    if (upload->on_sent != NULL)
        upload->on_sent(upload->rpc.arg);
}

static void send_done(struct op *op, bool is_ok)
{
    struct upload *upload = LIST_ITEM(op, struct upload, send_op);

    upload->is_sending = false;
    /* A message that could not go out is no news: the status will say why. */
    if (is_ok && !upload->rpc.is_ended && !upload->rpc.is_cancelled && !upload->is_retrying)
        note_sent(upload);
    op_is_done(upload);
}

static void cancel_done(struct op *op, bool is_ok)
{
    struct upload *upload = LIST_ITEM(op, struct upload, cancel_op);

    (void)is_ok;
    if (!upload->rpc.is_ended)
        end_cancelled(upload);
    rpc_unref(&upload->rpc);
}

void rpc_upload_cancel(struct rpc *rpc)
{
    struct upload *upload = (struct upload *)rpc;

    if (upload->attempt.call != NULL) {
        grpc_call_cancel(upload->attempt.call, NULL);
        return;
    }
    /* It waits to be tried again: nothing of gRPC's will say that it has ended. */
    rpc->refs++;
    upload->cancel_op = (struct op){ .done = cancel_done, .on_loop = client_on_loop(rpc->client) };
    thread_post(rpc->thread, &upload->cancel_op);
}

static void refuse(struct upload *upload)
{
    upload->rpc.text_of_cancel = upload->fault.text;
    upload->rpc.status_of_cancel = upload->fault.status;
    rpc_cancel(&upload->rpc);
}

/* Takes @packed. */
static bool add_piece(struct upload *upload, grpc_byte_buffer *packed)
{
    struct piece *piece = fault_is_due() ? NULL : calloc(1, sizeof(*piece));

    if (piece == NULL) {
        grpc_byte_buffer_destroy(packed);
        error_set(&upload->fault, STATUS_RESOURCE_EXHAUSTED, "no memory for a message");
        return false;
    }
    piece->packed = packed;
    *upload->last = piece;
    upload->last = &piece->next;
    if (upload->due == NULL)
        upload->due = piece;
    upload->kept_bytes += grpc_byte_buffer_length(packed);
    if (upload->kept_bytes > UPLOAD_KEPT_BYTES_MAX)
        upload->is_kept = false;
    if (!upload->is_kept)
        free_pieces_before(upload, upload->due);
    return true;
}

void rpc_send(struct rpc *rpc, const void *message, void (*on_sent)(void *arg))
{
    struct upload *upload = (struct upload *)rpc;
    grpc_byte_buffer *packed;

    CHECK(rpc->method->kind == METHOD_KIND_CLIENT_STREAM);
    if (rpc->is_ended || rpc->is_cancelled)
        return;
    CHECK(!upload->is_awaited && !upload->is_closed);
    packed = rpc_pack(rpc->channel, rpc->method, message, &upload->fault);
    if (packed == NULL || !add_piece(upload, packed)) {
        refuse(upload);
        return;
    }
    upload->is_awaited = true;
    upload->on_sent = on_sent;
    go_on(upload);
}

void rpc_close_send(struct rpc *rpc)
{
    struct upload *upload = (struct upload *)rpc;

    CHECK(rpc->method->kind == METHOD_KIND_CLIENT_STREAM);
    if (rpc->is_ended || rpc->is_cancelled)
        return;
    upload->is_closed = true;
    go_on(upload);
}

static void open_attempt(struct upload *upload)
{
    struct attempt *attempt = &upload->attempt;

    attempt_open(attempt, &upload->rpc);
    upload->due = upload->first;
    upload->is_close_sent = false;
    start_op(upload, &upload->start_op, start_done, (grpc_op[]){ attempt_send_start(attempt) }, 1);
    start_op(upload, &upload->end_op, end_done,
             (grpc_op[]){ attempt_recv_start(attempt), attempt_recv(attempt),
                          attempt_recv_end(attempt) },
             3);
    go_on(upload);
}

enum status rpc_open(struct channel *channel, const struct method *method,
                     const struct rpc_options *options, rpc_reply_cb on_reply, void *arg,
                     struct rpc **rpc, struct error *err)
{
    struct upload *upload;

    CHECK(method->kind == METHOD_KIND_CLIENT_STREAM && rpc != NULL);
    if (rpc_may_start(channel, method, err) != STATUS_OK)
        return STATUS_RESOURCE_EXHAUSTED;
    upload = fault_is_due() ? NULL : calloc(1, sizeof(*upload));
    if (upload == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a call");
    rpc_init(&upload->rpc, channel, method, options, arg);
    upload->on_reply = on_reply;
    upload->last = &upload->first;
    retries_init(&upload->retries, method, options);
    upload->is_kept = true;
    *rpc = &upload->rpc;
    open_attempt(upload);
    return STATUS_OK;
}
