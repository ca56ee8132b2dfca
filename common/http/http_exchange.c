/* An exchange: what was asked, what is answered, and who still holds it.
 *
 *   opened (head, then body come in) → given to a handler → started → ended → all pulled → closed
 *
 * Two hold it: the connection until the client has all of the answer or has gone, and the handler
 * until it ends the exchange. The last to let go frees it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "http/http_state.h"
#include "run/clock.h"
#include "run/metrics.h"
#include "run/trace.h"

static void set_id(struct exchange *exchange)
{
    struct trace trace;
    char text[TRACE_ID_TEXT_BYTES];

    trace_start(&trace);
    trace_format_id(&trace, text);
    snprintf(exchange->public.id, sizeof(exchange->public.id), "%s", text);
}

struct exchange *exchange_open(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    struct exchange *exchange = calloc(1, sizeof(*exchange));

    if (exchange == NULL)
        return NULL;
    exchange->server = server;
    exchange->connection = connection;
    exchange->last = &exchange->first;
    exchange->length = -1;
    exchange->public.service = server->service;
    exchange->public.fields = exchange->fields;
    exchange->public.arrived_ns = exchange->moved_ns = clock_now();
    exchange->public.body_bytes_max = server->body_bytes_max;
    exchange->public.is_tls = connection->tls != NULL;
    arena_init(&exchange->public.arena, server->arena_bytes_max);
    set_id(exchange);
    list_init(&exchange->in_due);
    list_push_back(&connection->exchanges, &exchange->in_connection);
    connection->exchanges_count++;
    server->exchanges_count++;
    return exchange;
}

static void free_queue(struct exchange *exchange)
{
    struct http_chunk *chunk;

    while ((chunk = exchange->first) != NULL) {
        exchange->first = chunk->next;
        free(chunk);
    }
    exchange->last = &exchange->first;
    exchange->queue_bytes = 0;
}

static void free_body(struct exchange *exchange)
{
    exchange->server->bodies_bytes -= exchange->body.capacity;
    http_bytes_close(&exchange->body);
    exchange->public.body = SLICE("");
}

static void count(const struct exchange *exchange)
{
    static struct metric *classes[6], *seconds;
    static const char *const labels[] = { "code=\"none\"", "code=\"1xx\"", "code=\"2xx\"",
                                          "code=\"3xx\"",  "code=\"4xx\"", "code=\"5xx\"" };
    unsigned class = exchange->code / 100 <= 5 ? exchange->code / 100 : 0;
    uint64_t took_us = (clock_now() - exchange->public.arrived_ns) / CLOCK_NS_PER_US;

    if (classes[class] == NULL)
        classes[class] =
            metric_register(METRIC_KIND_COUNTER, "http_requests_total",
                            "HTTP requests by the class of their status", labels[class]);
    if (seconds == NULL)
        seconds = metric_register(METRIC_KIND_HISTOGRAM, "http_request_seconds",
                                  "From a request's first byte to its answer's last", "");
    metric_add(classes[class], 1);
    metric_observe(seconds, took_us);
    /* The others of 5xx are what clients provoke; a flood of them would be one of lines too. */
    if (exchange->code == 500 || exchange->code == 504)
        log_warn("http_failed", LOG_ID("request", exchange->public.id),
                 LOG_NUMBER("code", exchange->code), LOG_NUMBER("us", took_us));
}

static void close_when_over(struct exchange *exchange)
{
    struct http_server *server = exchange->server;

    if (exchange->connection != NULL || (exchange->is_given && !exchange->is_ended))
        return;
    count(exchange);
    free_queue(exchange);
    free_body(exchange);
    list_remove(&exchange->in_due);
    arena_close(&exchange->public.arena);
    free(exchange);
    server->exchanges_count--;
    server_exchange_closed(server);
}

static void set_due(struct exchange *exchange)
{
    if (list_is_empty(&exchange->in_due))
        list_push_back(&exchange->server->due, &exchange->in_due);
}

void exchange_let_go(struct exchange *exchange)
{
    struct http_connection *connection = exchange->connection;

    list_remove(&exchange->in_connection);
    connection->exchanges_count--;
    exchange->connection = NULL;
    if (exchange->is_given && !exchange->is_ended) {
        exchange->is_gone = exchange->tell_gone = true;
        free_queue(exchange);
        set_due(exchange);
    }
    close_when_over(exchange);
}

