/* Each question begins with another of the Sentinels: one that is cut off from the rest may name a
 * primary that is none any more, which ROLE then shows. */
#include "store/redis_sentinel.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"

struct watcher {
    struct redis_sentinel *sentinel;
    struct redis_connection *connection;
};

struct redis_sentinel {
    struct redis_options options;
    struct redis_where where;
    void (*on_found)(void *owner, const struct address *primary);
    void *owner;
    struct watcher watchers[REDIS_ADDRESSES_MAX];
    size_t next;    /* who is asked next */
    size_t to_try;  /* of the question under way: those who are left */
    bool is_asking; /* one of them has been asked */
    bool is_closing;
};

static void ask_next(struct redis_sentinel *sentinel);

/* [host, port] of the primary. */
static bool read_address(const struct redis_reply *reply, struct address *address)
{
    char text[sizeof(address->host) + 16];
    bool is_v6;

    if (reply->kind != REDIS_REPLY_KIND_ARRAY || reply->count != 2
        || reply->items[0].string.size + reply->items[1].string.size + 4 > sizeof(text))
        return false;
    is_v6 = slice_find_byte(reply->items[0].string, ':') != reply->items[0].string.size;
    snprintf(text, sizeof(text), is_v6 ? "[%.*s]:%.*s" : "%.*s:%.*s",
             SLICE_FORMAT(reply->items[0].string), SLICE_FORMAT(reply->items[1].string));
    return address_parse(text, address, NULL) == STATUS_OK;
}

static void on_answer(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct redis_sentinel *sentinel = arg;
    struct address primary;

    (void)err;
    if (sentinel->is_closing)
        return;
    sentinel->is_asking = false;
    if (reply == NULL || !read_address(reply, &primary)) {
        ask_next(sentinel);
        return;
    }
    sentinel->to_try = 0;
    sentinel->on_found(sentinel->owner, &primary);
}

static void ask_next(struct redis_sentinel *sentinel)
{
    const struct slice words[] = { SLICE("SENTINEL"), SLICE("GET-MASTER-ADDR-BY-NAME"),
                                   slice_from(sentinel->where.name) };

    while (!sentinel->is_asking && sentinel->to_try > 0) {
        struct watcher *watcher = &sentinel->watchers[sentinel->next];

        sentinel->next = (sentinel->next + 1) % sentinel->where.count;
        sentinel->to_try--;
        sentinel->is_asking =
            watcher->connection != NULL && redis_connection_is_ready(watcher->connection)
            && redis_connection_command(watcher->connection, words, 3, on_answer, sentinel, NULL)
                   == STATUS_OK;
    }
}

void redis_sentinel_ask(struct redis_sentinel *sentinel)
{
    sentinel->to_try = sentinel->where.count;
    ask_next(sentinel);
}

static void on_watcher(void *owner, bool is_ready)
{
    struct watcher *watcher = owner;

    if (is_ready)
        redis_sentinel_ask(watcher->sentinel);
}

struct redis_sentinel *redis_sentinel_create(const struct redis_sentinel_options *options,
                                             struct error *err)
{
    struct redis_sentinel *sentinel = fault_is_due() ? NULL : calloc(1, sizeof(*sentinel));

    if (sentinel == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for sentinels");
        return NULL;
    }
    sentinel->options = *options->store;
    sentinel->where = *options->where;
    sentinel->on_found = options->on_found;
    sentinel->owner = options->owner;
    for (size_t i = 0; i < sentinel->where.count; i++) {
        struct watcher *watcher = &sentinel->watchers[i];
        const struct redis_connection_options connection = {
            .loop = options->loop,
            .store = &sentinel->options,
            .address = sentinel->where.addresses[i],
            .on_state = on_watcher,
            .owner = watcher,
        };

        watcher->sentinel = sentinel;
        watcher->connection = redis_connection_create(&connection, err);
        if (watcher->connection == NULL) {
            redis_sentinel_destroy(sentinel);
            return NULL;
        }
    }
    return sentinel;
}

void redis_sentinel_destroy(struct redis_sentinel *sentinel)
{
    sentinel->is_closing = true;
    for (size_t i = 0; i < sentinel->where.count; i++)
        if (sentinel->watchers[i].connection != NULL)
            redis_connection_destroy(sentinel->watchers[i].connection);
    free(sentinel);
}
