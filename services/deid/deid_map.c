#include "deid_map.h"

#include <sodium.h>
#include <string.h>

#include "base/hash.h"
#include "deid_token.h"

#define TABLE_SIZE_FIRST 64
#define RANDOM_NUMBER_MIN 10000
#define RANDOM_NUMBERS 9990000

void deid_map_init(struct deid_map *map, enum deid_profile profile, struct arena *arena)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    int shift, i;

    *map = (struct deid_map){ .arena = arena, .profile = profile, .is_changed = true };
    /* 30 to DEID_SHIFT_DAYS_MAX days, either way: never near none. */
    randombytes_buf(map->secret, sizeof(map->secret));
    shift = 30 + (int)randombytes_uniform(DEID_SHIFT_DAYS_MAX - 30 + 1);
    map->shift_days = randombytes_uniform(2) == 0 ? shift : -shift;
    for (i = 0; i < DEID_PATIENT_CODE_SIZE; i++)
        map->patient_code[i] = alphabet[randombytes_uniform(32)];
}

/* A table is a set of indexes; the hash of what an index stands for and the test for sameness are
 * the caller's. */
static uint64_t surrogate_hash(unsigned class, uint32_t number, uint32_t variant)
{
    uint32_t key[3] = { class, number, variant };

    return hash_bytes(slice_of(key, sizeof(key)), 1);
}

static bool table_put(struct deid_table *table, uint64_t hash, uint32_t index)
{
    uint32_t at = (uint32_t)hash & (table->size - 1);

    while (table->slots[at] != 0)
        at = (at + 1) & (table->size - 1);
    table->slots[at] = index + 1;
    table->used++;
    return true;
}

/* Twice the room, or the first: what was inside is put in again by the caller. True when that is
 * needed; table->slots is NULL when there is no room. */
static bool table_grow(struct deid_table *table, struct arena *arena)
{
    if (table->size > 0 && table->used * 2 < table->size)
        return false;
    table->size = table->size == 0 ? TABLE_SIZE_FIRST : table->size * 2;
    while (table->size < table->used * 4)
        table->size *= 2;
    table->used = 0;
    table->slots = ARENA_ARRAY(arena, uint32_t, table->size);
    return true;
}

static uint64_t entry_hash(const struct deid_entry *entry)
{
    return hash_bytes(entry->original, 2);
}

static bool index_entry(struct deid_map *map, uint32_t index)
{
    const struct deid_entry *entry = &map->entries[index];
    uint32_t i;

    if (table_grow(&map->by_original, map->arena)) {
        for (i = 0; i < index && map->by_original.slots != NULL; i++)
            table_put(&map->by_original, entry_hash(&map->entries[i]), i);
    }
    if (table_grow(&map->by_surrogate, map->arena)) {
        for (i = 0; i < index && map->by_surrogate.slots != NULL; i++)
            table_put(&map->by_surrogate,
                      surrogate_hash(map->entries[i].class, map->entries[i].number,
                                     map->entries[i].variant),
                      i);
    }
    return map->by_original.slots != NULL && map->by_surrogate.slots != NULL
           && table_put(&map->by_original, entry_hash(entry), index)
           && table_put(&map->by_surrogate,
                        surrogate_hash(entry->class, entry->number, entry->variant), index);
}

struct deid_entry *deid_map_find(struct deid_map *map, struct slice original)
{
    const struct deid_table *table = &map->by_original;
    uint32_t at;

    if (table->size == 0)
        return NULL;
    for (at = (uint32_t)hash_bytes(original, 2) & (table->size - 1); table->slots[at] != 0;
         at = (at + 1) & (table->size - 1))
        if (slice_equal(map->entries[table->slots[at] - 1].original, original))
            return &map->entries[table->slots[at] - 1];
    return NULL;
}

struct deid_entry *deid_map_find_surrogate(struct deid_map *map, unsigned class, uint32_t number,
                                           uint32_t variant)
{
    const struct deid_table *table = &map->by_surrogate;
    uint32_t at;

    if (table->size == 0)
        return NULL;
    for (at = (uint32_t)surrogate_hash(class, number, variant) & (table->size - 1);
         table->slots[at] != 0; at = (at + 1) & (table->size - 1)) {
        struct deid_entry *entry = &map->entries[table->slots[at] - 1];
        if (entry->class == class && entry->number == number && entry->variant == variant)
            return entry;
    }
    return NULL;
}

