/* Words from front to back: a word that says how ("since", "before", "last") waits for what it is
 * about (a date, a month and a year, a number of units). */
#include "context_time.h"

#include <ctype.h>
#include <stdlib.h>

#include "context_words.h"

#define DAY_SECONDS 86400

enum bearing { BEARING_IN, BEARING_SINCE, BEARING_BEFORE, BEARING_UNTIL, BEARING_LAST };

struct reading_time {
    struct period period;
    enum bearing bearing;
    int month;     /* that was named and waits for its year; 0: none */
    int number;    /* that waits for its unit; 0: none */
    bool is_range; /* "between": the next date ends it */
    int64_t now;
};

static int month_of(struct slice word)
{
    static const char *const names[] = { "january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december" };

    for (int i = 0; i < 12; i++)
        if (slice_is(word, names[i])
            || (word.size == 3 && i != 4 && memcmp(word.data, names[i], 3) == 0))
            return i + 1;
    return 0;
}

static int number_of(struct slice word)
{
    static const char *const names[] = { "one",   "two",   "three", "four", "five",   "six",
                                         "seven", "eight", "nine",  "ten",  "eleven", "twelve" };
    int number = 0;

    for (int i = 0; i < 12; i++)
        if (slice_is(word, names[i]))
            return i + 1;
    for (size_t i = 0; i < word.size; i++) {
        if (!isdigit((unsigned char)word.data[i]) || number > 999)
            return 0;
        number = number * 10 + (word.data[i] - '0');
    }
    return number;
}

static int days_of_unit(struct slice word)
{
    static const struct {
        const char *name;
        int days;
    } units[] = { { "day", 1 },       { "days", 1 },    { "week", 7 },   { "weeks", 7 },
                  { "month", 31 },    { "months", 31 }, { "year", 366 }, { "years", 366 },
                  { "decade", 3660 }, { "hour", 1 },    { "hours", 1 } };

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (slice_is(word, units[i].name))
            return units[i].days;
    return 0;
}

static bool bearing_of(struct slice word, enum bearing *bearing)
{
    static const struct {
        const char *name;
        enum bearing bearing;
    } words[] = { { "in", BEARING_IN },         { "during", BEARING_IN },
                  { "on", BEARING_IN },         { "since", BEARING_SINCE },
                  { "after", BEARING_SINCE },   { "from", BEARING_SINCE },
                  { "before", BEARING_BEFORE }, { "until", BEARING_UNTIL },
                  { "by", BEARING_UNTIL },      { "of", BEARING_UNTIL },
                  { "last", BEARING_LAST },     { "past", BEARING_LAST },
                  { "previous", BEARING_LAST }, { "recent", BEARING_LAST } };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_is(word, words[i].name)) {
            *bearing = words[i].bearing;
            return true;
        }
    return false;
}

/* The moment at which what was written ends. */
static int64_t end_of(const struct fhir_date *date)
{
    struct fhir_date next = *date;

    if (date->precision == FHIR_PRECISION_YEAR) {
        next.year++;
    } else if (date->precision == FHIR_PRECISION_MONTH) {
        next.year = (int16_t)(next.year + (next.month == 12));
        next.month = (uint8_t)(next.month % 12 + 1);
    } else {
        return date->seconds + DAY_SECONDS;
    }
    return fhir_date_days(&next) * DAY_SECONDS;
}

static void take_date(struct reading_time *reading, const struct fhir_date *date)
{
    struct period *period = &reading->period;

    if (!period->is_asked) {
        period->from = INT64_MIN;
        period->to = INT64_MAX;
    }
    if (reading->is_range && period->is_asked) {
        period->to = end_of(date);
        reading->is_range = false;
        return;
    }
    if (reading->is_range || reading->bearing == BEARING_SINCE)
        period->from = date->seconds;
    else if (reading->bearing == BEARING_BEFORE)
        period->to = date->seconds;
    else if (reading->bearing == BEARING_UNTIL)
        period->to = end_of(date);
    else {
        period->from = date->seconds;
        period->to = end_of(date);
    }
    period->is_asked = true;
}

