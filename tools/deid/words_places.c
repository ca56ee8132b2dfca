/* Towns and postal codes. */
#include <stdlib.h>

#include "words_read.h"

#define PEOPLE_UNKNOWN 500.0 /* of a town that has a post office */
#define PEOPLE_ABROAD 0.1    /* a town abroad is heard of as one of a tenth of its people at home */

/* "St. Paul" -> "st_paul", "Winston-Salem" -> "winston_salem" as the words of a text stand. */
static struct words_row *town_row(struct words_table *table, struct slice name)
{
    char joined[DEID_WORDS_BYTES_MAX];
    size_t size = 0, i;

    for (i = 0; i < name.size && size + 1 < sizeof(joined); i++) {
        char c = name.data[i];

        if (c == '.' || c == ',' || c == '(' || c == ')')
            continue;
        joined[size++] = c == ' ' || c == '-' ? '_' : c;
    }
    if (i < name.size)
        return NULL;
    return words_table_row(table, slice_of(joined, size));
}

static void town_add(struct words_table *table, struct slice name, double people)
{
    struct words_row *row = name.size < 3 || people < PEOPLE_UNKNOWN ? NULL : town_row(table, name);

    if (row != NULL && row->people < people)
        row->people = people;
}

/* --- protocol buffers, as far as the file needs them: { 1: {2: name, 3: country, 9: people} } */

static bool varint_next(struct slice *rest, uint64_t *value)
{
    unsigned shift = 0;
    size_t i;

    *value = 0;
    for (i = 0; i < rest->size && i < 10; i++, shift += 7) {
        *value |= (uint64_t)(rest->data[i] & 0x7f) << shift;
        if (!(rest->data[i] & 0x80)) {
            *rest = slice_cut(*rest, i + 1, rest->size);
            return true;
        }
    }
    return false;
}

static void city_read(struct words_table *table, struct slice city)
{
    struct slice name = { NULL, 0 }, country = { NULL, 0 };
    uint64_t tag, value, people = 0;

    while (city.size > 0 && varint_next(&city, &tag) && varint_next(&city, &value)) {
        if ((tag & 7) == 2) {
            struct slice text = slice_cut(city, 0, value);
            if (tag >> 3 == 2)
                name = text;
            else if (tag >> 3 == 3)
                country = text;
            city = slice_cut(city, value, city.size);
        } else if (tag >> 3 == 9) {
            people = value;
        }
    }
    town_add(table, name,
             (double)people
                 * (slice_is(country, "US") || slice_is(country, "CA") ? 1 : PEOPLE_ABROAD));
}

enum status words_read_cities(struct words_table *table, struct slice file, struct error *err)
{
    unsigned count = 0;

    while (file.size > 0) {
        uint64_t size;

        /* Cities one after the other, each with its size in front. */
        if (!varint_next(&file, &size) || size > file.size)
            return error_set(err, STATUS_INVALID_ARGUMENT, "a city ends past the end");
        city_read(table, slice_cut(file, 0, size));
        file = slice_cut(file, size, file.size);
        count++;
    }
    return count > 1000 ? STATUS_OK : error_set(err, STATUS_INVALID_ARGUMENT, "no cities");
}

/* The value of "key":"value" at or after @rest; @rest moves behind it. */
static bool member_next(struct slice *rest, const char *key, struct slice *value)
{
    const char *at = memmem(rest->data, rest->size, key, strlen(key));
    size_t start, size;

    if (at == NULL)
        return false;
    start = (size_t)(at - rest->data) + strlen(key);
    size = slice_find_byte(slice_cut(*rest, start, rest->size), '"');
    *value = slice_cut(*rest, start, start + size);
    *rest = slice_cut(*rest, start + size, rest->size);
    return true;
}

enum status words_read_postal(struct words_table *table, struct slice file, struct error *err)
{
    struct slice code, town;
    unsigned count = 0;

    while (member_next(&file, "\"zip\":\"", &code) && member_next(&file, "\"city\":\"", &town)) {
        unsigned long number = strtoul(code.data, NULL, 10);

        if (code.size == 5 && number < 100000)
            table->postal[number >> 3] |= (unsigned char)(1 << (number & 7));
        town_add(table, town, PEOPLE_UNKNOWN);
        count++;
    }
    return count > 1000 ? STATUS_OK : error_set(err, STATUS_INVALID_ARGUMENT, "no postal codes");
}
