/* Redis on the loop: hiredis, pipelined, reconnecting with backoff, every command under a deadline
 * of its own. One Redis, the primary that Sentinel names, or a cluster (redis_where.h): there a
 * command goes where its key lies, and follows MOVED and ASK.
 *
 * States of a connection: CONNECTING → READY → (lost) → WAITING → CONNECTING … A command given
 * while Redis is not READY fails at once with UNAVAILABLE, so that the caller can turn to what it
 * has in memory; it is never kept for later. A command in flight when the connection is lost fails
 * with UNAVAILABLE (it may or may not have been done), one that is not answered in time with
 * DEADLINE_EXCEEDED. Loop thread throughout.
 */
#ifndef STORE_REDIS_H
#define STORE_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"
#include "run/loop.h"

struct redis;

struct redis_options {
    const char *address;           /* as redis_where.h has it; TLS through stunnel on a socket of
                                      unix:, hiredis 0.14 has none of its own */
    const char *username;          /* ACL user; NULL: none */
    const char *password;          /* NULL: no AUTH */
    const char *sentinel_password; /* NULL: no AUTH at the Sentinels */
    unsigned database;             /* 0 in a cluster */
    unsigned replicas; /* how many have a write before redis_command_durable says that it is done */
    uint32_t connect_timeout_ms;
    uint32_t command_timeout_ms;
    uint32_t backoff_min_ms, backoff_max_ms;      /* doubling with jitter */
    unsigned in_flight_max;                       /* RESOURCE_EXHAUSTED beyond */
    void (*on_state)(void *owner, bool is_ready); /* may be NULL */
    void *owner;
};

enum redis_reply_kind {
    REDIS_REPLY_KIND_NIL,
    REDIS_REPLY_KIND_STRING, /* bulk or status */
    REDIS_REPLY_KIND_INTEGER,
    REDIS_REPLY_KIND_ARRAY,
};

struct redis_reply {
    enum redis_reply_kind kind;
    struct slice string;
    int64_t integer;
    const struct redis_reply *items;
    size_t count;
};

/* @reply is NULL and @err set on failure (an error reply of Redis is FAILED_PRECONDITION with its
 * first word only, or UNAVAILABLE for what passes, as LOADING does). Slices hold until the callback
 * returns. Called exactly once, never before redis_command has returned. */
typedef void (*redis_done_cb)(void *arg, const struct redis_reply *reply, const struct error *err);

/* Begin to connect. INVALID_ARGUMENT for an address that cannot be read. Strings must outlive the
 * store. */
struct redis *redis_create(struct loop *loop, const struct redis_options *options,
                           struct error *err);

/* Fail what is in flight with CANCELLED, close, free when libuv has let go. */
void redis_destroy(struct redis *redis);

/* In a cluster: one of its primaries is, at least. */
bool redis_is_ready(const struct redis *redis);

/* Send one command: @words[0] is its name. In a cluster, the keys of one command must lie in one
 * slot. Bytes are copied before this returns. */
enum status redis_command(struct redis *redis, const struct slice *words, size_t words_count,
                          redis_done_cb done, void *arg, struct error *err);

/* The same for a write, which is done when options.replicas replicas have it too; UNAVAILABLE where
 * they do not in time (Redis has it then, and a fail-over may lose it). Of its reply only integers
 * are kept. With no replicas asked for it is redis_command. */
enum status redis_command_durable(struct redis *redis, const struct slice *words,
                                  size_t words_count, redis_done_cb done, void *arg,
                                  struct error *err);

#endif
