/* memory? → (is it being read?) → Redis: same version? → decrypt and unpack on a worker → memory.
 *
 * A reading serves all who come while it is under way and to whom what Redis had when it began will
 * do: questions. Who must see everything that was written before (a Recall, a Put) and comes after
 * it began waits for the next reading, again together with all others who do; by then memory has
 * the record, and Redis only says that it is still its version.
 *
 * Where Redis cannot be asked, what memory holds is the answer. A reading's failure is that of all
 * who wait for it; each of them may stop waiting, and one for which nobody waits any more when
 * Redis answers ends there. */
#include "context_load.h"

#include "base/limits.h"
#include "run/clock.h"
#include "run/workers.h"

struct reading {
    struct list by_context;
    struct list waiting, later; /* loads: who gets what is read; who came too late for it */
    struct context *context;
    struct arena arena; /* holds the reading and everything in it */
    struct slice tenant, patient;
    struct cache_entry *cached; /* what memory held when it began, with a reference; or NULL */
    struct cache_entry *opened;
    struct slice record, map; /* sealed, as they came */
    uint64_t version, begun_ns;
    bool is_outdated;
    struct job job;
    struct error err;
};

static const struct error no_error = { STATUS_OK, "" };

/* ---- who waits ---- */

static struct cache_entry *with_reference(struct cache_entry *entry)
{
    if (entry != NULL)
        entry->references++;
    return entry;
}

static void load_end(struct load *load, struct cache_entry *entry, bool from_memory,
                     const struct error *err)
{
    struct cache_entry *cached = load->cached;

    load->cached = NULL;
    load->is_waiting = false;
    with_reference(entry);
    cache_entry_release(cached);
    load->done(load->arg, entry, from_memory, err);
}

/* Redis cannot be asked. */
static void load_end_away(struct load *load, const struct error *err)
{
    struct error away = *err;

    if (load->cached != NULL && load->mode != LOAD_MODE_STORED) {
        metric_add(load->context->metrics.hits, 1);
        load_end(load, load->cached, true, &no_error);
        return;
    }
    away.status = STATUS_UNAVAILABLE;
    error_wrap(&away, "the record is not in memory");
    load_end(load, NULL, true, &away);
}

static bool is_good_enough(const struct load *load)
{
    const struct cache_entry *cached = load->cached;

    if (cached == NULL || load->mode == LOAD_MODE_STORED)
        return false;
    if (!cached->is_durable)
        return true;
    return load->mode == LOAD_MODE_FRESH
           && clock_now() - cached->checked_ns < LOAD_FRESH_MS * CLOCK_NS_PER_MS;
}

bool context_load_cancel(struct load *load)
{
    if (!load->is_waiting)
        return false;
    load->is_waiting = false;
    list_remove(&load->by_reading);
    cache_entry_release(load->cached);
    load->cached = NULL;
    return true;
}

/* ---- a reading ---- */

static bool reading_start(struct reading *reading);

static struct reading *reading_find(struct context *context, struct slice tenant,
                                    struct slice patient)
{
    struct list *node, *after;

    LIST_EACH(node, after, &context->readings)
    {
        struct reading *reading = LIST_ITEM(node, struct reading, by_context);

        if (slice_equal(reading->patient, patient) && slice_equal(reading->tenant, tenant))
            return reading;
    }
    return NULL;
}

static struct reading *reading_create(struct context *context, struct slice tenant,
                                      struct slice patient)
{
    struct reading *reading;
    struct arena arena;

    arena_init(&arena, CONTEXT_RECORD_ARENA_BYTES);
    reading = ARENA_NEW(&arena, struct reading);
    if (reading == NULL)
        return NULL;
    reading->context = context;
    reading->tenant = arena_copy(&arena, tenant);
    reading->patient = arena_copy(&arena, patient);
    reading->err = no_error;
    reading->arena = arena; /* from here on the reading owns the memory it lies in */
    list_init(&reading->waiting);
    list_init(&reading->later);
    list_push_back(&context->readings, &reading->by_context);
    return reading;
}

static void reading_tell(struct reading *reading, struct cache_entry *entry, bool is_away)
{
    struct context *context = reading->context;
    struct metric *count =
        entry == reading->cached ? context->metrics.hits : context->metrics.misses;
    struct list *node;

    while ((node = list_take_front(&reading->waiting)) != NULL) {
        struct load *load = LIST_ITEM(node, struct load, by_reading);

        if (is_away) {
            load_end_away(load, &reading->err);
            continue;
        }
        if (entry != NULL)
            metric_add(count, 1);
        count = context->metrics.shared;
        load_end(load, entry, false, &reading->err);
    }
}

/* Those who came too late for @reading get the next one. It begins before anybody is told, because
 * who is told may ask again. */
static void reading_start_next(struct reading *reading)
{
    struct reading *next;
    struct list *node;

    if (list_is_empty(&reading->later))
        return;
    next = reading_create(reading->context, reading->tenant, reading->patient);
    while ((node = list_take_front(&reading->later)) != NULL)
        list_push_back(next == NULL ? &reading->waiting : &next->waiting, node);
    if (next != NULL)
        reading_start(next);
}

/* @entry, if any, is still the reading's. @is_away: Redis could not be asked. */
static void reading_end(struct reading *reading, struct cache_entry *entry, bool is_away)
{
    struct arena arena;

    list_remove(&reading->by_context);
    reading_start_next(reading);
    reading_tell(reading, entry, is_away);
    cache_entry_release(reading->opened);
    cache_entry_release(reading->cached);
    arena = reading->arena;
    arena_close(&arena);
}

