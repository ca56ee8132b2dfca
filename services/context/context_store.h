/* Records in Redis: the only file that speaks to it. One patient's keys carry one hash tag,
 * ctx:{TENANT:PATIENT}:…, and so lie on one cluster slot; every operation is one script, one round
 * trip. Loop thread. */
#ifndef CONTEXT_STORE_H
#define CONTEXT_STORE_H

#include "base/arena.h"
#include "store/redis.h"

struct store {
    struct redis *redis; /* NULL: there is none */
    uint64_t ttl_ms;
};

/* What Redis has. @found: false with an @err of OK: no such record. @is_same: it has the version
 * that was known, and the values are empty. Values hold until the callback returns. @err says why
 * Redis could not be asked. */
struct stored {
    bool found, is_same;
    uint64_t version;
    struct slice record, map;
};
typedef void (*store_fetch_cb)(void *arg, const struct stored *stored, const struct error *err);

/* @known_version: 0 for none. @arena holds what waits, until the callback. */
enum status store_fetch(struct store *store, struct slice tenant, struct slice patient,
                        uint64_t known_version, struct arena *arena, store_fetch_cb done, void *arg,
                        struct error *err);

/* What Redis has of a record's resources; empty where they were never kept. As store_fetch, whose
 * callback it shares: the version, and the value as @record. */
enum status store_fetch_resources(struct store *store, struct slice tenant, struct slice patient,
                                  struct arena *arena, store_fetch_cb done, void *arg,
                                  struct error *err);

/* @is_written: false with an @err of OK: Redis has another version than @base_version by now. */
typedef void (*store_write_cb)(void *arg, bool is_written, const struct error *err);

/* A record's values, sealed. */
struct store_values {
    uint64_t version;
    struct slice record, map, resources;
};

/* Put @values in place of @base_version (0: nothing), together or not at all. */
enum status store_write(struct store *store, struct slice tenant, struct slice patient,
                        uint64_t base_version, const struct store_values *values,
                        struct arena *arena, store_write_cb done, void *arg, struct error *err);

/* @is_written: whether there was something. */
enum status store_forget(struct store *store, struct slice tenant, struct slice patient,
                         struct arena *arena, store_write_cb done, void *arg, struct error *err);

#endif
