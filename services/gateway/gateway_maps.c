/* A hash table of chains over entries that also stand in a list by last use. The entries live as
 * long as the process keeps them, not as long as a call: they come from malloc. */
#include "gateway_maps.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/list.h"

#define BUCKETS 4096

struct entry {
    struct list used; /* most recent first */
    struct entry *next;
    uint64_t hash, version;
    size_t scope_size, map_size;
    char bytes[]; /* scope, map */
};

struct maps {
    struct entry *buckets[BUCKETS];
    struct list used;
    size_t bytes, bytes_max;
};

static size_t entry_bytes(const struct entry *entry)
{
    return sizeof(*entry) + entry->scope_size + entry->map_size;
}

struct maps *maps_create(size_t bytes_max)
{
    struct maps *maps = calloc(1, sizeof(*maps));

    if (maps == NULL)
        return NULL;
    maps->bytes_max = bytes_max;
    list_init(&maps->used);
    return maps;
}

/* The link that points at the entry of @scope, or at the NULL that ends its chain. */
static struct entry **find_link(struct maps *maps, struct slice scope, uint64_t hash)
{
    struct entry **link = &maps->buckets[hash % BUCKETS];

    while (*link != NULL
           && ((*link)->hash != hash
               || !slice_equal(slice_of((*link)->bytes, (*link)->scope_size), scope)))
        link = &(*link)->next;
    return link;
}

static void remove_at(struct maps *maps, struct entry **link)
{
    struct entry *entry = *link;

    *link = entry->next;
    list_remove(&entry->used);
    maps->bytes -= entry_bytes(entry);
    free(entry);
}

void maps_destroy(struct maps *maps)
{
    size_t i;

    for (i = 0; i < BUCKETS; i++)
        while (maps->buckets[i] != NULL)
            remove_at(maps, &maps->buckets[i]);
    free(maps);
}

bool maps_find(struct maps *maps, struct slice scope, uint64_t *version, struct slice *map)
{
    struct entry *entry = *find_link(maps, scope, hash_bytes(scope, 0));

    if (entry == NULL)
        return false;
    list_remove(&entry->used);
    list_push_front(&maps->used, &entry->used);
    *version = entry->version;
    *map = slice_of(entry->bytes + entry->scope_size, entry->map_size);
    return true;
}

static void drop_oldest(struct maps *maps)
{
    struct entry *entry = LIST_ITEM(maps->used.prev, struct entry, used);
    struct slice scope = slice_of(entry->bytes, entry->scope_size);

    remove_at(maps, find_link(maps, scope, entry->hash));
}

void maps_put(struct maps *maps, struct slice scope, uint64_t version, struct slice map)
{
    uint64_t hash = hash_bytes(scope, 0);
    size_t bytes = sizeof(struct entry) + scope.size + map.size;
    struct entry *entry = bytes > maps->bytes_max ? NULL : malloc(bytes);

    if (entry != NULL) {
        entry->hash = hash;
        entry->version = version;
        entry->scope_size = scope.size;
        entry->map_size = map.size;
        memcpy(entry->bytes, scope.data, scope.size);
        if (map.size > 0)
            memcpy(entry->bytes + scope.size, map.data, map.size);
    }
    /* After the copy: @map may be a view into the entry that goes now. */
    maps_drop(maps, scope);
    if (entry == NULL)
        return;
    while (maps->bytes + bytes > maps->bytes_max)
        drop_oldest(maps);
    entry->next = maps->buckets[hash % BUCKETS];
    maps->buckets[hash % BUCKETS] = entry;
    list_init(&entry->used);
    list_push_front(&maps->used, &entry->used);
    maps->bytes += bytes;
}

void maps_drop(struct maps *maps, struct slice scope)
{
    struct entry **link = find_link(maps, scope, hash_bytes(scope, 0));

    if (*link != NULL)
        remove_at(maps, link);
}

size_t maps_bytes(const struct maps *maps)
{
    return maps->bytes;
}
