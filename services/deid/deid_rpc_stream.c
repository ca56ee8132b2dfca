/* read → [worker: the first opens the map and the stream; feed; send what is ready] → read → ...
 *      → the caller has said that no more come → [worker: finish, seal, send the end]
 *
 * A chunk is asked for when the one before has been worked on and what came of it has left, so a
 * call holds one chunk, one piece of the document and the map. Every way to fail ends the call with
 * a status and without an `end`. A caller who goes, or whose deadline passes, is told to us between
 * two chunks (on_cancel), and inside of one by call_is_cancelled. */
#include "deid_rpc_stream.h"

#include <sodium.h>

#include "base/limits.h"
#include "deid_rpc_common.h"
#include "deid_stream.h"

#define CHUNK_BYTES_MAX MIB
#define REPLY_BYTES (64 * KIB) /* of a chunk that leaves; the last may be smaller */

/* One document on its way. */
struct redaction {
    struct call *call;
    struct deid_map map;
    struct deid_stream *stream; /* NULL until the first message */
    const char *scope;
    const Consilium__V1__RedactStreamRequest *message; /* at hand */
    crypto_generichash_state digests[2]; /* of the document as it came, and came again */
    struct buffer output;                /* not yet sent */
    bool is_sent_twice, is_again;
    bool is_full; /* on_writable reads on */
};

static void on_message(struct call *call, const void *message);

static void close_stream(struct redaction *redaction)
{
    deid_stream_destroy(redaction->stream);
    redaction->stream = NULL;
}

static void end_failed(struct redaction *redaction, struct error *err)
{
    close_stream(redaction);
    deid_rpc_fail(redaction->call, err);
}

/* ---- what leaves ---- */

static void flush(struct redaction *redaction)
{
    Consilium__V1__RedactStreamReply reply = CONSILIUM__V1__REDACT_STREAM_REPLY__INIT;

    if (redaction->output.size == 0)
        return;
    reply.chunk = deid_rpc_data(buffer_slice(&redaction->output));
    redaction->is_full = !call_send(redaction->call, &reply);
    redaction->output.size = 0;
}

static enum status on_output(void *data, struct slice output, struct error *err)
{
    struct redaction *redaction = data;

    if (call_is_cancelled(redaction->call))
        return error_set(err, STATUS_CANCELLED, "the caller has gone");
    while (output.size > 0) {
        size_t room = REPLY_BYTES - redaction->output.size;

        buffer_put(&redaction->output, slice_cut(output, 0, room));
        output = slice_cut(output, room, output.size);
        if (redaction->output.size == REPLY_BYTES)
            flush(redaction);
    }
    return STATUS_OK;
}

/* ---- what comes ---- */

static enum status stream_open(struct redaction *redaction, enum deid_stream_kind kind,
                               const Consilium__V1__RedactStreamStart *start, struct error *err)
{
    const struct deid *deid = redaction->call->service;
    struct deid_stream_options options = {
        .kind = kind,
        .policy = &deid->policy,
        .write = on_output,
        .data = redaction,
        .has_many = start->has_many,
    };

    redaction->stream = deid_stream_create(&deid->rules, &redaction->map, &options, err);
    return redaction->stream == NULL
               ? err->status
               : deid_rpc_style_set(deid, (int)start->style, &redaction->map, err);
}

static enum status begin(struct redaction *redaction, const Consilium__V1__RedactStreamStart *start,
                         struct error *err)
{
    struct call *call = redaction->call;
    const struct deid_rpc_opening opening = { "RedactStream", deid_rpc_bytes(start->sealed_map),
                                              start->scope, (int)start->profile,
                                              start->generation_min };

    if (start->kind < CONSILIUM__V1__STREAM_KIND__STREAM_KIND_TEXT
        || start->kind > CONSILIUM__V1__STREAM_KIND__STREAM_KIND_NDJSON)
        return error_set(err, STATUS_INVALID_ARGUMENT, "kind %d is none", (int)start->kind);
    redaction->is_sent_twice = start->is_sent_twice;
    redaction->scope = arena_string(&call->arena, slice_from(start->scope));
    buffer_init(&redaction->output, &call->arena);
    if (redaction->scope == NULL || buffer_reserve(&redaction->output, REPLY_BYTES) == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a stream");
    for (unsigned i = 0; i < 2; i++)
        crypto_generichash_init(&redaction->digests[i], NULL, 0, crypto_generichash_BYTES);
    if (deid_rpc_map_open(call, &opening, &redaction->map, err) != STATUS_OK)
        return err->status;
    return stream_open(
        redaction,
        (enum deid_stream_kind)(start->kind - CONSILIUM__V1__STREAM_KIND__STREAM_KIND_TEXT), start,
        err);
}

/* From here on the document comes again, and is written. */
static enum status turn(struct redaction *redaction, struct error *err)
{
    if (!redaction->is_sent_twice || redaction->is_again)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the document was not to come again");
    redaction->is_again = true;
    return deid_stream_learnt(redaction->stream, err);
}

static enum status take(struct redaction *redaction,
                        const Consilium__V1__RedactStreamRequest *message, struct error *err)
{
    struct slice chunk = deid_rpc_bytes(message->chunk);
    enum status status = STATUS_OK;

    if ((redaction->stream == NULL) != (message->start != NULL))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "the first message, and no other, has start");
    if (chunk.size > CHUNK_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a chunk of %zu bytes, at most %zu",
                         chunk.size, CHUNK_BYTES_MAX);
    if (message->start != NULL)
        status = begin(redaction, message->start, err);
    if (status == STATUS_OK && message->is_again)
        status = turn(redaction, err);
    if (status != STATUS_OK || chunk.size == 0)
        return status;
    if (redaction->is_sent_twice)
        crypto_generichash_update(&redaction->digests[redaction->is_again],
                                  (const unsigned char *)chunk.data, chunk.size);
    return redaction->is_sent_twice && !redaction->is_again
               ? deid_stream_learn(redaction->stream, chunk, err)
               : deid_stream_feed(redaction->stream, chunk, err);
}

