/* Thread: the loop's, throughout.
 *
 *     accept → READING ─ a whole request → WRITING ─ written, keeps alive → READING …
 *                 │ refused                   │ written, the last
 *                 └──────────→ WRITING        └→ LINGERING ─ end of input or of patience → closed
 *
 * Each state has one timer that nothing a client sends prolongs. */
#include "run/admin_connection.h"

#include <string.h>
#include <strings.h>

#include "run/admin_reply.h"

static void on_handle_closed(struct admin_connection *connection)
{
    if (--connection->handles_open > 0)
        return;
    arena_close(&connection->arena);
    connection->owner->on_closed(connection);
}

static void on_tcp_closed(uv_handle_t *tcp)
{
    on_handle_closed(tcp->data);
}

static void on_timer_closed(struct timer *timer)
{
    on_handle_closed(LIST_ITEM(timer, struct admin_connection, timer));
}

void admin_connection_close(struct admin_connection *connection)
{
    if (connection->state == CONNECTION_STATE_CLOSING)
        return;
    connection->state = CONNECTION_STATE_CLOSING;
    uv_close((uv_handle_t *)&connection->tcp, on_tcp_closed);
    timer_close(&connection->timer, on_timer_closed);
}

static void on_time(struct timer *timer)
{
    admin_connection_close(LIST_ITEM(timer, struct admin_connection, timer));
}

static void on_shutdown(uv_shutdown_t *shutdown, int status)
{
    /* When it failed the connection is gone, and reading says so. */
    (void)shutdown;
    (void)status;
}

/* ---- answering ---- */

static void wait_for_request(struct admin_connection *connection);
static void read_more(struct admin_connection *connection);

/* Our side is done. Closing at once would, with input unread, make the kernel reset the connection
 * and destroy the answer on its way. */
static void linger(struct admin_connection *connection)
{
    connection->state = CONNECTION_STATE_LINGERING;
    timer_start(&connection->timer, ADMIN_LINGER_MS_MAX, 0);
    if (uv_shutdown(&connection->shutdown, (uv_stream_t *)&connection->tcp, on_shutdown) != 0)
        admin_connection_close(connection);
    else
        read_more(connection);
}

static void on_written(uv_write_t *write, int status)
{
    struct admin_connection *connection = write->data;

    arena_close(&connection->arena);
    if (connection->state == CONNECTION_STATE_CLOSING)
        return;
    if (status != 0)
        admin_connection_close(connection);
    else if (!connection->keeps_alive)
        linger(connection);
    else
        wait_for_request(connection);
}

static void send_reply(struct admin_connection *connection, const struct admin_reply *reply)
{
    uv_buf_t pieces[] = {
        uv_buf_init((char *)reply->head.data, (unsigned)reply->head.size),
        uv_buf_init((char *)reply->body.data, (unsigned)reply->body.size),
    };

    connection->state = CONNECTION_STATE_WRITING;
    connection->write.data = connection;
    timer_start(&connection->timer, ADMIN_REQUEST_MS_MAX, 0);
    uv_read_stop((uv_stream_t *)&connection->tcp);
    if (uv_write(&connection->write, (uv_stream_t *)&connection->tcp, pieces,
                 reply->body.size == 0 ? 1 : 2, on_written)
        != 0)
        admin_connection_close(connection);
}

static void refuse(struct admin_connection *connection, unsigned code)
{
    struct admin_reply reply;

    connection->keeps_alive = false;
    if (admin_reply_refuse(code, &connection->arena, &reply))
        send_reply(connection, &reply);
    else
        admin_connection_close(connection);
}

static struct slice request_path(const struct admin_connection *connection)
{
    struct http_parser_url url;

    http_parser_url_init(&url);
    if (http_parser_parse_url(connection->target, connection->target_size,
                              connection->parser.method == HTTP_CONNECT, &url)
            != 0
        || !(url.field_set & (1 << UF_PATH)))
        return SLICE("");
    return slice_of(connection->target + url.field_data[UF_PATH].off, url.field_data[UF_PATH].len);
}

static enum admin_method request_method(const struct admin_connection *connection)
{
    switch (connection->parser.method) {
    case HTTP_GET:
        return ADMIN_METHOD_GET;
    case HTTP_HEAD:
        return ADMIN_METHOD_HEAD;
    default:
        return ADMIN_METHOD_OTHER;
    }
}

static bool takes_openmetrics(const struct admin_connection *connection)
{
    static const char type[] = "application/openmetrics-text";

    return memmem(connection->accept, connection->accept_size, type, strlen(type)) != NULL;
}

static void answer(struct admin_connection *connection)
{
    struct admin_request request = {
        .method = request_method(connection),
        .path = request_path(connection),
        .keeps_alive = connection->keeps_alive,
        .takes_openmetrics = takes_openmetrics(connection),
        .is_ready = connection->owner->is_ready,
        .owner = connection->owner->owner,
    };
    struct admin_reply reply;

    if (admin_reply_make(&request, &connection->arena, &reply))
        send_reply(connection, &reply);
    else
        admin_connection_close(connection);
}

/* ---- reading ---- */

static int on_message_begin(http_parser *parser)
{
    struct admin_connection *connection = parser->data;

    connection->is_idle = false;
    timer_start(&connection->timer, ADMIN_REQUEST_MS_MAX, 0);
    return 0;
}

