/* Records in the process: bounded, the one that was not used for longest goes first. What
 * only memory holds (Redis was away) stays until it is stored. Loop thread; an entry's record may
 * be read on a worker while a reference is held. */
#ifndef CONTEXT_CACHE_H
#define CONTEXT_CACHE_H

#include "base/list.h"
#include "context_image.h"

struct cache_entry {
    struct list by_use, by_name; /* cache's own */
    struct arena arena;          /* holds the entry itself and everything in it */
    struct slice tenant, patient;
    struct record record;
    struct courses courses;
    struct slice sealed_map;
    struct slice resources; /* sealed for this version (context_resources.h) while Redis does not
                               have them; else empty */
    uint64_t version;
    uint64_t base_version; /* what Redis had when this was made; 0: nothing */
    uint64_t checked_ns;   /* when Redis last said that this is its version */
    int64_t expires_ms;    /* wall clock */
    unsigned references;
    bool is_durable; /* Redis has it */
    bool is_cached;
    bool is_storing; /* not durable, and being written */
};

struct cache;

/* NULL where there is no memory. */
struct cache *cache_create(size_t bytes_max);
void cache_destroy(struct cache *cache);

/* A new entry that nobody knows yet, with one reference, in an arena of @arena_bytes_max; NULL
 * where there is no memory. Any thread. */
struct cache_entry *cache_entry_create(struct slice tenant, struct slice patient,
                                       size_t arena_bytes_max);

/* Let @entry be asked where @image (context_image.h, in the entry's arena) lies. DATA_LOSS: it is
 * none. Any thread, for an entry that nobody else knows. */
enum status cache_entry_open(struct cache_entry *entry, struct slice image, struct error *err);

/* Any thread for an entry that nobody else knows; else the loop. */
void cache_entry_release(struct cache_entry *entry);

/* The entry (without a reference for the caller) or NULL; expired ones are gone. */
struct cache_entry *cache_find(struct cache *cache, struct slice tenant, struct slice patient,
                               int64_t now_ms);

/* Make @entry the one of its name, with a reference of the cache's. RESOURCE_EXHAUSTED, and nothing
 * changed, when it is not durable and what is not durable would be over the bound. A durable one
 * that is larger than the whole cache is not kept, and that is no error. */
enum status cache_insert(struct cache *cache, struct cache_entry *entry, struct error *err);

/* Harmless for one that is not cached. */
void cache_remove(struct cache *cache, struct cache_entry *entry);

/* The next entry that is not durable and not being stored; NULL: none. */
struct cache_entry *cache_find_unsaved(struct cache *cache);

/* Say that @entry is durable now. */
void cache_set_durable(struct cache *cache, struct cache_entry *entry);

void cache_count(const struct cache *cache, size_t *entries, size_t *bytes, size_t *unsaved);

#endif
