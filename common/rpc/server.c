/* A server's life.
 *
 *   create   threads → fronts (methods registered, addresses bound) → started → accepts asked for
 *   drain    health says no → gRPC shuts: listeners close, clients are told to go elsewhere,
 *            accepts come back empty → calls end by themselves within the grace, then are
 *            cancelled → nothing is pending
 *   end      gRPC servers destroyed → queues shut down and threads joined → drained() →
 *            server_destroy
 *
 * gRPC core aborts the process when a batch is started after a queue's shutdown, or a server is
 * destroyed before its shutdown has been reported. So everything that may still start a batch or
 * whose tag is still out is counted in
 * server->pending, and the end begins when that is 0. */
#include "rpc/server.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "rpc/credentials_grpc.h"
#include "rpc/server_call.h"
#include "run/clock.h"

#define KEEPALIVE_MS 30000
#define KEEPALIVE_TIMEOUT_MS 5000

/* Clients of ours ping every 10 s. */
#define PING_INTERVAL_MIN_MS 5000

/* What a connection that is told to go may still finish. */
#define CONNECTION_AGE_GRACE_MS 60000

/* After the grace, calls are cancelled; a handler that has not noticed by then is named in the log,
 * this often. */
#define DRAIN_LOG_MS 5000

/* Calls of one connection at once. Admission bounds what is worked on; this, what core holds for
 * one caller. */
#define STREAMS_MAX 16384

static const struct method method_unknown = { .path = "",
                                              .name = "unknown",
                                              .kind = METHOD_KIND_BIDI_STREAM };
static const struct server_method unknown_row = { .method = &method_unknown };

void server_hold(struct server *server)
{
    atomic_fetch_add_explicit(&server->pending, 1, memory_order_relaxed);
}

void server_let_go(struct server *server)
{
    if (atomic_fetch_sub_explicit(&server->pending, 1, memory_order_acq_rel) == 1)
        mailbox_post(&server->options.loop->mailbox, &server->idle);
}

/* Methods. */

static unsigned count_rows(const struct server_method *rows)
{
    unsigned count = 0;

    while (rows[count].method != NULL)
        count++;
    return count;
}

static void add_row(struct server *server, struct front *front, const struct server_method *row,
                    void *service, bool is_standing)
{
    struct served *served = &front->served[front->served_count++];
    bool has_payload =
        row->method->kind == METHOD_KIND_UNARY || row->method->kind == METHOD_KIND_SERVER_STREAM;

    served->row = *row;
    if (row->calls_max == 0)
        served->row.calls_max = SERVER_CALLS_MAX;
    if (row->queue_max == 0)
        served->row.queue_max = SERVER_QUEUE_MAX;
    if (row->arena_bytes_max == 0)
        served->row.arena_bytes_max = SERVER_ARENA_BYTES;
    served->server = server;
    served->service = service;
    served->is_standing = is_standing;
    served->grpc = front->grpc;
    gate_init(&served->gate, served->row.calls_max, served->row.queue_max);
    served_init_metrics(served);
    if (row->method == &method_unknown)
        return;
    CHECK(row->place != METHOD_PLACE_WORKER || server->options.workers != NULL);
    served->registration = grpc_server_register_method(
        front->grpc, row->method->path, NULL,
        has_payload ? GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER : GRPC_SRM_PAYLOAD_NONE, 0);
    CHECK(served->registration != NULL); /* the same path twice */
}

static void add_rows(struct server *server, struct front *front, const struct server_method *rows,
                     void *service, bool is_standing)
{
    for (; rows->method != NULL; rows++)
        add_row(server, front, rows, service, is_standing);
}

/* Fronts. */

static grpc_server *create_grpc(const struct server *server)
{
    const struct server_options *options = &server->options;
    grpc_arg args[] = {
        { GRPC_ARG_INTEGER, GRPC_ARG_ALLOW_REUSEPORT, { .integer = 0 } },
        { GRPC_ARG_INTEGER, GRPC_ARG_ENABLE_CHANNELZ, { .integer = 0 } },
        { GRPC_ARG_INTEGER,
          GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION,
          { .integer = 0 } }, /* of replies */
        { GRPC_ARG_INTEGER,
          GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
          { .integer = (int)options->message_bytes_max } },
        { GRPC_ARG_INTEGER, GRPC_ARG_MAX_CONCURRENT_STREAMS, { .integer = STREAMS_MAX } },
        { GRPC_ARG_INTEGER, GRPC_ARG_KEEPALIVE_TIME_MS, { .integer = (int)options->keepalive_ms } },
        { GRPC_ARG_INTEGER, GRPC_ARG_KEEPALIVE_TIMEOUT_MS, { .integer = KEEPALIVE_TIMEOUT_MS } },
        { GRPC_ARG_INTEGER, GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, { .integer = 1 } },
        { GRPC_ARG_INTEGER,
          GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
          { .integer = PING_INTERVAL_MIN_MS } },
        { GRPC_ARG_INTEGER,
          GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
          { .integer = CONNECTION_AGE_GRACE_MS } },
        /* last: left off when connections live on */
        { GRPC_ARG_INTEGER,
          GRPC_ARG_MAX_CONNECTION_AGE_MS,
          { .integer = (int)options->connection_age_ms } },
    };
    size_t count = sizeof(args) / sizeof(args[0]) - (options->connection_age_ms == 0 ? 1 : 0);
    grpc_channel_args channel_args = { .num_args = count, .args = args };

    return grpc_server_create(&channel_args, NULL);
}

