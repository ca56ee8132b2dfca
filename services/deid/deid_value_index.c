/* A value with one letter left out is one of as many texts as it has letters. Each is put in a
 * table; so is what a text says, with one letter left out, asked for there. Two that differ by one
 * letter, or by the order of two, are the same without it. */
#include "deid_value_index.h"

#include <string.h>

#include "base/hash.h"

#define VALUES_FIRST 16
#define SLOTS_FIRST 64
#define SIZES_FIRST 16

static uint64_t hash_of(struct slice letters)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < letters.size; i++)
        hash = deid_value_hash_add(hash, letters.data[i]);
    return hash;
}

/* ---- without one letter ---- */

/* @letters with each letter left out in turn, as hashes; the same text once. */
struct shorter {
    struct slice letters;
    uint64_t before[DEID_VALUE_NEAR_BYTES_MAX + 2]; /* of the letters before each */
    uint64_t after;                                 /* of those behind @at */
    uint64_t power; /* what a letter moves by that has them behind */
    size_t at;      /* the one that is left out next; + 1 */
};

static void shorter_open(struct shorter *shorter, struct slice letters)
{
    *shorter = (struct shorter){ .letters = letters, .power = 1, .at = letters.size };
    for (size_t i = 0; i < letters.size; i++)
        shorter->before[i + 1] = deid_value_hash_add(shorter->before[i], letters.data[i]);
}

static bool shorter_next(struct shorter *shorter, uint64_t *hash)
{
    static const uint64_t step = 0x9e3779b97f4a7c15u; /* as in deid_value_hash_add */
    const char *data = shorter->letters.data;
    bool is_new = false;

    while (shorter->at > 0 && !is_new) {
        size_t at = --shorter->at;

        *hash = shorter->before[at] * shorter->power + shorter->after;
        is_new = at + 1 == shorter->letters.size || data[at] != data[at + 1];
        shorter->after += ((unsigned char)data[at] + 1u) * shorter->power;
        shorter->power *= step;
    }
    return is_new;
}

/* ---- tables ---- */

static uint32_t place_of(const struct deid_value_table *table, uint64_t hash, size_t size)
{
    return (uint32_t)hash_step(hash, size) & (table->size - 1);
}

static void table_put(struct deid_value_table *table, uint64_t hash, size_t size, uint32_t index)
{
    uint32_t at = place_of(table, hash, size);

    while (table->slots[at] != 0)
        at = (at + 1) & (table->size - 1);
    table->slots[at] = index + 1;
    table->used++;
}

static void near_put(struct deid_value_index *index, uint32_t at)
{
    const struct deid_value *value = &index->items[at];
    struct shorter shorter;
    uint64_t hash;

    shorter_open(&shorter, value->squeezed);
    while (shorter_next(&shorter, &hash))
        table_put(&index->near, hash, value->squeezed.size, at);
}

/* Room for @more and for half as many free; *is_new: it is empty. */
static bool table_room(struct deid_value_table *table, uint32_t more, struct arena *arena,
                       bool *is_new)
{
    *is_new = (table->used + more) * 2 > table->size;
    if (!*is_new)
        return true;
    table->size = table->size == 0 ? SLOTS_FIRST : table->size;
    while ((table->used + more) * 2 > table->size)
        table->size *= 2;
    table->used = 0;
    table->slots = ARENA_ARRAY(arena, uint32_t, table->size);
    return table->slots != NULL;
}

static bool tables_room(struct deid_value_index *index, const struct deid_value *value,
                        struct arena *arena)
{
    bool is_new;

    if (!table_room(&index->exact, 1, arena, &is_new))
        return false;
    for (uint32_t i = 0; is_new && i < index->count; i++)
        table_put(&index->exact, index->items[i].hash, index->items[i].squeezed.size, i);
    if (!value->is_near)
        return true;
    if (!table_room(&index->near, (uint32_t)value->squeezed.size, arena, &is_new))
        return false;
    for (uint32_t i = 0; is_new && i < index->count; i++)
        if (index->items[i].is_near)
            near_put(index, i);
    return true;
}

/* ---- keys ---- */

static struct deid_value_key *key_slot(const struct deid_value_keys *keys, uint32_t letters)
{
    uint32_t at = (uint32_t)hash_step(letters, 1) & (keys->size - 1);

    while (keys->slots[at].letters != 0 && keys->slots[at].letters != letters)
        at = (at + 1) & (keys->size - 1);
    return &keys->slots[at];
}

const struct deid_value_key *deid_value_keys_find(const struct deid_value_keys *keys,
                                                  uint32_t letters)
{
    const struct deid_value_key *key = keys->size == 0 ? NULL : key_slot(keys, letters);

    return key == NULL || key->letters == 0 ? NULL : key;
}

/* The key, made when there is none. NULL: no room. */
static struct deid_value_key *key_of(struct deid_value_keys *keys, uint32_t letters,
                                     struct arena *arena)
{
    struct deid_value_keys old = *keys;
    struct deid_value_key *key;

    if (keys->used * 2 >= keys->size) {
        keys->size = old.size == 0 ? SLOTS_FIRST : old.size * 2;
        keys->slots = ARENA_ARRAY(arena, struct deid_value_key, keys->size);
        if (keys->slots == NULL)
            return NULL;
        for (uint32_t i = 0; i < old.size; i++)
            if (old.slots[i].letters != 0)
                *key_slot(keys, old.slots[i].letters) = old.slots[i];
    }
    key = key_slot(keys, letters);
    keys->used += key->letters == 0;
    key->letters = letters;
    return key;
}