uint32_t deid_map_number(struct deid_map *map, unsigned class)
{
    uint32_t number;

    map->is_changed = true;
    map->counters[class]++;
    if (map->profile == DEID_PROFILE_LIMITED)
        return map->counters[class];
    do
        number = RANDOM_NUMBER_MIN + randombytes_uniform(RANDOM_NUMBERS);
    while (deid_map_find_surrogate(map, class, number, 0) != NULL);
    return number;
}

static bool entries_grow(struct deid_map *map)
{
    uint32_t capacity = map->entries_capacity == 0 ? 32 : map->entries_capacity * 2;
    struct deid_entry *entries = arena_alloc(map->arena, capacity * sizeof(*entries));

    if (entries == NULL || map->entries_count >= DEID_MAP_ENTRIES_MAX)
        return false;
    if (map->entries_count > 0)
        memcpy(entries, map->entries, map->entries_count * sizeof(*entries));
    map->entries = entries;
    map->entries_capacity = capacity;
    return true;
}

static bool known_put(struct deid_map *map, uint32_t index)
{
    uint32_t capacity = map->known_capacity == 0 ? 32 : map->known_capacity * 2, *known;

    if (map->known_count == map->known_capacity) {
        known = arena_alloc(map->arena, capacity * sizeof(*known));
        if (known == NULL)
            return false;
        if (map->known_count > 0)
            memcpy(known, map->known, map->known_count * sizeof(*known));
        map->known = known;
        map->known_capacity = capacity;
    }
    map->known[map->known_count++] = index;
    return true;
}

bool deid_map_know(struct deid_map *map, struct deid_entry *entry)
{
    if (entry->is_known)
        return true;
    if (!known_put(map, (uint32_t)(entry - map->entries)))
        return false;
    entry->is_known = true;
    map->is_changed = true;
    return true;
}

struct deid_entry *deid_map_add(struct deid_map *map, struct deid_entry entry)
{
    if (map->entries_count == map->entries_capacity && !entries_grow(map))
        return NULL;
    entry.original = arena_copy(map->arena, entry.original);
    if (entry.original.data == NULL)
        return NULL;
    map->entries[map->entries_count] = entry;
    if (!index_entry(map, map->entries_count)
        || (entry.is_known && !known_put(map, map->entries_count)))
        return NULL;
    map->is_changed = true;
    return &map->entries[map->entries_count++];
}

static bool ids_grow(struct deid_map *map)
{
    uint32_t capacity = map->ids_capacity == 0 ? 64 : map->ids_capacity * 2;
    struct deid_id *ids = arena_alloc(map->arena, capacity * sizeof(*ids));

    if (ids == NULL || map->ids_count >= DEID_MAP_ENTRIES_MAX)
        return false;
    if (map->ids_count > 0)
        memcpy(ids, map->ids, map->ids_count * sizeof(*ids));
    map->ids = ids;
    map->ids_capacity = capacity;
    return true;
}

static uint64_t id_surrogate_hash(char letter, uint32_t number)
{
    return surrogate_hash((unsigned char)letter, number, 0);
}

/* A record has thousands of ids and a question or an answer asks for few, mostly for none: the
 * tables get their room as ids come, so that a search cannot fail, and their contents at the first
 * search. */
static bool ids_room(struct deid_table *table, uint32_t count, struct arena *arena)
{
    if (table->size / 2 > count)
        return true;
    table->size = table->size == 0 ? TABLE_SIZE_FIRST : table->size * 4;
    table->used = 0;
    table->slots = ARENA_ARRAY(arena, uint32_t, table->size);
    if (table->slots == NULL)
        table->size = 0;
    return table->slots != NULL;
}

static void ids_index(struct deid_map *map)
{
    struct deid_table *table = &map->by_id;

    while (table->used < map->ids_count)
        table_put(table, hash_bytes(map->ids[table->used].original, 3), table->used);
}

static void ids_index_surrogates(struct deid_map *map)
{
    struct deid_table *table = &map->by_id_surrogate;

    while (table->used < map->ids_count)
        table_put(table,
                  id_surrogate_hash(map->ids[table->used].letter, map->ids[table->used].number),
                  table->used);
}

bool deid_map_put_id(struct deid_map *map, struct deid_id id)
{
    uint32_t index = map->ids_count;

    if ((index == map->ids_capacity && !ids_grow(map))
        || !ids_room(&map->by_id, index + 1, map->arena)
        || !ids_room(&map->by_id_surrogate, index + 1, map->arena))
        return false;
    map->ids[index] = id;
    map->ids_count++;
    return true;
}

