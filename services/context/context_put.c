/* A Put, as a machine:
 *
 *     PARSE (worker) ─► LOAD ─► FETCH ─► MERGE (worker) ─► WRITE ─► done
 *                        ▲        │                          │
 *                        └────────┴── another came between ──┘      ATTEMPTS_MAX times, then ABORTED
 *
 * Read, merge, write: Redis takes the new version only in the place of the one that was read, so
 * two Puts of one patient cannot lose each other. Where Redis is away, the record that memory holds
 * is merged and kept there (durable = false), with the version that Redis is known to have had;
 * when Redis is back, context_put_unsaved goes through the same states, without PARSE, and what
 * Redis has by then is merged too, or, where it has another map, stays as it is.
 *
 * FETCH is for the resources that Redis has, which questions never need and memory does not hold;
 * it is left out where Redis has no record or is away. In the latter case memory keeps the new ones
 * alone, and they are partial until the two are merged. */
#include "context_put.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/machine.h"
#include "context_load.h"
#include "context_merge.h"
#include "run/clock.h"
#include "run/workers.h"

#define ATTEMPTS_MAX 8

enum put_state {
    PUT_PARSE,
    PUT_LOAD,
    PUT_FETCH,
    PUT_MERGE,
    PUT_WRITE,
    PUT_DONE,
};

static const struct machine_state put_states[] = {
    [PUT_PARSE] = { "parse", MACHINE_TO(PUT_LOAD) | MACHINE_TO(PUT_DONE), false },
    [PUT_LOAD] = { "load", MACHINE_TO(PUT_FETCH) | MACHINE_TO(PUT_MERGE) | MACHINE_TO(PUT_DONE),
                   false },
    [PUT_FETCH] = { "fetch", MACHINE_TO(PUT_MERGE) | MACHINE_TO(PUT_LOAD) | MACHINE_TO(PUT_DONE),
                    false },
    [PUT_MERGE] = { "merge", MACHINE_TO(PUT_WRITE) | MACHINE_TO(PUT_DONE), false },
    [PUT_WRITE] = { "write", MACHINE_TO(PUT_LOAD) | MACHINE_TO(PUT_DONE), false },
    [PUT_DONE] = { "done", 0, true },
};

struct put {
    struct machine machine;
    struct context *context;
    struct call *call;         /* NULL: a record that memory holds is written */
    struct arena arena;        /* this put's own: it lies in it */
    struct arena bundle_arena; /* what was parsed */
    struct arena work;         /* one attempt's */
    struct slice tenant, patient, bundle, sealed_map;
    struct parsed parsed, counted; /* as read; with this attempt's reasons */
    struct cache_entry *unsaved;   /* what memory holds and Redis does not; NULL: nothing */
    struct cache_entry *base;      /* what Redis has, or where it is away had; NULL: nothing */
    struct cache_entry *seen;      /* what memory held when this attempt began */
    struct cache_entry *made;
    struct slice stored_resources; /* of the base, sealed; empty: Redis has none */
    struct store_values values;    /* what is written */
    uint64_t base_version;
    uint64_t map_version; /* of the record whose map sealed_map grew from; 0: there was none */
    uint32_t as_facts;
    unsigned attempts;
    bool is_memory_only; /* Redis is away */
    bool is_written;     /* Redis has acknowledged it */
    bool is_overtaken;   /* what was loaded is not what Redis has any more */
    struct load load;
    struct job job;
    struct error err;
};

static void put_step(struct put *put);

static struct cache_entry *with_reference(struct cache_entry *entry)
{
    if (entry != NULL)
        entry->references++;
    return entry;
}

/* Drop what an attempt has gathered. */
static void put_forget_attempt(struct put *put)
{
    cache_entry_release(put->base);
    cache_entry_release(put->seen);
    cache_entry_release(put->made);
    if (put->call != NULL)
        cache_entry_release(put->unsaved);
    put->base = put->seen = put->made = NULL;
    put->stored_resources = (struct slice){ NULL, 0 };
    put->is_overtaken = false;
    if (put->call != NULL)
        put->unsaved = NULL;
    arena_close(&put->work);
}

static struct put *put_create(struct context *context, struct call *call)
{
    struct put *put;
    struct arena arena;

    arena_init(&arena, CONTEXT_WORK_ARENA_BYTES);
    put = ARENA_NEW(&arena, struct put);
    if (put == NULL)
        return NULL;
    put->context = context;
    put->call = call;
    put->arena = arena;
    arena_init(&put->bundle_arena, CONTEXT_WORK_ARENA_BYTES);
    arena_init(&put->work, CONTEXT_WORK_ARENA_BYTES);
    machine_init(&put->machine, put_states);
    return put;
}

