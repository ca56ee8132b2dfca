/* Which of the three it is; the rest is theirs. */
#include "store/redis.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/fault.h"
#include "store/redis_cluster.h"
#include "store/redis_primary.h"
#include "store/redis_sentinel.h"
#include "store/redis_wait.h"

struct redis {
    struct redis_options options, sentinel_options;
    struct redis_primary primary;    /* of REDIS_WHERE_ONE and REDIS_WHERE_SENTINEL */
    struct redis_sentinel *sentinel; /* NULL: of the others */
    struct redis_cluster *cluster;   /* NULL: of the others */
};

static void on_state(void *owner, bool is_ready)
{
    struct redis *redis = owner;

    if (redis->options.on_state != NULL)
        redis->options.on_state(redis->options.owner, is_ready);
}

static void on_found(void *owner, const struct address *primary)
{
    struct redis *redis = owner;

    redis_primary_locate(&redis->primary, primary);
}

static bool locate(void *owner, struct address *address)
{
    struct redis *redis = owner;

    (void)address;
    redis_sentinel_ask(redis->sentinel);
    return false;
}

static enum status open_sentinel(struct redis *redis, struct loop *loop,
                                 const struct redis_where *where, struct error *err)
{
    const struct redis_sentinel_options options = {
        .loop = loop,
        .store = &redis->sentinel_options,
        .where = where,
        .on_found = on_found,
        .owner = redis,
    };

    redis->sentinel_options = redis->options;
    redis->sentinel_options.username = NULL;
    redis->sentinel_options.password = redis->options.sentinel_password;
    redis->sentinel_options.database = 0;
    redis->sentinel = redis_sentinel_create(&options, err);
    return redis->sentinel == NULL ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK;
}

static enum status open_primary(struct redis *redis, struct loop *loop,
                                const struct redis_where *where, struct error *err)
{
    const struct redis_connection_options options = {
        .loop = loop,
        .store = &redis->options,
        .address = where->addresses[0],
        .locate = redis->sentinel == NULL ? NULL : locate,
        .is_primary_only = redis->sentinel != NULL,
        .on_state = on_state,
        .owner = redis,
    };

    return redis_primary_open(&redis->primary, &options, err);
}

static enum status open_where(struct redis *redis, struct loop *loop,
                              const struct redis_where *where, struct error *err)
{
    if (where->kind == REDIS_WHERE_CLUSTER) {
        redis->cluster = redis_cluster_create(loop, &redis->options, where, err);
        return redis->cluster == NULL ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK;
    }
    if (where->kind == REDIS_WHERE_SENTINEL && open_sentinel(redis, loop, where, err) != STATUS_OK)
        return STATUS_RESOURCE_EXHAUSTED;
    return open_primary(redis, loop, where, err);
}

struct redis *redis_create(struct loop *loop, const struct redis_options *options,
                           struct error *err)
{
    struct redis_where where;
    struct redis *redis;

    CHECK(options->in_flight_max > 0);
    CHECK(options->command_timeout_ms > 0 && options->connect_timeout_ms > 0);
    CHECK(options->backoff_min_ms > 0 && options->backoff_min_ms <= options->backoff_max_ms);
    if (redis_where_parse(options->address, &where, err) != STATUS_OK)
        return NULL;
    redis = fault_is_due() ? NULL : calloc(1, sizeof(*redis));
    if (redis == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the redis store");
        return NULL;
    }
    redis->options = *options;
    if (open_where(redis, loop, &where, err) == STATUS_OK)
        return redis;
    redis_destroy(redis);
    return NULL;
}

void redis_destroy(struct redis *redis)
{
    redis_primary_close(&redis->primary);
    if (redis->sentinel != NULL)
        redis_sentinel_destroy(redis->sentinel);
    if (redis->cluster != NULL)
        redis_cluster_destroy(redis->cluster);
    free(redis);
}

bool redis_is_ready(const struct redis *redis)
{
    return redis->cluster == NULL ? redis->primary.is_ready
                                  : redis_cluster_is_ready(redis->cluster);
}

enum status redis_command(struct redis *redis, const struct slice *words, size_t words_count,
                          redis_done_cb done, void *arg, struct error *err)
{
    struct error own;

    if (redis->cluster != NULL)
        return redis_cluster_command(redis->cluster, words, words_count, false, done, arg,
                                     err == NULL ? &own : err);
    return redis_connection_command(redis->primary.asks, words, words_count, done, arg, err);
}

/* ---- a write that waits for replicas ---- */

struct durable {
    struct redis_connection *connection;
    unsigned replicas;
    uint32_t limit_ms;
    redis_done_cb done;
    void *arg;
};

static void on_written(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct durable *durable = arg;
    struct error own;

    if (reply == NULL)
        durable->done(durable->arg, NULL, err);
    else if (redis_wait(durable->connection, durable->replicas, durable->limit_ms, reply,
                        durable->done, durable->arg, &own)
             != STATUS_OK)
        durable->done(durable->arg, NULL, &own);
    free(durable);
}

enum status redis_command_durable(struct redis *redis, const struct slice *words,
                                  size_t words_count, redis_done_cb done, void *arg,
                                  struct error *err)
{
    struct durable *durable;
    struct error own;

    if (err == NULL)
        err = &own;
    if (redis->cluster != NULL)
        return redis_cluster_command(redis->cluster, words, words_count, true, done, arg, err);
    if (redis->options.replicas == 0)
        return redis_command(redis, words, words_count, done, arg, err);
    durable = fault_is_due() ? NULL : malloc(sizeof(*durable));
    if (durable == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a command");
    *durable = (struct durable){
        .connection = redis->primary.writes,
        .replicas = redis->options.replicas,
        .limit_ms = redis->options.command_timeout_ms / 2,
        .done = done,
        .arg = arg,
    };
    if (redis_connection_command(durable->connection, words, words_count, on_written, durable, err)
        == STATUS_OK)
        return STATUS_OK;
    free(durable);
    return err->status;
}