unsigned exchange_put_body(struct exchange *exchange, struct slice bytes)
{
    struct http_server *server = exchange->server;
    size_t before = exchange->body.capacity;

    if (exchange->is_ended || exchange->is_given)
        return 0; /* it was answered on its head: the rest goes nowhere */
    if (bytes.size > exchange->public.body_bytes_max - exchange->body.size)
        return 413;
    if (bytes.size > server->bodies_bytes_max
        || server->bodies_bytes > server->bodies_bytes_max - bytes.size
        || !http_bytes_put(&exchange->body, bytes))
        return 503;
    server->bodies_bytes += exchange->body.capacity - before;
    return 0;
}

unsigned exchange_take_head(struct exchange *exchange)
{
    struct http_server *server = exchange->server;
    unsigned code = head_check(exchange);

    exchange->has_head = true;
    if (code != 0)
        return code;
    if (server->exchanges_count > server->exchanges_max)
        return 503;
    if (server->handlers->on_head == NULL)
        return 0;
    exchange->is_given = true;
    server->handlers->on_head(&exchange->public);
    if (!exchange->is_ended)
        exchange->is_given = false;
    return 0;
}

void exchange_take_whole(struct exchange *exchange)
{
    exchange->is_whole = true;
    if (exchange->is_given)
        return; /* it was answered on its head */
    exchange->is_given = true;
    exchange->public.body = http_bytes_slice(&exchange->body);
    exchange->server->handlers->on_request(&exchange->public);
}

static const char *refusal_text(unsigned code)
{
    switch (code) {
    case 408:
        return "the request took too long to arrive";
    case 413:
        return "the body is larger than this path takes";
    case 414:
        return "the target is too long";
    case 431:
        return "the header fields are too large or too many";
    case 501:
        return "this method is not served";
    case 503:
        return "too much is asked at this moment: try again";
    case 505:
        return "HTTP/1.1 and HTTP/2 are served";
    default:
        return "the request is malformed";
    }
}

void exchange_refuse(struct exchange *exchange, unsigned code)
{
    if (exchange->is_given)
        return;
    exchange->is_given = true;
    if (code == 503)
        http_add(&exchange->public, "retry-after", SLICE("1"));
    exchange->server->handlers->on_refused(&exchange->public, code, refusal_text(code));
    CHECK(exchange->is_ended);
}

/* ---- the answer ---- */

void http_add(struct http_exchange *public, const char *name, struct slice value)
{
    struct exchange *exchange = exchange_of(public);
    struct http_field *field = &exchange->reply_fields[exchange->reply_fields_count];
    size_t i;

    CHECK(!exchange->is_started && exchange->reply_fields_count < HTTP_REPLY_FIELDS_MAX);
    for (i = 0; i < value.size; i++)
        if ((unsigned char)value.data[i] < ' ' || value.data[i] == 0x7f)
            return;
    field->name = slice_from(name);
    field->value = arena_copy(&public->arena, value);
    if (field->value.data != NULL)
        exchange->reply_fields_count++;
}

static void tell_protocol(struct exchange *exchange)
{
    if (exchange->connection == NULL || exchange->connection->is_closing)
        return;
    exchange->connection->protocol->on_answer(exchange);
    connection_mark(exchange->connection);
}

static void start(struct exchange *exchange, unsigned code, const char *content_type,
                  int64_t length)
{
    struct http_exchange *public = &exchange->public;

    CHECK(exchange->is_given && !exchange->is_started && !exchange->is_ended);
    if (content_type != NULL)
        http_add(public, "content-type", slice_from(content_type));
    http_add(public, "x-request-id", slice_from(public->id));
    http_add(public, "date", slice_from(head_date()));
    exchange->is_started = true;
    exchange->code = code;
    exchange->length = length;
    exchange->moved_ns = clock_now();
}

static void put(struct exchange *exchange, struct slice bytes)
{
    struct http_chunk *chunk;

    if (bytes.size == 0 || exchange->is_gone || exchange->is_broken
        || exchange->public.verb == HTTP_VERB_HEAD)
        return;
    chunk = malloc(sizeof(*chunk) + bytes.size);
    if (chunk == NULL) {
        exchange->is_broken = true; /* a gap would be a lie: the client sees it break off */
        return;
    }
    *chunk = (struct http_chunk){ .size = bytes.size };
    memcpy(chunk->data, bytes.data, bytes.size);
    if (exchange->queue_bytes == 0)
        exchange->moved_ns = clock_now();
    *exchange->last = chunk;
    exchange->last = &chunk->next;
    exchange->queue_bytes += bytes.size;
}

