/* word by word: one that says how ("in", "since"), perhaps a month, a year. */
#include "gateway_period.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

#define YEAR_LEAST 1900
#define YEAR_MOST 2099

enum bearing { BEARING_NONE, BEARING_IN, BEARING_SINCE, BEARING_BEFORE };

struct reading {
    struct slice text;
    size_t at; /* next byte to be read */
};

static struct slice take_word(struct reading *reading)
{
    size_t start;

    while (reading->at < reading->text.size
           && !isalnum((unsigned char)reading->text.data[reading->at]))
        reading->at++;
    start = reading->at;
    while (reading->at < reading->text.size
           && (isalnum((unsigned char)reading->text.data[reading->at])
               || reading->text.data[reading->at] == '-'))
        reading->at++;
    return slice_cut(reading->text, start, reading->at);
}

static enum bearing bearing_of(struct slice word)
{
    static const struct {
        const char *word;
        enum bearing bearing;
    } words[] = { { "in", BEARING_IN },
                  { "during", BEARING_IN },
                  { "throughout", BEARING_IN },
                  { "since", BEARING_SINCE },
                  { "before", BEARING_BEFORE } };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_equal_fold(word, slice_from(words[i].word)))
            return words[i].bearing;
    return BEARING_NONE;
}

static int month_of(struct slice word)
{
    static const char *const names[] = { "january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december" };

    for (int i = 0; i < 12; i++)
        if (slice_equal_fold(word, slice_from(names[i]))
            || slice_equal_fold(word, slice_of(names[i], 3)))
            return i + 1;
    return 0;
}

/* "2019", and "2019-03" with its month; 0: neither. */
static int year_of(struct slice word, int *month)
{
    int year;

    if (word.size != 4 && (word.size != 7 || word.data[4] != '-'))
        return 0;
    for (size_t i = 0; i < word.size; i++)
        if (i != 4 && !isdigit((unsigned char)word.data[i]))
            return 0;
    year = atoi((char[]){ word.data[0], word.data[1], word.data[2], word.data[3], '\0' });
    if (word.size == 7) {
        *month = atoi((char[]){ word.data[5], word.data[6], '\0' });
        if (*month < 1 || *month > 12)
            return 0;
    }
    return year >= YEAR_LEAST && year <= YEAR_MOST ? year : 0;
}

static int days_in(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap);
}

/* "2000 mg" is a dose. */
static bool is_dose(struct reading after)
{
    static const char *const units[] = { "mg", "mcg", "g", "ml", "units", "unit", "iu", "kcal" };
    struct slice word = take_word(&after);

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (slice_equal_fold(word, slice_from(units[i])))
            return true;
    return false;
}

static void put_time(struct buffer *out, enum bearing bearing, int year, int month)
{
    int first = month == 0 ? 1 : month, last = month == 0 ? 12 : month;

    if (bearing == BEARING_IN)
        buffer_format(out, "between %04d-%02d-01 and %04d-%02d-%02d", year, first, year, last,
                      days_in(year, last));
    else
        buffer_format(out, "%s %04d-%02d-01", bearing == BEARING_SINCE ? "since" : "before", year,
                      first);
}

struct slice period_spell_out(struct slice question, struct arena *arena)
{
    struct reading reading = { question, 0 };
    struct buffer out;
    size_t copied = 0, start = 0;
    enum bearing bearing = BEARING_NONE;
    int month = 0;

    buffer_init(&out, arena);
    while (reading.at < question.size) {
        struct slice word = take_word(&reading);
        enum bearing said = bearing_of(word);
        int year;

        if (said != BEARING_NONE) {
            bearing = said;
            month = 0;
            start = (size_t)(word.data - question.data);
        } else if (bearing != BEARING_NONE && month == 0 && month_of(word) > 0) {
            month = month_of(word);
        } else {
            if (bearing != BEARING_NONE && (year = year_of(word, &month)) > 0
                && !is_dose(reading)) {
                buffer_put(&out, slice_cut(question, copied, start));
                put_time(&out, bearing, year, month);
                copied = reading.at;
            }
            bearing = BEARING_NONE;
        }
    }
    buffer_put(&out, slice_cut(question, copied, question.size));
    return copied == 0 || out.is_full ? question : buffer_slice(&out);
}
