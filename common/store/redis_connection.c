/* Thread: the loop's, throughout. The connection; what is asked over it is redis_command.c.
 *
 *     CONNECTING ─ name looked up, socket open, AUTH, SELECT and PING answered → READY
 *         │ any of it fails, or all of it takes too long                           │ lost, or a PING unanswered
 *         └────────────────────→ WAITING (backoff, jitter) → CONNECTING … ←────────┘
 *     any ─ redis_destroy → CLOSING ─ libuv has let go of everything → freed
 *
 * One connection at a time is @context; another may still be on its way out, and its callbacks are
 * told apart by that. hiredis calls what is in flight with NULL before it says that the connection
 * is gone, so the first NULL already counts as the loss: a callback that gives a new command is
 * then answered UNAVAILABLE, not queued on a dead connection. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "run/metrics.h"
#include "store/redis_reply.h"
#include "store/redis_state.h"

#define DOUBLINGS_MAX 20

static const struct machine_state redis_states[] = {
    [REDIS_STATE_CONNECTING] = { "connecting",
                                 MACHINE_TO(REDIS_STATE_READY) | MACHINE_TO(REDIS_STATE_WAITING)
                                     | MACHINE_TO(REDIS_STATE_CLOSING),
                                 false },
    [REDIS_STATE_READY] = { "ready",
                            MACHINE_TO(REDIS_STATE_WAITING) | MACHINE_TO(REDIS_STATE_CLOSING),
                            false },
    [REDIS_STATE_WAITING] = { "waiting",
                              MACHINE_TO(REDIS_STATE_CONNECTING) | MACHINE_TO(REDIS_STATE_CLOSING),
                              false },
    [REDIS_STATE_CLOSING] = { "closing", 0, true },
};

static void redis_connect(struct redis *redis);

static void release(struct redis *redis)
{
    if (--redis->references > 0)
        return;
    arena_close(&redis->scratch);
    free(redis);
}

/* ---- losing the connection ---- */

/* Half of the backoff is fixed and half is chance, so that a hundred clients do not come back at
 * once. */
static uint64_t backoff_ms(const struct redis *redis)
{
    unsigned doublings = redis->failures < DOUBLINGS_MAX ? redis->failures : DOUBLINGS_MAX;
    uint64_t delay_ms = (uint64_t)redis->options.backoff_min_ms << doublings;
    uint32_t chance = 0;

    if (delay_ms > redis->options.backoff_max_ms)
        delay_ms = redis->options.backoff_max_ms;
    if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) < 0)
        chance = 0;
    return delay_ms / 2 + chance % (delay_ms / 2 + 1);
}

void redis_on_lost(struct redis *redis, const char *why)
{
    bool was_ready = redis_is_in(redis, REDIS_STATE_READY);

    redis->context = NULL;
    if (redis_is_in(redis, REDIS_STATE_CLOSING) || redis_is_in(redis, REDIS_STATE_WAITING))
        return;
    machine_move(&redis->machine, REDIS_STATE_WAITING);
    if (redis->said != why)
        log_warn("redis_lost", LOG_NAME("why", why));
    redis->said = why;
    timer_start(&redis->step, backoff_ms(redis), 0);
    redis->failures++;
    if (!was_ready)
        return;
    redis_metrics_ready(&redis->metrics, false);
    if (redis->options.on_state != NULL)
        redis->options.on_state(redis->options.owner, false);
}

static void drop(struct redis *redis, const char *why)
{
    redisAsyncContext *context = redis->context;

    redis_on_lost(redis, why);
    if (context != NULL)
        redisAsyncFree(context);
}

/* ---- connecting ---- */

/* A PING that fails for any reason but an answer of ours ends the connection; hiredis may have
 * ended it already. */
static void on_ping(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct redis *redis = arg;

    if (reply == NULL && err->status == STATUS_DEADLINE_EXCEEDED
        && redis_is_in(redis, REDIS_STATE_READY))
        drop(redis, "ping_unanswered");
}

/* The PING is beyond the limit on commands in flight: it is how a full queue is found to be stuck.
 */
static void send_ping(struct redis *redis)
{
    const struct slice words[] = { SLICE("PING") };
    struct error err;

    if (redis_command_create(redis, words, 1, on_ping, redis, &err) != STATUS_OK)
        log_warn("redis_ping", LOG_ERROR(&err));
    if (redis_is_in(redis, REDIS_STATE_READY))
        timer_start(&redis->step, REDIS_PING_MS + redis->options.command_timeout_ms, 0);
}