/* "last six months", "past year". */
static void take_span(struct reading_time *reading, int days)
{
    if (reading->period.is_asked || reading->bearing != BEARING_LAST || reading->now == INT64_MIN)
        return;
    reading->period.is_asked = true;
    reading->period.from =
        reading->now - (int64_t)days * (reading->number == 0 ? 1 : reading->number) * DAY_SECONDS;
    reading->period.to = INT64_MAX;
}

/* A year is four digits from 1900 to 2099: a dose is not. */
static bool is_year(struct slice word)
{
    return word.size == 4 && (memcmp(word.data, "19", 2) == 0 || memcmp(word.data, "20", 2) == 0)
           && isdigit((unsigned char)word.data[2]) && isdigit((unsigned char)word.data[3]);
}

/* "2000 units", "2000 mg": a dose. */
static bool is_dose(struct slice after)
{
    static const char *const units[] = { "unit", "units", "iu",   "mg",    "mcg",  "ug",
                                         "g",    "ml",    "kcal", "cells", "steps" };
    char lower[WORD_BYTES_MAX];
    struct slice word;

    if (!words_next(&after, &word) || word.size >= WORD_BYTES_MAX)
        return false;
    word_lower(word, lower);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (slice_is(slice_of(lower, word.size), units[i]))
            return true;
    return false;
}

/* "2019", "2019-03", "2019-03-04" at the front of @text; false where none is there. */
static bool take_iso(struct slice *text, struct fhir_date *date)
{
    static const size_t sizes[] = { 10, 7, 4 };

    if (!is_year(slice_cut(*text, 0, 4)))
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (text->size < sizes[i]
            || (text->size > sizes[i] && isalnum((unsigned char)text->data[sizes[i]]))
            || !fhir_date_parse(slice_cut(*text, 0, sizes[i]), date)
            || is_dose(slice_cut(*text, sizes[i], text->size)))
            continue;
        *text = slice_cut(*text, sizes[i], text->size);
        return true;
    }
    return false;
}

static void read_word(struct reading_time *reading, struct slice word)
{
    char lower[WORD_BYTES_MAX];
    enum bearing bearing;
    int number;

    if (word.size >= WORD_BYTES_MAX)
        return;
    word_lower(word, lower);
    word = slice_of(lower, word.size);
    if (slice_is(word, "between")) {
        reading->is_range = true;
    } else if (bearing_of(word, &bearing)) {
        reading->bearing = bearing;
        reading->number = 0;
    } else if (month_of(word) > 0) {
        reading->month = month_of(word);
    } else if (days_of_unit(word) > 0) {
        take_span(reading, days_of_unit(word));
        reading->number = 0;
    } else if ((number = number_of(word)) > 0) {
        reading->number = number;
    }
}

static void read_date(struct reading_time *reading, struct fhir_date *date)
{
    if (reading->month > 0 && date->precision == FHIR_PRECISION_YEAR) {
        date->month = (uint8_t)reading->month;
        date->precision = FHIR_PRECISION_MONTH;
        date->seconds = fhir_date_days(date) * DAY_SECONDS;
    }
    reading->month = 0;
    take_date(reading, date);
    reading->bearing = BEARING_IN;
}

struct period period_find(struct slice question, int64_t now)
{
    struct reading_time reading = { .now = now };

    while (question.size > 0) {
        struct fhir_date date;
        struct slice word;
        size_t start = 0;

        while (start < question.size && !isalnum((unsigned char)question.data[start]))
            start++;
        question = slice_cut(question, start, question.size);
        if (take_iso(&question, &date))
            read_date(&reading, &date);
        else if (words_next(&question, &word))
            read_word(&reading, word);
        else
            question.size = 0;
    }
    return reading.period;
}
