#include "context_store.h"

#include <stdio.h>
#include <stdlib.h>

/* KEYS: version, record, map. */
static const char fetch_script[] =
    "local v = redis.call('GET', KEYS[1]) "
    "if not v then return false end "
    "if v == ARGV[1] then return {v} end "
    "return {v, redis.call('GET', KEYS[2]) or '', redis.call('GET', KEYS[3]) or ''}";

/* KEYS: version, resources. */
static const char fetch_resources_script[] = "local v = redis.call('GET', KEYS[1]) "
                                             "if not v then return false end "
                                             "return {v, redis.call('GET', KEYS[2]) or '', ''}";

/* KEYS: version, record, map, resources. */
static const char write_script[] = "local v = redis.call('GET', KEYS[1]) or '0' "
                                   "if v ~= ARGV[1] then return 0 end "
                                   "redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) "
                                   "redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[3]) "
                                   "redis.call('SET', KEYS[3], ARGV[5], 'PX', ARGV[3]) "
                                   "redis.call('SET', KEYS[4], ARGV[6], 'PX', ARGV[3]) "
                                   "return 1";

/* One command, its words and who waits for it; in the arena of whoever asked. */
struct asking {
    struct slice words[16];
    size_t count;
    store_fetch_cb on_fetch;
    store_write_cb on_write;
    void *arg;
    bool is_full;
};

static void add(struct asking *asking, struct slice word)
{
    asking->is_full |= word.data == NULL && word.size > 0;
    asking->words[asking->count++] = word;
}

static void add_key(struct asking *asking, struct slice tenant, struct slice patient,
                    const char *what, struct arena *arena)
{
    char *key = arena_format(arena, "ctx:{%.*s:%.*s}:%s", SLICE_FORMAT(tenant),
                             SLICE_FORMAT(patient), what);

    asking->is_full |= key == NULL;
    add(asking, slice_from(key));
}

static void add_number(struct asking *asking, uint64_t number, struct arena *arena)
{
    char *text = arena_format(arena, "%llu", (unsigned long long)number);

    asking->is_full |= text == NULL;
    add(asking, slice_from(text));
}

static void add_keys(struct asking *asking, struct slice tenant, struct slice patient,
                     struct arena *arena)
{
    add_key(asking, tenant, patient, "version", arena);
    add_key(asking, tenant, patient, "record", arena);
    add_key(asking, tenant, patient, "map", arena);
}

static void add_all_keys(struct asking *asking, struct slice tenant, struct slice patient,
                         struct arena *arena)
{
    add_keys(asking, tenant, patient, arena);
    add_key(asking, tenant, patient, "resources", arena);
}

static struct asking *begin(struct store *store, struct arena *arena, void *arg, struct error *err)
{
    struct asking *asking;

    if (store->redis == NULL || !redis_is_ready(store->redis)) {
        error_set(err, STATUS_UNAVAILABLE, "Redis is not reachable");
        return NULL;
    }
    asking = ARENA_NEW(arena, struct asking);
    if (asking == NULL)
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to ask Redis");
    else
        asking->arg = arg;
    return asking;
}

static enum status ask(struct store *store, struct asking *asking, redis_done_cb done,
                       struct error *err)
{
    if (asking->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to ask Redis");
    return redis_command(store->redis, asking->words, asking->count, done, asking, err);
}

static void on_written(void *arg, const struct redis_reply *reply, const struct error *err)
{
    static const struct error none = { STATUS_OK, "" };
    struct asking *asking = arg;

    asking->on_write(asking->arg,
                     reply != NULL && reply->kind == REDIS_REPLY_KIND_INTEGER && reply->integer > 0,
                     reply == NULL ? err : &none);
}

/* A change, which is done when as many replicas as the site asks for have it. */
static enum status change(struct store *store, struct asking *asking, struct error *err)
{
    if (asking->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to ask Redis");
    return redis_command_durable(store->redis, asking->words, asking->count, on_written, asking,
                                 err);
}

static uint64_t number_of(struct slice text)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%.*s", SLICE_FORMAT(slice_cut(text, 0, sizeof(digits) - 1)));
    return strtoull(digits, NULL, 10);
}

static void on_fetched(void *arg, const struct redis_reply *reply, const struct error *err)
{
    static const struct error none = { STATUS_OK, "" };
    struct asking *asking = arg;
    struct stored stored = { 0 };

    if (reply != NULL && reply->kind == REDIS_REPLY_KIND_ARRAY && reply->count > 0) {
        stored.found = true;
        stored.version = number_of(reply->items[0].string);
        stored.is_same = reply->count < 3;
        if (!stored.is_same) {
            stored.record = reply->items[1].string;
            stored.map = reply->items[2].string;
        }
    }
    asking->on_fetch(asking->arg, &stored, reply == NULL ? err : &none);
}

enum status store_fetch(struct store *store, struct slice tenant, struct slice patient,
                        uint64_t known_version, struct arena *arena, store_fetch_cb done, void *arg,
                        struct error *err)
{
    struct asking *asking = begin(store, arena, arg, err);

    if (asking == NULL)
        return err->status;
    asking->on_fetch = done;
    add(asking, SLICE("EVAL"));
    add(asking, slice_from(fetch_script));
    add(asking, SLICE("3"));
    add_keys(asking, tenant, patient, arena);
    add_number(asking, known_version, arena);
    return ask(store, asking, on_fetched, err);
}

enum status store_fetch_resources(struct store *store, struct slice tenant, struct slice patient,
                                  struct arena *arena, store_fetch_cb done, void *arg,
                                  struct error *err)
{
    struct asking *asking = begin(store, arena, arg, err);

    if (asking == NULL)
        return err->status;
    asking->on_fetch = done;
    add(asking, SLICE("EVAL"));
    add(asking, slice_from(fetch_resources_script));
    add(asking, SLICE("2"));
    add_key(asking, tenant, patient, "version", arena);
    add_key(asking, tenant, patient, "resources", arena);
    return ask(store, asking, on_fetched, err);
}

enum status store_write(struct store *store, struct slice tenant, struct slice patient,
                        uint64_t base_version, const struct store_values *values,
                        struct arena *arena, store_write_cb done, void *arg, struct error *err)
{
    struct asking *asking = begin(store, arena, arg, err);

    if (asking == NULL)
        return err->status;
    asking->on_write = done;
    add(asking, SLICE("EVAL"));
    add(asking, slice_from(write_script));
    add(asking, SLICE("4"));
    add_all_keys(asking, tenant, patient, arena);
    add_number(asking, base_version, arena);
    add_number(asking, values->version, arena);
    add_number(asking, store->ttl_ms, arena);
    add(asking, values->record);
    add(asking, values->map);
    add(asking, values->resources);
    return change(store, asking, err);
}

enum status store_forget(struct store *store, struct slice tenant, struct slice patient,
                         struct arena *arena, store_write_cb done, void *arg, struct error *err)
{
    struct asking *asking = begin(store, arena, arg, err);

    if (asking == NULL)
        return err->status;
    asking->on_write = done;
    add(asking, SLICE("DEL"));
    add_all_keys(asking, tenant, patient, arena);
    return change(store, asking, err);
}
