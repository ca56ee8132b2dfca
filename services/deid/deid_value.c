#include "deid_value.h"

#include <string.h>

#include "base/hash.h"
#include "deid_near.h"

#define KEY_BYTES 4 /* of a value's first or last letters and digits */
#define VALUE_BYTES_MIN 5
#define WORD_VALUE_BYTES_MIN 4 /* a town has four letters */
#define NEAR_VALUE_BYTES_MIN 8 /* then the key at one end is free of the edit at the other */
#define NEAR_DIGITS_MIN 4
#define PHONE_DIGITS 10
#define PHONE_LOCAL_DIGITS 7
#define VALUES_CAPACITY_FIRST 16

struct deid_value {
    struct slice squeezed; /* letters and digits alone, lower case */
    uint32_t next_first, next_last;
    enum deid_class class;
    bool is_place; /* a town: only with a capital */
    bool is_near;  /* may be written with one edit */
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

static uint64_t letter_bit(char c)
{
    return 1ull << (lower(c) & 63);
}

static uint32_t hash_key(const char *key)
{
    return (uint32_t)hash_bytes(slice_of(key, KEY_BYTES), 0);
}

void deid_values_init(struct deid_values *values, struct arena *arena)
{
    *values = (struct deid_values){ .arena = arena };
}

static bool values_grow(struct deid_values *values)
{
    uint32_t capacity = values->capacity == 0 ? VALUES_CAPACITY_FIRST : values->capacity * 2;
    struct deid_value *items = arena_alloc(values->arena, capacity * sizeof(*items));

    if (items == NULL)
        return false;
    if (values->count > 0)
        memcpy(items, values->items, values->count * sizeof(*items));
    values->items = items;
    values->capacity = capacity;
    return true;
}

static unsigned count_digits(struct slice squeezed)
{
    unsigned digits = 0;
    size_t i;

    for (i = 0; i < squeezed.size; i++)
        digits += deid_is_digit(squeezed.data[i]);
    return digits;
}

static void value_put(struct deid_values *values, struct slice squeezed, enum deid_class class)
{
    unsigned digits = count_digits(squeezed);

    if (squeezed.size < (digits > 0 ? VALUE_BYTES_MIN : WORD_VALUE_BYTES_MIN))
        return;
    if (values->count == values->capacity && !values_grow(values)) {
        values->is_full = true;
        return;
    }
    values->items[values->count++] = (struct deid_value){
        .squeezed = squeezed,
        .class = class,
        .is_place = class == DEID_CLASS_GEOGRAPHY && digits == 0,
        .is_near = class != DEID_CLASS_DATE
                   && digits >= (class == DEID_CLASS_GEOGRAPHY ? 1 : NEAR_DIGITS_MIN)
                   && squeezed.size >= NEAR_VALUE_BYTES_MIN && squeezed.size < DEID_NEAR_BYTES_MAX,
    };
}

/* "617-555-0123" is also written "555-0123", and without the 1 in front of it. */
static void phone_add(struct deid_values *values, struct slice squeezed, enum deid_class class)
{
    size_t size = squeezed.size;

    if (size != count_digits(squeezed) || size < PHONE_DIGITS)
        return;
    if (size > PHONE_DIGITS)
        value_put(values, slice_cut(squeezed, size - PHONE_DIGITS, size), class);
    value_put(values, slice_cut(squeezed, size - PHONE_LOCAL_DIGITS, size), class);
}

/* "88 Magnolia Court" is also "88 Magnolia Ct", and "88 Magnolia". */
static void street_add(struct deid_values *values, struct slice squeezed, enum deid_class class)
{
    static const char *const kinds[][2] = {
        { "street", "st" },     { "avenue", "ave" },  { "road", "rd" },    { "drive", "dr" },
        { "lane", "ln" },       { "court", "ct" },    { "place", "pl" },   { "boulevard", "blvd" },
        { "parkway", "pkwy" },  { "highway", "hwy" }, { "circle", "cir" }, { "terrace", "ter" },
        { "square", "sq" },     { "trail", "trl" },   { "way", "wy" },     { "crossing", "xing" },
        { "apartment", "apt" }, { "suite", "ste" },
    };
    size_t i, j;

    if (!deid_is_digit(squeezed.data[0]))
        return;
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        for (j = 0; j < 2; j++) {
            struct slice kind = slice_from(kinds[i][j]), other = slice_from(kinds[i][1 - j]);
            size_t stem = squeezed.size - kind.size;
            char *made;

            if (!slice_ends_with(squeezed, kind) || stem < VALUE_BYTES_MIN)
                continue;
            value_put(values, slice_cut(squeezed, 0, stem), class);
            made = arena_alloc(values->arena, stem + other.size);
            values->is_full |= made == NULL;
            if (made == NULL)
                return;
            memcpy(made, squeezed.data, stem);
            memcpy(made + stem, other.data, other.size);
            value_put(values, slice_of(made, stem + other.size), class);
            return;
        }
}

void deid_values_add(struct deid_values *values, struct slice value, enum deid_class class)
{
    char *made = arena_alloc(values->arena, value.size + 1);
    struct slice squeezed;
    size_t size = 0, i;

    values->is_full |= made == NULL;
    if (made == NULL)
        return;
    for (i = 0; i < value.size; i++)
        if (deid_is_word(value.data[i]))
            made[size++] = lower(value.data[i]);
    squeezed = slice_of(made, size);
    if (size == 0)
        return;
    value_put(values, squeezed, class);
    if (class == DEID_CLASS_PHONE || class == DEID_CLASS_FAX)
        phone_add(values, squeezed, class);
    if (class == DEID_CLASS_GEOGRAPHY)
        street_add(values, squeezed, class);
}

static bool table_open(struct deid_value_table *table, uint32_t count, struct arena *arena)
{
    uint32_t slots = 64;

    while (slots < count * 2 && slots < 1u << 30)
        slots *= 2;
    table->slots = ARENA_ARRAY(arena, uint32_t, slots);
    table->mask = slots - 1;
    return table->slots != NULL;
}

void deid_values_index(struct deid_values *values)
{
    uint32_t i;

    if (values->count == 0)
        return;
    if (!table_open(&values->by_first, values->count, values->arena)
        || !table_open(&values->by_last, values->count, values->arena)) {
        values->is_full = true;
        return;
    }
    for (i = 0; i < values->count; i++) {
        struct deid_value *value = &values->items[i];
        const char *data = value->squeezed.data;
        uint32_t *first = &values->by_first.slots[hash_key(data) & values->by_first.mask];
        uint32_t *last =
            &values->by_last
                 .slots[hash_key(data + value->squeezed.size - KEY_BYTES) & values->by_last.mask];

        value->next_first = *first;
        *first = i + 1;
        values->first_letters |= letter_bit(data[0]);
        if (!value->is_near)
            continue;
        value->next_last = *last;
        *last = i + 1;
        values->last_letters |= letter_bit(data[value->squeezed.size - 1]);
    }
}

/* Up to @max letters and digits of @text from @at on, in lower case; *@end is behind the last of
 * them. */
static size_t squeeze_forward(struct slice text, size_t at, size_t max, char *out, size_t *end)
{
    size_t size = 0, limit = at + max * 2 + 4;

    for (*end = at; at < text.size && at < limit && size < max; at++)
        if (deid_is_word(text.data[at])) {
            out[size++] = lower(text.data[at]);
            *end = at + 1;
        }
    return size;
}

static bool is_word_end(struct slice text, size_t end)
{
    return end >= text.size || !deid_is_word(text.data[end]);
}

/* The end of @value where it stands at @at letter for letter; 0: it does not. */
static size_t value_end_exact(const struct deid_value *value, struct slice text, size_t at)
{
    size_t limit = at + value->squeezed.size * 2 + 4, count = 0;

    for (; at < text.size && at < limit; at++) {
        if (!deid_is_word(text.data[at]))
            continue;
        if (lower(text.data[at]) != value->squeezed.data[count])
            return 0;
        if (++count == value->squeezed.size)
            return is_word_end(text, at + 1) ? at + 1 : 0;
    }
    return 0;
}

/* The end of @value where it begins at @start, exactly or with an edit behind its key; 0: it does
 * not. */
static size_t value_end(const struct deid_value *value, struct slice text, size_t start)
{
    char found[DEID_NEAR_BYTES_MAX + 1];
    size_t size = value->squeezed.size, end = value_end_exact(value, text, start),
           sizes[3] = { size, size - 1, size + 1 }, i;

    if (end > 0 || !value->is_near)
        return end;
    for (i = 0; i < 3; i++)
        if (squeeze_forward(text, start, sizes[i], found, &end) == sizes[i]
            && is_word_end(text, end)
            && deid_near_distance(slice_of(found, sizes[i]), value->squeezed, 1) <= 1)
            return end;
    return 0;
}

/* The first byte of @value where it ends at @end with an edit before its last letters, or @end. */
static size_t value_start(const struct deid_value *value, struct slice text, size_t end)
{
    char found[DEID_NEAR_BYTES_MAX + 1];
    size_t size = value->squeezed.size, at = end, count = 0, least = size - 1;

    while (at > 0 && count < size + 1 && end - at < size * 2 + 4) {
        at--;
        if (!deid_is_word(text.data[at]))
            continue;
        count++;
        found[sizeof(found) - count] = lower(text.data[at]);
        if (count >= least && (at == 0 || !deid_is_word(text.data[at - 1]))
            && deid_near_distance(slice_of(found + sizeof(found) - count, count), value->squeezed,
                                  1)
                   <= 1)
            return at;
    }
    return end;
}

static void value_add(const struct deid_value *value, size_t start, size_t end,
                      struct deid_spans *spans)
{
    /* What can be read as a date is moved like one. */
    deid_spans_add(
        spans,
        (struct deid_span){ (uint32_t)start, (uint32_t)end, value->class, DEID_FORM_VALUE,
                            value->class == DEID_CLASS_DATE ? DEID_SCORE_WEAK : DEID_SCORE_KNOWN });
}

static void scan_from(const struct deid_values *values, struct slice text, size_t start,
                      struct deid_spans *spans)
{
    char key[KEY_BYTES];
    size_t end;
    uint32_t i;