/* Worker. */
static void message_run(struct call *call)
{
    struct redaction *redaction = call->state;
    struct error err = { 0 };

    redaction->is_full = false;
    if (take(redaction, redaction->message, &err) != STATUS_OK) {
        end_failed(redaction, &err);
        return;
    }
    flush(redaction);
    if (!redaction->is_full)
        call_read(call, on_message);
}

/* ---- the end ---- */

/* What was learnt from has to be what is written. */
static enum status check_passes(struct redaction *redaction, struct error *err)
{
    unsigned char digests[2][crypto_generichash_BYTES];

    if (!redaction->is_sent_twice)
        return STATUS_OK;
    if (!redaction->is_again)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the document did not come again");
    for (unsigned i = 0; i < 2; i++)
        crypto_generichash_final(&redaction->digests[i], digests[i], sizeof(digests[i]));
    return sodium_memcmp(digests[0], digests[1], sizeof(digests[0])) == 0
               ? STATUS_OK
               : error_set(err, STATUS_INVALID_ARGUMENT, "what came again is another document");
}

static enum status send_end(struct redaction *redaction, struct error *err)
{
    const struct deid *deid = redaction->call->service;
    struct arena *arena = &redaction->call->arena;
    Consilium__V1__RedactStreamReply reply = CONSILIUM__V1__REDACT_STREAM_REPLY__INIT;
    Consilium__V1__RedactStreamEnd end = CONSILIUM__V1__REDACT_STREAM_END__INIT;
    struct slice sealed;

    if (deid_seal(&redaction->map, &deid->key, slice_from(redaction->scope), arena, &sealed, err)
        != STATUS_OK)
        return err->status;
    if (!deid_rpc_counts_pack(arena, deid_stream_counts(redaction->stream), &end.counts,
                              &end.n_counts))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the reply");
    end.sealed_map = deid_rpc_data(sealed);
    end.map_generation = redaction->map.generation + 1;
    reply.end = &end;
    flush(redaction);
    call_send(redaction->call, &reply);
    return STATUS_OK;
}

/* Worker. */
static void finish_run(struct call *call)
{
    struct redaction *redaction = call->state;
    struct error err = { 0 };

    if (check_passes(redaction, &err) != STATUS_OK
        || deid_stream_finish(redaction->stream, &err) != STATUS_OK
        || send_end(redaction, &err) != STATUS_OK) {
        end_failed(redaction, &err);
        return;
    }
    close_stream(redaction);
    call_finish(call);
}

/* ---- rpc thread ---- */

static void on_message(struct call *call, const void *message)
{
    struct redaction *redaction = call->state;
    struct error err = { 0 };

    redaction->message = message;
    if (message == NULL && redaction->stream == NULL)
        error_set(&err, STATUS_INVALID_ARGUMENT, "no message came: the first has start");
    else if (call_try_on_worker(call, message == NULL ? finish_run : message_run, &err)
             == STATUS_OK)
        return;
    end_failed(redaction, &err);
}

static void on_writable(struct call *call)
{
    struct redaction *redaction = call->state;

    if (!redaction->is_full)
        return;
    redaction->is_full = false;
    call_read(call, on_message);
}

static void on_cancel(struct call *call)
{
    struct error err;

    error_set(&err, STATUS_CANCELLED, "the caller has gone");
    end_failed(call->state, &err);
}

/* libsodium's states are aligned to 64 bytes, an arena's memory to 16. */
static struct redaction *redaction_create(struct arena *arena)
{
    const size_t alignment = _Alignof(struct redaction);
    char *bytes = arena_alloc_zero(arena, 1, sizeof(struct redaction) + alignment);

    return bytes == NULL ? NULL
                         : (void *)(bytes + (alignment - (uintptr_t)bytes % alignment) % alignment);
}

void deid_rpc_stream_start(struct call *call)
{
    struct redaction *redaction = redaction_create(&call->arena);
    struct error err;

    if (redaction == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no room for a stream");
        call_fail(call, &err);
        return;
    }
    redaction->call = call;
    call->state = redaction;
    call_on_writable(call, on_writable);
    call_on_cancel(call, on_cancel);
    call_read(call, on_message);
}
