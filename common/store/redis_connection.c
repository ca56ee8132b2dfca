/* Thread: the loop's, throughout. The connection; what is asked over it is redis_command.c.
 *
 *     CONNECTING ─ address located, name looked up, socket open, AUTH, SELECT and PING answered → READY
 *         │ any of it fails, or all of it takes too long         │ lost, a PING unanswered, or a replica now
 *         └────────────────────→ WAITING (backoff, jitter) → CONNECTING … ←──────┘
 *     any ─ redis_connection_destroy → CLOSING ─ libuv has let go of everything → freed
 *
 * One connection at a time is @context; another may still be on its way out, and its callbacks are
 * told apart by that. hiredis calls what is in flight with NULL before it says that the connection
 * is gone, so the first NULL already counts as the loss: a callback that gives a new command is
 * then answered UNAVAILABLE, not queued on a dead connection. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "run/metrics.h"
#include "store/redis_connection_state.h"
#include "store/redis_reply.h"

#define DOUBLINGS_MAX 20

static const struct machine_state connection_states[] = {
    [REDIS_CONNECTION_CONNECTING] = { "connecting",
                                      MACHINE_TO(REDIS_CONNECTION_READY)
                                          | MACHINE_TO(REDIS_CONNECTION_WAITING)
                                          | MACHINE_TO(REDIS_CONNECTION_CLOSING),
                                      false },
    [REDIS_CONNECTION_READY] = { "ready",
                                 MACHINE_TO(REDIS_CONNECTION_WAITING)
                                     | MACHINE_TO(REDIS_CONNECTION_CLOSING),
                                 false },
    [REDIS_CONNECTION_WAITING] = { "waiting",
                                   MACHINE_TO(REDIS_CONNECTION_CONNECTING)
                                       | MACHINE_TO(REDIS_CONNECTION_CLOSING),
                                   false },
    [REDIS_CONNECTION_CLOSING] = { "closing", 0, true },
};

static void connect_now(struct redis_connection *connection);

static void release(struct redis_connection *connection)
{
    if (--connection->references > 0)
        return;
    arena_close(&connection->scratch);
    free(connection);
}

/* ---- losing the connection ---- */

/* Half of the backoff is fixed and half is chance, so that a hundred clients do not come back at
 * once. */
static uint64_t backoff_ms(const struct redis_connection *connection)
{
    unsigned doublings =
        connection->failures < DOUBLINGS_MAX ? connection->failures : DOUBLINGS_MAX;
    uint64_t delay_ms = (uint64_t)connection->options.backoff_min_ms << doublings;
    uint32_t chance = 0;

    if (delay_ms > connection->options.backoff_max_ms)
        delay_ms = connection->options.backoff_max_ms;
    if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) < 0)
        chance = 0;
    return delay_ms / 2 + chance % (delay_ms / 2 + 1);
}

void redis_connection_lost(struct redis_connection *connection, const char *why)
{
    bool was_ready = is_in(connection, REDIS_CONNECTION_READY);

    connection->context = NULL;
    if (is_in(connection, REDIS_CONNECTION_CLOSING) || is_in(connection, REDIS_CONNECTION_WAITING))
        return;
    machine_move(&connection->machine, REDIS_CONNECTION_WAITING);
    if (connection->said != why)
        log_warn("redis_lost", LOG_NAME("why", why));
    connection->said = why;
    timer_start(&connection->step, backoff_ms(connection), 0);
    connection->failures++;
    if (!was_ready)
        return;
    redis_metrics_ready(&connection->metrics, false);
    if (connection->on_state != NULL)
        connection->on_state(connection->owner, false);
}

void redis_connection_drop(struct redis_connection *connection, const char *why)
{
    redisAsyncContext *context = connection->context;

    redis_connection_lost(connection, why);
    if (context != NULL)
        redisAsyncFree(context);
}

/* ---- connecting ---- */

/* A PING that fails for any reason but an answer of ours ends the connection; hiredis may have
 * ended it already. */
static void on_ping(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct redis_connection *connection = arg;

    if (reply == NULL && err->status == STATUS_DEADLINE_EXCEEDED
        && is_in(connection, REDIS_CONNECTION_READY))
        redis_connection_drop(connection, "ping_unanswered");
}

/* The PING is beyond the limit on commands in flight: it is how a full queue is found to be stuck.
 */
static void send_ping(struct redis_connection *connection)
{
    const struct slice words[] = { SLICE("PING") };
    struct error err;

    if (redis_command_create(connection, words, 1, on_ping, connection, &err) != STATUS_OK)
        log_warn("redis_ping", LOG_ERROR(&err));
    if (is_in(connection, REDIS_CONNECTION_READY))
        timer_start(&connection->step, REDIS_PING_MS + connection->options.command_timeout_ms, 0);
}

static void on_ready(struct redis_connection *connection)
{
    machine_move(&connection->machine, REDIS_CONNECTION_READY);
    log_info("redis_ready", LOG_NUMBER("attempts", connection->failures + 1));
    connection->failures = 0;
    connection->said = NULL;
    redis_metrics_ready(&connection->metrics, true);
    if (connection->was_ready)
        redis_metrics_reconnected(&connection->metrics);
    connection->was_ready = true;
    timer_start(&connection->step, REDIS_PING_MS, 0);
    if (connection->on_state != NULL)
        connection->on_state(connection->owner, true);
}

