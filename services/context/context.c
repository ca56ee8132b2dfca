#include "context.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "context_put.h"
#include "context_thing_site.h"
#include "run/clock.h"
#include "run/workers.h"

#define TICK_MS 1000
/* Records written at a time when Redis comes back: enough to fill the pipe, few enough to leave it
 * to the living. */
#define STORING_MAX 4

const struct setting context_settings[] = {
    HOST_SETTINGS(struct context_config, "127.0.0.1:7102"),
    { "redis", SETTING_KIND_STRING, offsetof(struct context_config, redis), "127.0.0.1:6379",
      "ADDRESS",
      "where Redis is: HOST:PORT, unix:/path, sentinel:NAME@HOST:PORT,… or cluster:HOST:PORT,…; "
      "empty: keep records in memory only",
      0, 0, false, false },
    { "redis-password-file", SETTING_KIND_STRING,
      offsetof(struct context_config, redis_password_file), NULL, "FILE",
      "its first line is the password of Redis", 0, 0, false, false },
    { "redis-sentinel-password-file", SETTING_KIND_STRING,
      offsetof(struct context_config, redis_sentinel_password_file), NULL, "FILE",
      "its first line is the password of the Sentinels", 0, 0, false, false },
    { "redis-replicas", SETTING_KIND_NUMBER, offsetof(struct context_config, redis_replicas), "0",
      "COUNT", "replicas that have a record before its Put is durable", 0, 16, false, false },
    { "redis-required", SETTING_KIND_SWITCH, offsetof(struct context_config, redis_required),
      "false", NULL, "not serving, and no Put, while Redis is away", 0, 0, false, false },
    { "key-file", SETTING_KIND_STRING, offsetof(struct context_config, key_file), NULL, "FILE",
      "key of what is stored, 64 hex digits; made when it is not there; replicas share it", 0, 0,
      true, false },
    { "ttl", SETTING_KIND_DURATION, offsetof(struct context_config, ttl_ms), "7d", "TIME",
      "how long a record is kept after its last Put", 1000, 366.0 * 24 * 3600 * 1000, false,
      false },
    { "cache-bytes", SETTING_KIND_SIZE, offsetof(struct context_config, cache_bytes), "256M",
      "SIZE", "memory for compiled records", 1.0 * MIB, 1024.0 * 1024 * MIB, false, false },
    { "words-file", SETTING_KIND_STRING, offsetof(struct context_config, words_file), NULL, "FILE",
      "the site's own words for things (docs/context.md)", 0, 0, false, false },
    { .name = NULL },
};

/* The hash tag of a key ends at the first '}'. */
#define NAME_BYTES_MAX 128

enum status context_check_name(const char *what, const char *name, struct error *err)
{
    size_t size = strlen(name);

    if (size == 0 || size > NAME_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s: %zu bytes, not 1 to %d", what, size,
                         NAME_BYTES_MAX);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)name[i] <= ' ' || (unsigned char)name[i] >= 0x7f
            || strchr("{}:", name[i]) != NULL)
            return error_set(
                err, STATUS_INVALID_ARGUMENT,
                "%s: byte %zu is not one of a name (printable ASCII without braces and colons)",
                what, i);
    return STATUS_OK;
}

int64_t context_expiry(const struct context *context)
{
    return clock_wall_ms() + (int64_t)context->store.ttl_ms;
}

static bool is_redis_ready(const struct context *context)
{
    return context->store.redis != NULL && redis_is_ready(context->store.redis);
}

/* The server is made after the service, and Redis may be there before it: so the tick says it too.
 */
static void show_state(struct context *context)
{
    bool is_ready = is_redis_ready(context);
    size_t records, bytes, unsaved;

    cache_count(context->cache, &records, &bytes, &unsaved);
    metric_set(context->metrics.redis_up, is_ready);
    metric_set(context->metrics.records, (int64_t)records);
    metric_set(context->metrics.bytes, (int64_t)bytes);
    metric_set(context->metrics.unsaved, (int64_t)unsaved);
    if (context->host->server == NULL || context->is_stopping)
        return;
    server_set_health(context->host->server, "redis", is_ready);
    if (context->is_redis_required)
        server_set_serving(context->host->server, is_ready);
}

void context_flush(struct context *context)
{
    struct cache_entry *entry;

    while (!context->is_stopping && is_redis_ready(context) && context->storing < STORING_MAX
           && (entry = cache_find_unsaved(context->cache)) != NULL)
        if (!context_put_unsaved(context, entry))
            return;
}

static void on_tick(struct timer *timer)
{
    struct context *context = (struct context *)((char *)timer - offsetof(struct context, tick));

    show_state(context);
    context_flush(context);
}

static void on_redis_state(void *owner, bool is_ready)
{
    struct context *context = owner;

    show_state(context);
    if (is_ready)
        context_flush(context);
}