    if (squeeze_forward(text, start, KEY_BYTES, key, &end) < KEY_BYTES)
        return;
    for (i = values->by_first.slots[hash_key(key) & values->by_first.mask]; i != 0;
         i = values->items[i - 1].next_first) {
        const struct deid_value *value = &values->items[i - 1];

        if (memcmp(key, value->squeezed.data, KEY_BYTES) != 0
            || (value->is_place && !(text.data[start] >= 'A' && text.data[start] <= 'Z')))
            continue;
        end = value_end(value, text, start);
        if (end > 0)
            value_add(value, start, end, spans);
    }
}

static void scan_back(const struct deid_values *values, struct slice text, size_t end,
                      struct deid_spans *spans)
{
    char key[KEY_BYTES];
    size_t at = end, count = 0;
    uint32_t i;

    for (; at > 0 && count < KEY_BYTES && end - at < 2 * KEY_BYTES + 4; at--)
        if (deid_is_word(text.data[at - 1]))
            key[KEY_BYTES - ++count] = lower(text.data[at - 1]);
    if (count < KEY_BYTES)
        return;
    for (i = values->by_last.slots[hash_key(key) & values->by_last.mask]; i != 0;
         i = values->items[i - 1].next_last) {
        const struct deid_value *value = &values->items[i - 1];

        if (memcmp(key, value->squeezed.data + value->squeezed.size - KEY_BYTES, KEY_BYTES) != 0)
            continue;
        at = value_start(value, text, end);
        if (at < end)
            value_add(value, at, end, spans);
    }
}

void deid_values_scan(const struct deid_values *values, const struct deid_tokens *tokens,
                      struct deid_spans *spans)
{
    unsigned i;

    for (i = 0; i < tokens->count && values->count > 0; i++) {
        const struct deid_token *token = &tokens->items[i];

        if (values->first_letters & letter_bit(tokens->text.data[token->start]))
            scan_from(values, tokens->text, token->start, spans);
        if (values->last_letters & letter_bit(tokens->text.data[token->end - 1]))
            scan_back(values, tokens->text, token->end, spans);
    }
}
