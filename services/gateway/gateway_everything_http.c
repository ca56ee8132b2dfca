/* GET /fhir/Patient/{id}/$everything: the resources of a record as they were put, in pages, with
 * surrogates unless originals are asked for. It is GetResources by another name. Loop thread. */
#include <stdlib.h>
#include <string.h>

#include "gateway_http.h"

#define PAGE_SIZE 500
#define PAGE_SIZE_MAX 1000
#define HOST_BYTES_MAX 256

struct everything {
    struct http_exchange *exchange;
    Consilium__V1__GetResourcesRequest request;
    struct buffer body;
};

/* "https://host/fhir", as the caller knows us; without a host only the path. NULL: no memory. */
static char *base_of(struct http_exchange *exchange)
{
    struct slice host = http_find(exchange, "host");

    if (host.size == 0 || host.size > HOST_BYTES_MAX)
        return arena_string(&exchange->arena, SLICE("/fhir"));
    return arena_format(&exchange->arena, "%s://%.*s/fhir", exchange->is_tls ? "https" : "http",
                        SLICE_FORMAT(host));
}

static void put_link(struct everything *everything, const char *relation, const char *token)
{
    struct http_exchange *exchange = everything->exchange;
    const Consilium__V1__GetResourcesRequest *request = &everything->request;
    struct slice path = slice_cut(exchange->path, strlen("/fhir"), exchange->path.size);
    const char *url = arena_format(&exchange->arena, "%s%.*s?%s%s_count=%u%s%s", request->base_url,
                                   SLICE_FORMAT(path), request->restore ? "restore=true" : "",
                                   request->restore ? "&" : "", request->page_size,
                                   token[0] == '\0' ? "" : "&_page=", token);

    everything->body.is_full |= url == NULL;
    buffer_format(&everything->body, "{\"relation\":\"%s\",\"url\":", relation);
    buffer_put_json(&everything->body, slice_from(url));
    buffer_put_byte(&everything->body, '}');
}

/* The page is a Bundle already: the links go in behind its type. */
static bool on_page(void *arg, const void *message)
{
    static const char head[] = "{\"resourceType\":\"Bundle\"";
    const Consilium__V1__GetResourcesReply *page = message;
    struct slice bundle = slice_of(page->bundle.data, page->bundle.len);
    struct everything *everything = arg;
    struct buffer *body = &everything->body;

    body->is_full |= !slice_starts_with(bundle, slice_from(head));
    buffer_put_string(body, head);
    buffer_put_string(body, ",\"link\":[");
    put_link(everything, "self", everything->request.page_token);
    if (page->next_page_token[0] != '\0') {
        buffer_put_byte(body, ',');
        put_link(everything, "next", page->next_page_token);
    }
    buffer_put_byte(body, ']');
    buffer_put(body, slice_cut(bundle, strlen(head), bundle.size));
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

    consilium__v1__get_resources_request__init(&everything->request);
    everything->request.tenant = (char *)gateway_http_tenant(exchange);
    everything->request.patient = (char *)patient.data;
    everything->request.page_token = query(exchange, "_page");
    everything->request.page_size = count < PAGE_SIZE_MAX ? (uint32_t)count : PAGE_SIZE_MAX;
    if (count == 0)
        everything->request.page_size = PAGE_SIZE;
    everything->request.base_url = base_of(exchange);
    everything->request.restore = slice_is(http_query(exchange, "restore"), "true");
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
    if (everything->request.base_url == NULL)
        http_abort(exchange);
    else if (gateway_http_call(exchange, &method_gateway_get_resources, &options, &api) == NULL)
        gateway_http_fail(exchange, &api);
}
