/* Dates as people write them: read, moved by days, written again in the same form.
 *
 * A date is read by its own letters and what stands right beside it, never by the words around it,
 * so that a moved date in a redacted text is read again as what it is. Moving forth and back gives
 * the same bytes, or deid_date_move says that it would not. */
#ifndef DEID_DATE_H
#define DEID_DATE_H

#include "base/buffer.h"

/* The parts of a date as written: where each stands. */
struct deid_date_part {
    uint8_t offset, size; /* from the date's start; size 0: absent */
};

struct deid_date {
    size_t start, end; /* of the text it was read from; without a time of day that follows */
    int16_t year;      /* 0: absent */
    int8_t month;      /* 0: absent */
    int8_t day;        /* 0: absent */
    struct deid_date_part year_part, month_part, day_part;
    bool is_month_word;
    bool is_compact; /* 20190304 */
};

/* The date that begins at @at of @text. False when none does. */
bool deid_date_read(struct slice text, size_t at, struct deid_date *date);

/* "4/19": read only where the words around it say that it is a date. Written anew it becomes
 * "--4-19", which deid_date_read knows. */
bool deid_date_read_month_day(struct slice text, size_t at, struct deid_date *date);

/* Append the date of @text moved by @days, in the form it is written in. A whole date moves by
 * days; a year and month by the whole months nearest to @days, and a month and day within a common
 * year, so that each can be moved back exactly; a year alone stays, because
 * @days is under half a year. False (and nothing usable appended) when the result could not be
 * moved back to the same bytes. */
bool deid_date_move(struct slice text, const struct deid_date *date, int days, struct buffer *out);

/* The same from the form of deid_date_read_month_day. */
bool deid_date_move_month_day(struct slice text, const struct deid_date *date, int days,
                              struct buffer *out);

/* Where a "T14:05:00Z", " 14:05:00" or " AM" that follows a date at @at ends; @at when none does.
 */
size_t deid_date_time_end(struct slice text, size_t at);

/* The month that a word names (1 to 12), whole or in short, in any case; else 0. */
int deid_date_month(struct slice word);

/* Days since 1970-01-01, and back. */
int64_t deid_date_days(int year, int month, int day);
void deid_date_civil(int64_t days, int *year, int *month, int *day);
int deid_date_month_days(int year, int month);

#endif