static struct front *create_front(struct server *server, unsigned served_max, struct error *err)
{
    struct front *front = &server->fronts[server->front_count];
    unsigned i;

    front->served = fault_is_due() ? NULL : calloc(served_max, sizeof(*front->served));
    if (front->served == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a server");
        return NULL;
    }
    front->grpc = create_grpc(server);
    for (i = 0; i < server->thread_count; i++)
        grpc_server_register_completion_queue(front->grpc, thread_queue(server->threads[i].thread),
                                              NULL);
    server->front_count++;
    return front;
}

static enum status listen_all(struct server *server, struct front *front, struct error *err)
{
    struct credentials *from = server->options.credentials;
    grpc_server_credentials *credentials =
        from == NULL ? grpc_insecure_server_credentials_create() : credentials_server(from);
    enum status status = STATUS_OK;
    unsigned i;

    if (credentials == NULL)
        return error_set(err, STATUS_FAILED_PRECONDITION, "no certificate to serve with");
    for (i = 0; status == STATUS_OK && server->options.addresses[i] != NULL; i++) {
        if (i == SERVER_ADDRESSES_MAX)
            status = error_set(err, STATUS_INVALID_ARGUMENT, "more than %d addresses",
                               SERVER_ADDRESSES_MAX);
        else
            status = listen_add(front->grpc, server->options.addresses[i], credentials,
                                &server->ports[i], err);
    }
    grpc_server_credentials_release(credentials);
    return status;
}

static enum status create_main_front(struct server *server, struct error *err)
{
    unsigned count = count_rows(server->options.methods) + count_rows(health_methods)
                     + count_rows(reflection_methods) + 1;
    struct front *front = create_front(server, count, err);

    if (front == NULL)
        return err->status;
    add_rows(server, front, server->options.methods, server->options.service, false);
    add_rows(server, front, health_methods, server, true);
    add_rows(server, front, reflection_methods, server, true);
    add_row(server, front, &unknown_row, server, true);
    return listen_all(server, front, err);
}

static enum status create_health_front(struct server *server, struct error *err)
{
    grpc_server_credentials *credentials;
    struct front *front;
    enum status status;
    int port;

    if (server->options.health_address == NULL)
        return STATUS_OK;
    front = create_front(server, count_rows(health_methods) + 1, err);
    if (front == NULL)
        return err->status;
    add_rows(server, front, health_methods, server, true);
    add_row(server, front, &unknown_row, server, true);
    credentials = grpc_insecure_server_credentials_create();
    status = listen_add(front->grpc, server->options.health_address, credentials, &port, err);
    grpc_server_credentials_release(credentials);
    return status;
}

/* Threads. */

/* Home thread. Calls that would stand for ever are asked to end: health watches, reflection. */
static void drain_thread(struct op *op, bool is_ok)
{
    struct server_thread *home = LIST_ITEM(op, struct server_thread, drain);
    struct list *node, *after;

    (void)is_ok;
    LIST_EACH(node, after, &home->calls)
    {
        struct server_call *sc = LIST_ITEM(node, struct server_call, in_thread);

        if (sc->served->is_standing)
            call_ask_to_end(sc);
    }
    server_let_go(home->server);
}

static enum status create_threads(struct server *server, unsigned count, struct error *err)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        struct server_thread *home = &server->threads[i];

        home->server = server;
        list_init(&home->calls);
        list_init(&home->spare);
        health_init_thread(home);
        home->drain.done = drain_thread;
        home->thread = thread_create(server->options.loop, err);
        if (home->thread == NULL)
            return err->status;
        server->thread_count++;
    }
    return STATUS_OK;
}

/* The end. */

static void destroy_parts(struct server *server)
{
    unsigned i, j;

    for (i = 0; i < server->front_count; i++)
        grpc_server_destroy(server->fronts[i].grpc);
    for (i = 0; i < server->thread_count; i++) {
        thread_destroy(server->threads[i].thread);
        call_free_spare(&server->threads[i]);
    }
    for (i = 0; i < server->front_count; i++) {
        for (j = 0; j < server->fronts[i].served_count; j++)
            gate_close(&server->fronts[i].served[j].gate);
        free(server->fronts[i].served);
    }
    accept_destroy(server);
}

