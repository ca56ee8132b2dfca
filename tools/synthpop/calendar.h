/* Calendar: days since 1970-01-01 (negative before) and what is written of them. Any thread. */
#ifndef CALENDAR_H
#define CALENDAR_H

#define CALENDAR_TEXT_BYTES 12
#define DAYS_PER_YEAR 365.25

/* The day of a date of the Gregorian calendar. */
int calendar_day(int year, int month, int day);

void calendar_date(int day_number, int *year, int *month, int *day);

/* "2019-03-04"; @text has CALENDAR_TEXT_BYTES. Returns @text. */
const char *calendar_format(int day_number, char *text);

/* Monday is 0. */
int calendar_weekday(int day_number);

/* The day itself, or the Monday after a weekend. */
int calendar_working_day(int day_number);

/* Whole years from @from to @to. */
int calendar_years_between(int from, int to);

#endif
