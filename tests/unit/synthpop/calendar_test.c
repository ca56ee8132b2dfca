#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "calendar.h"

/* The C library is what we did not write. */
static void agrees_with_the_c_library_on_every_day_of_two_centuries(void **state)
{
    int day_number, year, month, day;

    (void)state;
    for (day_number = -36524; day_number < 36524; day_number++) {
        time_t seconds = (time_t)day_number * 86400;
        struct tm tm;

        gmtime_r(&seconds, &tm);
        calendar_date(day_number, &year, &month, &day);
        assert_int_equal(year, tm.tm_year + 1900);
        assert_int_equal(month, tm.tm_mon + 1);
        assert_int_equal(day, tm.tm_mday);
        assert_int_equal(calendar_day(year, month, day), day_number);
        assert_int_equal((calendar_weekday(day_number) + 1) % 7, tm.tm_wday);
    }
}

static void writes_a_date_with_leading_zeros(void **state)
{
    char text[CALENDAR_TEXT_BYTES];

    (void)state;
    assert_string_equal(calendar_format(calendar_day(1907, 3, 4), text), "1907-03-04");
    assert_string_equal(calendar_format(calendar_day(2024, 2, 29), text), "2024-02-29");
}

static void a_weekend_becomes_the_monday_after(void **state)
{
    int saturday = calendar_day(2025, 6, 28);

    (void)state;
    assert_int_equal(calendar_working_day(saturday), saturday + 2);
    assert_int_equal(calendar_working_day(saturday + 1), saturday + 2);
    assert_int_equal(calendar_working_day(saturday - 1), saturday - 1);
}

static void a_year_is_full_on_the_birthday_and_not_before(void **state)
{
    int born = calendar_day(1950, 8, 15);

    (void)state;
    assert_int_equal(calendar_years_between(born, calendar_day(2020, 8, 14)), 69);
    assert_int_equal(calendar_years_between(born, calendar_day(2020, 8, 15)), 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_c_library_on_every_day_of_two_centuries),
        cmocka_unit_test(writes_a_date_with_leading_zeros),
        cmocka_unit_test(a_weekend_becomes_the_monday_after),
        cmocka_unit_test(a_year_is_full_on_the_birthday_and_not_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