/* The handler lets go; the exchange may be gone when this returns. */
static void end(struct exchange *exchange)
{
    CHECK(exchange->is_given && !exchange->is_ended);
    exchange->is_ended = true;
    exchange->tell_gone = exchange->tell_writable = false;
    tell_protocol(exchange);
    close_when_over(exchange);
}

void http_reply(struct http_exchange *public, unsigned code, const char *content_type,
                struct slice body)
{
    struct exchange *exchange = exchange_of(public);

    start(exchange, code, content_type, (int64_t)body.size);
    put(exchange, body);
    end(exchange);
}

void http_start(struct http_exchange *public, unsigned code, const char *content_type)
{
    struct exchange *exchange = exchange_of(public);

    start(exchange, code, content_type, -1);
    tell_protocol(exchange);
}

bool http_send(struct http_exchange *public, struct slice bytes)
{
    struct exchange *exchange = exchange_of(public);

    CHECK(exchange->is_started && !exchange->is_ended && exchange->length < 0);
    put(exchange, bytes);
    tell_protocol(exchange);
    if (exchange->queue_bytes > HTTP_SEND_BYTES)
        exchange->is_blocked = true;
    return !exchange->is_blocked;
}

void http_finish(struct http_exchange *public)
{
    CHECK(exchange_of(public)->is_started);
    end(exchange_of(public));
}

void http_abort(struct http_exchange *public)
{
    struct exchange *exchange = exchange_of(public);

    if (!exchange->is_started) {
        http_reply(public, 500, NULL, SLICE(""));
        return;
    }
    exchange->is_broken = true;
    free_queue(exchange);
    end(exchange);
}

bool http_is_gone(const struct http_exchange *public)
{
    return exchange_of(public)->is_gone;
}

void http_on_writable(struct http_exchange *public, void (*on_writable)(struct http_exchange *))
{
    exchange_of(public)->on_writable = on_writable;
}

void http_on_gone(struct http_exchange *public, void (*on_gone)(struct http_exchange *))
{
    exchange_of(public)->on_gone = on_gone;
}

/* ---- what the protocols take ---- */

struct slice exchange_peek(const struct exchange *exchange, size_t bytes_max)
{
    const struct http_chunk *chunk = exchange->first;

    if (chunk == NULL)
        return SLICE("");
    return slice_cut(slice_of(chunk->data, chunk->size), chunk->at, chunk->at + bytes_max);
}

void exchange_pulled(struct exchange *exchange, size_t bytes)
{
    struct http_chunk *chunk = exchange->first;

    CHECK(chunk != NULL && bytes <= chunk->size - chunk->at);
    chunk->at += bytes;
    exchange->queue_bytes -= bytes;
    exchange->moved_ns = clock_now();
    if (chunk->at == chunk->size) {
        exchange->first = chunk->next;
        if (exchange->first == NULL)
            exchange->last = &exchange->first;
        free(chunk);
    }
    if (exchange->is_blocked && exchange->queue_bytes <= HTTP_SEND_BYTES / 2) {
        exchange->is_blocked = false;
        if (exchange->is_ended)
            return;
        exchange->tell_writable = true;
        set_due(exchange);
    }
}

bool exchange_is_late(const struct exchange *exchange, uint64_t now_ns)
{
    const struct http_server *server = exchange->server;
    uint64_t began_ns = exchange->public.arrived_ns;

    if (!exchange->is_given && !exchange->has_head)
        return now_ns - began_ns > server->head_ns;
    if (!exchange->is_given)
        return now_ns - began_ns > server->head_ns + server->body_ns
                                       + exchange->body.size / HTTP_BODY_RATE * CLOCK_NS_PER_S;
    /* It was answered before its body was whole. Its client may take a moment to stop sending; some
     * lose the answer when they are told so at once. */
    if (exchange->is_ended && !exchange->is_whole && exchange->queue_bytes == 0)
        return now_ns - exchange->moved_ns > HTTP_LINGER_MS * CLOCK_NS_PER_MS;
    return exchange->queue_bytes > 0 && now_ns - exchange->moved_ns > server->stall_ns;
}

void exchange_tell(struct exchange *exchange)
{
    struct http_exchange *public = &exchange->public;
    bool is_gone = exchange->tell_gone, is_writable = exchange->tell_writable;

    exchange->tell_gone = exchange->tell_writable = false;
    if (is_gone && exchange->on_gone != NULL)
        exchange->on_gone(public);
    else if (is_writable && !exchange->is_gone && exchange->on_writable != NULL)
        exchange->on_writable(public);
}
