#include "run/admin_reply.h"

#include <stdio.h>
#include <time.h>

#include "base/buffer.h"
#include "run/metrics.h"

#define CONTENT_TYPE_METRICS "text/plain; version=0.0.4; charset=utf-8"
#define CONTENT_TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define CONTENT_TYPE_TEXT "text/plain; charset=utf-8"

/* An answer before it has bytes. */
struct draft {
    unsigned code;
    const char *content_type;
    struct slice body;
    bool keeps_alive, is_head;
};

static const char *reason(unsigned code)
{
    switch (code) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

static void put_date(struct buffer *buffer)
{
    time_t now = time(NULL);
    struct tm utc;
    char text[40];

    gmtime_r(&now, &utc);
    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    buffer_format(buffer, "Date: %s\r\n", text);
}

static bool make(const struct draft *draft, struct arena *arena, struct admin_reply *reply)
{
    struct buffer head;

    buffer_init(&head, arena);
    buffer_format(&head, "HTTP/1.1 %u %s\r\n", draft->code, reason(draft->code));
    put_date(&head);
    buffer_format(&head,
                  "Content-Type: %s\r\nContent-Length: %zu\r\n"
                  "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
                  draft->content_type, draft->body.size);
    if (draft->code == 405)
        buffer_put_string(&head, "Allow: GET, HEAD\r\n");
    if (!draft->keeps_alive)
        buffer_put_string(&head, "Connection: close\r\n");
    buffer_put_string(&head, "\r\n");
    reply->head = buffer_slice(&head);
    reply->body = draft->is_head ? SLICE("") : draft->body;
    return !head.is_full;
}

static void draft_text(struct draft *draft, unsigned code, struct slice body)
{
    draft->code = code;
    draft->content_type = CONTENT_TYPE_TEXT;
    draft->body = body;
}

static void draft_metrics(struct draft *draft, bool is_open, struct arena *arena)
{
    struct buffer body;

    buffer_init(&body, arena);
    metrics_format(&body, is_open ? METRICS_FORM_OPEN : METRICS_FORM_PROMETHEUS);
    if (body.is_full) {
        draft_text(draft, 500, SLICE("too many metrics\n"));
        return;
    }
    draft->code = 200;
    draft->content_type = is_open ? CONTENT_TYPE_OPENMETRICS : CONTENT_TYPE_METRICS;
    draft->body = buffer_slice(&body);
}

static void draft_ready(struct draft *draft, const struct admin_request *request)
{
    if (request->is_ready == NULL || request->is_ready(request->owner))
        draft_text(draft, 200, SLICE("ready\n"));
    else
        draft_text(draft, 503, SLICE("not ready\n"));
}

static void draft_answer(struct draft *draft, const struct admin_request *request,
                         struct arena *arena)
{
    bool is_metrics = slice_is(request->path, "/metrics");
    bool is_alive = slice_is(request->path, "/healthz");
    bool is_ready = slice_is(request->path, "/readyz");

    if (!is_metrics && !is_alive && !is_ready)
        draft_text(draft, 404, SLICE("here are /metrics, /healthz and /readyz\n"));
    else if (request->method == ADMIN_METHOD_OTHER)
        draft_text(draft, 405, SLICE("GET or HEAD\n"));
    else if (is_metrics)
        draft_metrics(draft, request->takes_openmetrics, arena);
    else if (is_alive)
        draft_text(draft, 200, SLICE("alive\n"));
    else
        draft_ready(draft, request);
}

bool admin_reply_make(const struct admin_request *request, struct arena *arena,
                      struct admin_reply *reply)
{
    struct draft draft = {
        .keeps_alive = request->keeps_alive,
        .is_head = request->method == ADMIN_METHOD_HEAD,
    };

    draft_answer(&draft, request, arena);
    return make(&draft, arena, reply);
}

bool admin_reply_refuse(unsigned code, struct arena *arena, struct admin_reply *reply)
{
    struct draft draft = { .keeps_alive = false };

    draft_text(&draft, code, SLICE(""));
    return make(&draft, arena, reply);
}
