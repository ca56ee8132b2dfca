/* In the map: an entry whose original is MARK name MARK path MARK index MARK json. Each place is as
 * the tree was when the thing was taken out, so the last that was taken out goes back first. */
#include "deid_fhir_removed.h"

#include <string.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "deid_span.h"

#define MARK '\x1e'
#define SLOTS_FIRST 64
#define STALE 1 /* variant of an entry that a later redaction replaced */

/* The places of children from @from down to @wanted, innermost last. False: it is not under it. */
static bool path_find(const struct json *from, const struct json *wanted, struct buffer *path)
{
    const struct json *child;
    size_t before = path->size;
    unsigned at = 0;

    if (from == wanted)
        return true;
    for (child = from->first; child != NULL; child = child->next, at++) {
        if (child->first == NULL && child != wanted)
            continue;
        if (before > 0)
            buffer_put_byte(path, '.');
        buffer_put_number(path, at);
        if (path_find(child, wanted, path))
            return true;
        path->size = before;
    }
    return false;
}

bool deid_fhir_removed_note(const struct json *resource, const struct json *parent,
                            const struct json *item, unsigned index, struct arena *arena,
                            struct deid_fhir_removal **list)
{
    struct deid_fhir_removal *removal;
    struct buffer path, json;

    buffer_init(&path, arena);
    buffer_init(&json, arena);
    buffer_put_byte(&json, '{');
    buffer_put_json(&json, item->key);
    buffer_put_byte(&json, ':');
    json_write(item, &json);
    buffer_put_byte(&json, '}');
    if (json.is_full)
        return false;
    if (json.size > DEID_FHIR_REMOVED_BYTES_MAX || !path_find(resource, parent, &path))
        return true;
    removal = ARENA_NEW(arena, struct deid_fhir_removal);
    if (removal == NULL || path.is_full)
        return false;
    *removal = (struct deid_fhir_removal){
        .path = buffer_slice(&path), .json = buffer_slice(&json), .index = index, .next = *list
    };
    *list = removal;
    return true;
}

struct slice deid_fhir_removed_name(const struct json *resource, struct arena *arena)
{
    struct slice type = json_get_string(resource, "resourceType"),
                 id = json_get_string(resource, "id"),
                 version = json_get_string(json_get(resource, "meta"), "versionId");
    struct buffer name;

    if (type.size == 0 || id.size == 0)
        return SLICE("");
    buffer_init(&name, arena);
    buffer_put(&name, type);
    buffer_put_byte(&name, '/');
    buffer_put(&name, id);
    if (version.size > 0)
        buffer_put_string(&name, "/_history/");
    buffer_put(&name, version);
    return name.is_full ? (struct slice){ NULL, 0 } : buffer_slice(&name);
}

static bool is_of(const struct deid_entry *entry, struct slice name)
{
    return entry->class == DEID_CLASS_NONE && entry->variant != STALE
           && entry->original.size > name.size + 1 && entry->original.data[0] == MARK
           && entry->original.data[name.size + 1] == MARK
           && slice_equal(slice_cut(entry->original, 1, name.size + 1), name);
}

/* ---- the entries of a resource ---- */

/* Lists of entries by the name of their resource, in the order of the map. */
struct deid_removals {
    struct removals_slot {
        uint64_t key;         /* of the name, hashed: is_of tells two of one hash apart */
        uint32_t first, last; /* entries; index + 1 */
    } * slots;
    uint32_t size, used;
    uint32_t *next; /* of each entry; index + 1 */
    uint32_t next_capacity;
    uint32_t seen; /* entries of the map */
};

static struct removals_slot *slot_of(const struct deid_removals *removals, uint64_t key)
{
    uint32_t at = (uint32_t)key & (removals->size - 1);

    while (removals->slots[at].first != 0 && removals->slots[at].key != key)
        at = (at + 1) & (removals->size - 1);
    return &removals->slots[at];
}

static bool slots_grow(struct deid_removals *removals, struct arena *arena)
{
    struct removals_slot *old = removals->slots;
    uint32_t size = removals->size;

    removals->size = size == 0 ? SLOTS_FIRST : size * 2;
    removals->slots = ARENA_ARRAY(arena, struct removals_slot, removals->size);
    for (uint32_t i = 0; removals->slots != NULL && i < size; i++)
        if (old[i].first != 0)
            *slot_of(removals, old[i].key) = old[i];
    return removals->slots != NULL;
}

static bool next_grow(struct deid_removals *removals, const struct deid_map *map)
{
    uint32_t *next = ARENA_ARRAY(map->arena, uint32_t, map->entries_capacity);

    if (next == NULL)
        return false;
    if (removals->seen > 0)
        memcpy(next, removals->next, removals->seen * sizeof(*next));
    removals->next = next;
    removals->next_capacity = map->entries_capacity;
    return true;
}

/* The next entry that the lists have not seen. */
static bool removals_follow(struct deid_removals *removals, struct deid_map *map)
{
    uint32_t at = removals->seen;
    struct slice name = map->entries[at].original;
    struct removals_slot *slot;
    uint64_t key;

    if ((at == removals->next_capacity && !next_grow(removals, map))
        || (removals->used * 2 >= removals->size && !slots_grow(removals, map->arena)))
        return false;
    removals->seen++;
    if (map->entries[at].class != DEID_CLASS_NONE || name.size == 0 || name.data[0] != MARK)
        return true;
    name = slice_cut(name, 1, name.size);
    key = hash_bytes(slice_cut(name, 0, slice_find_byte(name, MARK)), 7);
    slot = slot_of(removals, key);
    if (slot->first == 0) {
        *slot = (struct removals_slot){ key, at + 1, at + 1 };
        removals->used++;
        return true;
    }
    removals->next[slot->last - 1] = at + 1;
    slot->last = at + 1;
    return true;
}

