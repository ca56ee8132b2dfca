/* Thread: the loop's, throughout. A command goes to hiredis, waits in connection->queue, and is
 * answered once: by Redis, by the loss of the connection, or by its deadline.
 *
 * A command out of time is answered at once and forgotten when hiredis gives it back; until then it
 * counts as in flight, so that a Redis that has stopped fills up and not our memory. */
#include <stdlib.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/limits.h"
#include "store/redis_connection_state.h"
#include "store/redis_reply.h"

#define NS_PER_MS 1000000u
#define NS_PER_US 1000u

struct command {
    struct list node; /* in connection->queue, or alone once it was answered */
    struct redis_connection *connection;
    redis_done_cb done; /* NULL: answered already */
    void *arg;
    uint64_t start_ns;
};

static uint64_t now_ns(void)
{
    return uv_hrtime();
}

static void command_answer(struct command *command, const struct redis_reply *reply,
                           const struct error *err)
{
    struct redis_metrics *metrics = &command->connection->metrics;
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
    struct redis_connection *connection = command->connection;
    struct arena_mark mark = arena_mark(&connection->scratch);
    struct error err = { .status = STATUS_OK };
    const struct redis_reply *reply;

    connection->in_flight--;
    if (raw == NULL && connection->context == context)
        redis_connection_lost(connection, "closed");
    if (command->done != NULL) {
        reply = redis_reply_convert(raw, &connection->scratch, &err);
        if (raw == NULL && is_in(connection, REDIS_CONNECTION_CLOSING))
            error_set(&err, STATUS_CANCELLED, "the redis store was closed");
        connection->refusal = redis_reply_refusal(raw);
        command_answer(command, reply, &err);
        connection->refusal = slice_of(NULL, 0);
    }
    if (connection->is_primary_only && connection->context == context
        && slice_starts_with(redis_reply_refusal(raw), SLICE("READONLY")))
        redis_connection_drop(connection, "not_the_primary");
    arena_rewind(&connection->scratch, mark);
    free(command);
}

/* Milliseconds from now until @command is out of time; 0: it is. */
static uint64_t command_left_ms(const struct command *command)
{
    uint64_t limit_ns = (uint64_t)command->connection->options.command_timeout_ms * NS_PER_MS;
    uint64_t spent_ns = now_ns() - command->start_ns;

    return spent_ns >= limit_ns ? 0 : (limit_ns - spent_ns + NS_PER_MS - 1) / NS_PER_MS;
}

void redis_command_on_expiry(struct timer *timer)
{
    struct redis_connection *connection = LIST_ITEM(timer, struct redis_connection, expiry);
    struct error err;

    error_set(&err, STATUS_DEADLINE_EXCEEDED, "redis did not answer within %u ms",
              connection->options.command_timeout_ms);
    while (!list_is_empty(&connection->queue)) {
        struct command *oldest = LIST_ITEM(connection->queue.next, struct command, node);
        uint64_t left_ms = command_left_ms(oldest);

        if (left_ms > 0) {
            timer_start(&connection->expiry, left_ms, 0);
            return;
        }
        command_answer(oldest, NULL, &err);
    }
}

/* Hand @command to hiredis, which copies the words. They all have the same time, so the queue is in
 * order. */
static enum status command_send(struct redis_connection *connection, struct command *command,
                                const struct slice *words, size_t words_count, struct error *err)
{
    struct arena_mark mark = arena_mark(&connection->scratch);
    const char **argv = ARENA_ARRAY(&connection->scratch, const char *, words_count);
    size_t *sizes = ARENA_ARRAY(&connection->scratch, size_t, words_count);
    int rc = REDIS_ERR;
    size_t i;

    if (argv != NULL && sizes != NULL) {
        for (i = 0; i < words_count; i++) {
            argv[i] = words[i].size == 0 ? "" : words[i].data;
            sizes[i] = words[i].size;
        }
        rc = redisAsyncCommandArgv(connection->context, command_on_reply, command, (int)words_count,
                                   argv, sizes);
    }
    arena_rewind(&connection->scratch, mark);
    if (rc != REDIS_OK)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a command of %zu words",
                         words_count);
    connection->in_flight++;
    list_push_back(&connection->queue, &command->node);
    if (!uv_is_active((uv_handle_t *)&connection->expiry.uv))
        timer_start(&connection->expiry, connection->options.command_timeout_ms, 0);
    return STATUS_OK;
}

enum status redis_command_create(struct redis_connection *connection, const struct slice *words,
                                 size_t words_count, redis_done_cb done, void *arg,
                                 struct error *err)
{
    struct command *command = fault_is_due() ? NULL : malloc(sizeof(*command));

    if (command == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a command");
    *command = (struct command){
        .connection = connection, .done = done, .arg = arg, .start_ns = now_ns()
    };
    if (command_send(connection, command, words, words_count, err) != STATUS_OK) {
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

static enum status command_admit(const struct redis_connection *connection,
                                 const struct slice *words, struct error *err)
{
    if (!is_in(connection, REDIS_CONNECTION_READY))
        return error_set(err, STATUS_UNAVAILABLE, "redis is not connected");
    if (is_subscription(words[0]))
        return error_set(err, STATUS_INVALID_ARGUMENT, "subscriptions are not for this store");
    if (connection->in_flight >= connection->options.in_flight_max)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "%u commands wait for redis already",
                         connection->in_flight);
    if (sdslen(connection->context->c.obuf) >= REDIS_UNSENT_BYTES_MAX)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "over %zu bytes wait for redis already",
                         REDIS_UNSENT_BYTES_MAX);
    return STATUS_OK;
}

enum status redis_connection_command(struct redis_connection *connection, const struct slice *words,
                                     size_t words_count, redis_done_cb done, void *arg,
                                     struct error *err)
{
    struct error own;

    CHECK(words_count > 0);
    CHECK(done != NULL);
    if (err == NULL)
        err = &own;
    if (command_admit(connection, words, err) == STATUS_OK
        && redis_command_create(connection, words, words_count, done, arg, err) == STATUS_OK)
        return STATUS_OK;
    redis_metrics_command(&connection->metrics, err->status);
    return err->status;
}
