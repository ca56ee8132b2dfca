#include "deid_date.h"

#include <stdio.h>
#include <stdlib.h>

#include "deid_lexicon.h"
#include "deid_token.h"

#define YEAR_MIN 1800
#define YEAR_MAX 2199
#define COMMON_YEAR 2001 /* one without February 29, for dates that have no year */
#define DATE_BYTES_MAX 48

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

/* A reader over the text: position and what the parts were. */
struct cursor {
    struct slice text;
    size_t at;
};

static char peek(const struct cursor *cursor)
{
    return cursor->at < cursor->text.size ? cursor->text.data[cursor->at] : 0;
}

static char peek_after(const struct cursor *cursor)
{
    return cursor->at + 1 < cursor->text.size ? cursor->text.data[cursor->at + 1] : 0;
}

/* Digits at the cursor, at most @max of them and all that stand there. -1 when there are none or
 * too many. */
static int read_number(struct cursor *cursor, size_t max, size_t *size)
{
    int value = 0;

    for (*size = 0; deid_is_digit(peek(cursor)); cursor->at++, (*size)++) {
        if (*size == max)
            return -1;
        value = value * 10 + (peek(cursor) - '0');
    }
    return *size == 0 ? -1 : value;
}

static void part_set(struct deid_date_part *part, const struct deid_date *date, size_t at,
                     size_t size)
{
    part->offset = (uint8_t)(at - date->start);
    part->size = (uint8_t)size;
}

static bool is_year(int number, size_t size)
{
    return size == 4 && number >= YEAR_MIN && number <= YEAR_MAX;
}

static int year_of_two(int number)
{
    return number < 50 ? 2000 + number : 1900 + number;
}

static bool is_whole(const struct deid_date *date)
{
    if (date->month < 1 || date->month > 12)
        return false;
    if (date->day == 0)
        return true;
    return date->day >= 1
           && date->day <= deid_date_month_days(date->year == 0 ? 2000 : date->year, date->month);
}

/* Nothing beside it that would make it part of something longer. */
static bool is_free_before(struct slice text, size_t at)
{
    char before = at > 0 ? text.data[at - 1] : 0;

    if (deid_is_word(before) || before == '$')
        return false;
    if (at >= 2 && (before == '/' || before == '-' || before == '.' || before == ',')
        && deid_is_digit(text.data[at - 2]))
        return false;
    return true;
}

static bool is_free_after(struct slice text, size_t at)
{
    char after = at < text.size ? text.data[at] : 0;
    char then = at + 1 < text.size ? text.data[at + 1] : 0;

    if (after == 'T' && deid_is_digit(then))
        return true;
    if (deid_is_word(after) || after == '%')
        return false;
    return !((after == '/' || after == '-' || after == '.') && deid_is_digit(then));
}

static bool date_end(struct deid_date *date, struct cursor *cursor)
{
    date->end = cursor->at;
    return cursor->at - date->start <= DATE_BYTES_MAX && is_whole(date)
           && is_free_after(cursor->text, cursor->at);
}

/* 2019-03-04, 2019/03/04, 2019-03. */
static bool read_year_first(struct cursor *cursor, struct deid_date *date, int year)
{
    char separator = peek(cursor);
    size_t at, size;

    date->year = (int16_t)year;
    part_set(&date->year_part, date, date->start, 4);
    cursor->at++;
    at = cursor->at;
    date->month = (int8_t)read_number(cursor, 2, &size);
    part_set(&date->month_part, date, at, size);
    if (peek(cursor) != separator || !deid_is_digit(peek_after(cursor)))
        return separator == '-' && size == 2 && date_end(date, cursor);
    cursor->at++;
    at = cursor->at;
    date->day = (int8_t)read_number(cursor, 2, &size);
    part_set(&date->day_part, date, at, size);
    return date->day > 0 && date_end(date, cursor);
}

