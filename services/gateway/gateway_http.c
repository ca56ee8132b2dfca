#include "gateway_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "gateway_access.h"
#include "gateway_audit.h"
#include "gateway_console.h"
#include "gateway_http_origin.h"
#include "gateway_http_route.h"
#include "gateway_rate.h"
#include "gateway_rpc.h"
#include "gateway_web_http.h"
#include "run/clock.h"
#include "run/metrics.h"

#define ADDRESSES_MAX 8
#define OPENING_MS 100
#define ARENA_BYTES_MAX (6 * ROUTE_CHAT_BYTES_MAX)

struct gateway_http {
    struct gateway *gateway;
    struct http_server *server; /* NULL: it has drained */
    unsigned calls;             /* of the gateway's methods, running */
    unsigned puts;              /* of them, those that put a record */
    struct list streams;        /* of struct http_stream */
    struct list waiting;        /* the same, before they begin; oldest first */
    struct timer beat, opening;
    bool is_draining;
    void (*stopped)(struct gateway *gateway);
    struct metric *running;
};

/* What a caller shows of itself by HTTP. */
static struct peer peer_of(const struct http_exchange *exchange)
{
    struct slice key = http_find(exchange, "x-api-key");

    return (struct peer){
        .authorization = http_find(exchange, "authorization"),
        .api_key = key.size > 0 ? key : http_find(exchange, "api-key"),
    };
}

/* ---- answers ---- */

static bool is_fhir(const struct http_exchange *exchange)
{
    return slice_starts_with(exchange->path, SLICE("/fhir/")) || slice_is(exchange->path, "/fhir");
}

void gateway_http_fail(struct http_exchange *exchange, const struct api_error *api)
{
    struct buffer body;
    char seconds[16];

    if (web_http_is(exchange)) {
        web_http_fail(exchange, api);
        return;
    }
    if (api->retry_s > 0) {
        snprintf(seconds, sizeof(seconds), "%u", api->retry_s);
        http_add(exchange, "retry-after", slice_from(seconds));
    } else if (api->http >= 500) {
        http_add(exchange, "x-should-retry", SLICE("false"));
    }
    if (api->http == 401)
        http_add(exchange, "www-authenticate", SLICE("Bearer"));
    buffer_init(&body, &exchange->arena);
    if (is_fhir(exchange))
        api_error_format_fhir(api, &body);
    else
        api_error_format(api, &body);
    http_reply(exchange, api->http,
               is_fhir(exchange) ? "application/fhir+json" : "application/json",
               body.is_full ? SLICE("") : buffer_slice(&body));
}

void gateway_http_reply(struct http_exchange *exchange, unsigned code, const struct buffer *body)
{
    struct api_error api;
    struct error err;

    if (!body->is_full) {
        http_reply(exchange, code, "application/json", buffer_slice(body));
        return;
    }
    error_set(&err, STATUS_INTERNAL, "no memory for the reply");
    api_error_from(&api, &err);
    http_abort(exchange);
}

static void refuse(struct http_exchange *exchange, unsigned code, const char *error_code,
                   const char *text)
{
    struct api_error api = {
        .http = code,
        .type = code < 500 ? "invalid_request_error" : "server_error",
        .code = error_code,
    };

    snprintf(api.text, sizeof(api.text), "%s", text);
    gateway_http_fail(exchange, &api);
}

static void on_refused(struct http_exchange *exchange, unsigned code, const char *text)
{
    refuse(exchange, code, code == 413 ? "request_too_large" : "malformed_request", text);
}

static void refuse_path(struct http_exchange *exchange, bool has_path)
{
    if (has_path)
        refuse(exchange, 405, "method_not_allowed", "this path does not take this method");
    else
        refuse(exchange, 404, "unknown_path",
               "there is nothing at this path: see docs/http-api.md");
}

/* Strangers are sent away before their body is read. What the known may is asked of the call that
 * they make. Until then the exchange's state is who they are. */
static bool is_known(struct http_exchange *exchange)
{
    const struct peer peer = peer_of(exchange);
    const struct access_identity *identity;
    struct api_error api;
    struct error err = { 0 };

    if (gateway_identify(gateway_of(exchange), &peer, &exchange->arena, &identity, &err)
        == STATUS_OK) {
        exchange->state = (void *)identity;
        return true;
    }
    api_error_from(&api, &err);
    gateway_http_fail(exchange, &api);
    return false;
}

/* What is the same for everybody. */
static bool is_public(const struct route *route)
{
    return route->start == console_http_get || route->start == console_http_root
           || route->start == fhir_http_metadata;
}

