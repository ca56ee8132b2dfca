#include "deid_fhir_date.h"

#include "deid_date.h"
#include "deid_token.h"

#define DATE_BYTES 10 /* of "2019-03-04" */
#define YEAR_MIN 1801 /* what deid_date reads, before and after: else there is no way back */
#define YEAR_MAX 2198

static int digits(const char *at, unsigned count)
{
    int number = 0;

    for (unsigned i = 0; i < count; i++) {
        if (!deid_is_digit(at[i]))
            return -1;
        number = number * 10 + (at[i] - '0');
    }
    return number;
}

/* Whether what follows a date is a time of day and a zone, and no more: "T05:06:07.123+01:00". */
static bool is_time(struct slice text)
{
    if (text.size < 6 || text.data[0] != 'T')
        return false;
    for (size_t i = 1; i < text.size; i++) {
        char c = text.data[i];

        if (!deid_is_digit(c) && c != ':' && c != '.' && c != '+' && c != '-' && c != 'Z')
            return false;
    }
    return digits(text.data + 1, 2) >= 0 && text.data[3] == ':' && digits(text.data + 4, 2) >= 0;
}

static void put(char *at, int number, unsigned count)
{
    while (count > 0) {
        at[--count] = (char)('0' + number % 10);
        number /= 10;
    }
}

bool deid_fhir_date_move(const struct deid_map *map, struct slice text, struct arena *arena,
                         struct slice *moved)
{
    int year, month, day;
    char *out;

    if (text.size < DATE_BYTES || text.data[4] != '-' || text.data[7] != '-'
        || (text.size > DATE_BYTES && !is_time(slice_cut(text, DATE_BYTES, text.size))))
        return false;
    year = digits(text.data, 4);
    month = digits(text.data + 5, 2);
    day = digits(text.data + 8, 2);
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1
        || day > deid_date_month_days(year, month))
        return false;
    if (map->profile == DEID_PROFILE_SAFE_HARBOR) {
        *moved = slice_cut(text, 0, 4);
        return true;
    }
    deid_date_civil(deid_date_days(year, month, day) + map->shift_days, &year, &month, &day);
    out = arena_alloc(arena, text.size);
    if (out == NULL)
        return false;
    put(out, year, 4);
    out[4] = out[7] = '-';
    put(out + 5, month, 2);
    put(out + 8, day, 2);
    memcpy(out + DATE_BYTES, text.data + DATE_BYTES, text.size - DATE_BYTES);
    *moved = slice_of(out, text.size);
    return true;
}
