/* Thread: the loop's, throughout.
 *
 *     CONNECTING ─ name looked up, socket open, AUTH, SELECT and PING answered → READY
 *         │ any of it fails, or all of it takes too long                           │ lost, or a
 * PING unanswered └────────────────────→ WAITING (backoff, jitter) → CONNECTING … ←────────┘ any ─
 * redis_destroy → CLOSING ─ libuv has let go of everything → freed
 *
 * One connection at a time is @context; another may still be on its way out, and its callbacks are
 * told apart by that. hiredis calls what is in flight with NULL before it says that the connection
 * is gone, so the first NULL already counts as the loss: a callback that gives a new command is
 * then answered UNAVAILABLE, not queued on a dead connection.
 *
 * A command out of time is answered at once and forgotten when hiredis gives it back; until then it
 * counts as in flight, so that a Redis that has stopped fills up and not our memory. */
#include "store/redis.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "base/machine.h"
#include "run/address.h"
#include "run/metrics.h"
#include "store/redis_adapter.h"
#include "store/redis_metrics.h"
#include "store/redis_reply.h"

#define DOUBLINGS_MAX 20
#define NS_PER_MS 1000000u
#define NS_PER_US 1000u

enum redis_state {
    REDIS_STATE_CONNECTING,
    REDIS_STATE_READY,
    REDIS_STATE_WAITING,
    REDIS_STATE_CLOSING,
};

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

struct redis {
    struct loop *loop;
    struct redis_options options;
    struct address address;
    struct redis_metrics metrics;
    struct machine machine;
    redisAsyncContext *context;
    uv_getaddrinfo_t lookup;
    bool is_looking_up, was_ready;
    const char
        *said; /* why it was lost, as the log has it: each reason is written once until READY */
    unsigned failures; /* since the last READY */
    struct timer step; /* what ends the present state: patience, the next PING, the backoff */
    struct timer
        expiry;        /* the oldest deadline; it may find that command answered, and looks again */
    struct list queue; /* commands that wait for an answer, oldest deadline first */
    unsigned in_flight;   /* commands that hiredis holds */
    struct arena scratch; /* rewound after each use; its first block stays */
    unsigned references;  /* handles, look-ups and contexts: the last one out frees */
};

struct command {
    struct list node; /* in redis->queue, or alone once it was answered */
    struct redis *redis;
    redis_done_cb done; /* NULL: answered already */
    void *arg;
    uint64_t start_ns;
};

static void redis_connect(struct redis *redis);

static void release(struct redis *redis)
{
    if (--redis->references > 0)
        return;
    arena_close(&redis->scratch);
    free(redis);
}

static bool is_in(const struct redis *redis, enum redis_state state)
{
    return machine_state(&redis->machine) == state;
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

/* The connection is gone or never came; hiredis frees the context, or the caller does. */
static void on_lost(struct redis *redis, const char *why)
{
    bool was_ready = is_in(redis, REDIS_STATE_READY);

    redis->context = NULL;
    if (is_in(redis, REDIS_STATE_CLOSING) || is_in(redis, REDIS_STATE_WAITING))
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

    on_lost(redis, why);
    if (context != NULL)
        redisAsyncFree(context);
}

/* ---- commands ---- */

static uint64_t now_ns(void)
{
    return uv_hrtime();
}

static void command_answer(struct command *command, const struct redis_reply *reply,
                           const struct error *err)
{
    struct redis_metrics *metrics = &command->redis->metrics;
    redis_done_cb done = command->done;

    list_remove(&command->node);
    command->done = NULL;
    redis_metrics_command(metrics, reply != NULL ? STATUS_OK : err->status);
    redis_metrics_seconds(metrics, (now_ns() - command->start_ns) / NS_PER_US);
    done(command->arg, reply, err);
}

static void command_on_reply(redisAsyncContext *context, void *raw, void *arg)
{
    struct command *command = arg;
    struct redis *redis = command->redis;
    struct arena_mark mark = arena_mark(&redis->scratch);
    struct error err = { .status = STATUS_OK };
    const struct redis_reply *reply;

    redis->in_flight--;
    if (raw == NULL && redis->context == context)
        on_lost(redis, "closed");
    if (command->done != NULL) {
        reply = redis_reply_convert(raw, &redis->scratch, &err);
        if (raw == NULL && is_in(redis, REDIS_STATE_CLOSING))
            error_set(&err, STATUS_CANCELLED, "the redis store was closed");
        command_answer(command, reply, &err);
    }
    arena_rewind(&redis->scratch, mark);
    free(command);
}

/* Milliseconds from now until @command is out of time; 0: it is. */
static uint64_t command_left_ms(const struct command *command)
{
    uint64_t limit_ns = (uint64_t)command->redis->options.command_timeout_ms * NS_PER_MS;
    uint64_t spent_ns = now_ns() - command->start_ns;

    return spent_ns >= limit_ns ? 0 : (limit_ns - spent_ns + NS_PER_MS - 1) / NS_PER_MS;
}

static void on_expiry(struct timer *timer)
{
    struct redis *redis = LIST_ITEM(timer, struct redis, expiry);
    struct error err;

    error_set(&err, STATUS_DEADLINE_EXCEEDED, "redis did not answer within %u ms",
              redis->options.command_timeout_ms);
    while (!list_is_empty(&redis->queue)) {
        struct command *oldest = LIST_ITEM(redis->queue.next, struct command, node);
        uint64_t left_ms = command_left_ms(oldest);

        if (left_ms > 0) {
            timer_start(&redis->expiry, left_ms, 0);
            return;
        }
        command_answer(oldest, NULL, &err);
    }
}

/* Hand @command to hiredis, which copies the words. They all have the same time, so the queue is in
 * order. */
static enum status command_send(struct redis *redis, struct command *command,
                                const struct slice *words, size_t words_count, struct error *err)
{
    struct arena_mark mark = arena_mark(&redis->scratch);
    const char **argv = ARENA_ARRAY(&redis->scratch, const char *, words_count);
    size_t *sizes = ARENA_ARRAY(&redis->scratch, size_t, words_count);
    int rc = REDIS_ERR;
    size_t i;

    if (argv != NULL && sizes != NULL) {
        for (i = 0; i < words_count; i++) {
            argv[i] = words[i].size == 0 ? "" : words[i].data;
            sizes[i] = words[i].size;
        }
        rc = redisAsyncCommandArgv(redis->context, command_on_reply, command, (int)words_count,
                                   argv, sizes);
    }
    arena_rewind(&redis->scratch, mark);
    if (rc != REDIS_OK)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a command of %zu words",
                         words_count);
    redis->in_flight++;
    list_push_back(&redis->queue, &command->node);
    if (!uv_is_active((uv_handle_t *)&redis->expiry.uv))
        timer_start(&redis->expiry, redis->options.command_timeout_ms, 0);
    return STATUS_OK;
}