static void on_head(struct http_exchange *exchange)
{
    bool has_path;
    struct slice step;
    const struct route *route = route_find(exchange, &step, &has_path);

    if (gateway_http_origin(exchange))
        return;
    if (route == NULL)
        refuse_path(exchange, has_path);
    else if (is_public(route) || is_known(exchange))
        exchange->body_bytes_max = route->body_bytes_max;
}

static void start_route(struct http_exchange *exchange)
{
    bool has_path;
    struct slice step, name = { NULL, 0 };
    const struct route *route = route_find(exchange, &step, &has_path);

    if (step.data != NULL) {
        name = http_decode(step, false, &exchange->arena);
        if (name.data == NULL) {
            refuse(exchange, 400, "malformed_request", "the path cannot be decoded");
            return;
        }
    }
    route->start(exchange, name);
}

static void add_number(struct http_exchange *exchange, const char *name, uint32_t number,
                       const char *unit)
{
    char text[24];

    snprintf(text, sizeof(text), "%u%s", number, unit);
    http_add(exchange, name, slice_from(text));
}

/* As OpenAI's API has them. */
static void add_rate(struct http_exchange *exchange, const struct rate_verdict *verdict)
{
    if (verdict->requests_limit > 0) {
        add_number(exchange, "x-ratelimit-limit-requests", verdict->requests_limit, "");
        add_number(exchange, "x-ratelimit-remaining-requests", verdict->requests_left, "");
        add_number(exchange, "x-ratelimit-reset-requests", verdict->requests_reset_ms, "ms");
    }
    if (verdict->tokens_limit > 0) {
        add_number(exchange, "x-ratelimit-limit-tokens", verdict->tokens_limit, "");
        add_number(exchange, "x-ratelimit-remaining-tokens", verdict->tokens_left, "");
        add_number(exchange, "x-ratelimit-reset-tokens", verdict->tokens_reset_ms, "ms");
    }
}

static void on_rate(void *arg, const struct rate_verdict *verdict)
{
    struct http_exchange *exchange = arg;
    struct api_error api;
    struct error err;

    if (http_is_gone(exchange)) {
        http_abort(exchange);
        return;
    }
    add_rate(exchange, verdict);
    if (verdict->is_allowed) {
        start_route(exchange);
        return;
    }
    gateway_rate_error(verdict, &err);
    api_error_from(&api, &err);
    api.retry_s = verdict->retry_ms / 1000 + 1;
    add_number(exchange, "retry-after-ms", verdict->retry_ms, "");
    gateway_http_fail(exchange, &api);
}

static void on_request(struct http_exchange *exchange)
{
    const struct access_identity *identity = exchange->state;
    struct slice step;
    bool has_path;
    const struct route *route = route_find(exchange, &step, &has_path);

    exchange->state = NULL;
    if (is_public(route)
        || !gateway_rate_take(gateway_of(exchange), identity, route->path, on_rate, exchange))
        start_route(exchange);
}

static const struct http_handlers handlers = { on_head, on_request, on_refused };

/* ---- calls ---- */

static struct gateway_http *http_of(const struct gateway *gateway)
{
    return gateway->http;
}

struct gateway *gateway_of(const struct http_exchange *exchange)
{
    return ((struct gateway_http *)exchange->service)->gateway;
}

static const struct server_method *find_method(const struct method *method)
{
    const struct server_method *row;

    for (row = gateway_methods; row->method != NULL; row++)
        if (row->method == method)
            return row;
    return NULL;
}

/* Records are large, so of those there are no more than gRPC would let in. */
static bool has_place(const struct gateway_http *http, const struct server_method *row)
{
    if (row->method == &method_gateway_put_record && http->puts >= row->calls_max)
        return false;
    return http->calls < (unsigned)http->gateway->config->http_calls;
}

static void count_call(struct gateway_http *http, int change)
{
    http->calls += (unsigned)change;
    metric_set(http->running, http->calls);
}

struct call *gateway_http_call(struct http_exchange *exchange, const struct method *method,
                               struct call_local_options *options, struct api_error *api)
{
    struct gateway_http *http = exchange->service;
    struct slice traceparent = http_find(exchange, "traceparent");
    struct call *call = NULL;
    struct trace trace;
    struct error err;