static const char refused[] = "refused";

/* The answer to ROLE: "master", "slave" or "sentinel", and more. */
static bool is_primary(const struct redis_reply *reply)
{
    return reply->kind == REDIS_REPLY_KIND_ARRAY && reply->count > 0
           && slice_is(reply->items[0].string, "master");
}

/* An answer to AUTH, SELECT or what comes last, PING or ROLE, which has no @arg. */
static void on_greeting(redisAsyncContext *context, void *raw, void *arg)
{
    struct redis_connection *connection = context->data;
    struct arena_mark mark = arena_mark(&connection->scratch);
    struct error err = { .status = STATUS_OK };
    const struct redis_reply *reply;
    bool is_refused, is_elsewhere;

    if (connection->context != context)
        return;
    reply = redis_reply_convert(raw, &connection->scratch, &err);
    is_refused = reply == NULL;
    is_elsewhere = !is_refused && arg == NULL && connection->is_primary_only && !is_primary(reply);
    arena_rewind(&connection->scratch, mark);
    if (raw == NULL) {
        redis_connection_lost(connection, "closed");
    } else if (is_refused) {
        if (connection->said != refused)
            log_error("redis_refused", LOG_ERROR(&err));
        redis_connection_drop(connection, refused);
    } else if (is_elsewhere) {
        redis_connection_drop(connection, "not_the_primary");
    } else if (arg == NULL) {
        on_ready(connection);
    }
}

static int greet_auth(struct redis_connection *connection)
{
    const struct redis_options *options = &connection->options;

    if (options->password == NULL)
        return REDIS_OK;
    if (options->username == NULL)
        return redisAsyncCommand(connection->context, on_greeting, connection, "AUTH %s",
                                 options->password);
    return redisAsyncCommand(connection->context, on_greeting, connection, "AUTH %s %s",
                             options->username, options->password);
}

static int greet_select(struct redis_connection *connection)
{
    if (connection->options.database == 0)
        return REDIS_OK;
    return redisAsyncCommand(connection->context, on_greeting, connection, "SELECT %u",
                             connection->options.database);
}

/* All in one write, before the connection is even there: hiredis keeps it until then. */
static int greet(struct redis_connection *connection)
{
    if (greet_auth(connection) != REDIS_OK || greet_select(connection) != REDIS_OK)
        return REDIS_ERR;
    return redisAsyncCommand(connection->context, on_greeting, NULL,
                             connection->is_primary_only ? "ROLE" : "PING");
}

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis_connection *connection = context->data;

    if (status != REDIS_OK && connection->context == context)
        redis_connection_lost(connection, "unreachable");
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct redis_connection *connection = context->data;

    (void)status;
    if (connection->context == context)
        redis_connection_lost(connection, "closed");
}

static void on_context_closed(void *arg)
{
    release(arg);
}

/* @context is new; it may already have failed. Takes ownership. */
static void use_context(struct redis_connection *connection, redisAsyncContext *context)
{
    if (context == NULL || context->err != 0
        || redis_adapter_attach(context, &connection->loop->uv, on_context_closed, connection)
               != 0) {
        if (context != NULL)
            redisAsyncFree(context);
        redis_connection_lost(connection, "unreachable");
        return;
    }
    connection->references++;
    connection->context = context;
    context->data = connection;
    redisAsyncSetConnectCallback(context, on_connect);
    redisAsyncSetDisconnectCallback(context, on_disconnect);
    if (greet(connection) != REDIS_OK)
        redis_connection_drop(connection, "no_memory");
}

