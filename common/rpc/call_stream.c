/* Messages of a call: out, one SEND_MESSAGE under way and the rest in a queue; in, one RECV_MESSAGE
 * for each call_read.
 *
 * Both are pumped on the home thread, also for handlers on the loop: a round trip between threads
 * for each message costs eight times the throughput. What crosses is only on_writable, once for
 * SEND_QUEUE_BYTES, and each message that was asked for. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/limits.h"
#include "rpc/call_face.h"
#include "rpc/payload.h"
#include "rpc/server_call.h"

static void free_outgoing(struct outgoing *outgoing)
{
    grpc_byte_buffer_destroy(outgoing->payload);
    free(outgoing);
}

static struct outgoing *take_outgoing(struct server_call *sc)
{
    struct outgoing *outgoing = sc->queue_first;

    sc->queue_first = outgoing->next;
    if (sc->queue_first == NULL)
        sc->queue_last = &sc->queue_first;
    return outgoing;
}

bool call_queue(struct server_call *sc, const void *message)
{
    struct outgoing *outgoing = fault_is_due() ? NULL : calloc(1, sizeof(*outgoing));

    if (outgoing == NULL)
        return false;
    outgoing->payload = payload_pack(message, &outgoing->size_bytes);
    if (outgoing->payload == NULL) {
        free(outgoing);
        return false;
    }
    sc->queue_bytes += outgoing->size_bytes;
    *sc->queue_last = outgoing;
    sc->queue_last = &outgoing->next;
    return true;
}

void call_drop_queue(struct server_call *sc)
{
    while (sc->queue_first != NULL) {
        struct outgoing *outgoing = take_outgoing(sc);

        sc->queue_bytes -= outgoing->size_bytes;
        free_outgoing(outgoing);
    }
}

/* The operations of the next send in @operations; their number. *@details is to be let go after the
 * start. */
/* As gRPC's retries read it (proposal A6). */
static void fill_pushback(const struct server_call *sc, grpc_metadata *trailing)
{
    char ms[16];

    snprintf(ms, sizeof(ms), "%u", sc->call.retry_ms);
    trailing->key = grpc_slice_from_static_string("grpc-retry-pushback-ms");
    trailing->value = grpc_slice_from_copied_string(ms);
}

static size_t fill_send(struct server_call *sc, grpc_op *operations, bool is_last,
                        grpc_slice *details, grpc_metadata *trailing)
{
    bool has_pushback;
    size_t count = 0;

    if (!sc->has_headers)
        operations[count++] = (grpc_op){ .op = GRPC_OP_SEND_INITIAL_METADATA };
    if (sc->sending != NULL)
        operations[count++] = (grpc_op){
            .op = GRPC_OP_SEND_MESSAGE,
            /* The next one is here already: let core write them together. */
            .flags = sc->queue_first != NULL ? GRPC_WRITE_BUFFER_HINT : 0,
            .data.send_message.send_message = sc->sending->payload,
        };
    if (!is_last)
        return count;
    has_pushback = sc->is_ended && sc->call.retry_ms > 0;
    if (has_pushback)
        fill_pushback(sc, trailing);
    if (sc->end.text[0] != '\0')
        *details = grpc_slice_from_copied_string(sc->end.text);
    operations[count++] = (grpc_op){
        .op = GRPC_OP_SEND_STATUS_FROM_SERVER,
        .data.send_status_from_server = {
            .status = (grpc_status_code)sc->end.status,
            .status_details = sc->end.text[0] == '\0' ? NULL : details,
            .trailing_metadata_count = has_pushback,
            .trailing_metadata = trailing,
        },
    };
    if (!sc->has_close)
        operations[count++] = (grpc_op){
            .op = GRPC_OP_RECV_CLOSE_ON_SERVER,
            .data.recv_close_on_server.cancelled = &sc->close_cancelled,
        };
    return count;
}

void call_pump(struct server_call *sc)
{
    grpc_slice details = grpc_empty_slice();
    grpc_metadata trailing = { .key = grpc_empty_slice(), .value = grpc_empty_slice() };
    grpc_op operations[4];
    size_t count;
    bool is_last;

    if (sc->is_sending || sc->is_answered)
        return;
    is_last =
        (sc->is_ended || sc->is_cut) && (sc->queue_first == NULL || sc->queue_first->next == NULL);
    if (sc->queue_first == NULL && !is_last)
        return;
    sc->sending = sc->queue_first == NULL ? NULL : take_outgoing(sc);
    memset(operations, 0, sizeof(operations));
    count = fill_send(sc, operations, is_last, &details, &trailing);
    sc->has_headers = true;
    sc->is_sending = true;
    sc->holds++;
    if (is_last) {
        sc->has_close = true;
        call_answered(sc, sc->end.status);
    }
    op_start(&sc->send, sc->grpc, operations, count);
    grpc_slice_unref(details);
    grpc_slice_unref(trailing.value);
}

