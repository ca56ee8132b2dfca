#include "consilium_web.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/list.h"
#include "consilium_token.h"
#include "fetch/fetch.h"
#include "rpc/message.h"

#define WEB_TYPE "application/grpc-web+proto"
#define FRAME_HEAD_BYTES 5
#define FRAME_TRAILER 0x80
#define REFUSAL_BYTES_MAX (64 * KIB)

struct web {
    struct consilium *consilium;
    const struct method *method;
    struct web_callbacks callbacks;
    struct buffer frames;      /* of the request */
    struct buffer left;        /* of the reply: what is no whole frame yet */
    const void *message;       /* the reply of a method that has one; NULL: none yet */
    struct arena bytes, reply; /* of both buffers; of one message */
    struct fetch *fetch;
    struct timer timer;       /* what fails at once is told a turn of the loop later */
    struct error status;      /* of the call, by the last frame */
    bool is_told;             /* that frame was there */
    bool is_sending, is_sent; /* in web_send: its callback runs; it has sent another */
};

/* ---- the end ---- */

static void finish(struct web *web, const struct error *err)
{
    struct web_callbacks callbacks = web->callbacks;
    const void *message = err->status == STATUS_OK ? web->message : NULL;
    struct error missing;

    if (err->status == STATUS_OK && callbacks.on_reply != NULL && message == NULL) {
        error_set(&missing, STATUS_INTERNAL, "the gateway's answer holds no reply");
        err = &missing;
    }
    web->fetch = NULL;
    timer_close(&web->timer, NULL);
    if (callbacks.on_reply != NULL)
        callbacks.on_reply(callbacks.arg, message, err);
    else
        callbacks.on_end(callbacks.arg, err);
    arena_close(&web->reply);
    arena_close(&web->bytes);
}

static void on_failed(struct timer *timer)
{
    struct web *web = LIST_ITEM(timer, struct web, timer);
    const struct error err = web->status;

    finish(web, &err);
}

static void fail_later(struct web *web)
{
    timer_start(&web->timer, 0, 0);
}

/* ---- the reply ---- */

/* "%20" and the like back to what they stand for. */
static void copy_text(char *out, size_t size, struct slice text)
{
    size_t used = 0;
    unsigned byte;

    for (size_t i = 0; i < text.size && used + 1 < size; i++) {
        char hex[3] = { 0 };

        if (text.data[i] == '%' && i + 2 < text.size) {
            memcpy(hex, text.data + i + 1, 2);
            byte = (unsigned)strtoul(hex, NULL, 16);
            i += 2;
            out[used++] = byte < ' ' ? ' ' : (char)byte;
        } else {
            out[used++] = text.data[i];
        }
    }
    out[used] = '\0';
}

/* Lines of "name: value". */
static void read_trailer(struct web *web, struct slice text)
{
    web->is_told = true;
    error_clear(&web->status);
    while (text.size > 0) {
        size_t end = slice_find_byte(text, '\n'), colon;
        struct slice line = slice_trim(slice_cut(text, 0, end)), name, value;

        text = slice_cut(text, end + 1, text.size);
        colon = slice_find_byte(line, ':');
        name = slice_cut(line, 0, colon);
        value = slice_trim(slice_cut(line, colon + 1, line.size));
        if (slice_is(name, "grpc-status")) {
            unsigned status = value.size == 0 ? STATUS_UNKNOWN : (unsigned)atoi(value.data);

            web->status.status = status < STATUS_COUNT ? (enum status)status : STATUS_UNKNOWN;
        } else if (slice_is(name, "grpc-message")) {
            copy_text(web->status.text, sizeof(web->status.text), value);
        }
    }
}

static bool read_message(struct web *web, struct slice bytes)
{
    const void *message;
    struct error err;

    arena_reuse(&web->reply, 2 * MESSAGE_BYTES_MAX);
    message = message_unpack(web->method->reply, bytes, &web->reply, &err);
    if (message == NULL) {
        error_set(&web->status, STATUS_INTERNAL, "the gateway's reply cannot be read");
        return false;
    }
    if (web->callbacks.on_message != NULL)
        web->callbacks.on_message(web->callbacks.arg, message);
    else
        web->message = message;
    return true;
}

/* The first frame of @left, if it is whole: its bytes and kind, and what follows it. */
static bool next_frame(struct slice *left, struct slice *frame, unsigned *kind)
{
    const unsigned char *head = (const unsigned char *)left->data;
    size_t size;

    if (left->size < FRAME_HEAD_BYTES)
        return false;
    size = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
    if (left->size - FRAME_HEAD_BYTES < size)
        return false;
    *kind = head[0];
    *frame = slice_cut(*left, FRAME_HEAD_BYTES, FRAME_HEAD_BYTES + size);
    *left = slice_cut(*left, FRAME_HEAD_BYTES + size, left->size);
    return true;
}

static bool on_piece(void *arg, struct slice piece)
{
    struct web *web = arg;
    struct slice left, frame;
    unsigned kind;

    buffer_put(&web->left, piece);
    if (web->left.is_full) {
        error_set(&web->status, STATUS_RESOURCE_EXHAUSTED, "the reply is too large");
        return false;
    }
    left = buffer_slice(&web->left);
    while (!web->is_told && next_frame(&left, &frame, &kind)) {
        if (kind == FRAME_TRAILER)
            read_trailer(web, frame);
        else if (kind != 0 || !read_message(web, frame))
            return false;
    }
    memmove(web->left.data, left.data, left.size);
    web->left.size = left.size;
    return true;
}

