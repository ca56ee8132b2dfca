#include "gateway_web_http.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "gateway_rpc.h"
#include "rpc/message.h"

#define WEB_TYPE "application/grpc-web+proto"
#define FRAME_HEAD_BYTES 5
#define FRAME_TRAILER 0x80

struct web_call {
    struct http_exchange *exchange;
    const struct method *method;
    struct call *call;
    struct slice left;    /* of the request's frames */
    struct arena pieces;  /* the message of a stream of requests that was given last */
    struct error failure; /* of this face's own; OK: none */
    bool has_begun;
};

/* ---- the reply ---- */

static void put_head(char head[FRAME_HEAD_BYTES], unsigned kind, size_t size)
{
    head[0] = (char)kind;
    head[1] = (char)(size >> 24);
    head[2] = (char)(size >> 16);
    head[3] = (char)(size >> 8);
    head[4] = (char)size;
}

/* "%20" for all but plain letters, as gRPC wants its messages. */
static void put_escaped(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= ' ' && *text <= '~' && *text != '%')
            buffer_put_byte(out, *text);
        else
            buffer_format(out, "%%%02X", (unsigned char)*text);
    }
}

static bool put_trailer(struct buffer *out, const struct error *err, uint32_t retry_ms)
{
    char head[FRAME_HEAD_BYTES];

    buffer_put(out, slice_of(head, sizeof(head)));
    buffer_format(out, "grpc-status: %d\r\n", (int)err->status);
    if (err->status != STATUS_OK) {
        buffer_put_string(out, "grpc-message: ");
        put_escaped(out, err->text);
        buffer_put_string(out, "\r\n");
    }
    if (retry_ms > 0)
        buffer_format(out, "grpc-retry-pushback-ms: %u\r\n", retry_ms);
    if (out->is_full)
        return false;
    put_head(out->data, FRAME_TRAILER, out->size - FRAME_HEAD_BYTES);
    return true;
}

static void begin(struct http_exchange *exchange)
{
    http_add(exchange, "cache-control", SLICE("no-store"));
    http_start(exchange, 200, WEB_TYPE);
}

/* The whole of an exchange that no call was made for, or the end of one. */
static void end(struct http_exchange *exchange, const struct error *err, uint32_t retry_ms,
                bool has_begun)
{
    struct buffer out;

    buffer_init(&out, &exchange->arena);
    if (!put_trailer(&out, err, retry_ms)) {
        http_abort(exchange);
        return;
    }
    if (!has_begun)
        begin(exchange);
    http_send(exchange, buffer_slice(&out));
    http_finish(exchange);
}

bool web_http_is(const struct http_exchange *exchange)
{
    return slice_starts_with(exchange->path, SLICE(WEB_PATH));
}

void web_http_fail(struct http_exchange *exchange, const struct api_error *api)
{
    struct error err;

    error_set(&err, api_error_status(api), "%s", api->text);
    end(exchange, &err, api->retry_s * 1000, false);
}

static bool on_message(void *arg, const void *message)
{
    struct web_call *web = arg;
    struct arena *arena = &web->exchange->arena;
    size_t size = protobuf_c_message_get_packed_size(message);
    struct arena_mark mark;
    bool is_ready;
    char *frame;

    if (!web->has_begun)
        begin(web->exchange); /* before the mark: the head leaves later */
    web->has_begun = true;
    mark = arena_mark(arena);
    frame = arena_alloc(arena, FRAME_HEAD_BYTES + size);
    if (frame == NULL) {
        error_set(&web->failure, STATUS_RESOURCE_EXHAUSTED, "no memory for the reply");
        return true;
    }
    put_head(frame, 0, size);
    protobuf_c_message_pack(message, (uint8_t *)frame + FRAME_HEAD_BYTES);
    is_ready = http_send(web->exchange, slice_of(frame, FRAME_HEAD_BYTES + size));
    arena_rewind(arena, mark);
    return is_ready;
}

static void on_end(void *arg, const struct error *err)
{
    struct web_call *web = arg;
    struct gateway *gateway = gateway_of(web->exchange);

    arena_close(&web->pieces);
    if (web->method == &method_gateway_put_record)
        gateway_http_put_ended(gateway);
    else
        gateway_http_ended(gateway);
    end(web->exchange, web->failure.status != STATUS_OK ? &web->failure : err, 0, web->has_begun);
}

/* ---- the request ---- */

