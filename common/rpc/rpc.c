#include "rpc/rpc.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "rpc/payload.h"
#include "rpc/server_call.h"
#include "run/clock.h"

/* What a reply may unpack to: many small fields grow to structs. Short messages need not count
 * their bytes. */
#define ARENA_BYTES_BASE (64 * KIB)
#define ARENA_BYTES_PER_BYTE 32
#define ARENA_BYTES_MAX (4 * MESSAGE_BYTES_MAX)

#define OVERLOAD_NS_MIN (250 * CLOCK_NS_PER_MS)

static void init_trace(struct rpc *rpc, const struct rpc_options *options)
{
    struct trace fresh;
    const struct trace *trace = options->trace;

    if (trace == NULL && options->parent != NULL)
        trace = &options->parent->trace;
    if (trace == NULL) {
        trace_start(&fresh);
        trace = &fresh;
    }
    trace_format(trace, rpc->traceparent);
}

void rpc_init(struct rpc *rpc, struct channel *channel, const struct method *method,
              const struct rpc_options *options, void *arg)
{
    CHECK(options->deadline_ns != CLOCK_NEVER);
    rpc->channel = channel;
    rpc->client = channel->client;
    rpc->thread = client_thread(channel->client);
    rpc->method = method;
    rpc->metrics = channel_note_start(channel, method);
    rpc->parent = options->parent;
    rpc->deadline_ns = options->deadline_ns;
    if (rpc->parent != NULL && rpc->parent->deadline_ns < rpc->deadline_ns)
        rpc->deadline_ns = rpc->parent->deadline_ns;
    rpc->started_ns = clock_now();
    rpc->arg = arg;
    rpc->refs = 1;
    init_trace(rpc, options);
    client_ref(rpc->client);
}

void rpc_unref(struct rpc *rpc)
{
    struct client *client = rpc->client;

    if (--rpc->refs > 0)
        return;
    arena_close(&rpc->arena);
    free(rpc);
    client_unref(client);
}

enum status rpc_may_start(struct channel *channel, const struct method *method, struct error *err)
{
    if (channel_may_send(channel, method))
        return STATUS_OK;
    return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                     "%s has more calls of %s than it can take; try again later", channel->service,
                     method->name);
}

/* A deadline that passed while nothing came speaks of an overload too, where it left time for an
 * answer. A stream on another's behalf may well take longer than that other has. */
static bool was_overloaded(const struct rpc *rpc, enum status status, uint64_t took_ns)
{
    if (rpc->is_pushed_back)
        return true;
    return status == STATUS_DEADLINE_EXCEEDED && !rpc->is_answered && took_ns >= OVERLOAD_NS_MIN
           && (rpc->method->kind == METHOD_KIND_UNARY || rpc->parent == NULL);
}

/* Of a server that is away, or that was not let finish, nothing is learnt. */
static enum throttle_end end_for_throttle(const struct rpc *rpc, enum status status,
                                          uint64_t took_ns)
{
    if (was_overloaded(rpc, status, took_ns))
        return THROTTLE_END_REFUSED;
    return rpc->is_cancelled || status == STATUS_UNAVAILABLE ? THROTTLE_END_UNKNOWN
                                                             : THROTTLE_END_TAKEN;
}

void rpc_end(struct rpc *rpc, const struct error *err)
{
    enum status status = err == NULL ? STATUS_OK : err->status;
    uint64_t took_ns = clock_now() - rpc->started_ns;

    CHECK(!rpc->is_ended);
    rpc->is_ended = true;
    channel_note_end(rpc->channel, rpc->method, end_for_throttle(rpc, status, took_ns));
    rpc_metrics_count(rpc->metrics, status, took_ns / CLOCK_NS_PER_US);
}

void rpc_cancel(struct rpc *rpc)
{
    if (rpc->is_ended || rpc->is_cancelled)
        return;
    rpc->is_cancelled = true;
    switch (rpc->method->kind) {
    case METHOD_KIND_UNARY:
        rpc_unary_cancel(rpc);
        return;
    case METHOD_KIND_SERVER_STREAM:
        rpc_stream_cancel(rpc);
        return;
    case METHOD_KIND_CLIENT_STREAM:
        rpc_upload_cancel(rpc);
        return;
    case METHOD_KIND_BIDI_STREAM:
        break;
    }
    CHECK(!"a kind that clients do not call");
}

