#include "store/redis_where.h"

#include <string.h>

#include "base/slice.h"

static enum status parse_one(struct slice text, struct redis_where *where, struct error *err)
{
    char address[sizeof(where->addresses[0].host) + 16];

    if (where->count == REDIS_ADDRESSES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "over %d addresses of Redis",
                         REDIS_ADDRESSES_MAX);
    if (text.size >= sizeof(address))
        return error_set(err, STATUS_INVALID_ARGUMENT, "an address of Redis of %zu bytes",
                         text.size);
    memcpy(address, text.data, text.size);
    address[text.size] = '\0';
    return address_parse(address, &where->addresses[where->count++], err);
}

static enum status parse_list(struct slice list, struct redis_where *where, struct error *err)
{
    for (;;) {
        size_t comma = slice_find_byte(list, ',');

        if (parse_one(slice_cut(list, 0, comma), where, err) != STATUS_OK)
            return STATUS_INVALID_ARGUMENT;
        if (comma == list.size)
            return STATUS_OK;
        list = slice_cut(list, comma + 1, list.size);
    }
}

static enum status parse_sentinel(struct slice text, struct redis_where *where, struct error *err)
{
    size_t at = slice_find_byte(text, '@');

    if (at == text.size || at == 0 || at >= sizeof(where->name))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "sentinel: without the primary's name: sentinel:NAME@HOST:PORT,…");
    where->kind = REDIS_WHERE_SENTINEL;
    memcpy(where->name, text.data, at);
    return parse_list(slice_cut(text, at + 1, text.size), where, err);
}

enum status redis_where_parse(const char *text, struct redis_where *where, struct error *err)
{
    const struct slice sentinel = SLICE("sentinel:"), cluster = SLICE("cluster:");
    struct slice all = slice_from(text);

    *where = (struct redis_where){ .kind = REDIS_WHERE_ONE };
    if (slice_starts_with(all, sentinel))
        return parse_sentinel(slice_cut(all, sentinel.size, all.size), where, err);
    if (slice_starts_with(all, cluster)) {
        where->kind = REDIS_WHERE_CLUSTER;
        return parse_list(slice_cut(all, cluster.size, all.size), where, err);
    }
    return parse_one(all, where, err);
}