static void on_ready(struct redis *redis)
{
    machine_move(&redis->machine, REDIS_STATE_READY);
    log_info("redis_ready", LOG_NUMBER("attempts", redis->failures + 1));
    redis->failures = 0;
    redis->said = NULL;
    redis_metrics_ready(&redis->metrics, true);
    if (redis->was_ready)
        redis_metrics_reconnected(&redis->metrics);
    redis->was_ready = true;
    timer_start(&redis->step, REDIS_PING_MS, 0);
    if (redis->options.on_state != NULL)
        redis->options.on_state(redis->options.owner, true);
}

static const char refused[] = "refused";

/* An answer to AUTH, SELECT or the first PING. The last one has no @arg. */
static void on_greeting(redisAsyncContext *context, void *raw, void *arg)
{
    struct redis *redis = context->data;
    struct arena_mark mark = arena_mark(&redis->scratch);
    struct error err = { .status = STATUS_OK };
    bool is_refused;

    if (redis->context != context)
        return;
    is_refused = redis_reply_convert(raw, &redis->scratch, &err) == NULL;
    arena_rewind(&redis->scratch, mark);
    if (raw == NULL) {
        redis_on_lost(redis, "closed");
    } else if (is_refused) {
        if (redis->said != refused)
            log_error("redis_refused", LOG_ERROR(&err));
        drop(redis, refused);
    } else if (arg == NULL) {
        on_ready(redis);
    }
}

static int greet_auth(struct redis *redis)
{
    const struct redis_options *options = &redis->options;

    if (options->password == NULL)
        return REDIS_OK;
    if (options->username == NULL)
        return redisAsyncCommand(redis->context, on_greeting, redis, "AUTH %s", options->password);
    return redisAsyncCommand(redis->context, on_greeting, redis, "AUTH %s %s", options->username,
                             options->password);
}

static int greet_select(struct redis *redis)
{
    if (redis->options.database == 0)
        return REDIS_OK;
    return redisAsyncCommand(redis->context, on_greeting, redis, "SELECT %u",
                             redis->options.database);
}

/* All in one write, before the connection is even there: hiredis keeps it until then. */
static int greet(struct redis *redis)
{
    if (greet_auth(redis) != REDIS_OK || greet_select(redis) != REDIS_OK)
        return REDIS_ERR;
    return redisAsyncCommand(redis->context, on_greeting, NULL, "PING");
}

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis *redis = context->data;

    if (status != REDIS_OK && redis->context == context)
        redis_on_lost(redis, "unreachable");
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct redis *redis = context->data;

    (void)status;
    if (redis->context == context)
        redis_on_lost(redis, "closed");
}

static void on_context_closed(void *arg)
{
    release(arg);
}

/* @context is new; it may already have failed. Takes ownership. */
static void use_context(struct redis *redis, redisAsyncContext *context)
{
    if (context == NULL || context->err != 0
        || redis_adapter_attach(context, &redis->loop->uv, on_context_closed, redis) != 0) {
        if (context != NULL)
            redisAsyncFree(context);
        redis_on_lost(redis, "unreachable");
        return;
    }
    redis->references++;
    redis->context = context;
    context->data = redis;
    redisAsyncSetConnectCallback(context, on_connect);
    redisAsyncSetDisconnectCallback(context, on_disconnect);
    if (greet(redis) != REDIS_OK)
        drop(redis, "no_memory");
}

