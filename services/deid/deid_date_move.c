/* Dates moved by days and written again as they were written. */
#include <stdio.h>

#include "deid_date.h"
#include "deid_token.h"

#define COMMON_YEAR 2001 /* one without February 29, for dates that have no year */
#define MOVED_BYTES_MAX 96

int64_t deid_date_days(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void deid_date_civil(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

int deid_date_month_days(int year, int month)
{
    static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap);
}

/* The date moved, by the rule for what it has. */
static struct deid_date date_moved(const struct deid_date *date, int days)
{
    struct deid_date moved = *date;
    int year, month, day;

    if (date->day > 0) {
        int base = date->year == 0 ? COMMON_YEAR : date->year;
        int64_t at = deid_date_days(base, date->month, date->day) + days;

        if (date->year == 0) { /* round and round in the common year */
            int64_t first = deid_date_days(COMMON_YEAR, 1, 1);
            at = first + ((at - first) % 365 + 365) % 365;
        }
        deid_date_civil(at, &year, &month, &day);
        moved.day = (int8_t)day;
    } else {
        int months = (int)((days * 12 + (days < 0 ? -183 : 183)) / 365);
        int at = date->year * 12 + date->month - 1 + months;

        year = at / 12;
        month = at % 12 + 1;
    }
    if (date->year != 0)
        moved.year = (int16_t)year;
    moved.month = (int8_t)month;
    return moved;
}

static const char *const month_names[] = { "January",   "February", "March",    "April",
                                           "May",       "June",     "July",     "August",
                                           "September", "October",  "November", "December" };

/* The month's name as long as the old one was, in its case. "May" is taken for a long name. */
static void put_month_word(struct slice old, int month, struct buffer *out)
{
    struct slice name = slice_from(month_names[month - 1]);
    bool is_upper =
        old.data[0] >= 'A' && old.data[0] <= 'Z' && old.data[1] >= 'A' && old.data[1] <= 'Z';
    bool is_lower = old.data[0] >= 'a';
    size_t i;

    if (old.size == 3 && !slice_equal_fold(old, SLICE("may")))
        name.size = 3;
    for (i = 0; i < name.size; i++) {
        char c = name.data[i];
        buffer_put_byte(out, (char)(is_upper ? c & ~32 : is_lower ? c | 32 : c));
    }
}

/* The size of the "st", "nd", "rd" or "th" at @at. */
static size_t ordinal_size(struct slice text, size_t at)
{
    static const char *const endings[] = { "st", "nd", "rd", "th" };

    for (int i = 0; i < 4; i++)
        if (slice_equal_fold(slice_cut(text, at, at + 2), slice_from(endings[i])))
            return 2;
    return 0;
}

static const char *ordinal_of(int day)
{
    if (day / 10 != 1 && day % 10 == 1)
        return "st";
    if (day / 10 != 1 && day % 10 == 2)
        return "nd";
    if (day / 10 != 1 && day % 10 == 3)
        return "rd";
    return "th";
}

/* Whether the numbers of the date are written with a zero in front: known where one of them is
 * small; where none is, ISO order and dashes have it. */
static bool is_padded(struct slice text, const struct deid_date *date)
{
    struct slice whole = slice_cut(text, date->start, date->end);
    const struct deid_date_part *parts[] = { &date->month_part, &date->day_part };
    bool is_long = false;
    int i;

    for (i = 0; i < 2; i++) {
        if (parts[i]->size == 0 || (i == 0 && date->is_month_word))
            continue;
        if (parts[i]->size == 1)
            return false;
        is_long = true;
        if (whole.data[parts[i]->offset] == '0')
            return true;
    }
    return date->is_compact
           || (is_long && !date->is_month_word && slice_find_byte(whole, '-') < whole.size
               && whole.data[0] != '-');
}

static void put_number(int number, bool is_padded, struct buffer *out)
{
    buffer_format(out, is_padded ? "%02d" : "%d", number);
}

/* The old text with the parts of @moved in place of the old parts. */
static void put_moved(struct slice text, const struct deid_date *date,
                      const struct deid_date *moved, struct buffer *out)
{
    struct slice old = slice_cut(text, date->start, date->end);
    bool padded = is_padded(text, date);
    size_t at = 0;

    while (at < old.size) {
        if (date->year_part.size > 0 && at == date->year_part.offset) {
            if (date->year_part.size == 2)
                buffer_format(out, "%02d", moved->year % 100);
            else
                buffer_put_number(out, moved->year);
            at += date->year_part.size;
        } else if (date->month_part.size > 0 && at == date->month_part.offset) {
            if (date->is_month_word)
                put_month_word(slice_cut(old, at, at + date->month_part.size), moved->month, out);
            else
                put_number(moved->month, padded, out);
            at += date->month_part.size;
        } else if (date->day_part.size > 0 && at == date->day_part.offset) {
            size_t ordinal = date->is_month_word ? ordinal_size(old, at + date->day_part.size) : 0;

            put_number(moved->day, padded, out);
            if (ordinal > 0)
                buffer_put_string(out, ordinal_of(moved->day));
            at += date->day_part.size + ordinal;
        } else {
            buffer_put_byte(out, old.data[at++]);
        }
    }
}

/* Whether @moved, read again and moved back, is the text that @date was read from. */
static bool is_reversible(struct slice text, const struct deid_date *date, struct slice moved,
                          int days, struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    struct deid_date again, back;
    struct buffer out;
    bool is_same;

    if (!deid_date_read(moved, 0, &again) || again.end != moved.size)
        return false;
    back = date_moved(&again, -days);
    buffer_init(&out, arena);
    put_moved(moved, &again, &back, &out);
    is_same =
        !out.is_full && slice_equal(buffer_slice(&out), slice_cut(text, date->start, date->end));
    arena_rewind(arena, mark);
    return is_same;
}

bool deid_date_move(struct slice text, const struct deid_date *date, int days, struct buffer *out)
{
    struct deid_date moved = date_moved(date, days);
    char bytes[MOVED_BYTES_MAX];
    struct buffer whole;
    size_t before = out->size;
    struct slice result;

    put_moved(text, date, &moved, out);
    whole = *out;
    if (whole.is_full || whole.size - before > sizeof(bytes))
        return false;
    memcpy(bytes, whole.data + before, whole.size - before);
    result = slice_of(bytes, whole.size - before);
    return is_reversible(text, date, result, days, out->arena);
}

bool deid_date_move_month_day(struct slice text, const struct deid_date *date, int days,
                              struct buffer *out)
{
    struct deid_date moved, back, again;
    bool padded = is_padded(text, date);
    char forth[16], old[16];

    if (date->month == 2 && date->day == 29)
        return false;
    moved = date_moved(date, days);
    snprintf(forth, sizeof(forth), padded ? "--%02d-%02d" : "--%d-%d", moved.month, moved.day);
    if (!deid_date_read(slice_from(forth), 0, &again))
        return false;
    back = date_moved(&again, -days);
    padded = is_padded(slice_from(forth), &again);
    snprintf(old, sizeof(old), padded ? "%02d/%02d" : "%d/%d", back.month, back.day);
    buffer_put_string(out, forth);
    return slice_is(slice_cut(text, date->start, date->end), old);
}