static void on_grace_closed(struct timer *timer)
{
    struct server *server = LIST_ITEM(timer, struct server, grace);

    server->drained(server->drained_owner);
}

static void on_idle(struct letter *letter)
{
    struct server *server = LIST_ITEM(letter, struct server, idle);

    destroy_parts(server);
    timer_close(&server->grace, on_grace_closed);
}

static unsigned calls_running(struct server *server)
{
    unsigned i, j, count = 0;

    for (i = 0; i < server->front_count; i++)
        for (j = 0; j < server->fronts[i].served_count; j++)
            count += gate_inside(&server->fronts[i].served[j].gate);
    return count;
}

static void on_grace(struct timer *timer)
{
    struct server *server = LIST_ITEM(timer, struct server, grace);
    unsigned i;

    if (!server->is_cancelling) {
        server->is_cancelling = true;
        for (i = 0; i < server->front_count; i++)
            grpc_server_cancel_all_calls(server->fronts[i].grpc);
    }
    if (calls_running(server) > 0)
        log_warn("drain_waits", LOG_NAME("server", server->options.name),
                 LOG_NUMBER("calls", calls_running(server)));
}

static void on_front_shut(struct op *op, bool is_ok)
{
    struct front *front = LIST_ITEM(op, struct front, shut);

    (void)is_ok;
    server_let_go(front->served[0].server);
}

/* Where create has failed: nothing was accepted yet, so only the listeners are to be waited for. */
struct abandon {
    struct op op;
    uv_sem_t done;
};

static void on_abandoned(struct op *op, bool is_ok)
{
    (void)is_ok;
    uv_sem_post(&LIST_ITEM(op, struct abandon, op)->done);
}

static void abandon_front(struct server *server, struct front *front)
{
    struct abandon abandon = { .op.done = on_abandoned };

    CHECK(uv_sem_init(&abandon.done, 0) == 0);
    op_hand_over(&abandon.op);
    grpc_server_shutdown_and_notify(front->grpc, thread_queue(server->threads[0].thread),
                                    &abandon.op);
    uv_sem_wait(&abandon.done);
    uv_sem_destroy(&abandon.done);
}

static struct server *create_failed(struct server *server)
{
    unsigned i;

    for (i = 0; i < server->front_count; i++)
        abandon_front(server, &server->fronts[i]);
    destroy_parts(server);
    health_destroy(server);
    free(server);
    return NULL;
}

static void fill_options(struct server *server, const struct server_options *options)
{
    server->options = *options;
    if (options->message_bytes_max == 0)
        server->options.message_bytes_max = MESSAGE_BYTES_MAX;
    if (options->keepalive_ms == 0)
        server->options.keepalive_ms = KEEPALIVE_MS;
}

struct server *server_create(const struct server_options *options, struct error *err)
{
    struct server *server = fault_is_due() ? NULL : calloc(1, sizeof(*server));
    unsigned threads = options->threads == 0 ? 1 : options->threads;
    unsigned i;

    if (server == NULL || threads > SERVER_THREADS_MAX) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a server, or more than %d threads",
                  SERVER_THREADS_MAX);
        free(server);
        return NULL;
    }
    fill_options(server, options);
    health_init(server);
    server->idle.open = on_idle;
    if (create_threads(server, threads, err) != STATUS_OK
        || create_main_front(server, err) != STATUS_OK
        || create_health_front(server, err) != STATUS_OK || accept_create(server, err) != STATUS_OK)
        return create_failed(server);
    for (i = 0; i < server->front_count; i++)
        grpc_server_start(server->fronts[i].grpc);
    timer_init(&server->grace, options->loop, on_grace);
    server_hold(server); /* let go by server_drain */
    accept_start(server);
    return server;
}

int server_port(const struct server *server, unsigned index)
{
    CHECK(index < SERVER_ADDRESSES_MAX);
    return server->ports[index];
}

void server_drain(struct server *server, uint32_t grace_ms, void (*drained)(void *owner),
                  void *owner)
{
    unsigned i;

    CHECK(loop_is_here(server->options.loop) && server->drained == NULL);
    server->drained = drained;
    server->drained_owner = owner;
    atomic_store(&server->is_draining, true);
    health_drain(server);
    for (i = 0; i < server->front_count; i++) {
        server_hold(server);
        server->fronts[i].shut.done = on_front_shut;
        op_hand_over(&server->fronts[i].shut);
        grpc_server_shutdown_and_notify(server->fronts[i].grpc,
                                        thread_queue(server->threads[0].thread),
                                        &server->fronts[i].shut);
    }
    for (i = 0; i < server->thread_count; i++) {
        server_hold(server);
        thread_post(server->threads[i].thread, &server->threads[i].drain);
    }
    timer_start(&server->grace, grace_ms, DRAIN_LOG_MS);
    server_let_go(server);
}

void server_destroy(struct server *server)
{
    CHECK(atomic_load(&server->pending) == 0);
    health_destroy(server);
    free(server);
}