static void connect_to(struct redis *redis, const struct sockaddr *sockaddr)
{
    char host[INET6_ADDRSTRLEN];
    const int yes = 1;

    if (uv_ip_name(sockaddr, host, sizeof(host)) != 0) {
        redis_on_lost(redis, "unreachable");
        return;
    }
    use_context(redis, redisAsyncConnect(host, redis->address.port));
    if (redis->context != NULL)
        setsockopt(redis->context->c.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

/* Each attempt takes the next address of the name: "localhost" may be ::1 first, and Redis not
 * there. */
static const struct addrinfo *choose_address(const struct redis *redis,
                                             const struct addrinfo *found)
{
    const struct addrinfo *at;
    unsigned count = 0, index;

    for (at = found; at != NULL; at = at->ai_next)
        count++;
    index = redis->failures % count;
    for (at = found; index > 0; index--)
        at = at->ai_next;
    return at;
}

static void on_lookup(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
    struct redis *redis = LIST_ITEM(lookup, struct redis, lookup);

    redis->is_looking_up = false;
    /* It may have come too late. */
    if (redis_is_in(redis, REDIS_STATE_CONNECTING)) {
        if (status == 0)
            connect_to(redis, choose_address(redis, found)->ai_addr);
        else
            redis_on_lost(redis, "name_not_found");
    }
    uv_freeaddrinfo(found);
    release(redis);
}

/* hiredis would look a name up itself, and the loop would stand still. */
static void look_up(struct redis *redis)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    char port[8];

    snprintf(port, sizeof(port), "%d", redis->address.port);
    if (uv_getaddrinfo(&redis->loop->uv, &redis->lookup, on_lookup, redis->address.host, port,
                       &hints)
        != 0) {
        redis_on_lost(redis, "name_not_found");
        return;
    }
    redis->is_looking_up = true;
    redis->references++;
}

static void redis_connect(struct redis *redis)
{
    struct sockaddr_storage sockaddr;
    const struct address *address = &redis->address;

    timer_start(&redis->step, redis->options.connect_timeout_ms, 0);
    if (address->is_unix)
        use_context(redis, redisAsyncConnectUnix(address->host));
    else if (uv_ip4_addr(address->host, address->port, (struct sockaddr_in *)&sockaddr) == 0
             || uv_ip6_addr(address->host, address->port, (struct sockaddr_in6 *)&sockaddr) == 0)
        connect_to(redis, (const struct sockaddr *)&sockaddr);
    else
        look_up(redis);
}

/* The present state has lasted as long as it may. */
static void on_step(struct timer *timer)
{
    struct redis *redis = LIST_ITEM(timer, struct redis, step);

    switch ((enum redis_state)machine_state(&redis->machine)) {
    case REDIS_STATE_CONNECTING:
        drop(redis, "connect_timeout");
        break;
    case REDIS_STATE_READY:
        send_ping(redis);
        break;
    case REDIS_STATE_WAITING:
        if (redis->is_looking_up) {
            /* The resolver is slower than our patience; there is no second one. */
            timer_start(&redis->step, backoff_ms(redis), 0);
            break;
        }
        machine_move(&redis->machine, REDIS_STATE_CONNECTING);
        redis_connect(redis);
        break;
    case REDIS_STATE_CLOSING:
        break;
    }
}

/* ---- the whole ---- */

static struct redis *make(void)
{
    struct redis *redis = fault_is_due() ? NULL : calloc(1, sizeof(*redis));

    if (redis == NULL)
        return NULL;
    arena_init(&redis->scratch, REDIS_SCRATCH_BYTES_MAX);
    if (arena_alloc(&redis->scratch, 1) == NULL) {
        free(redis);
        return NULL;
    }
    return redis;
}

struct redis *redis_create(struct loop *loop, const struct redis_options *options,
                           struct error *err)
{
    struct address address;
    struct redis *redis;

    CHECK(options->in_flight_max > 0);
    CHECK(options->command_timeout_ms > 0 && options->connect_timeout_ms > 0);
    CHECK(options->backoff_min_ms > 0 && options->backoff_min_ms <= options->backoff_max_ms);
    if (address_parse(options->address, &address, err) != STATUS_OK)
        return NULL;
    redis = make();
    if (redis == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the redis store");
        return NULL;
    }
    redis->loop = loop;
    redis->options = *options;
    redis->address = address;
    redis_metrics_init(&redis->metrics);
    machine_init(&redis->machine, redis_states);
    list_init(&redis->queue);
    timer_init(&redis->step, loop, on_step);
    timer_init(&redis->expiry, loop, redis_command_on_expiry);
    redis->references = 2;
    redis_connect(redis);
    return redis;
}

static void on_step_closed(struct timer *timer)
{
    release(LIST_ITEM(timer, struct redis, step));
}

static void on_expiry_closed(struct timer *timer)
{
    release(LIST_ITEM(timer, struct redis, expiry));
}

void redis_destroy(struct redis *redis)
{
    redisAsyncContext *context = redis->context;

    if (redis_is_in(redis, REDIS_STATE_READY))
        redis_metrics_ready(&redis->metrics, false);
    machine_move(&redis->machine, REDIS_STATE_CLOSING);
    redis->context = NULL;
    if (redis->is_looking_up)
        uv_cancel((uv_req_t *)&redis->lookup);
    if (context != NULL)
        redisAsyncFree(context);
    timer_close(&redis->step, on_step_closed);
    timer_close(&redis->expiry, on_expiry_closed);
}

bool redis_is_ready(const struct redis *redis)
{
    return redis_is_in(redis, REDIS_STATE_READY);
}