/* The first entry of the resource @name, or of one of its hash, + 1; 0: there is none. */
static uint32_t removals_first(struct deid_map *map, struct slice name, bool *is_full)
{
    struct deid_removals *removals = map->removals;

    *is_full = false;
    if (removals == NULL)
        removals = map->removals = ARENA_NEW(map->arena, struct deid_removals);
    while (removals != NULL && !*is_full && removals->seen < map->entries_count)
        *is_full = !removals_follow(removals, map);
    *is_full |= removals == NULL;
    return *is_full || removals->size == 0 ? 0 : slot_of(removals, hash_bytes(name, 7))->first;
}

static bool forget(struct deid_map *map, struct slice name)
{
    bool is_full;
    uint32_t at = removals_first(map, name, &is_full);

    for (; at != 0; at = map->removals->next[at - 1])
        if (is_of(&map->entries[at - 1], name)) {
            map->entries[at - 1].variant = STALE;
            map->is_changed = true;
        }
    return !is_full;
}

static bool put_one(struct deid_map *map, struct slice name, struct arena *arena,
                    const struct deid_fhir_removal *removal)
{
    struct deid_entry entry = { .class = DEID_CLASS_NONE }, *found;
    struct buffer out;

    buffer_init(&out, arena);
    buffer_put_byte(&out, MARK);
    buffer_put(&out, name);
    buffer_put_byte(&out, MARK);
    buffer_put(&out, removal->path);
    buffer_put_byte(&out, MARK);
    buffer_put_number(&out, removal->index);
    buffer_put_byte(&out, MARK);
    buffer_put(&out, removal->json);
    if (out.is_full)
        return false;
    entry.original = buffer_slice(&out);
    found = deid_map_find(map, entry.original);
    if (found != NULL) {
        found->variant = 0;
        return true;
    }
    entry.number = deid_map_number(map, DEID_CLASS_NONE);
    return deid_map_add(map, entry) != NULL;
}

/* The list is newest first; the map has them oldest first. */
bool deid_fhir_removed_put(struct deid_map *map, struct slice name, struct arena *arena,
                           const struct deid_fhir_removal *list)
{
    const struct deid_fhir_removal *last = NULL, *item;

    if (!forget(map, name))
        return false;
    while (last != list) {
        for (item = list; item->next != last; item = item->next)
            ;
        if (!put_one(map, name, arena, item))
            return false;
        last = item;
    }
    return true;
}

static struct slice part_take(struct slice *rest)
{
    size_t end = slice_find_byte(*rest, MARK);
    struct slice part = slice_cut(*rest, 0, end);

    *rest = slice_cut(*rest, end + 1, rest->size);
    return part;
}

static unsigned number_of(struct slice text)
{
    unsigned number = 0;

    for (size_t i = 0; i < text.size && i < 9; i++)
        number = number * 10 + (unsigned)(text.data[i] - '0');
    return number;
}

struct deid_fhir_removal *deid_fhir_removed_find(struct deid_map *map, struct slice name,
                                                 struct arena *arena, bool *is_full)
{
    struct deid_fhir_removal *list = NULL;

    for (uint32_t at = removals_first(map, name, is_full); at != 0;
         at = map->removals->next[at - 1]) {
        struct deid_fhir_removal *removal;
        struct slice rest = map->entries[at - 1].original;

        if (!is_of(&map->entries[at - 1], name))
            continue;
        removal = ARENA_NEW(arena, struct deid_fhir_removal);
        *is_full |= removal == NULL;
        if (removal == NULL)
            return NULL;
        part_take(&rest);
        part_take(&rest);
        removal->path = part_take(&rest);
        removal->index = number_of(part_take(&rest));
        removal->json = rest;
        removal->next = list;
        list = removal;
    }
    return list;
}

static enum status misplaced(struct error *err)
{
    return error_set(err, STATUS_INVALID_ARGUMENT,
                     "a resource that is not the one that was redacted");
}

static struct json *child_at(struct json *node, unsigned index)
{
    struct json *child = node->first;

    for (; child != NULL && index > 0; index--)
        child = child->next;
    return child;
}

enum status deid_fhir_removed_restore(struct json *resource,
                                      const struct deid_fhir_removal *removal, struct arena *arena,
                                      struct error *err)
{
    struct slice path = removal->path;
    struct json *parent = resource, **link, *holder;
    enum status status = json_parse(removal->json, arena, &holder, err);
    unsigned index = removal->index;

    if (status != STATUS_OK)
        return status;
    while (path.size > 0 && parent != NULL) {
        size_t end = slice_find_byte(path, '.');

        parent = child_at(parent, number_of(slice_cut(path, 0, end)));
        path = slice_cut(path, end + 1, path.size);
    }
    if (parent == NULL || (parent->kind != JSON_KIND_OBJECT && parent->kind != JSON_KIND_ARRAY))
        return misplaced(err);
    for (link = &parent->first; index > 0 && *link != NULL; index--)
        link = &(*link)->next;
    if (index > 0 || holder->first == NULL)
        return misplaced(err);
    if (parent->kind == JSON_KIND_ARRAY)
        holder->first->key = SLICE("");
    holder->first->next = *link;
    *link = holder->first;
    parent->count++;
    return STATUS_OK;
}