/* @letter 0: any. */
static struct deid_id *id_find(struct deid_map *map, char letter, struct slice original)
{
    const struct deid_table *table = &map->by_id;
    uint32_t at;

    if (table->size == 0)
        return NULL;
    ids_index(map);
    for (at = (uint32_t)hash_bytes(original, 3) & (table->size - 1); table->slots[at] != 0;
         at = (at + 1) & (table->size - 1)) {
        struct deid_id *id = &map->ids[table->slots[at] - 1];
        if ((letter == 0 || id->letter == letter) && slice_equal(id->original, original))
            return id;
    }
    return NULL;
}

struct deid_id *deid_map_find_id(struct deid_map *map, struct slice original)
{
    return id_find(map, 0, original);
}

struct deid_id *deid_map_find_id_as(struct deid_map *map, char letter, struct slice original)
{
    return id_find(map, letter, original);
}

struct deid_id *deid_map_find_id_surrogate(struct deid_map *map, char letter, uint32_t number)
{
    const struct deid_table *table = &map->by_id_surrogate;
    uint32_t at;

    if (table->size == 0)
        return NULL;
    ids_index_surrogates(map);
    for (at = (uint32_t)id_surrogate_hash(letter, number) & (table->size - 1);
         table->slots[at] != 0; at = (at + 1) & (table->size - 1)) {
        struct deid_id *id = &map->ids[table->slots[at] - 1];
        if (id->letter == letter && id->number == number)
            return id;
    }
    return NULL;
}

struct deid_id *deid_map_id(struct deid_map *map, char letter, struct slice original)
{
    struct deid_id *id = id_find(map, letter, original);
    struct deid_id made = { .letter = letter };

    if (id != NULL)
        return id;
    made.original = arena_copy(map->arena, original);
    made.number = ++map->id_counters[letter - 'a'];
    if (map->profile == DEID_PROFILE_SAFE_HARBOR)
        do
            made.number = RANDOM_NUMBER_MIN + randombytes_uniform(RANDOM_NUMBERS);
        while (deid_map_find_id_surrogate(map, letter, made.number) != NULL);
    map->is_changed = true;
    if (made.original.data == NULL || !deid_map_put_id(map, made))
        return NULL;
    return &map->ids[map->ids_count - 1];
}

static struct slice first_word(struct slice text)
{
    size_t start = 0, end;

    while (start < text.size && !deid_is_word(text.data[start]))
        start++;
    for (end = start; end < text.size && deid_is_word(text.data[end]);)
        end++;
    return slice_cut(text, start, end);
}

static uint64_t pseudonym_hash(struct slice word)
{
    return hash_bytes(word, 5);
}

/* Room for twice as many, with what there is put again. */
static bool pseudonyms_grow(struct deid_map *map)
{
    struct deid_table *table = &map->by_pseudonym;

    table->size = table->size == 0 ? TABLE_SIZE_FIRST : table->size * 4;
    table->used = 0;
    table->slots = ARENA_ARRAY(map->arena, uint32_t, table->size);
    if (table->slots == NULL)
        return false;
    for (uint32_t i = 0; i < map->entries_count; i++)
        if (map->entries[i].pseudonym.data != NULL)
            table_put(table, pseudonym_hash(first_word(map->entries[i].pseudonym)), i);
    return true;
}

bool deid_map_set_pseudonym(struct deid_map *map, struct deid_entry *entry, struct slice pseudonym)
{
    uint32_t index = (uint32_t)(entry - map->entries);

    if (map->pseudonyms_count + 1 > map->by_pseudonym.size / 2 && !pseudonyms_grow(map))
        return false;
    entry->pseudonym = pseudonym;
    map->pseudonyms_count++;
    map->is_changed = true;
    return table_put(&map->by_pseudonym, pseudonym_hash(first_word(pseudonym)), index);
}

struct deid_entry *deid_map_next_pseudonym(const struct deid_map *map, struct slice word,
                                           uint32_t *probe)
{
    const struct deid_table *table = &map->by_pseudonym;
    uint32_t first = (uint32_t)pseudonym_hash(word);

    if (table->size == 0)
        return NULL;
    while (table->slots[(first + *probe) & (table->size - 1)] != 0) {
        struct deid_entry *entry =
            &map->entries[table->slots[(first + (*probe)++) & (table->size - 1)] - 1];

        if (slice_equal(first_word(entry->pseudonym), word))
            return entry;
    }
    return NULL;
}