/* 3/4/2019, 03-04-19, 4.3.2019; month first unless that cannot be. */
static bool read_numbers(struct cursor *cursor, struct deid_date *date, int first, size_t size)
{
    char separator = peek(cursor);
    size_t second_at, second_size, third_at, third_size;
    int second, third;
    bool is_day_first = first > 12;

    cursor->at++;
    second_at = cursor->at;
    second = read_number(cursor, 4, &second_size);
    if (second_size == 4 && separator == '/' && is_year(second, 4)) {
        date->month = (int8_t)first;
        date->year = (int16_t)second;
        part_set(&date->month_part, date, date->start, size);
        part_set(&date->year_part, date, second_at, 4);
        return date_end(date, cursor);
    }
    if (second < 0 || second_size > 2 || peek(cursor) != separator)
        return false;
    cursor->at++;
    third_at = cursor->at;
    third = read_number(cursor, 4, &third_size);
    if (third < 0 || !(third_size == 2 ? separator != '.' : is_year(third, third_size)))
        return false;
    date->month = (int8_t)(is_day_first ? second : first);
    date->day = (int8_t)(is_day_first ? first : second);
    date->year = (int16_t)(third_size == 2 ? year_of_two(third) : third);
    part_set(is_day_first ? &date->day_part : &date->month_part, date, date->start, size);
    part_set(is_day_first ? &date->month_part : &date->day_part, date, second_at, second_size);
    part_set(&date->year_part, date, third_at, third_size);
    return date->day > 0 && date_end(date, cursor);
}

static size_t ordinal_size(const struct cursor *cursor)
{
    char a = (char)(peek(cursor) | 32), b = (char)(peek_after(cursor) | 32);
    char after = cursor->at + 2 < cursor->text.size ? cursor->text.data[cursor->at + 2] : 0;

    if (deid_is_word(after))
        return 0;
    return (a == 's' && b == 't') || (a == 'n' && b == 'd') || (a == 'r' && b == 'd')
                   || (a == 't' && b == 'h')
               ? 2
               : 0;
}

/* The month word at the cursor, with its period. */
static bool read_month_word(struct cursor *cursor, struct deid_date *date)
{
    size_t at = cursor->at, end = at;
    struct slice word;

    while (end < cursor->text.size && deid_is_letter(cursor->text.data[end]))
        end++;
    word = slice_cut(cursor->text, at, end);
    date->month = (int8_t)deid_lexicon_month(word);
    if (date->month == 0)
        return false;
    date->is_month_word = true;
    part_set(&date->month_part, date, at, word.size);
    cursor->at = end;
    if (peek(cursor) == '.' && word.size <= 4)
        cursor->at++;
    return true;
}

static void skip_blanks(struct cursor *cursor)
{
    while (peek(cursor) == ' ')
        cursor->at++;
}

/* ", 2019", " 2019", "-19": a year after a month; the cursor stays where there is none. */
static bool read_year_last(struct cursor *cursor, struct deid_date *date, bool is_two_allowed)
{
    struct cursor probe = *cursor;
    bool is_hyphen = peek(&probe) == '-' || peek(&probe) == '/';
    size_t at, size;
    int year;

    if (is_hyphen)
        probe.at++;
    else {
        if (peek(&probe) == ',')
            probe.at++;
        skip_blanks(&probe);
        if (slice_starts_with(slice_cut(probe.text, probe.at, probe.text.size), SLICE("of ")))
            probe.at += 3;
    }
    at = probe.at;
    year = at == cursor->at ? -1 : read_number(&probe, 4, &size);
    if (year < 0 || !(is_year(year, size) || (size == 2 && is_two_allowed && is_hyphen))
        || !is_free_after(probe.text, probe.at))
        return false;
    date->year = (int16_t)(size == 2 ? year_of_two(year) : year);
    part_set(&date->year_part, date, at, size);
    cursor->at = probe.at;
    return true;
}

static bool is_capital_at(struct slice text, const struct deid_date *date)
{
    char c = text.data[date->start + date->month_part.offset];

    return c >= 'A' && c <= 'Z';
}

/* 4 March 2019, 4th of March, 04-Mar-2019. */
static bool read_day_first(struct cursor *cursor, struct deid_date *date, int day, size_t size)
{
    bool is_hyphen;

    date->day = (int8_t)day;
    part_set(&date->day_part, date, date->start, size);
    cursor->at += ordinal_size(cursor);
    is_hyphen = peek(cursor) == '-' || peek(cursor) == '/';
    if (is_hyphen)
        cursor->at++;
    else
        skip_blanks(cursor);
    if (slice_starts_with(slice_cut(cursor->text, cursor->at, cursor->text.size), SLICE("of ")))
        cursor->at += 3;
    if (!read_month_word(cursor, date))
        return false;
    if (!read_year_last(cursor, date, is_hyphen) && !is_capital_at(cursor->text, date))
        return false;
    return date_end(date, cursor);
}