static void put_destroy(struct put *put)
{
    struct arena arena;

    put_forget_attempt(put);
    cache_entry_release(put->unsaved);
    arena_close(&put->bundle_arena);
    arena = put->arena;
    arena_close(&arena);
}

static void put_reply(struct put *put)
{
    Consilium__V1__PutReply reply = CONSILIUM__V1__PUT_REPLY__INIT;
    const struct reasons *reasons = &put->counted.reasons;
    Consilium__V1__ReasonCount *counts =
        ARENA_ARRAY(&put->call->arena, Consilium__V1__ReasonCount, reasons->count);
    Consilium__V1__ReasonCount **list =
        ARENA_ARRAY(&put->call->arena, Consilium__V1__ReasonCount *, reasons->count);

    if (counts == NULL || list == NULL) {
        error_set(&put->err, STATUS_RESOURCE_EXHAUSTED, "no room for the reply");
        call_fail(put->call, &put->err);
        return;
    }
    for (size_t i = 0; i < reasons->count; i++) {
        consilium__v1__reason_count__init(&counts[i]);
        counts[i].reason = (char *)reasons->items[i].reason;
        counts[i].count = reasons->items[i].count;
        list[i] = &counts[i];
    }
    reply.resources = put->parsed.resources;
    reply.resources_as_facts = put->as_facts;
    reply.not_facts = list;
    reply.n_not_facts = reasons->count;
    reply.facts = (uint32_t)put->made->record.live;
    reply.durable = put->is_written;
    reply.version = put->made->version;
    call_reply(put->call, &reply);
}

static void put_finish(struct put *put)
{
    struct context *context = put->context;

    if (put->call == NULL) {
        context->storing--;
        put->unsaved->is_storing = false;
        if (put->err.status != STATUS_OK)
            log_warn("unsaved_record_not_stored", LOG_ERROR(&put->err));
    } else if (put->err.status != STATUS_OK) {
        call_fail(put->call, &put->err);
    } else {
        put_reply(put);
    }
    if (put->call == NULL && put->err.status == STATUS_OK) {
        put_destroy(put);
        context_flush(context);
        return;
    }
    put_destroy(put);
}

/* ---- on a worker ---- */

static void put_parse(struct job *job)
{
    struct put *put = (struct put *)((char *)job - offsetof(struct put, job));

    context_parse(put->bundle, &put->bundle_arena, &put->parsed, &put->err);
}

/* What Redis has, then what only memory has, then what is new. */
static enum status put_merge_facts(struct put *put, struct fact **facts, size_t *count)
{
    struct record between = { 0 };
    const struct record *base = put->base == NULL ? NULL : &put->base->record;
    uint32_t ignored;

    if (put->unsaved != NULL && put->unsaved != put->base) {
        struct parsed held = { .count = put->unsaved->record.count };

        held.facts = (struct fact *)record_all(&put->unsaved->record, &put->work);
        if (held.facts == NULL)
            return error_set(&put->err, STATUS_RESOURCE_EXHAUSTED, "no room for %zu facts",
                             held.count);
        if (context_merge(base, &held, &put->work, &between.facts, &between.count, &ignored,
                          &put->err)
            != STATUS_OK)
            return put->err.status;
        base = &between;
    }
    put->counted = put->parsed;
    return context_merge(base, &put->counted, &put->work, facts, count, &put->as_facts, &put->err);
}

/* The map that came with this Put, else the newest of those that are known. */
static struct slice put_newest_map(const struct put *put)
{
    if (put->sealed_map.size > 0)
        return put->sealed_map;
    if (put->unsaved != NULL && put->unsaved->sealed_map.size > 0)
        return put->unsaved->sealed_map;
    return put->base != NULL ? put->base->sealed_map : put->sealed_map;
}

/* Versions grow with the wall clock, so that a record that was forgotten and put again never has an
 * old number. */
static uint64_t put_next_version(const struct put *put)
{
    uint64_t now = (uint64_t)clock_wall_ms(), last = put->base_version;

    if (put->unsaved != NULL && put->unsaved->version > last)
        last = put->unsaved->version;
    return now > last ? now : last + 1;
}

static enum status put_make_entry(struct put *put, struct slice image)
{
    struct slice map = put_newest_map(put);
    struct cache_entry *entry =
        cache_entry_create(put->tenant, put->patient, CONTEXT_RECORD_ARENA_BYTES);

