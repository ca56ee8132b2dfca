/* A record, from memory or from Redis. Loop thread.
 *
 * However many ask for one record at the same time, Redis is asked for it once and it is opened
 * once: a reading, which all of them share. */
#ifndef CONTEXT_LOAD_H
#define CONTEXT_LOAD_H

#include "context.h"

enum load_mode {
    LOAD_MODE_FRESH,  /* what memory holds will do when Redis confirmed it within LOAD_FRESH_MS */
    LOAD_MODE_CHECK,  /* ask Redis whether what memory holds is its version */
    LOAD_MODE_STORED, /* what Redis has, even where memory holds something that Redis does not */
};

/* A question asks Recall (which checks) and then Assemble; another replica's Put is seen after this
 * at the latest. */
#define LOAD_FRESH_MS 1000

/* @entry comes with a reference for the callee; it is NULL when @err is not OK: NOT_FOUND,
 * UNAVAILABLE (Redis is away and memory does not have it), DATA_LOSS. @from_memory: Redis was not
 * reached. */
typedef void (*load_done_cb)(void *arg, struct cache_entry *entry, bool from_memory,
                             const struct error *err);

/* Somebody's wait for a record: the caller's memory, context_load's fields. */
struct load {
    struct list by_reading;
    struct context *context;
    struct cache_entry *cached; /* with a reference, while it waits; NULL: memory has none */
    enum load_mode mode;
    load_done_cb done;
    void *arg;
    bool is_waiting;
};

/* True: @load waits, stays where it is until @done, and may be cancelled. False: @done has been
 * called, and @load may be gone. */
bool context_load(struct load *load, struct context *context, struct slice tenant,
                  struct slice patient, enum load_mode mode, load_done_cb done, void *arg);

/* Wait no longer, while others go on: @done is not called. False: @load, zero or once given to
 * context_load, does not wait. */
bool context_load_cancel(struct load *load);

/* A record was written or forgotten: what is being read may be what was there before. Those who
 * wait get it, nobody who comes later does, and memory does not keep it. */
void context_load_outdate(struct context *context, struct slice tenant, struct slice patient);

#endif
