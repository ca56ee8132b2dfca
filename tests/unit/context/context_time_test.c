#include "context_fixture.h"

#include "context_time.h"

static int64_t day(const char *text)
{
    struct fhir_date date;

    assert_true(fhir_date_parse(slice_from(text), &date));
    return date.seconds;
}

static void assert_period(const char *question, const char *from, const char *to)
{
    struct period period = period_find(slice_from(question), day("2026-12-31"));

    assert_true(period.is_asked);
    if (period.from != (from == NULL ? INT64_MIN : day(from)))
        fail_msg("%s: from %lld", question, (long long)period.from);
    if (period.to != (to == NULL ? INT64_MAX : day(to)))
        fail_msg("%s: to %lld", question, (long long)period.to);
}

static void reads_dates_months_years_and_spans(void **state)
{
    (void)state;
    assert_period("What happened in 2019?", "2019-01-01", "2020-01-01");
    assert_period("glucose in March 2019", "2019-03-01", "2019-04-01");
    assert_period("visits in December 2019", "2019-12-01", "2020-01-01");
    assert_period("Which drugs since 2018-05?", "2018-05-01", NULL);
    assert_period("before 2017-05-01", NULL, "2017-05-01");
    assert_period("weight as of 2019-03-04", NULL, "2019-03-05");
    assert_period("between 2015 and 2018, any falls?", "2015-01-01", "2019-01-01");
    assert_period("labs of the last 10 days", "2026-12-21", NULL);
    assert_period("in the past two weeks", "2026-12-17", NULL);
    assert_period("over the last year", "2025-12-30", NULL);
}

static void finds_no_time_where_none_is_asked(void **state)
{
    (void)state;
    static const char *const questions[] = {
        "What is the last blood pressure?",
        "Is she on 2000 units?",
        "After the surgery, any pain?",
        "May he eat?",
        "",
        "How many days did he stay?",
        "12345 2019x",
    };

    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        if (period_find(slice_from(questions[i]), day("2026-12-31")).is_asked)
            fail_msg("%s", questions[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_dates_months_years_and_spans, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_no_time_where_none_is_asked, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