    put->made = entry;
    if (entry == NULL)
        return error_set(&put->err, STATUS_RESOURCE_EXHAUSTED, "no memory for a record");
    entry->sealed_map = arena_copy(&entry->arena, map);
    if (entry->sealed_map.data == NULL)
        return error_set(&put->err, STATUS_RESOURCE_EXHAUSTED, "no room for a map of %zu bytes",
                         map.size);
    entry->version = put_next_version(put);
    entry->base_version = put->base_version;
    image = arena_copy(&entry->arena, image);
    if (image.data == NULL)
        return error_set(&put->err, STATUS_RESOURCE_EXHAUSTED, "no room for a record");
    return cache_entry_open(entry, image, &put->err);
}

static struct seal_name put_name(const struct put *put, const char *what, uint64_t version)
{
    return (struct seal_name){ put->tenant, put->patient, what, version };
}

static enum status put_seal_one(struct put *put, const char *what, struct slice plain,
                                struct slice *sealed)
{
    struct seal_name name = put_name(put, what, put->made->version);

    return seal_close(&put->context->key, &name, plain, &put->work, sealed, &put->err);
}

static enum status put_seal(struct put *put, struct slice image, struct slice resources)
{
    put->values = (struct store_values){ .version = put->made->version };
    if (put_seal_one(put, "record", image, &put->values.record) != STATUS_OK
        || put_seal_one(put, "map", put->made->sealed_map, &put->values.map) != STATUS_OK)
        return put->err.status;
    return put_seal_one(put, "resources", resources, &put->values.resources);
}

/* Add those that @sealed holds, of the record's @version, to @all. */
static enum status put_add_stored(struct put *put, struct slice sealed, uint64_t version,
                                  struct arena *room, struct resources *all)
{
    struct seal_name name = put_name(put, "resources", version);
    struct resources held, before = *all;
    struct slice plain;

    if (sealed.size == 0) {
        all->is_partial = true;
        return STATUS_OK;
    }
    if (seal_open(&put->context->key, &name, sealed, room, room, &plain, &put->err) != STATUS_OK
        || resources_decode(plain, room, &held, &put->err) != STATUS_OK)
        return put->err.status;
    return resources_merge(&before, &held, room, all, &put->err);
}

/* As put_merge_facts, in @room. */
static enum status put_merge_resources(struct put *put, struct arena *room, struct slice *bytes)
{
    struct resources stored = { 0 }, all;
    bool is_partial;

    if (put->base != NULL
        && put_add_stored(put, put->stored_resources, put->base->version, room, &stored)
               != STATUS_OK)
        return put->err.status;
    is_partial = stored.is_partial;
    if (put->unsaved != NULL
        && put_add_stored(put, put->unsaved->resources, put->unsaved->version, room, &stored)
               != STATUS_OK)
        return put->err.status;
    if (put->base != NULL)
        stored.is_partial = is_partial; /* what memory has not is in Redis */
    if (resources_merge(&stored, &put->parsed.whole, room, &all, &put->err) != STATUS_OK)
        return put->err.status;
    return resources_encode(&all, room, bytes, &put->err);
}

/* Facts to an image. */
static enum status put_compile(struct put *put, struct fact *facts, size_t count,
                               struct slice *image)
{
    struct courses courses;
    struct record record;
    struct buffer buffer;

    if (record_index(facts, count, &put->work, &record, &put->err) != STATUS_OK
        || courses_make(&record, &put->work, &courses, &put->err) != STATUS_OK)
        return put->err.status;
    buffer_init(&buffer, &put->work);
    image_encode(&record, &courses, &buffer);
    *image = buffer_slice(&buffer);
    return buffer.is_full ? error_set(&put->err, STATUS_RESOURCE_EXHAUSTED,
                                      "no room to compile %zu facts", count)
                          : STATUS_OK;
}

static void put_merge(struct job *job)
{
    struct put *put = (struct put *)((char *)job - offsetof(struct put, job));
    struct slice image, resources;
    struct arena room; /* the resources are no longer needed when they are sealed */
    struct fact *facts;
    size_t count;

    arena_init(&room, CONTEXT_WORK_ARENA_BYTES);
    if (put_merge_facts(put, &facts, &count) == STATUS_OK
        && put_compile(put, facts, count, &image) == STATUS_OK
        && put_make_entry(put, image) == STATUS_OK
        && put_merge_resources(put, &room, &resources) == STATUS_OK)
        put_seal(put, image, resources);
    arena_close(&room);
}

/* ---- on the loop ---- */

static void put_on_job(struct job *job)
{
    put_step((struct put *)((char *)job - offsetof(struct put, job)));
}