static void register_metrics(struct context *context)
{
    context->metrics.redis_up =
        metric_register(METRIC_KIND_GAUGE, "context_redis_up", "1 while Redis answers", "");
    context->metrics.records =
        metric_register(METRIC_KIND_GAUGE, "context_records", "Records in memory", "");
    context->metrics.bytes = metric_register(METRIC_KIND_GAUGE, "context_record_bytes",
                                             "Memory of the records in memory", "");
    context->metrics.unsaved = metric_register(METRIC_KIND_GAUGE, "context_unsaved_records",
                                               "Records that Redis does not have yet", "");
    context->metrics.hits = metric_register(METRIC_KIND_COUNTER, "context_reads_total",
                                            "Reads of a record", "from=\"memory\"");
    context->metrics.misses = metric_register(METRIC_KIND_COUNTER, "context_reads_total",
                                              "Reads of a record", "from=\"redis\"");
    context->metrics.shared = metric_register(METRIC_KIND_COUNTER, "context_reads_total",
                                              "Reads of a record", "from=\"shared\"");
    context->metrics.memory_puts =
        metric_register(METRIC_KIND_COUNTER, "context_undurable_puts_total",
                        "Puts that only memory holds at first", "");
    context->metrics.conflicts =
        metric_register(METRIC_KIND_COUNTER, "context_put_conflicts_total",
                        "Puts done again because another came between", "");
}

static enum status read_password(const char *path, char *password, size_t size, struct error *err)
{
    FILE *file = fopen(path, "re");
    bool is_read;

    if (file == NULL)
        return error_set_errno(err, errno, "password file %s", path);
    is_read = fgets(password, (int)size, file) != NULL;
    fclose(file);
    if (!is_read)
        return error_set(err, STATUS_FAILED_PRECONDITION, "password file %s is empty", path);
    password[strcspn(password, "\r\n")] = '\0';
    return STATUS_OK;
}

static enum status read_words(const char *path, struct error *err)
{
    FILE *file = fopen(path, "re");
    char *text = malloc(THING_SITE_BYTES_MAX + 1);
    enum status status;

    if (file == NULL)
        status = error_set_errno(err, errno, "words file %s", path);
    else if (text == NULL)
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    else
        status =
            things_add_words(slice_of(text, fread(text, 1, THING_SITE_BYTES_MAX + 1, file)), err);
    if (file != NULL)
        fclose(file);
    free(text);
    return status;
}

static enum status connect_redis(struct context *context, const struct context_config *config,
                                 struct error *err)
{
    struct redis_options options = {
        .address = config->redis,
        .replicas = (unsigned)config->redis_replicas,
        .connect_timeout_ms = 1000,
        .command_timeout_ms = 2000,
        .backoff_min_ms = 50,
        .backoff_max_ms = 2000,
        .in_flight_max = 1024,
        .on_state = on_redis_state,
        .owner = context,
    };

    if (config->redis == NULL || config->redis[0] == '\0')
        return config->redis_required ? error_set(err, STATUS_INVALID_ARGUMENT,
                                                  "--redis-required, and --redis is empty")
                                      : STATUS_OK;
    if (config->redis_password_file != NULL) {
        if (read_password(config->redis_password_file, context->password, sizeof(context->password),
                          err)
            != STATUS_OK)
            return err->status;
        options.password = context->password;
    }
    if (config->redis_sentinel_password_file != NULL) {
        if (read_password(config->redis_sentinel_password_file, context->sentinel_password,
                          sizeof(context->sentinel_password), err)
            != STATUS_OK)
            return err->status;
        options.sentinel_password = context->sentinel_password;
    }
    context->store.redis = redis_create(&context->host->loop, &options, err);
    return context->store.redis == NULL ? err->status : STATUS_OK;
}

struct context *context_start(struct host *host, const struct context_config *config,
                              struct error *err)
{
    struct context *context = calloc(1, sizeof(*context));

    if (context != NULL)
        context->cache = cache_create(config->cache_bytes);
    if (context == NULL || context->cache == NULL) {
        free(context);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    context->host = host;
    list_init(&context->readings);
    context->store.ttl_ms = config->ttl_ms;
    context->is_redis_required = config->redis_required;
    register_metrics(context);
    if ((config->words_file != NULL && read_words(config->words_file, err) != STATUS_OK)
        || seal_key_load(config->key_file, &context->key, err) != STATUS_OK
        || connect_redis(context, config, err) != STATUS_OK) {
        context_destroy(context);
        return NULL;
    }
    timer_init(&context->tick, &host->loop, on_tick);
    timer_start(&context->tick, 1, TICK_MS);
    return context;
}

/* No call is left, but a record that was being written after Redis came back, or read for a call
 * that waits no more, may be on a worker, and its letter must be in the mailbox before that closes.
 * Nothing else runs any more, so waiting here keeps nobody. */
static void wait_for_workers(struct context *context)
{
    unsigned waiting = 1, running = 1;

    while ((context->storing > 0 || !list_is_empty(&context->readings)) && waiting + running > 0) {
        workers_count(context->host->workers, &waiting, &running);
        usleep(1000);
    }
}

void context_stop(struct context *context)
{
    size_t records, bytes, unsaved;

    context->is_stopping = true;
    cache_count(context->cache, &records, &bytes, &unsaved);
    if (unsaved > 0)
        log_error("stopped_with_unsaved_records", LOG_NUMBER("records", unsaved));
    if (context->store.redis != NULL)
        redis_destroy(context->store.redis);
    context->store.redis = NULL;
    wait_for_workers(context);
    timer_close(&context->tick, NULL);
}

void context_destroy(struct context *context)
{
    if (context == NULL)
        return;
    cache_destroy(context->cache);
    explicit_bzero(&context->key, sizeof(context->key));
    free(context);
}