    if (!trace_continue(&trace, traceparent))
        trace_start(&trace);
    options->loop = &http->gateway->host->loop;
    options->method = find_method(method);
    options->service = http->gateway;
    options->peer = peer_of(exchange);
    if (options->trace == NULL)
        options->trace = &trace;
    if (has_place(http, options->method))
        call = call_local_start(options);
    if (call != NULL) {
        count_call(http, 1);
        if (method == &method_gateway_put_record)
            http->puts++;
        return call;
    }
    error_set(&err, STATUS_RESOURCE_EXHAUSTED, "%u calls are being answered: try again",
              http->calls);
    api_error_from(api, &err);
    return NULL;
}

void gateway_http_ended(const struct gateway *gateway)
{
    count_call(http_of(gateway), -1);
}

void gateway_http_put_ended(const struct gateway *gateway)
{
    http_of(gateway)->puts--;
    gateway_http_ended(gateway);
}

enum status gateway_http_identity(struct http_exchange *exchange,
                                  const struct access_identity **identity, struct error *err)
{
    const struct peer peer = peer_of(exchange);

    return gateway_identify(gateway_of(exchange), &peer, &exchange->arena, identity, err);
}

const char *gateway_http_tenant(struct http_exchange *exchange)
{
    struct slice tenant = http_find(exchange, "x-consilium-tenant");
    const char *copy = arena_string(&exchange->arena, tenant);

    return copy == NULL ? "" : copy;
}

/* "a,b": a further name of the model. */
static bool is_alias(const char *list, struct slice name)
{
    struct slice rest = slice_from(list), one;
    size_t end;

    while (rest.size > 0) {
        end = slice_find_byte(rest, ',');
        one = slice_trim(slice_cut(rest, 0, end));
        rest = slice_cut(rest, end + 1, rest.size);
        if (one.size > 0 && slice_equal(one, name))
            return true;
    }
    return false;
}

static bool is_model(const struct gateway *gateway, struct slice name)
{
    return slice_is(name, gateway->models.name)
           || (gateway->config->http_models != NULL
               && is_alias(gateway->config->http_models, name));
}

/* A colon may stand in a name of either. */
bool gateway_http_has_model(const struct gateway *gateway, const char *name, const char **adapter)
{
    struct slice whole = slice_from(name);
    const char *colon = strchr(name, ':'), *found = NULL;

    if (is_model(gateway, whole))
        found = name + whole.size;
    for (; found == NULL && colon != NULL; colon = strchr(colon + 1, ':'))
        if (colon[1] != '\0' && is_model(gateway, slice_cut(whole, 0, (size_t)(colon - name)))
            && models_has_adapter(&gateway->models, slice_from(colon + 1)))
            found = colon + 1;
    if (found != NULL && adapter != NULL)
        *adapter = found;
    return found != NULL;
}

/* ---- start and stop ---- */

static enum status split_addresses(const char *text, struct arena *arena,
                                   const char *addresses[ADDRESSES_MAX + 1], struct error *err)
{
    struct slice rest = slice_from(text), one;
    unsigned count = 0;
    size_t end;

    while (rest.size > 0) {
        end = slice_find_byte(rest, ',');
        one = slice_trim(slice_cut(rest, 0, end));
        rest = slice_cut(rest, end + 1, rest.size);
        if (one.size == 0)
            continue;
        if (count == ADDRESSES_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT, "http-listen takes at most %d addresses",
                             ADDRESSES_MAX);
        addresses[count++] = arena_string(arena, one);
    }
    addresses[count] = NULL;
    return STATUS_OK;
}

static void on_certificate(void *service, const struct error *err)
{
    const struct gateway_http *http = service;

    gateway_note_change(http->gateway, err, "a new certificate of HTTP",
                        "the new certificate of HTTP cannot be used; the old one is");
}

static enum status open_server(struct gateway_http *http, struct arena *arena, struct error *err)
{
    const struct gateway_config *config = http->gateway->config;
    const char *addresses[ADDRESSES_MAX + 1];
    const struct http_options options = {
        .loop = &http->gateway->host->loop,
        .addresses = addresses,
        .certificate_file = config->http_tls_certificate,
        .key_file = config->http_tls_key,
        .handlers = &handlers,
        .on_certificate = on_certificate,
        .service = http,
        .body_bytes_max = ROUTE_OTHER_BYTES_MAX,
        .arena_bytes_max = ARENA_BYTES_MAX,
    };

    if ((config->http_tls_certificate == NULL) != (config->http_tls_key == NULL))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "TLS needs both http-tls-certificate and http-tls-key, or neither");
    if (split_addresses(config->http_listen, arena, addresses, err) != STATUS_OK)
        return err->status;
    http->server = http_server_start(&options, err);
    if (http->server == NULL)
        return error_wrap(err, "--http-listen");
    log_info("http_started", LOG_NUMBER("port", http_server_port(http->server, 0)),
             LOG_NAME("tls", config->http_tls_certificate == NULL ? "off" : "on"));
    return STATUS_OK;
}

