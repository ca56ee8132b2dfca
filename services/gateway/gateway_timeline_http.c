/* GET /v1/patients/{id}/timeline: a page of the record's facts as JSON. ?page_size, ?page_token,
 * ?from, ?to and ?keep_surrogates=true are GetTimeline's. Loop thread. */
#include <stdlib.h>

#include "gateway_chat_write.h"
#include "gateway_http.h"

#define PAGE_SIZE_MAX 5000

struct timeline_get {
    struct http_exchange *exchange;
    Consilium__V1__GetTimelineRequest request;
    struct buffer body;
};

static bool on_page(void *arg, const void *message)
{
    const Consilium__V1__GetTimelineReply *page = message;
    struct timeline_get *get = arg;
    struct buffer *body = &get->body;

    buffer_put_string(body, "{\"facts\":[");
    for (size_t i = 0; i < page->n_facts; i++) {
        if (i > 0)
            buffer_put_byte(body, ',');
        chat_put_fact(body, page->facts[i]);
    }
    buffer_put_string(body, "],\"next_page_token\":");
    buffer_put_json(body, slice_from(page->next_page_token));
    buffer_put_byte(body, '}');
    return true;
}

static void on_end(void *arg, const struct error *err)
{
    struct timeline_get *get = arg;
    struct api_error api;

    gateway_http_ended(gateway_of(get->exchange));
    if (err->status == STATUS_OK) {
        gateway_http_reply(get->exchange, 200, &get->body);
        return;
    }
    api_error_from(&api, err);
    gateway_http_fail(get->exchange, &api);
}

/* The query's @name as a string; "" when it is not there. */
static char *query(struct http_exchange *exchange, const char *name)
{
    struct slice value = http_query(exchange, name);
    char *copy = arena_string(&exchange->arena, value);

    return copy == NULL ? (char *)"" : copy;
}

static void fill(struct timeline_get *get, struct slice patient)
{
    struct http_exchange *exchange = get->exchange;
    unsigned long page_size = strtoul(query(exchange, "page_size"), NULL, 10);

    consilium__v1__get_timeline_request__init(&get->request);
    get->request.tenant = (char *)gateway_http_tenant(exchange);
    get->request.patient = (char *)patient.data;
    get->request.from = query(exchange, "from");
    get->request.to = query(exchange, "to");
    get->request.page_token = query(exchange, "page_token");
    get->request.page_size = (uint32_t)(page_size < PAGE_SIZE_MAX ? page_size : PAGE_SIZE_MAX);
    get->request.keep_surrogates = slice_is(http_query(exchange, "keep_surrogates"), "true");
}

void timeline_http_get(struct http_exchange *exchange, struct slice patient)
{
    struct timeline_get *get = ARENA_NEW(&exchange->arena, struct timeline_get);
    struct call_local_options options = {
        .request = get == NULL ? NULL : &get->request,
        .on_message = on_page,
        .on_end = on_end,
        .arg = get,
    };
    struct api_error api;

    if (get == NULL) {
        http_abort(exchange);
        return;
    }
    get->exchange = exchange;
    buffer_init(&get->body, &exchange->arena);
    fill(get, patient);
    if (gateway_http_call(exchange, &method_gateway_get_timeline, &options, &api) == NULL)
        gateway_http_fail(exchange, &api);
}