/* On failure the step goes on at once, with put->err. */
static void put_post(struct put *put, void (*run)(struct job *job))
{
    put->job =
        (struct job){ .run = run, .done = put_on_job, .home = &put->context->host->loop.mailbox };
    if (workers_post(put->context->host->workers, &put->job, &put->err) != STATUS_OK)
        put_step(put);
}

static void put_on_loaded(void *arg, struct cache_entry *entry, bool from_memory,
                          const struct error *err)
{
    struct put *put = arg;

    (void)from_memory;
    put->base = entry;
    put->is_memory_only = err->status == STATUS_UNAVAILABLE;
    if (err->status != STATUS_OK && err->status != STATUS_NOT_FOUND && !put->is_memory_only)
        put->err = *err;
    if (put->is_memory_only && put->seen != NULL && put->seen->is_durable)
        put->base = with_reference(put->seen);
    put->base_version = put->base != NULL ? put->base->version : 0;
    if (put->is_memory_only && put->unsaved != NULL)
        put->base_version = put->unsaved->base_version;
    put_step(put);
}

static void put_load(struct put *put)
{
    struct cache_entry *cached =
        cache_find(put->context->cache, put->tenant, put->patient, clock_wall_ms());

    put->seen = with_reference(cached);
    if (put->call != NULL && cached != NULL && !cached->is_durable)
        put->unsaved = with_reference(cached);
    context_load(&put->load, put->context, put->tenant, put->patient, LOAD_MODE_STORED,
                 put_on_loaded, put);
}

static void put_on_fetched(void *arg, const struct stored *stored, const struct error *err)
{
    struct put *put = arg;

    put->is_memory_only = err->status != STATUS_OK;
    put->is_overtaken =
        !put->is_memory_only && (!stored->found || stored->version != put->base->version);
    if (!put->is_memory_only && !put->is_overtaken) {
        put->stored_resources = arena_copy(&put->work, stored->record);
        if (put->stored_resources.data == NULL && stored->record.size > 0)
            error_set(&put->err, STATUS_RESOURCE_EXHAUSTED,
                      "no room for stored resources of %zu bytes", stored->record.size);
    }
    put_step(put);
}

static void put_fetch(struct put *put)
{
    struct error away;

    if (store_fetch_resources(&put->context->store, put->tenant, put->patient, &put->work,
                              put_on_fetched, put, &away)
        == STATUS_OK)
        return;
    put->is_memory_only = true;
    put_step(put);
}

static void put_on_written(void *arg, bool is_written, const struct error *err)
{
    struct put *put = arg;

    put->is_written = is_written;
    /* Lost on the way: it may or may not have been done. Memory keeps it, and writing it again does
     * no harm. */
    put->is_memory_only = err->status != STATUS_OK;
    put_step(put);
}

static void put_write(struct put *put)
{
    struct error away;

    if (!put->is_memory_only
        && store_write(&put->context->store, put->tenant, put->patient, put->base_version,
                       &put->values, &put->work, put_on_written, put, &away)
               == STATUS_OK)
        return;
    put->is_memory_only = true;
    put_step(put);
}

static bool put_memory_moved_on(const struct put *put)
{
    return cache_find(put->context->cache, put->tenant, put->patient, INT64_MIN) != put->seen;
}

/* Redis has it. Memory takes it too, unless it holds something that came after. */
static void put_keep_written(struct put *put)
{
    struct cache_entry *now = cache_find(put->context->cache, put->tenant, put->patient, INT64_MIN);

    context_load_outdate(put->context, put->tenant, put->patient);
    put->made->is_durable = true;
    put->made->checked_ns = clock_now();
    put->made->expires_ms = context_expiry(put->context);
    if (now == NULL || now == put->unsaved
        || (now->is_durable && now->version < put->made->version))
        cache_insert(put->context->cache, put->made, NULL);
}

/* Only memory has it. */
static void put_keep_unsaved(struct put *put)
{
    if (put->call == NULL || put->context->is_redis_required) {
        error_set(&put->err, STATUS_UNAVAILABLE, "Redis is not reachable");
        return;
    }
    put->made->resources = arena_copy(&put->made->arena, put->values.resources);
    if (put->made->resources.data == NULL) {
        error_set(&put->err, STATUS_RESOURCE_EXHAUSTED, "no room for the record's resources");
        return;
    }
    if (cache_insert(put->context->cache, put->made, &put->err) == STATUS_OK)
        metric_add(put->context->metrics.memory_puts, 1);
}

/* Another write came between: whether the attempt is made again. */
static bool put_is_tried_again(struct put *put)
{
    metric_add(put->context->metrics.conflicts, 1);
    if (++put->attempts < ATTEMPTS_MAX)
        return true;
    error_set(&put->err, STATUS_ABORTED,
              "other writes of this record came between %d times; try again", ATTEMPTS_MAX);
    return false;
}