/* ---- streams ---- */

/* A comment of server-sent events: proxies cut off what is silent, and it shows who has gone. */
static void on_beat(struct timer *timer)
{
    struct gateway_http *http = LIST_ITEM(timer, struct gateway_http, beat);
    struct list *node, *after;

    LIST_EACH(node, after, &http->streams)
    {
        struct http_stream *stream = LIST_ITEM(node, struct http_stream, in_streams);

        if (!stream->has_sent)
            http_send(stream->exchange, SLICE(": still here\n\n"));
        stream->has_sent = false;
    }
}

/* A stream that says often that it is still there begins as soon. */
static uint64_t opening_ms(const struct gateway_http *http)
{
    uint64_t beat_ms = http->gateway->config->http_beat_ms;

    return beat_ms < OPENING_MS ? beat_ms : OPENING_MS;
}

static void on_opening(struct timer *timer)
{
    struct gateway_http *http = LIST_ITEM(timer, struct gateway_http, opening);
    uint64_t now_ns = clock_now();
    struct list *node, *after;

    LIST_EACH(node, after, &http->waiting)
    {
        struct http_stream *stream = LIST_ITEM(node, struct http_stream, in_streams);

        if (now_ns - stream->since_ns < opening_ms(http) * CLOCK_NS_PER_MS) {
            timer_start(timer, opening_ms(http), 0);
            return;
        }
        gateway_http_stream_close(stream);
        stream->due(stream);
    }
}

void gateway_http_stream_wait(struct http_stream *stream, struct http_exchange *exchange,
                              void (*due)(struct http_stream *stream))
{
    struct gateway_http *http = exchange->service;

    stream->exchange = exchange;
    stream->since_ns = clock_now();
    stream->due = due;
    if (list_is_empty(&http->waiting))
        timer_start(&http->opening, opening_ms(http), 0);
    list_push_back(&http->waiting, &stream->in_streams);
}

void gateway_http_stream_open(struct http_stream *stream, struct http_exchange *exchange)
{
    struct gateway_http *http = exchange->service;

    stream->exchange = exchange;
    stream->has_sent = true;
    list_push_back(&http->streams, &stream->in_streams);
}

void gateway_http_stream_close(struct http_stream *stream)
{
    list_remove(&stream->in_streams);
}

enum status gateway_http_start(struct gateway *gateway, struct gateway_http **http,
                               struct error *err)
{
    struct gateway_http *made;
    struct arena arena;
    enum status status;

    *http = NULL;
    if (gateway->config->http_listen == NULL)
        return STATUS_OK;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    made->gateway = gateway;
    made->running = metric_register(METRIC_KIND_GAUGE, "gateway_http_calls",
                                    "Questions that came by HTTP and are being answered", "");
    arena_init(&arena, 64 * KIB);
    status = open_server(made, &arena, err);
    arena_close(&arena);
    if (status != STATUS_OK) {
        free(made);
        return status;
    }
    list_init(&made->streams);
    list_init(&made->waiting);
    timer_init(&made->opening, &gateway->host->loop, on_opening);
    timer_init(&made->beat, &gateway->host->loop, on_beat);
    timer_start(&made->beat, gateway->config->http_beat_ms, gateway->config->http_beat_ms);
    *http = made;
    return STATUS_OK;
}

static void on_beat_closed(struct timer *timer)
{
    struct gateway_http *http = LIST_ITEM(timer, struct gateway_http, beat);

    http->server = NULL;
    if (http->stopped != NULL)
        http->stopped(http->gateway);
}

static void on_opening_closed(struct timer *timer)
{
    struct gateway_http *http = LIST_ITEM(timer, struct gateway_http, opening);

    timer_close(&http->beat, on_beat_closed);
}

static void on_drained(void *arg)
{
    struct gateway_http *http = arg;

    timer_close(&http->opening, on_opening_closed);
}

void gateway_http_drain(struct gateway_http *http, uint32_t grace_ms)
{
    if (http == NULL || http->is_draining)
        return;
    http->is_draining = true;
    http_server_drain(http->server, grace_ms, on_drained, http);
}

void gateway_http_stop(struct gateway_http *http, void (*stopped)(struct gateway *gateway))
{
    gateway_http_drain(http, 0);
    if (http->server == NULL)
        stopped(http->gateway);
    else
        http->stopped = stopped;
}

void gateway_http_destroy(struct gateway_http *http)
{
    free(http);
}
