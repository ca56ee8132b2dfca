/* The server: who may connect, when things are swept and flushed, and how it ends.
 *
 *   drain: listeners close → connections without an exchange close, the others as they become idle
 *   → at the end of the grace the rest is cut off → nothing is left: handles close → drained */
#include <stdlib.h>
#include <string.h>

#include "http/http_state.h"
#include "run/address.h"
#include "run/clock.h"

#define BACKLOG 512
#define SWEEP_MS 250
/* A sweep that comes so long after the last one finds a loop that did not run. */
#define SLEPT_MS 1000
#define ROUNDS_MAX 64

#define CONNECTIONS_MAX 4096
#define EXCHANGES_MAX 4096
#define BODY_BYTES_MAX (1 * MIB)
#define BODIES_BYTES_MAX (512 * MIB)
#define ARENA_BYTES_MAX (4 * MIB)
#define HEAD_MS 10000
#define BODY_MS 20000
#define STALL_MS 30000
#define IDLE_MS 75000

static void on_handle_closed(struct http_server *server)
{
    void (*drained)(void *) = server->drained;
    void *arg = server->drained_arg;

    if (--server->handles_open > 0)
        return;
    free(server);
    if (drained != NULL)
        drained(arg);
}

static void on_uv_closed(uv_handle_t *handle)
{
    on_handle_closed(handle->data);
}

static void on_sweep_closed(struct timer *timer)
{
    on_handle_closed(LIST_ITEM(timer, struct http_server, sweep));
}

static void close_listeners(struct http_server *server)
{
    unsigned i;

    for (i = 0; i < server->listeners_count; i++) {
        if (!server->listeners[i].is_open)
            continue;
        server->listeners[i].is_open = false;
        uv_close((uv_handle_t *)&server->listeners[i].tcp, on_uv_closed);
    }
}

/* Everything of a client is gone: close what is left. */
static void end_when_empty(struct http_server *server)
{
    if (!server->is_draining || server->is_ended || server->connections_count > 0
        || server->exchanges_count > 0)
        return;
    server->is_ended = true;
    uv_close((uv_handle_t *)&server->prepare, on_uv_closed);
    uv_close((uv_handle_t *)&server->check, on_uv_closed);
    timer_close(&server->sweep, on_sweep_closed);
    if (server->tls != NULL)
        http_tls_files_close(server->tls);
}

void server_exchange_closed(struct http_server *server)
{
    end_when_empty(server);
}

void server_connection_closed(struct http_server *server)
{
    server->connections_count--;
    server_accept_more(server);
    end_when_empty(server);
}

/* ---- the end of a turn ---- */

static bool tell_handlers(struct http_server *server)
{
    struct list *node = list_take_front(&server->due);

    if (node == NULL)
        return false;
    exchange_tell(LIST_ITEM(node, struct exchange, in_due));
    return true;
}

static bool flush_one(struct http_server *server)
{
    struct list *node = list_take_front(&server->dirty);

    if (node == NULL)
        return false;
    connection_flush(LIST_ITEM(node, struct http_connection, in_dirty));
    return true;
}

/* Handlers that are told something answer, and what was flushed makes others writable: bounded, so
 * that nobody else on the loop starves. */
static void end_turn(struct http_server *server)
{
    unsigned rounds;

    for (rounds = 0; rounds < ROUNDS_MAX; rounds++) {
        while (tell_handlers(server))
            continue;
        if (list_is_empty(&server->dirty))
            return;
        while (flush_one(server))
            continue;
    }
    if (!server->is_ended)
        timer_start(&server->sweep, 0, SWEEP_MS);
}

static void on_prepare(uv_prepare_t *prepare)
{
    end_turn(prepare->data);
}

static void on_check(uv_check_t *check)
{
    end_turn(check->data);
}

static void on_sweep(struct timer *timer)
{
    struct http_server *server = LIST_ITEM(timer, struct http_server, sweep);
    uint64_t now_ns = clock_now();
    bool is_cut = server->is_draining && now_ns > server->cut_ns;
    bool has_slept = now_ns - server->swept_ns > SLEPT_MS * CLOCK_NS_PER_MS;
    struct list *node, *after;

    server->swept_ns = now_ns;
    /* On a machine that is too full the loop may stand still for longer than a client may: what
     * came, and what was taken, meanwhile is looked at first. */
    if (has_slept && !is_cut)
        return;
    LIST_EACH(node, after, &server->connections)
    {
        struct http_connection *connection = LIST_ITEM(node, struct http_connection, in_server);

        /* Closing one frees no other, and its own memory later. */
        if (is_cut)
            connection_close(connection);
        else
            connection_sweep(connection, now_ns);
    }
}

/* ---- accepting ---- */

static void close_longest_idle(struct http_server *server)
{
    struct list *node, *after;

    LIST_EACH(node, after, &server->connections)
    {
        struct http_connection *connection = LIST_ITEM(node, struct http_connection, in_server);

        if (connection->state != NULL && connection->exchanges_count == 0) {
            connection_close(connection);
            return;
        }
    }
}

static void accept_one(struct http_listener *listener)
{
    struct http_server *server = listener->server;

    listener->has_waiting = server->connections_count >= server->connections_max;
    if (listener->has_waiting)
        close_longest_idle(server);
    else
        connection_open(server, listener);
}

void server_accept_more(struct http_server *server)
{
    unsigned i;

    for (i = 0; i < server->listeners_count; i++)
        if (server->listeners[i].is_open && server->listeners[i].has_waiting)
            accept_one(&server->listeners[i]);
}

