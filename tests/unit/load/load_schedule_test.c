#include "load_schedule.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct load_run run;

static int clear(void **state)
{
    (void)state;
    memset(&run, 0, sizeof(run));
    return 0;
}

static void a_mix_is_kinds_with_weights(void **state)
{
    struct error err = { 0 };

    (void)state;
    assert_int_equal(load_schedule_mix(&run, "ask=8, put,redact-fhir=2", &err), STATUS_OK);
    assert_int_equal(run.mix_count, 3);
    assert_int_equal(run.weights, 11);
    assert_string_equal(load_kinds[run.mix[0].kind].name, "ask");
    assert_int_equal(run.mix[0].weight, 8);
    assert_string_equal(load_kinds[run.mix[1].kind].name, "put");
    assert_int_equal(run.mix[1].weight, 1);
    assert_string_equal(load_kinds[run.mix[2].kind].name, "redact-fhir");
}

static void a_wrong_mix_is_refused(void **state)
{
    static const char *const wrong[] = { "",           "asks",  "ask=0",   "ask=-1",
                                         "ask=1.5",    "ask=x", "ask=",    "ask,ask",
                                         "ask=1,,put", "=3",    "ask=1e99" };
    unsigned i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error err = { 0 };

        clear(state);
        assert_int_equal(load_schedule_mix(&run, wrong[i], &err), STATUS_INVALID_ARGUMENT);
    }
}

static void steps_are_rates_or_clients(void **state)
{
    struct error err = { 0 };

    assert_int_equal(load_schedule_steps(&run, "0.5,100", false, &err), STATUS_OK);
    assert_int_equal(run.steps_count, 2);
    assert_true(run.steps[0].rate == 0.5 && run.steps[1].rate == 100);
    clear(state);
    assert_int_equal(load_schedule_steps(&run, "1, 16", true, &err), STATUS_OK);
    assert_int_equal(run.steps[1].clients, 16);
    assert_true(run.steps[1].rate == 0);
}

static void wrong_steps_are_refused(void **state)
{
    static const char *const wrong[] = { "", "0", "-1", "nan", "inf", "1e9", "x", "1,,2" };
    char many[200] = "1";
    struct error err = { 0 };
    unsigned i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        clear(state);
        assert_int_equal(load_schedule_steps(&run, wrong[i], false, &err), STATUS_INVALID_ARGUMENT);
        clear(state);
        assert_int_equal(load_schedule_steps(&run, wrong[i], true, &err), STATUS_INVALID_ARGUMENT);
    }
    clear(state);
    assert_int_equal(load_schedule_steps(&run, "1.5", true, &err), STATUS_INVALID_ARGUMENT);
    for (i = 0; i < LOAD_STEPS_MAX; i++)
        strcat(many, ",1");
    clear(state);
    assert_int_equal(load_schedule_steps(&run, many, false, &err), STATUS_INVALID_ARGUMENT);
}

/* Of a Poisson process: the mean gap is one over the rate, its standard deviation the same, and as
 * many gaps are over the mean as e says. */
static void arrivals_are_a_poisson_process(void **state)
{
    const unsigned count = 200000;
    const double rate = 250;
    double sum = 0, squares = 0;
    struct chance chance;
    unsigned over = 0, i;

    (void)state;
    chance_init(&chance, 3, 1);
    for (i = 0; i < count; i++) {
        double gap = (double)load_schedule_gap_ns(&chance, rate) / 1e9;

        sum += gap;
        squares += gap * gap;
        over += gap > 1 / rate;
    }
    assert_true(fabs(sum / count * rate - 1) < 0.01);
    assert_true(fabs(sqrt(squares / count - sum / count * sum / count) * rate - 1) < 0.02);
    assert_true(fabs((double)over / count - exp(-1)) < 0.005);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_mix_is_kinds_with_weights, clear),
        cmocka_unit_test_setup(a_wrong_mix_is_refused, clear),
        cmocka_unit_test_setup(steps_are_rates_or_clients, clear),
        cmocka_unit_test_setup(wrong_steps_are_refused, clear),
        cmocka_unit_test_setup(arrivals_are_a_poisson_process, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
