#include "fhir/fhir_date.h"

#include <stdio.h>

#define SECONDS_PER_DAY 86400

/* Take exactly @count digits off @text. */
static bool take_digits(struct slice *text, size_t count, int *value)
{
    *value = 0;
    if (text->size < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (text->data[i] < '0' || text->data[i] > '9')
            return false;
        *value = *value * 10 + (text->data[i] - '0');
    }
    *text = slice_cut(*text, count, text->size);
    return true;
}

static bool take_byte(struct slice *text, char byte)
{
    if (text->size == 0 || text->data[0] != byte)
        return false;
    *text = slice_cut(*text, 1, text->size);
    return true;
}

static int days_in_month(int year, int month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap);
}

/* Days since 1970-01-01 in the Gregorian calendar (the usual count of 400-year eras that begin in
 * March). */
static int64_t days_from_civil(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int of_era = y - era * 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t fhir_date_days(const struct fhir_date *date)
{
    return date->precision == FHIR_PRECISION_NONE
               ? 0
               : days_from_civil(date->year, date->month, date->day);
}

bool fhir_date_from_days(int64_t days, struct fhir_date *date)
{
    int64_t z = days + 719468, era, of_era, year, of_year, month;

    if (days < -800000 || days > 3000000)
        return false;
    era = (z >= 0 ? z : z - 146096) / 146097;
    of_era = z - era * 146097;
    year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * year + year / 4 - year / 100);
    month = (5 * of_year + 2) / 153;
    date->day = (uint8_t)(of_year - (153 * month + 2) / 5 + 1);
    date->month = (uint8_t)(month < 10 ? month + 3 : month - 9);
    year += era * 400 + (date->month <= 2);
    date->year = (int16_t)year;
    return year >= 1 && year <= 9999;
}

/* "hh:mm[:ss[.fff]]" and then "Z", "+hh:mm", "-hh:mm" or nothing. */
static bool parse_time(struct slice text, int64_t *seconds)
{
    int hour, minute, second = 0, zone_hour = 0, zone_minute = 0, sign = 0;

    if (!take_digits(&text, 2, &hour) || !take_byte(&text, ':') || !take_digits(&text, 2, &minute))
        return false;
    if (take_byte(&text, ':') && !take_digits(&text, 2, &second))
        return false;
    if (take_byte(&text, '.')) {
        int digit;

        while (take_digits(&text, 1, &digit))
            ;
    }
    if (take_byte(&text, '+'))
        sign = -1;
    else if (take_byte(&text, '-'))
        sign = 1;
    else
        take_byte(&text, 'Z');
    if (sign != 0
        && (!take_digits(&text, 2, &zone_hour) || !take_byte(&text, ':')
            || !take_digits(&text, 2, &zone_minute)))
        return false;
    if (text.size > 0 || hour > 24 || minute > 59 || second > 60 || zone_hour > 14
        || zone_minute > 59)
        return false;
    *seconds = hour * 3600 + minute * 60 + second + sign * (zone_hour * 3600 + zone_minute * 60);
    return true;
}

static bool parse(struct slice text, struct fhir_date *date)
{
    int year, month = 1, day = 1;
    int64_t time = 0;

    if (!take_digits(&text, 4, &year) || year == 0)
        return false;
    date->precision = FHIR_PRECISION_YEAR;
    if (take_byte(&text, '-')) {
        if (!take_digits(&text, 2, &month) || month < 1 || month > 12)
            return false;
        date->precision = FHIR_PRECISION_MONTH;
        if (take_byte(&text, '-')) {
            if (!take_digits(&text, 2, &day) || day < 1 || day > days_in_month(year, month))
                return false;
            date->precision = FHIR_PRECISION_DAY;
            if (take_byte(&text, 'T')) {
                if (!parse_time(text, &time))
                    return false;
                date->precision = FHIR_PRECISION_TIME;
                text.size = 0;
            }
        }
    }
    date->year = (int16_t)year;
    date->month = (uint8_t)month;
    date->day = (uint8_t)day;
    date->seconds = days_from_civil(year, month, day) * SECONDS_PER_DAY + time;
    return text.size == 0;
}

bool fhir_date_parse(struct slice text, struct fhir_date *date)
{
    *date = (struct fhir_date){ 0 };
    if (parse(text, date))
        return true;
    *date = (struct fhir_date){ 0 };
    return false;
}

int fhir_date_compare(const struct fhir_date *a, const struct fhir_date *b)
{
    if (a->precision == FHIR_PRECISION_NONE || b->precision == FHIR_PRECISION_NONE)
        return (a->precision != FHIR_PRECISION_NONE) - (b->precision != FHIR_PRECISION_NONE);
    if (a->seconds != b->seconds)
        return a->seconds < b->seconds ? -1 : 1;
    return (int)a->precision - (int)b->precision;
}

size_t fhir_date_format(const struct fhir_date *date, char text[FHIR_DATE_TEXT_BYTES])
{
    int size = 0;

    text[0] = '\0';
    if (date->precision >= FHIR_PRECISION_DAY)
        size = snprintf(text, FHIR_DATE_TEXT_BYTES, "%04d-%02d-%02d", date->year, date->month,
                        date->day);
    else if (date->precision == FHIR_PRECISION_MONTH)
        size = snprintf(text, FHIR_DATE_TEXT_BYTES, "%04d-%02d", date->year, date->month);
    else if (date->precision == FHIR_PRECISION_YEAR)
        size = snprintf(text, FHIR_DATE_TEXT_BYTES, "%04d", date->year);
    return (size_t)size;
}
