/* One connection: the socket, TLS, and which protocol is spoken.
 *
 *   accept → (TLS handshake) → protocol known → requests … → ending: flush → shut down → linger →
 * closed
 *
 * connection->due_ns is the one time limit of a connection as a whole; nothing that a client sends
 * puts it off but a whole request. */
#include "http/http_state.h"

#include <stdlib.h>
#include <string.h>

#include "run/clock.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

static void on_closed(uv_handle_t *tcp)
{
    struct http_connection *connection = tcp->data;
    struct http_server *server = connection->server;

    if (connection->state != NULL)
        connection->protocol->destroy(connection->state);
    if (connection->tls != NULL)
        http_tls_destroy(connection->tls);
    http_bytes_close(&connection->out);
    http_bytes_close(&connection->wire);
    free(connection);
    server_connection_closed(server);
}

/* Its memory, and the protocol's, stay until libuv has let go: whoever is at work with it on the
 * stack sees is_closing. */
void connection_close(struct http_connection *connection)
{
    struct list *node;

    if (connection->is_closing)
        return;
    connection->is_closing = true;
    while ((node = connection->exchanges.next) != &connection->exchanges)
        exchange_let_go(LIST_ITEM(node, struct exchange, in_connection));
    list_remove(&connection->in_dirty);
    list_remove(&connection->in_server);
    uv_close((uv_handle_t *)&connection->tcp, on_closed);
}

void connection_end(struct http_connection *connection)
{
    connection->is_ending = true;
    connection_mark(connection);
}

void connection_mark(struct http_connection *connection)
{
    if (!connection->is_closing && list_is_empty(&connection->in_dirty))
        list_push_back(&connection->server->dirty, &connection->in_dirty);
}

void connection_set_idle(struct http_connection *connection)
{
    struct http_server *server = connection->server;

    connection->due_ns = clock_now() + server->idle_ns;
    list_remove(&connection->in_server);
    list_push_back(&server->connections, &connection->in_server);
}

/* ---- out ---- */

static void on_shutdown(uv_shutdown_t *shutdown, int status)
{
    (void)shutdown;
    (void)status; /* when it failed the connection is gone, and reading says so */
}

/* Closing at once would, with input unread, make the kernel reset the connection and destroy what
 * is on its way. */
static void linger(struct http_connection *connection)
{
    connection->is_lingering = true;
    connection->due_ns = clock_now() + HTTP_LINGER_MS * CLOCK_NS_PER_MS;
    if (uv_shutdown(&connection->shutdown, (uv_stream_t *)&connection->tcp, on_shutdown) != 0)
        connection_close(connection);
    else
        connection_pause(connection, false);
}

static void on_written(uv_write_t *write, int status)
{
    struct http_connection *connection = write->data;

    connection->is_writing = false;
    connection->wire.size = 0;
    if (connection->is_closing)
        return;
    if (status != 0)
        connection_close(connection);
    else
        connection_mark(connection);
}

/* Give the socket what is in wire. True: all of it is gone and more may follow. */
static bool write_wire(struct http_connection *connection)
{
    uv_buf_t rest = uv_buf_init(connection->wire.data, (unsigned)connection->wire.size);
    int wrote = uv_try_write((uv_stream_t *)&connection->tcp, &rest, 1);

    if (wrote < 0 && wrote != UV_EAGAIN) {
        connection_close(connection);
        return false;
    }
    if (wrote > 0) {
        rest.base += wrote;
        rest.len -= (size_t)wrote;
    }
    connection->wrote_ns = clock_now();
    if (rest.len == 0) {
        connection->wire.size = 0;
        return true;
    }
    connection->is_writing = true;
    connection->write.data = connection;
    if (uv_write(&connection->write, (uv_stream_t *)&connection->tcp, &rest, 1, on_written) != 0)
        connection_close(connection);
    return false;
}

/* What is framed becomes what goes to the socket. */
static bool seal(struct http_connection *connection)
{
    struct http_bytes swap = connection->wire;

    if (connection->tls == NULL) {
        connection->wire = connection->out;
        connection->out = swap;
        return true;
    }
    if (connection->out.size > 0
        && !http_tls_write(connection->tls, http_bytes_slice(&connection->out)))
        return false;
    connection->out.size = 0;
    return http_tls_take(connection->tls, &connection->wire);
}

/* Nothing is kept of an answer that has gone out: idle connections are many. */
static void shrink(struct http_connection *connection)
{
    if (connection->exchanges_count > 0 && connection->wire.capacity <= 4 * HTTP_OUT_BYTES)
        return;
    http_bytes_close(&connection->wire);
    if (connection->out.size == 0)
        http_bytes_close(&connection->out);
}

void connection_flush(struct http_connection *connection)
{
    while (!connection->is_closing && !connection->is_writing) {
        if (connection->state != NULL && !connection->is_lingering)
            connection->protocol->pull(connection);
        if (connection->is_closing)
            return;
        if (!seal(connection)) {
            connection_close(connection);
            return;
        }
        if (connection->wire.size == 0)
            break;
        if (!write_wire(connection))
            return;
    }
    if (connection->is_closing || connection->is_writing)
        return;
    shrink(connection);
    if (connection->is_ending && !connection->is_lingering) {
        if (connection->tls != NULL)
            http_tls_end(connection->tls);
        connection->is_lingering = true;
        if (!seal(connection) || (connection->wire.size > 0 && !write_wire(connection))) {
            connection_close(connection);
            return;
        }
        linger(connection);
    }
}

/* ---- in ---- */

static void on_read(uv_stream_t *tcp, ssize_t got, const uv_buf_t *buf);