/* On a worker. */
static void open_record(struct job *job)
{
    struct reading *reading = (struct reading *)((char *)job - offsetof(struct reading, job));
    struct seal_name name = { reading->tenant, reading->patient, "record", reading->version };
    struct cache_entry *entry =
        cache_entry_create(reading->tenant, reading->patient, CONTEXT_RECORD_ARENA_BYTES);
    struct arena work;
    struct slice plain;

    reading->opened = entry;
    if (entry == NULL) {
        error_set(&reading->err, STATUS_RESOURCE_EXHAUSTED, "no memory for a record");
        return;
    }
    arena_init(&work, CONTEXT_RECORD_ARENA_BYTES);
    if (seal_open(&reading->context->key, &name, reading->record, &work, &entry->arena, &plain,
                  &reading->err)
        == STATUS_OK)
        cache_entry_open(entry, plain, &reading->err);
    name.what = "map";
    if (reading->err.status == STATUS_OK)
        seal_open(&reading->context->key, &name, reading->map, &work, &entry->arena,
                  &entry->sealed_map, &reading->err);
    arena_close(&work);
    entry->version = entry->base_version = reading->version;
}

/* Keep it, unless memory holds something by now that Redis does not have. */
static void keep(struct context *context, struct cache_entry *entry)
{
    struct cache_entry *now =
        cache_find(context->cache, entry->tenant, entry->patient, clock_wall_ms());

    if (now == NULL || (now->is_durable && now->version < entry->version))
        cache_insert(context->cache, entry, NULL);
}

static void on_opened(struct job *job)
{
    struct reading *reading = (struct reading *)((char *)job - offsetof(struct reading, job));
    struct cache_entry *entry = reading->opened;

    if (reading->err.status != STATUS_OK) {
        reading_end(reading, NULL, false);
        return;
    }
    entry->is_durable = true;
    entry->checked_ns = clock_now();
    entry->expires_ms = context_expiry(reading->context);
    if (!reading->is_outdated)
        keep(reading->context, entry);
    reading_end(reading, entry, false);
}

static void start_opening(struct reading *reading, const struct stored *stored)
{
    struct context *context = reading->context;

    reading->version = stored->version;
    reading->record = arena_copy(&reading->arena, stored->record);
    reading->map = arena_copy(&reading->arena, stored->map);
    reading->job =
        (struct job){ .run = open_record, .done = on_opened, .home = &context->host->loop.mailbox };
    if (reading->record.data == NULL || reading->map.data == NULL)
        error_set(&reading->err, STATUS_RESOURCE_EXHAUSTED,
                  "no room for a stored record of %zu bytes", stored->record.size);
    else if (workers_post(context->host->workers, &reading->job, &reading->err) == STATUS_OK)
        return;
    reading_end(reading, NULL, false);
}

static void on_fetched(void *arg, const struct stored *stored, const struct error *err)
{
    struct reading *reading = arg;
    struct cache_entry *cached = reading->cached;

    if (err->status != STATUS_OK) {
        reading->err = *err;
        reading_end(reading, NULL, true);
    } else if (!stored->found) {
        if (cached != NULL && cached->is_durable)
            cache_remove(reading->context->cache, cached); /* forgotten, or its time is over */
        error_set(&reading->err, STATUS_NOT_FOUND, "no record of this patient");
        reading_end(reading, NULL, false);
    } else if (stored->is_same && cached != NULL) {
        cached->checked_ns = clock_now();
        reading_end(reading, cached, false);
    } else if (list_is_empty(&reading->waiting)) {
        reading_end(reading, NULL, false);
    } else {
        start_opening(reading, stored);
    }
}

/* False: it has ended already. */
static bool reading_start(struct reading *reading)
{
    struct context *context = reading->context;
    struct cache_entry *cached =
        cache_find(context->cache, reading->tenant, reading->patient, clock_wall_ms());

    reading->cached = with_reference(cached);
    reading->begun_ns = clock_now();
    if (store_fetch(&context->store, reading->tenant, reading->patient,
                    cached != NULL && cached->is_durable ? cached->version : 0, &reading->arena,
                    on_fetched, reading, &reading->err)
        == STATUS_OK)
        return true;
    reading_end(reading, NULL, true);
    return false;
}

void context_load_outdate(struct context *context, struct slice tenant, struct slice patient)
{
    struct reading *reading = reading_find(context, tenant, patient);

    if (reading != NULL)
        reading->is_outdated = true;
}

/* ---- both ---- */

static bool will_do(const struct reading *reading, const struct load *load)
{
    return load->mode == LOAD_MODE_FRESH && !reading->is_outdated
           && clock_now() - reading->begun_ns < LOAD_FRESH_MS * CLOCK_NS_PER_MS;
}

bool context_load(struct load *load, struct context *context, struct slice tenant,
                  struct slice patient, enum load_mode mode, load_done_cb done, void *arg)
{
    struct cache_entry *cached = cache_find(context->cache, tenant, patient, clock_wall_ms());
    struct reading *reading;
    struct error err;

    *load = (struct load){ .context = context, .mode = mode, .done = done, .arg = arg };
    load->cached = with_reference(cached);
    if (is_good_enough(load)) {
        metric_add(context->metrics.hits, 1);
        load_end(load, cached, !cached->is_durable, &no_error);
        return false;
    }
    load->is_waiting = true;
    reading = reading_find(context, tenant, patient);
    if (reading != NULL) {
        list_push_back(will_do(reading, load) ? &reading->waiting : &reading->later,
                       &load->by_reading);
        return true;
    }
    reading = reading_create(context, tenant, patient);
    if (reading == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no room to look a record up");
        load_end(load, NULL, false, &err);
        return false;
    }
    list_push_back(&reading->waiting, &load->by_reading);
    return reading_start(reading);
}
