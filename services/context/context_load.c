/* memory? → (Redis: same version?) → decrypt and unpack on a worker → into memory.
 *
 * Where Redis cannot be asked, what memory holds is the answer. */
#include "context_load.h"

#include "base/limits.h"
#include "run/clock.h"
#include "run/workers.h"

struct load {
    struct context *context;
    struct slice tenant, patient;
    enum load_mode mode;
    struct arena *arena;
    load_done_cb done;
    void *arg;
    struct cache_entry *cached; /* with a reference; NULL: memory has none */
    struct cache_entry *opened;
    struct slice record, map; /* sealed, as they came */
    uint64_t version;
    struct job job;
    struct error err;
};

static const struct error no_error = { STATUS_OK, "" };

static void finish(struct load *load, struct cache_entry *entry, bool from_memory,
                   const struct error *err)
{
    if (entry != load->cached)
        cache_entry_release(load->cached);
    load->cached = NULL;
    load->done(load->arg, entry, from_memory, err);
}

/* On a worker. */
static void open_record(struct job *job)
{
    struct load *load = (struct load *)((char *)job - offsetof(struct load, job));
    struct seal_name name = { load->tenant, load->patient, "record", load->version };
    struct cache_entry *entry =
        cache_entry_create(load->tenant, load->patient, CONTEXT_RECORD_ARENA_BYTES);
    struct arena work;
    struct slice plain;

    load->opened = entry;
    if (entry == NULL) {
        error_set(&load->err, STATUS_RESOURCE_EXHAUSTED, "no memory for a record");
        return;
    }
    arena_init(&work, CONTEXT_RECORD_ARENA_BYTES);
    if (seal_open(&load->context->key, &name, load->record, &work, &entry->arena, &plain,
                  &load->err)
        == STATUS_OK)
        cache_entry_open(entry, plain, &load->err);
    name.what = "map";
    if (load->err.status == STATUS_OK)
        seal_open(&load->context->key, &name, load->map, &work, &entry->arena, &entry->sealed_map,
                  &load->err);
    arena_close(&work);
    entry->version = entry->base_version = load->version;
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
    struct load *load = (struct load *)((char *)job - offsetof(struct load, job));
    struct cache_entry *entry = load->opened;

    if (load->err.status != STATUS_OK) {
        cache_entry_release(entry);
        finish(load, NULL, false, &load->err);
        return;
    }
    entry->is_durable = true;
    entry->checked_ns = clock_now();
    entry->expires_ms = context_expiry(load->context);
    keep(load->context, entry);
    metric_add(load->context->metrics.misses, 1);
    finish(load, entry, false, &no_error);
}

static void start_opening(struct load *load, const struct stored *stored)
{
    load->version = stored->version;
    load->record = arena_copy(load->arena, stored->record);
    load->map = arena_copy(load->arena, stored->map);
    load->job = (struct job){ .run = open_record,
                              .done = on_opened,
                              .home = &load->context->host->loop.mailbox };
    if (load->record.data == NULL || load->map.data == NULL)
        error_set(&load->err, STATUS_RESOURCE_EXHAUSTED, "no room for a stored record of %zu bytes",
                  stored->record.size);
    else if (workers_post(load->context->host->workers, &load->job, &load->err) == STATUS_OK)
        return;
    finish(load, NULL, false, &load->err);
}

/* Redis cannot be asked. */
static void finish_from_memory(struct load *load, const struct error *err)
{
    struct error away = *err;

    if (load->cached != NULL && load->mode != LOAD_MODE_STORED) {
        metric_add(load->context->metrics.hits, 1);
        finish(load, load->cached, true, &no_error);
        return;
    }
    away.status = STATUS_UNAVAILABLE;
    error_wrap(&away, "the record is not in memory");
    finish(load, NULL, true, &away);
}

static void on_fetched(void *arg, const struct stored *stored, const struct error *err)
{
    struct load *load = arg;
    struct error missing;

    if (err->status != STATUS_OK) {
        finish_from_memory(load, err);
    } else if (!stored->found) {
        if (load->cached != NULL && load->cached->is_durable)
            cache_remove(load->context->cache, load->cached); /* forgotten, or its time is over */
        error_set(&missing, STATUS_NOT_FOUND, "no record of this patient");
        finish(load, NULL, false, &missing);
    } else if (stored->is_same && load->cached != NULL) {
        load->cached->checked_ns = clock_now();
        metric_add(load->context->metrics.hits, 1);
        finish(load, load->cached, false, &no_error);
    } else {
        start_opening(load, stored);
    }
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

void context_load(struct context *context, struct slice tenant, struct slice patient,
                  enum load_mode mode, struct arena *arena, load_done_cb done, void *arg)
{
    struct load *load = ARENA_NEW(arena, struct load);
    struct error err;

    if (load == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no room to look a record up");
        done(arg, NULL, false, &err);
        return;
    }
    *load = (struct load){ context, tenant, patient, mode, arena, done, arg, .err = no_error };
    load->cached = cache_find(context->cache, tenant, patient, clock_wall_ms());
    if (load->cached != NULL)
        load->cached->references++;
    if (is_good_enough(load)) {
        metric_add(context->metrics.hits, 1);
        finish(load, load->cached, !load->cached->is_durable, &no_error);
        return;
    }
    if (store_fetch(&context->store, tenant, patient,
                    load->cached != NULL && load->cached->is_durable ? load->cached->version : 0,
                    arena, on_fetched, load, &err)
        != STATUS_OK)
        finish_from_memory(load, &err);
}