static void on_alloc(uv_handle_t *tcp, size_t suggested, uv_buf_t *buf)
{
    struct http_connection *connection = tcp->data;

    (void)suggested;
    *buf = uv_buf_init(connection->server->scratch, sizeof(connection->server->scratch));
}

void connection_pause(struct http_connection *connection, bool is_paused)
{
    if (connection->is_closing || connection->is_reading == !is_paused)
        return;
    connection->is_reading = !is_paused;
    if (is_paused)
        uv_read_stop((uv_stream_t *)&connection->tcp);
    else if (uv_read_start((uv_stream_t *)&connection->tcp, on_alloc, on_read) != 0)
        connection_close(connection);
}

static bool choose(struct http_connection *connection, const struct http_protocol *protocol)
{
    connection->protocol = protocol;
    connection->state = protocol->create(connection);
    if (connection->state == NULL)
        connection_close(connection);
    return connection->state != NULL;
}

static void pass(struct http_connection *connection, struct slice bytes)
{
    if (!connection->is_closing && !connection->is_ending && bytes.size > 0)
        connection->protocol->receive(connection, bytes);
}

/* Without TLS the first bytes tell which protocol it is. */
static void sniff(struct http_connection *connection, struct slice bytes)
{
    struct slice preface = SLICE(PREFACE);
    size_t room = sizeof(connection->first) - connection->first_size;
    size_t take = bytes.size < room ? bytes.size : room;
    struct slice first;

    memcpy(connection->first + connection->first_size, bytes.data, take);
    connection->first_size += take;
    first = slice_of(connection->first, connection->first_size);
    if (slice_equal(first, preface)) {
        if (!choose(connection, &http2_protocol))
            return;
    } else if (slice_starts_with(preface, first)) {
        return;
    } else if (!choose(connection, &http1_protocol)) {
        return;
    }
    pass(connection, first);
    pass(connection, slice_cut(bytes, take, bytes.size));
}

static void receive(struct http_connection *connection, struct slice bytes)
{
    if (connection->is_lingering || connection->is_ending)
        return;
    if (connection->protocol == NULL)
        sniff(connection, bytes);
    else
        pass(connection, bytes);
}

static void receive_tls(struct http_connection *connection, struct slice bytes)
{
    char plain[16 * 1024];
    size_t size;

    if (connection->is_lingering)
        return;
    if (!http_tls_receive(connection->tls, bytes)) {
        connection_close(connection);
        return;
    }
    while (!connection->is_closing) {
        enum http_tls_got got = http_tls_read(connection->tls, plain, sizeof(plain), &size);

        if (connection->protocol == NULL && http_tls_is_ready(connection->tls)
            && !choose(connection,
                       http_tls_is_http2(connection->tls) ? &http2_protocol : &http1_protocol))
            return;
        if (got == HTTP_TLS_GOT_NOTHING)
            break;
        if (got == HTTP_TLS_GOT_END) {
            /* An alert may still be told. */
            if (connection->protocol == NULL)
                connection_end(connection);
            else
                connection_close(connection);
            return;
        }
        pass(connection, slice_of(plain, size));
    }
}

static void on_read(uv_stream_t *tcp, ssize_t got, const uv_buf_t *buf)
{
    struct http_connection *connection = tcp->data;

    if (got < 0) {
        /* What was answered in this very turn still goes out, if the socket takes it. */
        if (got == UV_EOF)
            connection_flush(connection);
        connection_close(connection);
        return;
    }
    if (got == 0)
        return;
    if (connection->tls != NULL)
        receive_tls(connection, slice_of(buf->base, (size_t)got));
    else
        receive(connection, slice_of(buf->base, (size_t)got));
    connection_mark(connection);
}

/* ---- time ---- */

void connection_sweep(struct http_connection *connection, uint64_t now_ns)
{
    struct list *node, *after;

    if (connection->is_writing && now_ns - connection->wrote_ns > connection->server->stall_ns) {
        connection_close(connection);
        return;
    }
    if (now_ns > connection->due_ns) {
        connection->due_ns = CLOCK_NEVER;
        if (connection->state == NULL || connection->is_lingering || connection->is_ending)
            connection_close(connection);
        else
            connection->protocol->on_due(connection);
    }
    LIST_EACH(node, after, &connection->exchanges)
    {
        struct exchange *exchange = LIST_ITEM(node, struct exchange, in_connection);

        if (exchange_is_late(exchange, now_ns))
            connection->protocol->on_late(exchange);
        if (connection->is_closing)
            return;
    }
    if (!connection->is_closing && connection->server->is_draining) {
        if (connection->state == NULL)
            connection_close(connection);
        else
            connection->protocol->drain(connection);
    }
}

void connection_open(struct http_server *server, struct http_listener *listener)
{
    struct http_connection *connection = calloc(1, sizeof(*connection));

    if (connection == NULL)
        return; /* it waits in the kernel */
    connection->server = server;
    list_init(&connection->exchanges);
    list_init(&connection->in_dirty);
    list_push_back(&server->connections, &connection->in_server);
    server->connections_count++;
    uv_tcp_init(&server->loop->uv, &connection->tcp);
    connection->tcp.data = connection;
    connection->due_ns = clock_now() + server->head_ns;
    if (uv_accept((uv_stream_t *)&listener->tcp, (uv_stream_t *)&connection->tcp) != 0) {
        connection_close(connection);
        return;
    }
    uv_tcp_nodelay(&connection->tcp, 1);
    if (server->tls != NULL) {
        connection->tls = http_tls_create(server->tls);
        if (connection->tls == NULL) {
            connection_close(connection);
            return;
        }
    }
    connection_pause(connection, false);
}