static gpr_timespec deadline_of(uint64_t ns)
{
    return (gpr_timespec){ .tv_sec = (int64_t)(ns / CLOCK_NS_PER_S),
                           .tv_nsec = (int32_t)(ns % CLOCK_NS_PER_S),
                           .clock_type = GPR_CLOCK_MONOTONIC };
}

static void attempt_add(struct attempt *attempt, const char *name, const char *value)
{
    grpc_metadata *entry = &attempt->metadata[attempt->metadata_count++];

    entry->key = grpc_slice_from_static_string(name);
    entry->value = grpc_slice_from_copied_string(value);
}

void attempt_open(struct attempt *attempt, struct rpc *rpc)
{
    grpc_call *parent = rpc->parent == NULL ? NULL : call_grpc(rpc->parent);

    attempt->link = channel_link(rpc->channel);
    attempt->call = grpc_channel_create_call(attempt->link->grpc, parent, GRPC_PROPAGATE_DEFAULTS,
                                             thread_queue(rpc->thread),
                                             grpc_slice_from_static_string(rpc->method->path), NULL,
                                             deadline_of(rpc->deadline_ns), NULL);
    attempt->metadata_count = 0;
    attempt_add(attempt, "traceparent", rpc->traceparent);
    if (rpc->channel->authorization != NULL)
        attempt_add(attempt, "authorization", rpc->channel->authorization);
    grpc_metadata_array_init(&attempt->initial);
    grpc_metadata_array_init(&attempt->trailing);
    attempt->details = grpc_empty_slice();
    attempt->reply = NULL;
}

void attempt_close(struct attempt *attempt)
{
    grpc_metadata_array_destroy(&attempt->initial);
    grpc_metadata_array_destroy(&attempt->trailing);
    while (attempt->metadata_count > 0)
        grpc_slice_unref(attempt->metadata[--attempt->metadata_count].value);
    grpc_slice_unref(attempt->details);
    grpc_byte_buffer_destroy(attempt->reply);
    grpc_call_unref(attempt->call);
    link_unref(attempt->link);
    attempt->call = NULL;
}

grpc_op attempt_send_start(struct attempt *attempt)
{
    return (grpc_op){ .op = GRPC_OP_SEND_INITIAL_METADATA,
                      .data.send_initial_metadata = { .count = attempt->metadata_count,
                                                      .metadata = attempt->metadata } };
}

grpc_op attempt_send(grpc_byte_buffer *message)
{
    return (grpc_op){ .op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = message };
}

grpc_op attempt_send_end(void)
{
    return (grpc_op){ .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT };
}

grpc_op attempt_recv_start(struct attempt *attempt)
{
    return (grpc_op){ .op = GRPC_OP_RECV_INITIAL_METADATA,
                      .data.recv_initial_metadata.recv_initial_metadata = &attempt->initial };
}

grpc_op attempt_recv(struct attempt *attempt)
{
    return (grpc_op){ .op = GRPC_OP_RECV_MESSAGE,
                      .data.recv_message.recv_message = &attempt->reply };
}

grpc_op attempt_recv_end(struct attempt *attempt)
{
    return (grpc_op){ .op = GRPC_OP_RECV_STATUS_ON_CLIENT,
                      .data.recv_status_on_client = { .trailing_metadata = &attempt->trailing,
                                                      .status = &attempt->code,
                                                      .status_details = &attempt->details } };
}