static void on_connection(uv_stream_t *tcp, int status)
{
    struct http_listener *listener = LIST_ITEM((uv_tcp_t *)tcp, struct http_listener, tcp);

    if (status == 0 && listener->is_open)
        accept_one(listener);
}

static enum status resolve(const char *text, struct sockaddr_storage *name, struct error *err)
{
    struct address address;
    int rc;

    if (address_parse(text, &address, err) != STATUS_OK)
        return err->status;
    rc = address.is_unix ? UV_EINVAL
                         : uv_ip4_addr(address.host, address.port, (struct sockaddr_in *)name);
    if (rc != 0 && !address.is_unix)
        rc = uv_ip6_addr(address.host, address.port, (struct sockaddr_in6 *)name);
    if (rc != 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "HTTP listens at IP:PORT");
    return STATUS_OK;
}

static enum status listen_at(struct http_server *server, const char *text, struct error *err)
{
    struct http_listener *listener = &server->listeners[server->listeners_count];
    struct sockaddr_storage name = { 0 };
    int rc;

    if (server->listeners_count == HTTP_ADDRESSES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "HTTP listens at most at %d addresses",
                         HTTP_ADDRESSES_MAX);
    if (resolve(text, &name, err) != STATUS_OK)
        return err->status;
    listener->server = server;
    uv_tcp_init(&server->loop->uv, &listener->tcp);
    listener->tcp.data = server;
    listener->is_open = true;
    server->listeners_count++;
    server->handles_open++;
    rc = uv_tcp_bind(&listener->tcp, (struct sockaddr *)&name, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_connection);
    if (rc != 0)
        return error_set_errno(err, -rc, "cannot listen for HTTP at %s", text);
    return STATUS_OK;
}

static uint64_t or_ms(uint32_t value_ms, uint32_t usual_ms)
{
    return (value_ms == 0 ? usual_ms : value_ms) * CLOCK_NS_PER_MS;
}

static size_t or_size(size_t value, size_t usual)
{
    return value == 0 ? usual : value;
}

static struct http_server *create(const struct http_options *options)
{
    struct http_server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        return NULL;
    server->loop = options->loop;
    server->handlers = options->handlers;
    server->service = options->service;
    server->connections_max = (unsigned)or_size(options->connections_max, CONNECTIONS_MAX);
    server->exchanges_max = (unsigned)or_size(options->exchanges_max, EXCHANGES_MAX);
    server->body_bytes_max = or_size(options->body_bytes_max, BODY_BYTES_MAX);
    server->bodies_bytes_max = or_size(options->bodies_bytes_max, BODIES_BYTES_MAX);
    server->arena_bytes_max = or_size(options->arena_bytes_max, ARENA_BYTES_MAX);
    server->head_ns = or_ms(options->head_ms, HEAD_MS);
    server->body_ns = or_ms(options->body_ms, BODY_MS);
    server->stall_ns = or_ms(options->stall_ms, STALL_MS);
    server->idle_ns = or_ms(options->idle_ms, IDLE_MS);
    list_init(&server->connections);
    list_init(&server->dirty);
    list_init(&server->due);
    return server;
}

static void start_turns(struct http_server *server)
{
    uv_prepare_init(&server->loop->uv, &server->prepare);
    uv_check_init(&server->loop->uv, &server->check);
    server->prepare.data = server->check.data = server;
    uv_prepare_start(&server->prepare, on_prepare);
    uv_check_start(&server->check, on_check);
    server->swept_ns = clock_now();
    timer_init(&server->sweep, server->loop, on_sweep);
    timer_start(&server->sweep, SWEEP_MS, SWEEP_MS);
    server->handles_open += 3;
}

struct http_server *http_server_start(const struct http_options *options, struct error *err)
{
    struct http_server *server = create(options);
    enum status status = STATUS_OK;
    unsigned i;

    if (server == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the HTTP server");
        return NULL;
    }
    if (options->certificate_file != NULL) {
        server->tls =
            http_tls_files_open(options->loop, options->certificate_file, options->key_file, err);
        if (server->tls == NULL) {
            free(server);
            return NULL;
        }
        http_tls_files_on_look(server->tls, options->on_certificate, options->service);
    }
    start_turns(server);
    for (i = 0; options->addresses[i] != NULL && status == STATUS_OK; i++)
        status = listen_at(server, options->addresses[i], err);
    if (status == STATUS_OK)
        return server;
    http_server_drain(server, 0, NULL, NULL);
    return NULL;
}

int http_server_port(const struct http_server *server, unsigned index)
{
    struct sockaddr_storage name = { 0 };
    int size = sizeof(name);

    uv_tcp_getsockname(&server->listeners[index].tcp, (struct sockaddr *)&name, &size);
    return ntohs(name.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&name)->sin6_port
                                            : ((struct sockaddr_in *)&name)->sin_port);
}

void http_server_count(const struct http_server *server, unsigned *exchanges, unsigned *connections)
{
    *exchanges = server->exchanges_count;
    *connections = server->connections_count;
}

void http_server_drain(struct http_server *server, uint32_t grace_ms, void (*drained)(void *arg),
                       void *arg)
{
    server->is_draining = true;
    server->cut_ns = clock_now() + grace_ms * CLOCK_NS_PER_MS;
    server->drained = drained;
    server->drained_arg = arg;
    close_listeners(server);
    timer_start(&server->sweep, 0, SWEEP_MS);
    end_when_empty(server);
}
