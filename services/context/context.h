/* The context service: what it owns, start and stop. Everything here belongs to the loop, except
 * what a job on a worker was given. */
#ifndef CONTEXT_H
#define CONTEXT_H

#include "context_cache.h"
#include "context_seal.h"
#include "context_store.h"
#include "rpc/host.h"
#include "run/metrics.h"

struct context_config {
    struct host_config host;
    const char *redis; /* as store/redis_where.h has it; NULL or "": no Redis, memory only */
    const char *redis_password_file;          /* NULL: no AUTH */
    const char *redis_sentinel_password_file; /* NULL: no AUTH */
    int64_t redis_replicas;                   /* that a durable record has been written to */
    bool redis_required;
    const char *key_file;
    uint64_t ttl_ms;
    uint64_t cache_bytes;
    const char *words_file; /* NULL: none; see context_thing_site.h */
};

/* The rows of a settings table for it, after HOST_SETTINGS. */
extern const struct setting context_settings[];

struct context {
    struct host *host;
    struct seal_key key;
    struct store store;
    struct cache *cache;
    struct list readings; /* of records from Redis, under way: context_load's */
    struct timer tick;
    bool is_redis_required;
    bool is_stopping;
    unsigned storing; /* records that are being written after Redis came back */
    char password[256], sentinel_password[256];
    struct {
        struct metric *redis_up, *records, *bytes, *unsaved, *hits, *misses, *shared, *memory_puts,
            *conflicts;
    } metrics;
};

/* Bounds of one record in memory, compiled, and of the work on one Put: a bundle of
 * RECORD_BYTES_MAX and its tree fit. */
#define CONTEXT_RECORD_ARENA_BYTES (256 * MIB)
#define CONTEXT_WORK_ARENA_BYTES (768 * MIB)

struct context *context_start(struct host *host, const struct context_config *config,
                              struct error *err);

/* Close what is on the loop. */
void context_stop(struct context *context);

/* After the loop has ended. */
void context_destroy(struct context *context);

/* Names become parts of keys: INVALID_ARGUMENT, about @what, for one that is not 1 to 128 bytes of
 * printable ASCII without braces and colons. Any thread. */
enum status context_check_name(const char *what, const char *name, struct error *err);

/* Assembling from so many facts takes well under a millisecond: on the loop; from more, on a
 * worker. */
#define CONTEXT_INLINE_FACTS_MAX 4000

/* Wall clock at which what is stored now is forgotten. */
int64_t context_expiry(const struct context *context);

/* Write what only memory holds, as long as Redis is there. */
void context_flush(struct context *context);

#endif