/* Home thread. */
static void on_sent(struct op *op, bool is_ok)
{
    struct server_call *sc = LIST_ITEM(op, struct server_call, send);

    pthread_mutex_lock(&sc->lock);
    sc->is_sending = false;
    if (sc->sending != NULL) {
        sc->queue_bytes -= sc->sending->size_bytes;
        free_outgoing(sc->sending);
        sc->sending = NULL;
    }
    if (!is_ok)
        call_drop_queue(sc); /* the close says why */
    call_pump(sc);
    if (sc->is_blocked && sc->queue_bytes == 0) {
        sc->is_blocked = false;
        if (!call_is_cancelled(&sc->call))
            sc->due |= CALL_DUE_WRITABLE;
    }
    call_tell_and_unlock(sc);
    pthread_mutex_lock(&sc->lock);
    call_let_go_and_unlock(sc);
}

bool call_send(struct call *call, const void *message)
{
    struct server_call *sc = server_call_of(call);
    bool is_full;

    if (call->face != NULL)
        return call->face->send(call, message);
    pthread_mutex_lock(&sc->lock);
    CHECK(!sc->is_ended);
    if (sc->is_answered) {
        pthread_mutex_unlock(&sc->lock);
        return true;
    }
    if (!call_queue(sc, message)) {
        /* A hole in a stream must not look like a whole one. */
        grpc_call_cancel_with_status(sc->grpc, GRPC_STATUS_RESOURCE_EXHAUSTED,
                                     "no memory for a message", NULL);
        call_drop_queue(sc);
    }
    call_pump(sc);
    is_full = sc->queue_bytes > SEND_QUEUE_BYTES;
    if (is_full)
        sc->is_blocked = true;
    pthread_mutex_unlock(&sc->lock);
    return !is_full;
}

void call_on_writable(struct call *call, void (*on_writable)(struct call *call))
{
    struct server_call *sc = server_call_of(call);

    if (call->face != NULL) {
        call->face->on_writable(call, on_writable);
        return;
    }
    pthread_mutex_lock(&sc->lock);
    sc->on_writable = on_writable;
    call_tell_soon_and_unlock(sc); /* it may have drained since */
}

/* Home thread. */
static void on_received(struct op *op, bool is_ok)
{
    struct server_call *sc = LIST_ITEM(op, struct server_call, receive);
    struct error err;
    bool is_gone;

    sc->message = NULL;
    error_clear(&err);
    is_gone =
        sc->message_payload == NULL && (!is_ok || grpc_call_failed_before_recv_message(sc->grpc));
    if (sc->message_payload != NULL) {
        sc->message = payload_unpack(sc->served->row.method->request, sc->message_payload,
                                     &sc->message_arena, &err);
        grpc_byte_buffer_destroy(sc->message_payload);
        sc->message_payload = NULL;
    }
    pthread_mutex_lock(&sc->lock);
    sc->is_reading = false;
    if (err.status != STATUS_OK) {
        pthread_mutex_unlock(&sc->lock);
        call_cut(sc, &err);
        pthread_mutex_lock(&sc->lock);
    } else if (!is_gone) {
        sc->due |= CALL_DUE_MESSAGE;
    } else if (call_is_cancelled(&sc->call)) {
        call_set_cancelled(sc); /* else the close is still to come, and tells */
    }
    call_tell_and_unlock(sc);
    pthread_mutex_lock(&sc->lock);
    call_let_go_and_unlock(sc);
}

void call_read(struct call *call, void (*on_message)(struct call *call, const void *message))
{
    struct server_call *sc = server_call_of(call);
    const grpc_op operation = {
        .op = GRPC_OP_RECV_MESSAGE,
        .data.recv_message.recv_message = &sc->message_payload,
    };

    if (call->face != NULL) {
        call->face->read(call, on_message);
        return;
    }
    pthread_mutex_lock(&sc->lock);
    CHECK(!sc->is_ended && sc->on_message == NULL && !sc->is_reading);
    arena_close(&sc->message_arena);
    sc->message = NULL;
    sc->on_message = on_message;
    if (sc->is_answered) {
        call_set_cancelled(sc);
    } else {
        sc->is_reading = true;
        sc->holds++;
        op_start(&sc->receive, sc->grpc, &operation, 1);
    }
    call_tell_soon_and_unlock(sc);
}

void call_stream_init(struct server_call *sc)
{
    sc->send.done = on_sent;
    sc->receive.done = on_received;
    sc->queue_last = &sc->queue_first;
    arena_init(&sc->message_arena, sc->served->row.arena_bytes_max);
}
