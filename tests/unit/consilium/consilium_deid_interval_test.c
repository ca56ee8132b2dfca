/* Intervals against figures from tables: Wilson's from Newcombe (1998) and from the closed form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <cmocka.h>

#include "consilium_deid_interval.h"

static void expect_near(double got, double want, double within)
{
    assert_true(fabs(got - want) <= within);
}

static void shares_have_wilsons_interval(void **state)
{
    /* Newcombe 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29. */
    static const struct {
        uint64_t hits, total;
        double low, high;
    } rows[] = { { 81, 263, 0.2553, 0.3662 },
                 { 15, 148, 0.0624, 0.1605 },
                 { 0, 20, 0.0000, 0.1611 },
                 { 1, 29, 0.0061, 0.1718 } };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct deid_interval got = deid_interval_share(rows[i].hits, rows[i].total);

        expect_near(got.low, rows[i].low, 0.00006);
        expect_near(got.high, rows[i].high, 0.00006);
    }
    assert_true(isnan(deid_interval_share(0, 0).value));
}

static void f_weighs_recall_by_beta(void **state)
{
    (void)state;
    expect_near(deid_interval_f_of(0.5, 1, 1), 2.0 / 3, 1e-12);
    expect_near(deid_interval_f_of(0.5, 1, 2), 5.0 / 6, 1e-12);
    expect_near(deid_interval_f_of(0.685, 0.603, 2), 0.618, 0.001);
    assert_true(isnan(deid_interval_f_of(0, 0, 2)));
}

static void resampling_holds_the_value_and_says_the_same_twice(void **state)
{
    struct deid_interval_part parts[40];
    struct deid_interval first, again;
    unsigned i;

    (void)state;
    for (i = 0; i < 40; i++)
        parts[i] = (struct deid_interval_part){ i % 4 != 0, 1, i % 5 != 0, 1 };
    first = deid_interval_f(parts, 40, 1);
    again = deid_interval_f(parts, 40, 1);
    expect_near(first.value, 2 * 0.75 * 0.8 / 1.55, 1e-12);
    assert_true(first.low < first.value && first.value < first.high);
    assert_true(first.low > 0.6 && first.high < 0.95);
    assert_true(first.low == again.low && first.high == again.high);
    assert_true(isnan(deid_interval_f(parts, 0, 1).value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_have_wilsons_interval),
        cmocka_unit_test(f_weighs_recall_by_beta),
        cmocka_unit_test(resampling_holds_the_value_and_says_the_same_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