/* The bytes of the next message off the front of the frames. */
static enum status take(struct web_call *web, struct slice *message, struct error *err)
{
    const unsigned char *head = (const unsigned char *)web->left.data;
    size_t size;

    if (web->left.size < FRAME_HEAD_BYTES)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the request has no whole frame");
    if (head[0] == 1)
        return error_set(err, STATUS_UNIMPLEMENTED, "messages are not taken compressed");
    size = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
    *message = slice_cut(web->left, FRAME_HEAD_BYTES, FRAME_HEAD_BYTES + size);
    if (head[0] != 0 || message->size < size)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the request has no whole frame");
    web->left = slice_cut(web->left, FRAME_HEAD_BYTES + size, web->left.size);
    return STATUS_OK;
}

/* Of a stream: all are looked at before the first is taken, so that half a record is never put. */
static enum status check_all(const struct web_call *web, struct error *err)
{
    struct web_call copy = *web;
    struct slice message;

    do {
        if (take(&copy, &message, err) != STATUS_OK
            || message_check(web->method->request, message, err) != STATUS_OK)
            return err->status;
    } while (copy.left.size > 0);
    return STATUS_OK;
}

static const void *next_message(void *arg)
{
    struct web_call *web = arg;
    const void *unpacked = NULL;
    struct slice message;
    struct error err;

    if (web->left.size == 0)
        return NULL;
    arena_reuse(&web->pieces, MESSAGE_BYTES_MAX);
    if (take(web, &message, &err) == STATUS_OK)
        unpacked = message_unpack(web->method->request, message, &web->pieces, &err);
    if (unpacked == NULL)
        web->failure = err;
    return unpacked;
}

/* Where requests do not stream: the one. */
static const void *take_one(struct web_call *web, struct error *err)
{
    struct slice message;

    if (take(web, &message, err) != STATUS_OK)
        return NULL;
    if (web->left.size > 0) {
        error_set(err, STATUS_INVALID_ARGUMENT,
                  "more than one message, of a method that takes one");
        return NULL;
    }
    return message_unpack(web->method->request, message, &web->exchange->arena, err);
}

static void on_gone(struct http_exchange *exchange)
{
    struct web_call *web = exchange->state;

    call_local_cancel(web->call);
}

static void on_writable(struct http_exchange *exchange)
{
    struct web_call *web = exchange->state;

    call_local_proceed(web->call);
}

static const struct method *find_method(struct slice path)
{
    const struct server_method *row;

    for (row = gateway_methods; row->method != NULL; row++)
        if (slice_is(path, row->method->path))
            return row->method;
    return NULL;
}

static bool is_web_type(struct http_exchange *exchange)
{
    struct slice type = http_find(exchange, "content-type");

    return slice_equal_fold(type, SLICE(WEB_TYPE))
           || slice_equal_fold(type, SLICE("application/grpc-web"));
}

static void start_call(struct web_call *web, const void *request)
{
    struct http_exchange *exchange = web->exchange;
    struct call_local_options options = {
        .request = request,
        .next = request == NULL ? next_message : NULL,
        .on_message = on_message,
        .on_end = on_end,
        .arg = web,
    };
    struct api_error api;

    exchange->state = web;
    web->call = gateway_http_call(exchange, web->method, &options, &api);
    if (web->call == NULL) {
        web_http_fail(exchange, &api);
        return;
    }
    http_on_gone(exchange, on_gone);
    http_on_writable(exchange, on_writable);
}

void web_http_start(struct http_exchange *exchange, struct slice rest)
{
    struct web_call *web = ARENA_NEW(&exchange->arena, struct web_call);
    const struct method *method = find_method(exchange->path);
    const void *request = NULL;
    struct error err = { 0 };

    (void)rest;
    if (method == NULL)
        error_set(&err, STATUS_UNIMPLEMENTED, "the gateway has no such method");
    else if (!is_web_type(exchange))
        error_set(&err, STATUS_INVALID_ARGUMENT, "requests are taken as " WEB_TYPE);
    else if (web == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another call");
    if (err.status == STATUS_OK) {
        *web = (struct web_call){ .exchange = exchange, .method = method, .left = exchange->body };
        if (method->kind == METHOD_KIND_CLIENT_STREAM)
            check_all(web, &err);
        else
            request = take_one(web, &err);
    }
    if (err.status != STATUS_OK)
        end(exchange, &err, 0, false);
    else
        start_call(web, request);
}
