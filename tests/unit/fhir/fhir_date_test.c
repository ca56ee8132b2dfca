#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fhir/fhir_date.h"

static struct fhir_date parse(const char *text)
{
    struct fhir_date date;

    assert_true(fhir_date_parse(slice_from(text), &date));
    return date;
}

static void assert_formats(const char *text, const char *expected)
{
    struct fhir_date date = parse(text);
    char out[FHIR_DATE_TEXT_BYTES];

    assert_int_equal(fhir_date_format(&date, out), strlen(expected));
    assert_string_equal(out, expected);
}

static void keeps_the_precision_that_was_written(void **state)
{
    (void)state;
    assert_formats("2019", "2019");
    assert_formats("2019-03", "2019-03");
    assert_formats("2019-03-04", "2019-03-04");
    assert_formats("2019-03-04T23:30:00-05:00", "2019-03-04");
    assert_formats("2019-03-04T23:30:00.123Z", "2019-03-04");
    assert_formats("2019-03-04T23:30Z", "2019-03-04");
}

static void counts_seconds_as_the_c_library_does(void **state)
{
    (void)state;
    assert_int_equal(parse("1970-01-01").seconds, 0);
    assert_int_equal(parse("2001-09-09T01:46:40Z").seconds, 1000000000);
    assert_int_equal(parse("2001-09-09T03:46:40+02:00").seconds, 1000000000);
    assert_int_equal(parse("1941-07-20T05:24:54-04:00").seconds, -897834906);
    assert_int_equal(parse("2000-02-29").seconds, 951782400);
}

static void compares_by_moment_and_then_by_precision(void **state)
{
    (void)state;
    struct fhir_date none = { 0 }, year = parse("2019"), day = parse("2019-01-01"),
                     later = parse("2019-01-02");
    struct fhir_date east = parse("2019-01-02T01:00:00+02:00");

    assert_true(fhir_date_compare(&none, &year) < 0);
    assert_true(fhir_date_compare(&year, &day) < 0);
    assert_true(fhir_date_compare(&day, &later) < 0);
    assert_true(fhir_date_compare(&east, &later) < 0);
    assert_int_equal(fhir_date_compare(&day, &day), 0);
}

static void refuses_what_no_calendar_has(void **state)
{
    (void)state;
    static const char *const texts[] = { "",
                                         "19",
                                         "2019-",
                                         "2019-13",
                                         "2019-00",
                                         "2019-02-29",
                                         "2019-02-30",
                                         "2019-1-1",
                                         "0000",
                                         "2019-01-01T",
                                         "2019-01-01T25:00:00Z",
                                         "2019-01-01T10:00:00Zx",
                                         "2019-01-01 10:00",
                                         "last year",
                                         "2019-01-01T10:00:00+25:00" };
    struct fhir_date date;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (fhir_date_parse(slice_from(texts[i]), &date))
            fail_msg("accepted: %s", texts[i]);
        assert_int_equal(date.precision, FHIR_PRECISION_NONE);
    }
}

static void days_give_back_the_date_as_it_was_written(void **state)
{
    (void)state;
    static const char *const texts[] = { "1970-01-01", "0001-01-01", "9999-12-31", "2024-02-29",
                                         "1900-03-01", "2019-03",    "1957" };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct fhir_date date, again;
        char text[FHIR_DATE_TEXT_BYTES];

        assert_true(fhir_date_parse(slice_from(texts[i]), &date));
        again = date;
        again.year = 0;
        again.month = again.day = 0;
        assert_true(fhir_date_from_days(fhir_date_days(&date), &again));
        fhir_date_format(&again, text);
        assert_string_equal(text, texts[i]);
    }
    assert_false(fhir_date_from_days(INT64_MIN, &(struct fhir_date){ 0 }));
    assert_false(fhir_date_from_days(-719163, &(struct fhir_date){ 0 }));
    assert_false(fhir_date_from_days(2932897, &(struct fhir_date){ 0 }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_give_back_the_date_as_it_was_written),
        cmocka_unit_test(keeps_the_precision_that_was_written),
        cmocka_unit_test(counts_seconds_as_the_c_library_does),
        cmocka_unit_test(compares_by_moment_and_then_by_precision),
        cmocka_unit_test(refuses_what_no_calendar_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