static void set_refused(struct error *err, unsigned code)
{
    static const struct {
        unsigned code;
        enum status status;
    } statuses[] = {
        { 400, STATUS_INVALID_ARGUMENT },   { 401, STATUS_UNAUTHENTICATED },
        { 403, STATUS_PERMISSION_DENIED },  { 404, STATUS_UNIMPLEMENTED },
        { 413, STATUS_RESOURCE_EXHAUSTED }, { 429, STATUS_UNAVAILABLE },
        { 502, STATUS_UNAVAILABLE },        { 503, STATUS_UNAVAILABLE },
        { 504, STATUS_UNAVAILABLE },
    };
    enum status status = STATUS_UNKNOWN;

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i].code == code)
            status = statuses[i].status;
    error_set(err, status, "what answers there is not the gateway: status %u of HTTP", code);
}

static void on_fetched(void *arg, const struct fetch_reply *reply, const struct error *err)
{
    struct web *web = arg;
    struct error end = web->status;

    if (reply != NULL && reply->code != 200)
        set_refused(&end, reply->code);
    else if (!web->is_told && end.status == STATUS_OK && reply == NULL)
        end = *err;
    else if (!web->is_told && end.status == STATUS_OK)
        error_set(&end, STATUS_UNAVAILABLE, "the answer broke off");
    finish(web, &end);
}

/* ---- the request ---- */

enum status web_reach(struct consilium *consilium, struct error *err)
{
    if (!fetch_takes(consilium->config.gateway))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "--gateway is not an address of https, nor of http on this machine");
    consilium->fetcher = fetcher_create(&consilium->loop, consilium->config.tls_authority, err);
    if (consilium->fetcher == NULL)
        return err->status;
    return token_read(consilium, &consilium->authorization, err);
}

enum status web_open(struct consilium *consilium, const struct method *method,
                     const struct web_callbacks *callbacks, struct error *err)
{
    struct web *web = ARENA_NEW(&consilium->arena, struct web);

    if (web == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a call");
    web->consilium = consilium;
    web->method = method;
    web->callbacks = *callbacks;
    arena_init(&web->reply, 2 * MESSAGE_BYTES_MAX);
    arena_init(&web->bytes, 4 * MESSAGE_BYTES_MAX);
    buffer_init(&web->frames, &web->bytes);
    buffer_init(&web->left, &web->bytes);
    timer_init(&web->timer, &consilium->loop, on_failed);
    consilium->web = web;
    return STATUS_OK;
}

enum status web_add(struct web *web, const void *message, struct error *err)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    char *frame = buffer_reserve(&web->frames, FRAME_HEAD_BYTES + size);

    if (frame == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a request");
    frame[0] = 0;
    for (unsigned i = 0; i < 4; i++)
        frame[1 + i] = (char)(size >> (24 - 8 * i));
    protobuf_c_message_pack(message, (uint8_t *)frame + FRAME_HEAD_BYTES);
    web->frames.size += FRAME_HEAD_BYTES + size;
    return STATUS_OK;
}

enum status web_start(struct web *web, struct error *err)
{
    struct consilium *consilium = web->consilium;
    const char *bearer = consilium->authorization;
    struct slice base = slice_from(consilium->config.gateway);
    const struct fetch_options options = {
        .url = arena_format(&consilium->arena, "%.*s%s",
                            (int)(base.size - (slice_ends_with(base, SLICE("/")) ? 1 : 0)),
                            base.data, web->method->path),
        .accept = WEB_TYPE,
        .bearer = bearer == NULL ? NULL : bearer + strlen("Bearer "),
        .body_type = WEB_TYPE,
        .body = buffer_slice(&web->frames),
        .on_piece = on_piece,
        .bytes_max = REFUSAL_BYTES_MAX,
        .timeout_ms = (uint32_t)consilium->config.timeout_ms,
    };

    if (options.url == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a request");
    return fetch_start(consilium->fetcher, &options, on_fetched, web, &web->fetch, err);
}

/* A loop, not a callback in a callback: a record has hundreds of pieces. */
void web_send(struct web *web, const void *message, void (*on_sent)(void *arg))
{
    if (web->status.status == STATUS_OK && web_add(web, message, &web->status) != STATUS_OK)
        fail_later(web);
    web->is_sent = true;
    if (web->is_sending || on_sent == NULL)
        return;
    web->is_sending = true;
    while (web->is_sent && web->status.status == STATUS_OK) {
        web->is_sent = false;
        on_sent(web->callbacks.arg);
    }
    web->is_sending = false;
}

void web_close_send(struct web *web)
{
    if (web_start(web, &web->status) != STATUS_OK)
        fail_later(web);
}

void web_cancel(struct web *web)
{
    if (web->fetch != NULL)
        fetch_cancel(web->fetch);
    web->fetch = NULL;
    error_set(&web->status, STATUS_CANCELLED, "it was interrupted");
    fail_later(web);
}
