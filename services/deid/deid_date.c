#include "deid_date.h"

#include "deid_token.h"

#define YEAR_MIN 1800
#define YEAR_MAX 2199
#define YEAR_COMPACT_MIN 1900 /* eight digits are more often a number than a date */
#define YEAR_COMPACT_MAX 2099
#define DATE_BYTES_MAX 48

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

/* Nothing beside it that would make it part of something longer. @joint: what may stand between two
 * dates of this form ("3/4/2019-3/10/2019"). */
static bool is_free_before(struct slice text, size_t at, char joint)
{
    char before = at > 0 ? text.data[at - 1] : 0;

    if (deid_is_word(before) || before == '$')
        return false;
    return at < 2 || before == joint || !deid_is_digit(text.data[at - 2])
           || !(before == '/' || before == '-' || before == '.' || before == ',');
}

static bool is_free_after(struct slice text, size_t at, char joint)
{
    char after = at < text.size ? text.data[at] : 0;
    char then = at + 1 < text.size ? text.data[at + 1] : 0;

    if (after == 'T' && deid_is_digit(then))
        return true;
    if (deid_is_word(after) || after == '%')
        return false;
    return after == joint || !deid_is_digit(then)
           || !(after == '/' || after == '-' || after == '.');
}

static bool date_end(struct deid_date *date, struct cursor *cursor, char joint)
{
    date->end = cursor->at;
    return cursor->at - date->start <= DATE_BYTES_MAX && is_whole(date)
           && is_free_before(cursor->text, date->start, joint)
           && is_free_after(cursor->text, cursor->at, joint);
}

/* What may stand between two dates whose parts stand between @separator. */
static char joint_of(char separator)
{
    return separator == '/' || separator == '.' ? '-' : separator == '-' ? '/' : 0;
}

/* "2019-03-Person-2": what goes on after the same sign is no year and month, in the redacted text
 * as in the one before. */
static bool is_more(const struct cursor *cursor, char separator)
{
    return peek(cursor) == separator && deid_is_word(peek_after(cursor));
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
        return separator != '.' && size == 2 && !is_more(cursor, separator)
               && date_end(date, cursor, joint_of(separator));
    cursor->at++;
    at = cursor->at;
    date->day = (int8_t)read_number(cursor, 2, &size);
    part_set(&date->day_part, date, at, size);
    return date->day > 0 && date_end(date, cursor, joint_of(separator));
}

/* 20190304. */
static bool read_compact(struct cursor *cursor, struct deid_date *date)
{
    struct slice digits = slice_cut(cursor->text, date->start, date->start + 8);
    int value = 0;

    for (size_t i = 0; i < 8; i++) {
        if (i >= digits.size || !deid_is_digit(digits.data[i]))
            return false;
        value = value * 10 + (digits.data[i] - '0');
    }
    cursor->at = date->start + 8;
    date->year = (int16_t)(value / 10000);
    date->month = (int8_t)(value / 100 % 100);
    date->day = (int8_t)(value % 100);
    date->is_compact = true;
    part_set(&date->year_part, date, date->start, 4);
    part_set(&date->month_part, date, date->start + 4, 2);
    part_set(&date->day_part, date, date->start + 6, 2);
    return date->year >= YEAR_COMPACT_MIN && date->year <= YEAR_COMPACT_MAX && date->day > 0
           && date_end(date, cursor, '-');
}

/* Whether a third number follows. */
static bool is_third(const struct cursor *cursor, char separator)
{
    return peek(cursor) == separator && deid_is_digit(peek_after(cursor));
}

/* "A/California/7/2009": a number after a word and a slash is no month. */
static bool is_path(struct slice text, size_t at)
{
    return at >= 2 && text.data[at - 1] == '/' && deid_is_letter(text.data[at - 2]);
}

