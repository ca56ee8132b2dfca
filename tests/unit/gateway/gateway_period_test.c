/* Times of questions, written out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "gateway_period.h"

static void assert_spelt(const char *question, const char *expected)
{
    struct arena arena;
    struct slice spelt;

    arena_init(&arena, MIB);
    spelt = period_spell_out(slice_from(question), &arena);
    if (!slice_is(spelt, expected))
        fail_msg("%s: %.*s", question, SLICE_FORMAT(spelt));
    arena_close(&arena);
}

static void years_and_months_become_days(void **state)
{
    (void)state;
    assert_spelt("What happened in 2019?", "What happened between 2019-01-01 and 2019-12-31?");
    assert_spelt("Why was she admitted in May 2020?",
                 "Why was she admitted between 2020-05-01 and 2020-05-31?");
    assert_spelt(
        "glucose during Feb 2020 and in 2021-02, please",
        "glucose between 2020-02-01 and 2020-02-29 and between 2021-02-01 and 2021-02-28, please");
    assert_spelt("Any falls since 2018?", "Any falls since 2018-01-01?");
    assert_spelt("Which drugs before March 2018", "Which drugs before 2018-03-01");
    assert_spelt("In 1900?", "between 1900-01-01 and 1900-12-31?");
}

static void everything_else_stays_as_it_is(void **state)
{
    static const char *const questions[] = {
        "",
        "What was the last A1c?",
        "What happened on 2019-03-04?",
        "What happened in March?",
        "Is she on vitamin D in 2000 units?",
        "What happened between 2019-01-01 and 2019-12-31?",
        "What changed in the 2019 visit?",
        "in 20190",
        "in 2019-13",
        "in 3019",
        "In what year did it start?",
        "in",
        "since",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        assert_spelt(questions[i], questions[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(years_and_months_become_days),
        cmocka_unit_test(everything_else_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