static bool sizes_grow(struct deid_value_index *index, struct arena *arena)
{
    uint32_t capacity = index->sizes_capacity == 0 ? SIZES_FIRST : index->sizes_capacity * 2;
    struct deid_value_size *sizes = arena_alloc(arena, capacity * sizeof(*sizes));

    if (sizes == NULL)
        return false;
    if (index->sizes_count > 0)
        memcpy(sizes, index->sizes, index->sizes_count * sizeof(*sizes));
    index->sizes = sizes;
    index->sizes_capacity = capacity;
    return true;
}

/* @size among those of @key, in order. */
static bool size_put(struct deid_value_index *index, struct deid_value_key *key, size_t size,
                     struct arena *arena)
{
    uint32_t *link = &key->sizes;

    if (index->sizes_count == index->sizes_capacity && !sizes_grow(index, arena))
        return false;
    while (*link != 0 && index->sizes[*link - 1].size < size)
        link = &index->sizes[*link - 1].next;
    if (*link != 0 && index->sizes[*link - 1].size == size)
        return true;
    index->sizes[index->sizes_count] = (struct deid_value_size){ size, *link };
    *link = ++index->sizes_count;
    return true;
}

static bool keys_put(struct deid_value_index *index, const struct deid_value *value,
                     struct arena *arena)
{
    struct slice letters = value->squeezed;
    struct deid_value_key *first = key_of(&index->first, deid_value_letters(letters.data), arena);
    struct deid_value_key *last;

    if (first == NULL || !size_put(index, first, letters.size, arena))
        return false;
    index->first.letters |= deid_value_letter_bit(letters.data[0]);
    if (!value->is_near)
        return true;
    last = key_of(&index->last,
                  deid_value_letters(letters.data + letters.size - DEID_VALUE_KEY_BYTES), arena);
    if (last == NULL)
        return false;
    index->last.letters |= deid_value_letter_bit(letters.data[letters.size - 1]);
    first->near |= 1ull << letters.size;
    last->near |= 1ull << letters.size;
    return true;
}

/* ---- values ---- */

static bool items_grow(struct deid_value_index *index, struct arena *arena)
{
    uint32_t capacity = index->capacity == 0 ? VALUES_FIRST : index->capacity * 2;
    struct deid_value *items = arena_alloc(arena, capacity * sizeof(*items));

    if (items == NULL)
        return false;
    if (index->count > 0)
        memcpy(items, index->items, index->count * sizeof(*items));
    index->items = items;
    index->capacity = capacity;
    return true;
}

static bool has(const struct deid_value_index *index, const struct deid_value *value)
{
    uint32_t at;

    if (index->exact.size == 0)
        return false;
    for (at = place_of(&index->exact, value->hash, value->squeezed.size);
         index->exact.slots[at] != 0; at = (at + 1) & (index->exact.size - 1)) {
        const struct deid_value *other = &index->items[index->exact.slots[at] - 1];

        if (other->class == value->class && slice_equal(other->squeezed, value->squeezed))
            return true;
    }
    return false;
}

bool deid_value_index_put(struct deid_value_index *index, struct deid_value value,
                          struct arena *arena)
{
    value.hash = hash_of(value.squeezed);
    if (has(index, &value))
        return true;
    if ((index->count == index->capacity && !items_grow(index, arena))
        || !tables_room(index, &value, arena) || !keys_put(index, &value, arena))
        return false;
    index->items[index->count] = value;
    table_put(&index->exact, value.hash, value.squeezed.size, index->count);
    if (value.is_near)
        near_put(index, index->count);
    index->count++;
    return true;
}

/* ---- asking ---- */

static void ask(const struct deid_value_index *index, const struct deid_value_table *table,
                uint64_t hash, size_t size, deid_value_cb take, void *data)
{
    uint32_t at;

    if (table->size == 0)
        return;
    for (at = place_of(table, hash, size); table->slots[at] != 0;
         at = (at + 1) & (table->size - 1)) {
        const struct deid_value *value = &index->items[table->slots[at] - 1];

        if (value->squeezed.size == size)
            take(data, value);
    }
}

void deid_value_index_exact(const struct deid_value_index *index, uint64_t hash, size_t size,
                            deid_value_cb take, void *data)
{
    ask(index, &index->exact, hash, size, take, data);
}

void deid_value_index_near(const struct deid_value_index *index, struct slice letters, size_t size,
                           deid_value_cb take, void *data)
{
    struct shorter shorter;
    uint64_t hash;

    if (letters.size + 1 == size) {
        ask(index, &index->near, hash_of(letters), size, take, data);
        return;
    }
    /* As many letters, or one too many. */
    shorter_open(&shorter, letters);
    while (shorter_next(&shorter, &hash))
        ask(index, letters.size == size ? &index->near : &index->exact, hash, size, take, data);
}

bool deid_value_is_near(struct slice a, struct slice b)
{
    size_t least = a.size < b.size ? a.size : b.size, start = 0, end = 0;

    if (a.size > b.size + 1 || b.size > a.size + 1)
        return false;
    while (start < least && a.data[start] == b.data[start])
        start++;
    while (end < least - start && a.data[a.size - 1 - end] == b.data[b.size - 1 - end])
        end++;
    if (a.size != b.size)
        return start + end == least;
    return start + end + 1 >= least
           || (start + end + 2 == least && a.data[start] == b.data[start + 1]
               && a.data[start + 1] == b.data[start]);
}