/* March 4, 2019; Mar 4th; March 2019; Mar-04-2019. */
static bool read_month_first(struct cursor *cursor, struct deid_date *date)
{
    struct cursor after_day;
    size_t at, size;
    int day;

    if (!read_month_word(cursor, date))
        return false;
    after_day = *cursor;
    if (peek(&after_day) == '-')
        after_day.at++;
    else
        skip_blanks(&after_day);
    if (after_day.at == cursor->at)
        return false;
    at = after_day.at;
    day = read_number(&after_day, 4, &size);
    if (day >= 1 && day <= 31 && size <= 2) {
        after_day.at += ordinal_size(&after_day);
        date->day = (int8_t)day;
        part_set(&date->day_part, date, at, size);
        if (!read_year_last(&after_day, date, true) && !is_capital_at(cursor->text, date))
            return false;
        return date_end(date, &after_day);
    }
    return is_capital_at(cursor->text, date) && read_year_last(cursor, date, false)
           && date_end(date, cursor);
}

/* --3-4, as deid_date_move_month_day writes it. */
static bool read_dashes(struct cursor *cursor, struct deid_date *date)
{
    size_t at, size;

    if (peek_after(cursor) != '-' || (cursor->at > 0 && cursor->text.data[cursor->at - 1] == '-'))
        return false;
    cursor->at += 2;
    at = cursor->at;
    date->month = (int8_t)read_number(cursor, 2, &size);
    part_set(&date->month_part, date, at, size);
    if (peek(cursor) != '-')
        return false;
    cursor->at++;
    at = cursor->at;
    date->day = (int8_t)read_number(cursor, 2, &size);
    part_set(&date->day_part, date, at, size);
    return date->day > 0 && date_end(date, cursor);
}

bool deid_date_read(struct slice text, size_t at, struct deid_date *date)
{
    struct cursor cursor = { text, at };
    size_t size;
    int number;
    char c = peek(&cursor);

    *date = (struct deid_date){ .start = at };
    if (!is_free_before(text, at))
        return false;
    if (c == '-')
        return read_dashes(&cursor, date);
    if (!deid_is_digit(c))
        return deid_is_letter(c) && read_month_first(&cursor, date);
    number = read_number(&cursor, 4, &size);
    c = peek(&cursor);
    if (number < 0)
        return false;
    if (is_year(number, size) && (c == '-' || c == '/' || c == '.'))
        return deid_is_digit(peek_after(&cursor)) && read_year_first(&cursor, date, number);
    if (size > 2 || number < 1 || number > 31)
        return false;
    if ((c == '/' || c == '-' || c == '.') && deid_is_digit(peek_after(&cursor)))
        return read_numbers(&cursor, date, number, size);
    return read_day_first(&cursor, date, number, size);
}

bool deid_date_read_month_day(struct slice text, size_t at, struct deid_date *date)
{
    struct cursor cursor = { text, at };
    size_t size, second_at;

    *date = (struct deid_date){ .start = at };
    if (!is_free_before(text, at))
        return false;
    date->month = (int8_t)read_number(&cursor, 2, &size);
    part_set(&date->month_part, date, at, size);
    if (peek(&cursor) != '/')
        return false;
    cursor.at++;
    second_at = cursor.at;
    date->day = (int8_t)read_number(&cursor, 2, &size);
    part_set(&date->day_part, date, second_at, size);
    return date->month > 0 && date->day > 0 && date_end(date, &cursor);
}

size_t deid_date_time_end(struct slice text, size_t at)
{
    size_t end = at;

    if (at + 5 >= text.size || text.data[at] != 'T' || !deid_is_digit(text.data[at + 1]))
        return at;
    for (end = at + 1; end < text.size; end++) {
        char c = text.data[end];
        if (!deid_is_digit(c) && c != ':' && c != '+' && c != '-' && c != 'Z'
            && !(c == '.' && end + 1 < text.size && deid_is_digit(text.data[end + 1])))
            break;
    }
    while (end > at
           && (text.data[end - 1] == ':' || text.data[end - 1] == '-' || text.data[end - 1] == '+'))
        end--;
    return end;
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
    return is_long && !date->is_month_word && slice_find_byte(whole, '-') < whole.size
           && whole.data[0] != '-';
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
            struct cursor cursor = { old, at + date->day_part.size };
            size_t ordinal = date->is_month_word ? ordinal_size(&cursor) : 0;

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
    char bytes[DATE_BYTES_MAX * 2];
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