static enum status command_create(struct redis *redis, const struct slice *words,
                                  size_t words_count, redis_done_cb done, void *arg,
                                  struct error *err)
{
    struct command *command = fault_is_due() ? NULL : malloc(sizeof(*command));

    if (command == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a command");
    *command = (struct command){ .redis = redis, .done = done, .arg = arg, .start_ns = now_ns() };
    if (command_send(redis, command, words, words_count, err) != STATUS_OK) {
        free(command);
        return err->status;
    }
    return STATUS_OK;
}

/* hiredis treats these by their own rules, and their callbacks come more than once. */
static bool is_subscription(struct slice name)
{
    static const char *const names[] = { "subscribe", "psubscribe", "unsubscribe", "punsubscribe",
                                         "monitor" };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (slice_equal_fold(name, slice_from(names[i])))
            return true;
    return false;
}

static enum status command_admit(const struct redis *redis, const struct slice *words,
                                 struct error *err)
{
    if (!is_in(redis, REDIS_STATE_READY))
        return error_set(err, STATUS_UNAVAILABLE, "redis is not connected");
    if (is_subscription(words[0]))
        return error_set(err, STATUS_INVALID_ARGUMENT, "subscriptions are not for this store");
    if (redis->in_flight >= redis->options.in_flight_max)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "%u commands wait for redis already",
                         redis->in_flight);
    if (sdslen(redis->context->c.obuf) >= REDIS_UNSENT_BYTES_MAX)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "over %zu bytes wait for redis already",
                         REDIS_UNSENT_BYTES_MAX);
    return STATUS_OK;
}

enum status redis_command(struct redis *redis, const struct slice *words, size_t words_count,
                          redis_done_cb done, void *arg, struct error *err)
{
    struct error own;

    CHECK(words_count > 0);
    CHECK(done != NULL);
    if (err == NULL)
        err = &own;
    if (command_admit(redis, words, err) == STATUS_OK
        && command_create(redis, words, words_count, done, arg, err) == STATUS_OK)
        return STATUS_OK;
    redis_metrics_command(&redis->metrics, err->status);
    return err->status;
}

/* ---- connecting ---- */

/* A PING that fails for any reason but an answer of ours ends the connection; hiredis may have
 * ended it already. */
static void on_ping(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct redis *redis = arg;

    if (reply == NULL && err->status == STATUS_DEADLINE_EXCEEDED && is_in(redis, REDIS_STATE_READY))
        drop(redis, "ping_unanswered");
}

/* The PING is beyond the limit on commands in flight: it is how a full queue is found to be stuck.
 */
static void send_ping(struct redis *redis)
{
    const struct slice words[] = { SLICE("PING") };
    struct error err;

    if (command_create(redis, words, 1, on_ping, redis, &err) != STATUS_OK)
        log_warn("redis_ping", LOG_ERROR(&err));
    if (is_in(redis, REDIS_STATE_READY))
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
        on_lost(redis, "closed");
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
        on_lost(redis, "unreachable");
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct redis *redis = context->data;

    (void)status;
    if (redis->context == context)
        on_lost(redis, "closed");
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
        on_lost(redis, "unreachable");
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
        on_lost(redis, "unreachable");
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
    if (is_in(redis, REDIS_STATE_CONNECTING)) {
        if (status == 0)
            connect_to(redis, choose_address(redis, found)->ai_addr);
        else
            on_lost(redis, "name_not_found");
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
        on_lost(redis, "name_not_found");
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
    timer_init(&redis->expiry, loop, on_expiry);
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

    if (is_in(redis, REDIS_STATE_READY))
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
    return is_in(redis, REDIS_STATE_READY);
}
