#include "calendar.h"

#include <stdio.h>

/* Years are counted from March, so that the leap day is a year's last; eras are of 400 years. */
int calendar_day(int year, int month, int day)
{
    int era, year_of_era, day_of_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    year_of_era = year - era * 400;
    day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
           - 719468;
}

void calendar_date(int day_number, int *year, int *month, int *day)
{
    int z = day_number + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int day_of_era = z - era * 146097;
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (5 * day_of_year + 2) / 153;

    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

const char *calendar_format(int day_number, char *text)
{
    int year, month, day;

    calendar_date(day_number, &year, &month, &day);
    snprintf(text, CALENDAR_TEXT_BYTES, "%04d-%02d-%02d", year, month, day);
    return text;
}

int calendar_weekday(int day_number)
{
    return ((day_number + 3) % 7 + 7) % 7;
}

int calendar_working_day(int day_number)
{
    int weekday = calendar_weekday(day_number);

    return weekday < 5 ? day_number : day_number + 7 - weekday;
}

int calendar_years_between(int from, int to)
{
    int year, month, day, year_to, month_to, day_to;

    calendar_date(from, &year, &month, &day);
    calendar_date(to, &year_to, &month_to, &day_to);
    return year_to - year - (month_to < month || (month_to == month && day_to < day));
}
