#include "gateway_http_origin.h"

/* "a,b" or "*". */
static bool is_allowed(const char *origins, struct slice origin)
{
    struct slice rest = slice_from(origins), one;
    size_t end;

    while (rest.size > 0) {
        end = slice_find_byte(rest, ',');
        one = slice_trim(slice_cut(rest, 0, end));
        rest = slice_cut(rest, end + 1, rest.size);
        if (slice_is(one, "*") || slice_equal(one, origin))
            return true;
    }
    return false;
}

static void reply_preflight(struct http_exchange *exchange)
{
    http_add(exchange, "access-control-allow-methods", SLICE("GET, POST, PUT, DELETE"));
    http_add(exchange, "access-control-allow-headers",
             http_find(exchange, "access-control-request-headers"));
    http_add(exchange, "access-control-max-age", SLICE("600"));
    http_reply(exchange, 204, NULL, SLICE(""));
}

bool gateway_http_origin(struct http_exchange *exchange)
{
    const char *origins = gateway_of(exchange)->config->http_origins;
    struct slice origin = http_find(exchange, "origin");

    if (origin.size == 0 || origins == NULL || !is_allowed(origins, origin))
        return false;
    http_add(exchange, "access-control-allow-origin", origin);
    http_add(exchange, "access-control-expose-headers",
             SLICE("x-request-id, retry-after, grpc-status, grpc-message"));
    http_add(exchange, "vary", SLICE("origin"));
    if (exchange->verb != HTTP_VERB_OPTIONS
        || http_find(exchange, "access-control-request-method").size == 0)
        return false;
    reply_preflight(exchange);
    return true;
}