/* After WRITE: whether the attempt has to be made again. */
static bool put_settle(struct put *put)
{
    if (put->is_written) {
        put_keep_written(put);
        return false;
    }
    if (put->is_memory_only && !put_memory_moved_on(put)) {
        put_keep_unsaved(put);
        return false;
    }
    return put_is_tried_again(put);
}

/* The map that came may only take the place of the one that it grew from: ABORTED when the record
 * has moved on since. */
static void put_check_map(struct put *put)
{
    uint64_t version = put->unsaved != NULL ? put->unsaved->version
                       : put->base != NULL  ? put->base->version
                                            : 0;

    if (put->call == NULL || put->sealed_map.size == 0 || put->map_version == version)
        return;
    metric_add(put->context->metrics.conflicts, 1);
    error_set(&put->err, STATUS_ABORTED, "the record has moved on: recall it and redact again");
}

/* What only memory holds may have begun while nobody could say whether Redis has the patient, or
 * another replica was faster: then it was redacted with another map than the one in Redis, and the
 * two cannot be one record. Redis's was acknowledged as durable; this was not. */
static void put_check_unsaved(struct put *put)
{
    const struct cache_entry *base = put->base, *unsaved = put->unsaved;

    if (put->call != NULL || base == NULL || base->version == unsaved->base_version
        || base->version == unsaved->version || unsaved->sealed_map.size == 0
        || slice_equal(base->sealed_map, unsaved->sealed_map))
        return;
    metric_add(put->context->metrics.conflicts, 1);
    cache_remove(put->context->cache, put->unsaved);
    error_set(
        &put->err, STATUS_ABORTED,
        "Redis has a record of this patient with another map; what only memory held is dropped");
}

static void put_begin_load(struct put *put)
{
    put_forget_attempt(put);
    machine_move(&put->machine, PUT_LOAD);
    put_load(put);
}

static void put_begin_merge(struct put *put)
{
    machine_move(&put->machine, PUT_MERGE);
    put_post(put, put_merge);
}

static void put_end(struct put *put)
{
    machine_move(&put->machine, PUT_DONE);
    put_finish(put);
}

/* Called when the state's work is done; err says how. */
static void put_step(struct put *put)
{
    bool is_gone =
        put->call == NULL && !put->unsaved->is_cached; /* forgotten, or replaced by a newer one */

    if (put->context->is_stopping && put->err.status == STATUS_OK)
        error_set(&put->err, STATUS_CANCELLED, "the service stops");
    if (put->err.status != STATUS_OK) {
        put_end(put);
        return;
    }
    switch ((enum put_state)machine_state(&put->machine)) {
    case PUT_PARSE:
        put_begin_load(put);
        break;
    case PUT_LOAD:
        put_check_map(put);
        put_check_unsaved(put);
        if (put->err.status != STATUS_OK) {
            put_end(put);
        } else if (put->base != NULL && !put->is_memory_only) {
            machine_move(&put->machine, PUT_FETCH);
            put_fetch(put);
        } else {
            put_begin_merge(put);
        }
        break;
    case PUT_FETCH:
        if (!put->is_overtaken)
            put_begin_merge(put);
        else if (put_is_tried_again(put))
            put_begin_load(put);
        else
            put_end(put);
        break;
    case PUT_MERGE:
        if (is_gone) {
            put_end(put);
            break;
        }
        machine_move(&put->machine, PUT_WRITE);
        put_write(put);
        break;
    case PUT_WRITE:
        if (put_settle(put))
            put_begin_load(put);
        else
            put_end(put);
        break;
    case PUT_DONE:
        break;
    }
}

void context_put(struct context *context, struct call *call)
{
    const Consilium__V1__PutRequest *request = call->request;
    struct put *put = put_create(context, call);
    struct error err;

    if (put == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for a Put");
        call_fail(call, &err);
        return;
    }
    put->tenant = slice_from(request->tenant);
    put->patient = slice_from(request->patient);
    put->bundle = slice_of(request->bundle.data, request->bundle.len);
    put->sealed_map = slice_of(request->sealed_map.data, request->sealed_map.len);
    put->map_version = request->base_version;
    put_post(put, put_parse);
}

bool context_put_unsaved(struct context *context, struct cache_entry *entry)
{
    struct put *put = put_create(context, NULL);

    if (put == NULL)
        return false;
    put->unsaved = with_reference(entry);
    put->tenant = entry->tenant;
    put->patient = entry->patient;
    entry->is_storing = true;
    context->storing++;
    put_begin_load(put);
    return true;
}
