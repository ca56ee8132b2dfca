/* Where Redis is, as people write it:
 *
 *     127.0.0.1:6379, unix:/path                 one Redis
 *     sentinel:NAME@HOST:PORT,HOST:PORT,…        the primary that these Sentinels call NAME
 *     cluster:HOST:PORT,HOST:PORT,…              Redis Cluster; any of its nodes
 */
#ifndef STORE_REDIS_WHERE_H
#define STORE_REDIS_WHERE_H

#include <stddef.h>

#include "base/limits.h"
#include "run/address.h"

enum redis_where_kind {
    REDIS_WHERE_ONE,
    REDIS_WHERE_SENTINEL,
    REDIS_WHERE_CLUSTER,
};

struct redis_where {
    enum redis_where_kind kind;
    char name[64]; /* of the primary, for Sentinel */
    struct address addresses[REDIS_ADDRESSES_MAX];
    size_t count; /* at least one */
};

/* INVALID_ARGUMENT for what is none of these. Nothing is looked up. */
enum status redis_where_parse(const char *text, struct redis_where *where, struct error *err);

#endif