/* The peer's text goes into errors and logs: one line of printable ASCII. */
static void copy_details(grpc_slice details, char *text, size_t size)
{
    size_t count = GRPC_SLICE_LENGTH(details), i;

    if (count >= size)
        count = size - 1;
    for (i = 0; i < count; i++) {
        char c = (char)GRPC_SLICE_START_PTR(details)[i];

        text[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    text[count] = '\0';
}

/* "grpc-retry-pushback-ms", in which our servers say when to try again (call.h). */
static bool has_pushback(const struct attempt *attempt)
{
    size_t i;

    for (i = 0; i < attempt->trailing.count; i++)
        if (grpc_slice_str_cmp(attempt->trailing.metadata[i].key, "grpc-retry-pushback-ms") == 0)
            return true;
    return false;
}

/* gRPC core's words for a stream that a closing connection did not begin, or that its peer has said
 * to have ignored; nothing has come from a server then. */
static bool was_unseen(const struct attempt *attempt)
{
    return attempt->code == GRPC_STATUS_UNAVAILABLE && attempt->initial.count == 0
           && attempt->trailing.count == 0
           && grpc_slice_str_cmp(attempt->details, "GOAWAY received") == 0;
}

enum status attempt_error(const struct attempt *attempt, struct rpc *rpc, struct error *err)
{
    enum status status = thread_status(attempt->code);
    char text[sizeof(err->text)];

    rpc->is_pushed_back = status == STATUS_RESOURCE_EXHAUSTED && has_pushback(attempt);
    rpc->is_unseen = !rpc->is_cancelled && was_unseen(attempt);
    if (rpc->is_cancelled && rpc->text_of_cancel != NULL)
        return error_set(err, rpc->status_of_cancel, "%s", rpc->text_of_cancel);
    if (rpc->is_cancelled)
        return error_set(err, STATUS_CANCELLED, "%s: %s was cancelled by its caller",
                         rpc->channel->service, rpc->method->name);
    if (status == STATUS_OK)
        return STATUS_OK;
    /* No service of ours says UNKNOWN: it is gRPC core's word for an answer without a status, from
     * a connection that broke or a peer that is none of ours. */
    if (status == STATUS_UNKNOWN)
        status = STATUS_UNAVAILABLE;
    /* Nobody here has cancelled: gRPC core says so of calls that come while its server shuts down,
     * and of those whose parent's time is over. */
    if (status == STATUS_CANCELLED && (rpc->parent == NULL || !call_is_cancelled(rpc->parent)))
        status = clock_now() >= rpc->deadline_ns ? STATUS_DEADLINE_EXCEEDED : STATUS_UNAVAILABLE;
    copy_details(attempt->details, text, sizeof(text));
    return error_set(err, status, "%s: %s", rpc->channel->service,
                     text[0] != '\0' ? text : status_name(status));
}

grpc_byte_buffer *rpc_pack(const struct channel *channel, const struct method *method,
                           const void *message, struct error *err)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    grpc_byte_buffer *packed;

    CHECK(((const ProtobufCMessage *)message)->descriptor == method->request);
    if (size > channel->message_bytes_max) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED,
                  "%s: a message of %zu bytes is over the limit of %zu", channel->service, size,
                  channel->message_bytes_max);
        return NULL;
    }
    packed = payload_pack(message, &size);
    if (packed == NULL)
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "%s: no memory for a message of %zu bytes",
                  channel->service, size);
    return packed;
}

const void *rpc_unpack(struct rpc *rpc, struct attempt *attempt, struct error *err)
{
    size_t size = grpc_byte_buffer_length(attempt->reply);
    void *message;

    if (rpc->arena.limit_bytes != 0)
        arena_close(&rpc->arena);
    if (size > (ARENA_BYTES_MAX - ARENA_BYTES_BASE) / ARENA_BYTES_PER_BYTE)
        arena_init(&rpc->arena, ARENA_BYTES_MAX);
    else
        arena_init(&rpc->arena, ARENA_BYTES_BASE + ARENA_BYTES_PER_BYTE * size);
    message = payload_unpack(rpc->method->reply, attempt->reply, &rpc->arena, err);
    grpc_byte_buffer_destroy(attempt->reply);
    attempt->reply = NULL;
    if (message != NULL)
        return message;
    /* The fault is the peer's: INVALID_ARGUMENT would blame our caller. */
    if (err->status == STATUS_INVALID_ARGUMENT)
        err->status = STATUS_INTERNAL;
    error_wrap(err, "%s: the reply of %s", rpc->channel->service, rpc->method->name);
    return NULL;
}
