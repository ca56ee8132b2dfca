#include "context_cache.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/check.h"
#include "base/hash.h"

#define CACHE_BUCKETS 4096

struct cache {
    struct list by_use; /* used last first */
    struct list buckets[CACHE_BUCKETS];
    size_t bytes, bytes_max, unsaved_bytes;
    size_t count, unsaved;
    uint64_t seed;
};

struct cache *cache_create(size_t bytes_max)
{
    struct cache *cache = calloc(1, sizeof(*cache));

    if (cache == NULL)
        return NULL;
    cache->bytes_max = bytes_max;
    if (getrandom(&cache->seed, sizeof(cache->seed), 0) != (ssize_t)sizeof(cache->seed))
        cache->seed = (uint64_t)(uintptr_t)cache;
    list_init(&cache->by_use);
    for (size_t i = 0; i < CACHE_BUCKETS; i++)
        list_init(&cache->buckets[i]);
    return cache;
}

void cache_destroy(struct cache *cache)
{
    if (cache == NULL)
        return;
    while (!list_is_empty(&cache->by_use))
        cache_remove(cache, LIST_ITEM(cache->by_use.next, struct cache_entry, by_use));
    free(cache);
}

struct cache_entry *cache_entry_create(struct slice tenant, struct slice patient,
                                       size_t arena_bytes_max)
{
    struct cache_entry *entry;
    struct arena arena;

    arena_init(&arena, arena_bytes_max);
    entry = ARENA_NEW(&arena, struct cache_entry);
    if (entry == NULL)
        return NULL;
    entry->tenant = arena_copy(&arena, tenant);
    entry->patient = arena_copy(&arena, patient);
    entry->references = 1;
    entry->arena = arena; /* from here on the entry owns the memory it lies in */
    list_init(&entry->by_use);
    list_init(&entry->by_name);
    return entry;
}

enum status cache_entry_open(struct cache_entry *entry, struct slice image, struct error *err)
{
    if (image_check(image, err) != STATUS_OK)
        return err->status;
    if (image_open(image, &entry->record, &entry->courses))
        return STATUS_OK;
    /* Another version of this program, or of the site's words, made its courses. */
    return courses_make(&entry->record, &entry->arena, &entry->courses, err);
}

void cache_entry_release(struct cache_entry *entry)
{
    if (entry != NULL && --entry->references == 0) {
        struct arena arena = entry->arena;

        CHECK(!entry->is_cached);
        arena_close(&arena);
    }
}

static struct list *bucket_of(struct cache *cache, struct slice tenant, struct slice patient)
{
    return &cache->buckets[hash_bytes(patient, hash_bytes(tenant, cache->seed)) % CACHE_BUCKETS];
}

struct cache_entry *cache_find(struct cache *cache, struct slice tenant, struct slice patient,
                               int64_t now_ms)
{
    struct list *bucket = bucket_of(cache, tenant, patient), *node, *after;

    LIST_EACH(node, after, bucket)
    {
        struct cache_entry *entry = LIST_ITEM(node, struct cache_entry, by_name);

        if (!slice_equal(entry->tenant, tenant) || !slice_equal(entry->patient, patient))
            continue;
        if (entry->is_durable && entry->expires_ms <= now_ms) {
            cache_remove(cache, entry);
            return NULL;
        }
        list_remove(&entry->by_use);
        list_push_front(&cache->by_use, &entry->by_use);
        return entry;
    }
    return NULL;
}

static void drop_oldest(struct cache *cache)
{
    struct list *node = cache->by_use.prev;

    while (node != &cache->by_use && cache->bytes > cache->bytes_max) {
        struct cache_entry *entry = LIST_ITEM(node, struct cache_entry, by_use);

        node = node->prev;
        if (entry->is_durable)
            cache_remove(cache, entry);
    }
}

enum status cache_insert(struct cache *cache, struct cache_entry *entry, struct error *err)
{
    struct cache_entry *old = cache_find(cache, entry->tenant, entry->patient, INT64_MIN);
    size_t bytes = entry->arena.used_bytes;
    size_t unsaved =
        cache->unsaved_bytes - (old != NULL && !old->is_durable ? old->arena.used_bytes : 0);

    CHECK(!entry->is_cached);
    if (!entry->is_durable && unsaved + bytes > cache->bytes_max)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                         "the memory for records that Redis does not have is full (%zu bytes)",
                         cache->bytes_max);
    if (old != NULL)
        cache_remove(cache, old);
    if (bytes > cache->bytes_max)
        return STATUS_OK;
    entry->references++;
    entry->is_cached = true;
    cache->count++;
    cache->bytes += bytes;
    if (!entry->is_durable) {
        cache->unsaved++;
        cache->unsaved_bytes += bytes;
    }
    list_push_front(&cache->by_use, &entry->by_use);
    list_push_front(bucket_of(cache, entry->tenant, entry->patient), &entry->by_name);
    drop_oldest(cache);
    return STATUS_OK;
}

void cache_remove(struct cache *cache, struct cache_entry *entry)
{
    if (!entry->is_cached)
        return;
    entry->is_cached = false;
    list_remove(&entry->by_use);
    list_remove(&entry->by_name);
    cache->count--;
    cache->bytes -= entry->arena.used_bytes;
    if (!entry->is_durable) {
        cache->unsaved--;
        cache->unsaved_bytes -= entry->arena.used_bytes;
    }
    cache_entry_release(entry);
}

struct cache_entry *cache_find_unsaved(struct cache *cache)
{
    struct list *node, *after;

    if (cache->unsaved == 0)
        return NULL;
    LIST_EACH(node, after, &cache->by_use)
    {
        struct cache_entry *entry = LIST_ITEM(node, struct cache_entry, by_use);

        if (!entry->is_durable && !entry->is_storing)
            return entry;
    }
    return NULL;
}

void cache_set_durable(struct cache *cache, struct cache_entry *entry)
{
    if (entry->is_durable)
        return;
    entry->is_durable = true;
    if (entry->is_cached) {
        cache->unsaved--;
        cache->unsaved_bytes -= entry->arena.used_bytes;
    }
}

void cache_count(const struct cache *cache, size_t *entries, size_t *bytes, size_t *unsaved)
{
    *entries = cache->count;
    *bytes = cache->bytes;
    *unsaved = cache->unsaved;
}