/* 3/4/2019, 03-04-19, 4.3.2019, 03/2019; month first unless that cannot be. */
static bool read_numbers(struct cursor *cursor, struct deid_date *date, int first, size_t size)
{
    char separator = peek(cursor);
    size_t second_at, second_size, third_at, third_size;
    int second, third;
    bool is_day_first = first > 12;

    cursor->at++;
    second_at = cursor->at;
    second = read_number(cursor, 4, &second_size);
    if (second_size == 4 && !is_path(cursor->text, date->start)
        && (separator == '/' || (separator == '-' && size == 2)) && is_year(second, 4)
        && !is_third(cursor, separator)) {
        date->month = (int8_t)first;
        date->year = (int16_t)second;
        part_set(&date->month_part, date, date->start, size);
        part_set(&date->year_part, date, second_at, 4);
        return !is_more(cursor, separator) && date_end(date, cursor, joint_of(separator));
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
    return date->day > 0 && date_end(date, cursor, joint_of(separator));
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

static const char *const month_names[] = { "january",   "february", "march",    "april",
                                           "may",       "june",     "july",     "august",
                                           "september", "october",  "november", "december" };

#define LETTERS(a, b, c) ((unsigned)(a) << 16 | (unsigned)(b) << 8 | (unsigned)(c))

/* By the first three letters, which most words end at: 1 to 12, or 0. */
static int month_begun(struct slice word)
{
    static const unsigned begins[] = {
        LETTERS('j', 'a', 'n'), LETTERS('f', 'e', 'b'), LETTERS('m', 'a', 'r'),
        LETTERS('a', 'p', 'r'), LETTERS('m', 'a', 'y'), LETTERS('j', 'u', 'n'),
        LETTERS('j', 'u', 'l'), LETTERS('a', 'u', 'g'), LETTERS('s', 'e', 'p'),
        LETTERS('o', 'c', 't'), LETTERS('n', 'o', 'v'), LETTERS('d', 'e', 'c'),
    };
    unsigned letters = LETTERS((unsigned char)word.data[0] | 32u, (unsigned char)word.data[1] | 32u,
                               (unsigned char)word.data[2] | 32u);
    int month = 0;

    for (int i = 0; i < 12; i++)
        month |= begins[i] == letters ? i + 1 : 0;
    return month;
}

int deid_date_month(struct slice word)
{
    int month;

    if (word.size < 3 || word.size > 9)
        return 0;
    month = month_begun(word);
    if (month == 0 || word.size == 3)
        return month;
    return slice_equal_fold(word, slice_from(month_names[month - 1]))
                   || slice_equal_fold(word, SLICE("sept"))
               ? month
               : 0;
}

/* The month word at the cursor, with its period. */
static bool read_month_word(struct cursor *cursor, struct deid_date *date)
{
    size_t at = cursor->at, end = at;
    struct slice word;

    while (end < cursor->text.size && end - at < 10 && deid_is_letter(cursor->text.data[end]))
        end++;
    word = slice_cut(cursor->text, at, end);
    date->month = (int8_t)deid_date_month(word);
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

static void skip_word(struct cursor *cursor, struct slice word)
{
    if (slice_starts_with(slice_cut(cursor->text, cursor->at, cursor->text.size), word))
        cursor->at += word.size;
}

/* ", 2019", " of 2019", "-19", " '19", "2019" right after the month's letters: a year after a
 * month; the cursor stays where there is none. */
static bool read_year_last(struct cursor *cursor, struct deid_date *date, bool is_two_allowed)
{
    struct cursor probe = *cursor;
    bool is_marked = peek(&probe) == '-' || peek(&probe) == '/';
    bool is_glued = deid_is_digit(peek(&probe)) && deid_is_letter(probe.text.data[probe.at - 1]);
    size_t at, size;
    int year;

    if (is_marked) {
        probe.at++;
    } else {
        if (peek(&probe) == ',')
            probe.at++;
        skip_blanks(&probe);
        skip_word(&probe, SLICE("of "));
    }
    if (peek(&probe) == '\'') {
        is_marked = true;
        probe.at++;
    }
    at = probe.at;
    year = at == cursor->at && !is_glued ? -1 : read_number(&probe, 4, &size);
    if (year < 0
        || !(is_year(year, size)
             || (size == 2 && ((is_two_allowed && is_marked) || (is_glued && date->day > 0))))
        || !is_free_after(probe.text, probe.at, '-'))
        return false;
    date->year = (int16_t)(size == 2 ? year_of_two(year) : year);
    part_set(&date->year_part, date, at, size);
    cursor->at = probe.at;
    return true;
}

/* Whether the month's word can be no other: "may", "mar" and "march" in small letters can. */
static bool is_sure_month(struct slice text, const struct deid_date *date)
{
    struct slice word = slice_cut(text, date->start + date->month_part.offset,
                                  date->start + date->month_part.offset + date->month_part.size);

    if (word.data[0] >= 'A' && word.data[0] <= 'Z')
        return true;
    return date->month != 5 && date->month != 3;
}

/* 4 March 2019, 4th of March, 04-Mar-2019, 04MAR19. */
static bool read_day_first(struct cursor *cursor, struct deid_date *date, int day, size_t size)
{
    bool is_marked;

    date->day = (int8_t)day;
    part_set(&date->day_part, date, date->start, size);
    cursor->at += ordinal_size(cursor);
    is_marked = peek(cursor) == '-' || peek(cursor) == '/' || peek(cursor) == '.';
    if (is_marked)
        cursor->at++;
    else
        skip_blanks(cursor);
    skip_word(cursor, SLICE("day "));
    skip_word(cursor, SLICE("of "));
    if (!read_month_word(cursor, date))
        return false;
    if (!read_year_last(cursor, date, true) && !is_sure_month(cursor->text, date))
        return false;
    return date_end(date, cursor, '-');
}

/* March 4, 2019; Mar 4th; March 2019; Mar-04-2019; Jan '24. */
static bool read_month_first(struct cursor *cursor, struct deid_date *date)
{
    struct cursor after_day, without_year;
    size_t at, size;
    int day;

    if (!read_month_word(cursor, date))
        return false;
    after_day = *cursor;
    if (peek(&after_day) == '-' || peek(&after_day) == '/')
        after_day.at++;
    else
        skip_blanks(&after_day);
    at = after_day.at;
    day = read_number(&after_day, 4, &size);
    if (day >= 1 && day <= 31 && size <= 2 && (at > cursor->at || ordinal_size(&after_day) > 0)) {
        after_day.at += ordinal_size(&after_day);
        date->day = (int8_t)day;
        part_set(&date->day_part, date, at, size);
        without_year = after_day;
        if (read_year_last(&after_day, date, true) && is_whole(date))
            return date_end(date, &after_day, 0);
        date->year = 0; /* "Feb 29 2019" is a day that never was: Feb 29 */
        date->year_part.size = 0;
        return is_sure_month(cursor->text, date) && date_end(date, &without_year, 0);
    }
    return read_year_last(cursor, date, true) && date_end(date, cursor, '-');
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
    return date->day > 0 && date_end(date, cursor, 0);
}

bool deid_date_read(struct slice text, size_t at, struct deid_date *date)
{
    struct cursor cursor = { text, at };
    size_t size;
    int number;
    char c = peek(&cursor);

    *date = (struct deid_date){ .start = at };
    if (at > 0 && deid_is_word(text.data[at - 1]))
        return false;
    if (c == '-')
        return read_dashes(&cursor, date);
    if (!deid_is_digit(c))
        return deid_is_letter(c) && read_month_first(&cursor, date);
    number = read_number(&cursor, 4, &size);
    c = peek(&cursor);
    if (number < 0)
        return read_compact(&cursor, date);
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
    date->month = (int8_t)read_number(&cursor, 2, &size);
    part_set(&date->month_part, date, at, size);
    if (peek(&cursor) != '/')
        return false;
    cursor.at++;
    second_at = cursor.at;
    date->day = (int8_t)read_number(&cursor, 2, &size);
    part_set(&date->day_part, date, second_at, size);
    return date->month > 0 && date->day > 0 && date_end(date, &cursor, '-');
}

static bool is_two_digits(struct slice text, size_t at)
{
    return at + 1 < text.size && deid_is_digit(text.data[at]) && deid_is_digit(text.data[at + 1]);
}

/* " 23:08:55", with its fraction; @at when none follows. */
static size_t clock_end(struct slice text, size_t at)
{
    size_t end = at + 9;

    if (at >= text.size || text.data[at] != ' ' || !is_two_digits(text, at + 1)
        || !is_two_digits(text, at + 4) || !is_two_digits(text, at + 7) || text.data[at + 3] != ':'
        || text.data[at + 6] != ':')
        return at;
    if (end + 1 < text.size && text.data[end] == '.' && deid_is_digit(text.data[end + 1]))
        for (end++; end < text.size && deid_is_digit(text.data[end]);)
            end++;
    return end < text.size && deid_is_word(text.data[end]) ? at : end;
}

/* " AM": half a day. */
static size_t half_end(struct slice text, size_t at)
{
    if (at + 3 > text.size || text.data[at] != ' '
        || (text.data[at + 1] != 'A' && text.data[at + 1] != 'P') || text.data[at + 2] != 'M'
        || (at + 3 < text.size && deid_is_word(text.data[at + 3])))
        return at;
    return at + 3;
}

size_t deid_date_time_end(struct slice text, size_t at)
{
    size_t end = clock_end(text, at);

    if (at + 5 >= text.size || text.data[at] != 'T' || !deid_is_digit(text.data[at + 1]))
        return half_end(text, end);
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
