/* Looking up what an opened file says: nothing here can fail on the file's account. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "gguf/gguf_read.h"
#include "gguf/gguf_state.h"

unsigned gguf_entry_width(uint32_t type)
{
    static const unsigned widths[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };

    return type < sizeof(widths) / sizeof(widths[0]) ? widths[type] : 0;
}

int gguf_entry_compare(const void *a, const void *b)
{
    return slice_compare(((const struct gguf_entry *)a)->key, ((const struct gguf_entry *)b)->key);
}

int gguf_tensor_compare(const void *a, const void *b)
{
    const struct gguf_tensor *const *x = a, *const *y = b;

    return slice_compare((*x)->name, (*y)->name);
}

static const struct gguf_entry *find(const struct gguf *gguf, const char *key)
{
    struct gguf_entry wanted = { .key = slice_from(key) };

    if (gguf->entries_count == 0)
        return NULL;
    return bsearch(&wanted, gguf->entries, gguf->entries_count, sizeof(*gguf->entries),
                   gguf_entry_compare);
}

/* The entry of @key when it is of fixed width, copied to the low bytes of *bits. */
static const struct gguf_entry *find_number(const struct gguf *gguf, const char *key,
                                            uint64_t *bits)
{
    const struct gguf_entry *entry = find(gguf, key);

    if (entry == NULL || gguf_entry_width(entry->type) == 0)
        return NULL;
    *bits = 0;
    memcpy(bits, entry->value.data, entry->value.size);
    return entry;
}

/* A signed value; false for other types. */
static bool as_signed(const struct gguf_entry *entry, uint64_t bits, int64_t *value)
{
    switch (entry->type) {
    case GGUF_TYPE_INT8:
        *value = (int8_t)bits;
        return true;
    case GGUF_TYPE_INT16:
        *value = (int16_t)bits;
        return true;
    case GGUF_TYPE_INT32:
        *value = (int32_t)bits;
        return true;
    case GGUF_TYPE_INT64:
        *value = (int64_t)bits;
        return true;
    default:
        return false;
    }
}

static bool is_unsigned(const struct gguf_entry *entry)
{
    return entry->type == GGUF_TYPE_UINT8 || entry->type == GGUF_TYPE_UINT16
           || entry->type == GGUF_TYPE_UINT32 || entry->type == GGUF_TYPE_UINT64;
}

bool gguf_get_u64(const struct gguf *gguf, const char *key, uint64_t *value)
{
    uint64_t bits;
    int64_t number;
    const struct gguf_entry *entry = find_number(gguf, key, &bits);

    if (entry == NULL)
        return false;
    if (is_unsigned(entry)) {
        *value = bits;
        return true;
    }
    if (!as_signed(entry, bits, &number) || number < 0)
        return false;
    *value = (uint64_t)number;
    return true;
}

bool gguf_get_f64(const struct gguf *gguf, const char *key, double *value)
{
    uint64_t bits;
    int64_t number;
    float single;
    const struct gguf_entry *entry = find_number(gguf, key, &bits);

    if (entry == NULL || entry->type == GGUF_TYPE_BOOL)
        return false;
    if (entry->type == GGUF_TYPE_FLOAT32) {
        memcpy(&single, &bits, sizeof(single));
        *value = single;
    } else if (entry->type == GGUF_TYPE_FLOAT64) {
        memcpy(value, &bits, sizeof(*value));
    } else if (as_signed(entry, bits, &number)) {
        *value = (double)number;
    } else {
        *value = (double)bits;
    }
    return true;
}

bool gguf_get_bool(const struct gguf *gguf, const char *key, bool *value)
{
    uint64_t bits;
    const struct gguf_entry *entry = find_number(gguf, key, &bits);

    if (entry == NULL || entry->type != GGUF_TYPE_BOOL)
        return false;
    *value = bits != 0;
    return true;
}

bool gguf_get_string(const struct gguf *gguf, const char *key, struct slice *value)
{
    const struct gguf_entry *entry = find(gguf, key);

    if (entry == NULL || entry->type != GGUF_TYPE_STRING)
        return false;
    *value = entry->value;
    return true;
}

bool gguf_get_array(const struct gguf *gguf, const char *key, enum gguf_type *type, uint64_t *count)
{
    const struct gguf_entry *entry = find(gguf, key);

    if (entry == NULL || entry->type != GGUF_TYPE_ARRAY)
        return false;
    *type = entry->element_type;
    *count = entry->count;
    return true;
}

bool gguf_next_string(const struct gguf *gguf, const char *key, size_t *cursor, struct slice *value)
{
    const struct gguf_entry *entry = find(gguf, key);
    struct gguf_reader reader;

    if (entry == NULL || entry->type != GGUF_TYPE_ARRAY || entry->element_type != GGUF_TYPE_STRING
        || *cursor >= entry->value.size)
        return false;
    reader.start = entry->value.data;
    reader.at = entry->value.data + *cursor;
    reader.end = entry->value.data + entry->value.size;
    if (!gguf_read_string(&reader, value))
        return false;
    *cursor = (size_t)(reader.at - reader.start);
    return true;
}

bool gguf_get_array_bytes(const struct gguf *gguf, const char *key, enum gguf_type type,
                          struct slice *bytes)
{
    const struct gguf_entry *entry = find(gguf, key);

    if (entry == NULL || entry->type != GGUF_TYPE_ARRAY || entry->element_type != type
        || gguf_entry_width(type) == 0)
        return false;
    *bytes = entry->value;
    return true;
}

uint64_t gguf_tensor_count(const struct gguf *gguf)
{
    return gguf->tensors_count;
}

const struct gguf_tensor *gguf_tensor_at(const struct gguf *gguf, uint64_t index)
{
    CHECK(index < gguf->tensors_count);
    return &gguf->tensors[index];
}

const struct gguf_tensor *gguf_tensor_find(const struct gguf *gguf, const char *name)
{
    struct gguf_tensor wanted = { .name = slice_from(name) };
    const struct gguf_tensor *key = &wanted, *const * found;

    if (gguf->tensors_count == 0)
        return NULL;
    found = bsearch(&key, gguf->by_name, gguf->tensors_count, sizeof(*gguf->by_name),
                    gguf_tensor_compare);
    return found == NULL ? NULL : *found;
}
