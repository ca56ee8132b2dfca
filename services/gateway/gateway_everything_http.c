/* GET /fhir/Patient/{id}/$everything: what is kept of a record, in pages, with surrogates whoever
 * asks. It is GetTimeline by another name: the same scope, the same entry in the audit log. Loop
 * thread. */
#include <stdlib.h>
#include <string.h>

#include "gateway_everything_write.h"
#include "gateway_http.h"

#define PAGE_SIZE 500
#define PAGE_SIZE_MAX 1000

struct everything {
    struct http_exchange *exchange;
    Consilium__V1__GetTimelineRequest request;
    struct buffer body;
};

/* "https://host/fhir", as the caller knows us; without a host only the path. */
static const char *base_of(const struct http_exchange *exchange, struct arena *arena)
{
    struct slice host = http_find(exchange, "host");

    if (host.size == 0)
        return "/fhir";
    return arena_format(arena, "%s://%.*s/fhir", exchange->is_tls ? "https" : "http",
                        SLICE_FORMAT(host));
}

static void put_link(struct everything *everything, const char *relation, const char *base,
                     const char *token)
{
    struct http_exchange *exchange = everything->exchange;
    struct slice path = slice_cut(exchange->path, strlen("/fhir"), exchange->path.size);
    const char *url =
        arena_format(&exchange->arena, "%s%.*s?_count=%u%s%s", base, SLICE_FORMAT(path),
                     everything->request.page_size, token[0] == '\0' ? "" : "&_page=", token);

    buffer_format(&everything->body, "{\"relation\":\"%s\",\"url\":", relation);
    buffer_put_json(&everything->body, slice_from(url == NULL ? "" : url));
    buffer_put_byte(&everything->body, '}');
}

static bool on_page(void *arg, const void *message)
{
    const Consilium__V1__GetTimelineReply *page = message;
    struct everything *everything = arg;
    struct arena *arena = &everything->exchange->arena;
    struct buffer *body = &everything->body;
    const char *base = base_of(everything->exchange, arena);

    body->is_full |= base == NULL;
    if (base == NULL)
        return true;
    buffer_put_string(body, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"link\":[");
    put_link(everything, "self", base, everything->request.page_token);
    if (page->next_page_token[0] != '\0') {
        buffer_put_byte(body, ',');
        put_link(everything, "next", base, page->next_page_token);
    }
    buffer_put_string(body, "]");
    if (page->n_facts > 0) {
        buffer_put_string(body, ",\"entry\":[");
        body->is_full |= !everything_put_entries(body, base, page->facts, page->n_facts, arena);
        buffer_put_byte(body, ']');
    }
    buffer_put_byte(body, '}');
    return true;
}

static void on_end(void *arg, const struct error *err)
{
    struct everything *everything = arg;
    struct api_error api;
    struct error full;

    gateway_http_ended(gateway_of(everything->exchange));
    if (err->status == STATUS_OK && !everything->body.is_full) {
        http_reply(everything->exchange, 200, "application/fhir+json",
                   buffer_slice(&everything->body));
        return;
    }
    if (err->status == STATUS_OK)
        error_set(&full, STATUS_INTERNAL, "no memory for this page: ask for a smaller _count");
    api_error_from(&api, err->status == STATUS_OK ? &full : err);
    gateway_http_fail(everything->exchange, &api);
}

static char *query(struct http_exchange *exchange, const char *name)
{
    char *copy = arena_string(&exchange->arena, http_query(exchange, name));

    return copy == NULL ? (char *)"" : copy;
}

static void fill(struct everything *everything, struct slice patient)
{
    struct http_exchange *exchange = everything->exchange;
    unsigned long count = strtoul(query(exchange, "_count"), NULL, 10);

    consilium__v1__get_timeline_request__init(&everything->request);
    everything->request.tenant = (char *)gateway_http_tenant(exchange);
    everything->request.patient = (char *)patient.data;
    everything->request.page_token = query(exchange, "_page");
    everything->request.page_size = count == 0              ? PAGE_SIZE
                                    : count < PAGE_SIZE_MAX ? (uint32_t)count
                                                            : PAGE_SIZE_MAX;
    everything->request.keep_surrogates = true;
}

void everything_http_get(struct http_exchange *exchange, struct slice patient)
{
    struct everything *everything = ARENA_NEW(&exchange->arena, struct everything);
    struct call_local_options options = {
        .request = everything == NULL ? NULL : &everything->request,
        .on_message = on_page,
        .on_end = on_end,
        .arg = everything,
    };
    struct api_error api;

    if (everything == NULL) {
        http_abort(exchange);
        return;
    }
    everything->exchange = exchange;
    buffer_init(&everything->body, &exchange->arena);
    fill(everything, patient);
    if (gateway_http_call(exchange, &method_gateway_get_timeline, &options, &api) == NULL)
        gateway_http_fail(exchange, &api);
}
