#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chance.h"

static void same_seed_gives_the_same_numbers(void **state)
{
    struct chance a, b;
    int i;

    (void)state;
    chance_init(&a, 7, 3);
    chance_init(&b, 7, 3);
    for (i = 0; i < 1000; i++)
        assert_int_equal(chance_bits(&a), chance_bits(&b));
}

static void neighbouring_seeds_and_indices_are_unrelated(void **state)
{
    uint64_t first[100];
    struct chance chance;
    int i, j;

    (void)state;
    for (i = 0; i < 100; i++) {
        chance_init(&chance, i / 10, i % 10);
        first[i] = chance_bits(&chance);
        for (j = 0; j < i; j++)
            assert_int_not_equal(first[i], first[j]);
    }
}

static void numbers_below_a_bound_reach_every_value_evenly(void **state)
{
    unsigned counts[7] = { 0 };
    struct chance chance;
    int i;

    (void)state;
    chance_init(&chance, 1, 0);
    for (i = 0; i < 70000; i++)
        counts[chance_below(&chance, 7)]++;
    for (i = 0; i < 7; i++)
        assert_in_range(counts[i], 9600, 10400);
}

static void between_includes_both_ends(void **state)
{
    bool low = false, high = false;
    struct chance chance;
    int i, value;

    (void)state;
    chance_init(&chance, 2, 0);
    for (i = 0; i < 1000; i++) {
        value = chance_between(&chance, -3, 3);
        assert_true(value >= -3 && value <= 3);
        low |= value == -3;
        high |= value == 3;
    }
    assert_true(low && high);
}

static void normal_has_mean_zero_and_deviation_one(void **state)
{
    double sum = 0, squares = 0;
    struct chance chance;
    int i;

    (void)state;
    chance_init(&chance, 3, 0);
    for (i = 0; i < 100000; i++) {
        double value = chance_normal(&chance);

        assert_true(value > -6 && value < 6);
        sum += value;
        squares += value * value;
    }
    assert_true(sum / 100000 > -0.02 && sum / 100000 < 0.02);
    assert_true(squares / 100000 > 0.98 && squares / 100000 < 1.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_gives_the_same_numbers),
        cmocka_unit_test(neighbouring_seeds_and_indices_are_unrelated),
        cmocka_unit_test(numbers_below_a_bound_reach_every_value_evenly),
        cmocka_unit_test(between_includes_both_ends),
        cmocka_unit_test(normal_has_mean_zero_and_deviation_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
