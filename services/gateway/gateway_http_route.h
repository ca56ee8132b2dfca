/* Which path goes where. */
#ifndef GATEWAY_HTTP_ROUTE_H
#define GATEWAY_HTTP_ROUTE_H

#include "base/limits.h"
#include "gateway_http.h"

/* A bundle that comes along with a question is in memory as it came, as a tree, and as it is put.
 */
#define ROUTE_CHAT_BYTES_MAX (32 * MIB)
#define ROUTE_EMBED_BYTES_MAX (8 * MIB)
#define ROUTE_PUT_BYTES_MAX (RECORD_BYTES_MAX + 1 * MIB) /* a record in pieces */
#define ROUTE_OTHER_BYTES_MAX (1 * MIB)

struct route {
    enum http_verb verb;
    const char *path; /* "*": one step of any name, which the handler is given */
    void (*start)(struct http_exchange *exchange, struct slice step);
    size_t body_bytes_max;
};

/* The route of @exchange, and the step that its '*' stands for, not decoded. NULL: none;
 * *@has_path where the path is there for another verb. */
const struct route *route_find(const struct http_exchange *exchange, struct slice *step,
                               bool *has_path);

#endif