static void connect_to(struct redis_connection *connection, const struct sockaddr *sockaddr)
{
    char host[INET6_ADDRSTRLEN];
    const int yes = 1;

    if (uv_ip_name(sockaddr, host, sizeof(host)) != 0) {
        redis_connection_lost(connection, "unreachable");
        return;
    }
    use_context(connection, redisAsyncConnect(host, connection->address.port));
    if (connection->context != NULL)
        setsockopt(connection->context->c.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

/* Each attempt takes the next address of the name: "localhost" may be ::1 first, and Redis not
 * there. */
static const struct addrinfo *choose_address(const struct redis_connection *connection,
                                             const struct addrinfo *found)
{
    const struct addrinfo *at;
    unsigned count = 0, index;

    for (at = found; at != NULL; at = at->ai_next)
        count++;
    index = connection->failures % count;
    for (at = found; index > 0; index--)
        at = at->ai_next;
    return at;
}

static void on_lookup(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
    struct redis_connection *connection = LIST_ITEM(lookup, struct redis_connection, lookup);

    connection->is_looking_up = false;
    /* It may have come too late. */
    if (is_in(connection, REDIS_CONNECTION_CONNECTING)) {
        if (status == 0)
            connect_to(connection, choose_address(connection, found)->ai_addr);
        else
            redis_connection_lost(connection, "name_not_found");
    }
    uv_freeaddrinfo(found);
    release(connection);
}

/* hiredis would look a name up itself, and the loop would stand still. */
static void look_up(struct redis_connection *connection)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    char port[8];

    snprintf(port, sizeof(port), "%d", connection->address.port);
    if (uv_getaddrinfo(&connection->loop->uv, &connection->lookup, on_lookup,
                       connection->address.host, port, &hints)
        != 0) {
        redis_connection_lost(connection, "name_not_found");
        return;
    }
    connection->is_looking_up = true;
    connection->references++;
}

static void connect_to_address(struct redis_connection *connection)
{
    struct sockaddr_storage sockaddr;
    const struct address *address = &connection->address;

    if (address->is_unix)
        use_context(connection, redisAsyncConnectUnix(address->host));
    else if (uv_ip4_addr(address->host, address->port, (struct sockaddr_in *)&sockaddr) == 0
             || uv_ip6_addr(address->host, address->port, (struct sockaddr_in6 *)&sockaddr) == 0)
        connect_to(connection, (const struct sockaddr *)&sockaddr);
    else
        look_up(connection);
}

static void connect_now(struct redis_connection *connection)
{
    timer_start(&connection->step, connection->options.connect_timeout_ms, 0);
    connection->is_locating =
        connection->locate != NULL && !connection->locate(connection->owner, &connection->address);
    if (!connection->is_locating)
        connect_to_address(connection);
}

void redis_connection_locate(struct redis_connection *connection, const struct address *address)
{
    if (!is_in(connection, REDIS_CONNECTION_CONNECTING) || !connection->is_locating)
        return;
    connection->is_locating = false;
    connection->address = *address;
    connect_to_address(connection);
}

/* The present state has lasted as long as it may. */
static void on_step(struct timer *timer)
{
    struct redis_connection *connection = LIST_ITEM(timer, struct redis_connection, step);

    switch ((enum redis_connection_state)machine_state(&connection->machine)) {
    case REDIS_CONNECTION_CONNECTING:
        redis_connection_drop(connection, "connect_timeout");
        break;
    case REDIS_CONNECTION_READY:
        send_ping(connection);
        break;
    case REDIS_CONNECTION_WAITING:
        if (connection->is_looking_up) {
            /* The resolver is slower than our patience; there is no second one. */
            timer_start(&connection->step, backoff_ms(connection), 0);
            break;
        }
        machine_move(&connection->machine, REDIS_CONNECTION_CONNECTING);
        connect_now(connection);
        break;
    case REDIS_CONNECTION_CLOSING:
        break;
    }
}

/* ---- the whole ---- */

static struct redis_connection *make(void)
{
    struct redis_connection *connection = fault_is_due() ? NULL : calloc(1, sizeof(*connection));

    if (connection == NULL)
        return NULL;
    arena_init(&connection->scratch, REDIS_SCRATCH_BYTES_MAX);
    if (arena_alloc(&connection->scratch, 1) == NULL) {
        free(connection);
        return NULL;
    }
    return connection;
}

struct redis_connection *redis_connection_create(const struct redis_connection_options *options,
                                                 struct error *err)
{
    struct redis_connection *connection = make();

    if (connection == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a connection to redis");
        return NULL;
    }
    connection->loop = options->loop;
    connection->options = *options->store;
    connection->address = options->address;
    connection->locate = options->locate;
    connection->is_primary_only = options->is_primary_only;
    connection->on_state = options->on_state;
    connection->owner = options->owner;
    redis_metrics_init(&connection->metrics);
    machine_init(&connection->machine, connection_states);
    list_init(&connection->queue);
    timer_init(&connection->step, connection->loop, on_step);
    timer_init(&connection->expiry, connection->loop, redis_command_on_expiry);
    connection->references = 2;
    connect_now(connection);
    return connection;
}

static void on_step_closed(struct timer *timer)
{
    release(LIST_ITEM(timer, struct redis_connection, step));
}

static void on_expiry_closed(struct timer *timer)
{
    release(LIST_ITEM(timer, struct redis_connection, expiry));
}

void redis_connection_destroy(struct redis_connection *connection)
{
    redisAsyncContext *context = connection->context;

    if (is_in(connection, REDIS_CONNECTION_READY))
        redis_metrics_ready(&connection->metrics, false);
    machine_move(&connection->machine, REDIS_CONNECTION_CLOSING);
    connection->context = NULL;
    if (connection->is_looking_up)
        uv_cancel((uv_req_t *)&connection->lookup);
    if (context != NULL)
        redisAsyncFree(context);
    timer_close(&connection->step, on_step_closed);
    timer_close(&connection->expiry, on_expiry_closed);
}

bool redis_connection_is_ready(const struct redis_connection *connection)
{
    return is_in(connection, REDIS_CONNECTION_READY);
}

const struct address *redis_connection_address(const struct redis_connection *connection)
{
    return &connection->address;
}

unsigned redis_connection_in_flight(const struct redis_connection *connection)
{
    return connection->in_flight;
}

struct slice redis_connection_refusal(const struct redis_connection *connection)
{
    return connection->refusal;
}
