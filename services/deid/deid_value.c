#include "deid_value.h"

#include <string.h>

#define VALUE_BYTES_MIN 5
#define WORD_VALUE_BYTES_MIN 4 /* a town has four letters */
#define NEAR_DIGITS_MIN 4
#define PHONE_DIGITS 10
#define PHONE_LOCAL_DIGITS 7

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

void deid_values_init(struct deid_values *values, struct arena *arena)
{
    *values = (struct deid_values){ .arena = arena };
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
    struct deid_value value = {
        .squeezed = squeezed,
        .class = class,
        .is_place = class == DEID_CLASS_GEOGRAPHY && digits == 0,
        .is_near = class != DEID_CLASS_DATE
                   && digits >= (class == DEID_CLASS_GEOGRAPHY ? 1 : NEAR_DIGITS_MIN)
                   && squeezed.size >= DEID_VALUE_NEAR_BYTES_MIN
                   && squeezed.size <= DEID_VALUE_NEAR_BYTES_MAX,
    };

    if (squeezed.size >= (digits > 0 ? VALUE_BYTES_MIN : WORD_VALUE_BYTES_MIN))
        values->is_full |= !deid_value_index_put(&values->index, value, values->arena);
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