static int on_url(http_parser *parser, const char *at, size_t size)
{
    struct admin_connection *connection = parser->data;

    if (size > sizeof(connection->target) - connection->target_size) {
        connection->target_size = sizeof(connection->target) + 1;
        return 1;
    }
    memcpy(connection->target + connection->target_size, at, size);
    connection->target_size += size;
    return 0;
}

/* A name comes in pieces, then its value; only Accept is kept, and of that what fits. */
static int on_header_field(http_parser *parser, const char *at, size_t size)
{
    struct admin_connection *connection = parser->data;
    size_t room;

    if (!connection->in_field_name)
        connection->field_size = 0;
    connection->in_field_name = true;
    room = sizeof(connection->field) - connection->field_size;
    memcpy(connection->field + connection->field_size, at, size < room ? size : room);
    connection->field_size += size < room ? size : room;
    return 0;
}

static int on_header_value(http_parser *parser, const char *at, size_t size)
{
    struct admin_connection *connection = parser->data;
    size_t room = sizeof(connection->accept) - connection->accept_size;

    connection->in_field_name = false;
    if (connection->field_size != strlen("accept")
        || strncasecmp(connection->field, "accept", connection->field_size) != 0)
        return 0;
    memcpy(connection->accept + connection->accept_size, at, size < room ? size : room);
    connection->accept_size += size < room ? size : room;
    return 0;
}

static int on_headers_complete(http_parser *parser)
{
    struct admin_connection *connection = parser->data;

    connection->has_headers = true;
    return 0;
}

/* Paused, so that what follows stays unparsed until this request has been answered. */
static int on_message_complete(http_parser *parser)
{
    struct admin_connection *connection = parser->data;

    connection->is_complete = true;
    connection->keeps_alive = http_should_keep_alive(parser) && !parser->upgrade;
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings parser_settings = {
    .on_message_begin = on_message_begin,
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_message_complete = on_message_complete,
};

/* Parse what was read, up to the end of one request. */
static void consume(struct admin_connection *connection)
{
    size_t parsed = http_parser_execute(&connection->parser, &parser_settings,
                                        connection->in + connection->in_at,
                                        connection->in_size - connection->in_at);

    connection->in_at += parsed;
    connection->request_bytes += parsed;
    if (connection->is_complete)
        answer(connection);
    else if (HTTP_PARSER_ERRNO(&connection->parser) != HPE_OK)
        refuse(connection, connection->target_size > sizeof(connection->target) ? 414 : 400);
    else if (connection->request_bytes > ADMIN_REQUEST_BYTES_MAX)
        refuse(connection, connection->has_headers ? 413 : 431);
    else
        read_more(connection);
}

static void on_alloc(uv_handle_t *tcp, size_t suggested, uv_buf_t *buf)
{
    struct admin_connection *connection = tcp->data;

    (void)suggested;
    *buf = uv_buf_init(connection->in, sizeof(connection->in));
}

static void on_read(uv_stream_t *tcp, ssize_t got, const uv_buf_t *buf)
{
    struct admin_connection *connection = tcp->data;

    (void)buf;
    if (got < 0) {
        admin_connection_close(connection);
    } else if (got > 0 && connection->state == CONNECTION_STATE_READING) {
        connection->in_at = 0;
        connection->in_size = (size_t)got;
        consume(connection);
    }
}

static void read_more(struct admin_connection *connection)
{
    int rc = uv_read_start((uv_stream_t *)&connection->tcp, on_alloc, on_read);

    /* UV_EALREADY: it never stopped. */
    if (rc != 0 && rc != UV_EALREADY)
        admin_connection_close(connection);
}

static void wait_for_request(struct admin_connection *connection)
{
    connection->state = CONNECTION_STATE_READING;
    connection->target_size = connection->request_bytes = 0;
    connection->has_headers = connection->is_complete = connection->in_field_name = false;
    connection->accept_size = connection->field_size = 0;
    connection->is_idle = true;
    http_parser_pause(&connection->parser, 0);
    timer_start(&connection->timer, ADMIN_IDLE_MS_MAX, 0);
    connection->owner->on_idle(connection);
    if (connection->in_at < connection->in_size)
        consume(connection);
    else
        read_more(connection);
}

/* ---- opening ---- */

void admin_connection_open(struct admin_connection *connection, struct loop *loop,
                           uv_tcp_t *listener, const struct admin_connection_owner *owner)
{
    *connection = (struct admin_connection){ .node = connection->node, .owner = owner };
    arena_init(&connection->arena, ADMIN_REPLY_BYTES_MAX);
    http_parser_init(&connection->parser, HTTP_REQUEST);
    connection->parser.data = connection;
    uv_tcp_init(&loop->uv, &connection->tcp); /* cannot fail: makes no socket yet */
    connection->tcp.data = connection;
    timer_init(&connection->timer, loop, on_time);
    connection->handles_open = 2;
    if (uv_accept((uv_stream_t *)listener, (uv_stream_t *)&connection->tcp) != 0) {
        admin_connection_close(connection);
        return;
    }
    wait_for_request(connection);
    if (connection->state != CONNECTION_STATE_READING)
        return;
    /* One that has asked nothing yet has not earned an idle time. */
    connection->is_idle = false;
    timer_start(&connection->timer, ADMIN_REQUEST_MS_MAX, 0);
}
