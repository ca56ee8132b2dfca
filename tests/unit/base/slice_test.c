#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/slice.h"

static void compares(void **state)
{
    const struct slice none = { NULL, 0 };

    (void)state;
    assert_true(slice_equal(none, SLICE("")));
    assert_true(slice_is(none, ""));
    assert_true(slice_is(none, NULL));
    assert_false(slice_is(SLICE("a\0"), "a"));
    assert_true(slice_compare(SLICE("a"), SLICE("b")) < 0);
    assert_true(slice_compare(SLICE("a"), SLICE("ab")) < 0);
    assert_true(slice_compare(SLICE("\xff"), SLICE("a")) > 0);
    assert_int_equal(slice_compare(none, SLICE("")), 0);
    assert_true(slice_equal_fold(SLICE("HbA1c"), SLICE("hba1C")));
    assert_false(slice_equal_fold(SLICE("é"), SLICE("É")));
    assert_false(slice_equal_fold(SLICE("["), SLICE("{")));
}

static void finds_and_cuts(void **state)
{
    (void)state;
    assert_true(slice_starts_with(SLICE("abc"), SLICE("ab")));
    assert_false(slice_starts_with(SLICE("ab"), SLICE("abc")));
    assert_true(slice_ends_with(SLICE("abc"), SLICE("bc")));
    assert_true(slice_ends_with(SLICE("abc"), SLICE("")));
    assert_true(slice_is(slice_cut(SLICE("abc"), 1, 2), "b"));
    assert_true(slice_is(slice_cut(SLICE("abc"), 2, 99), "c"));
    assert_int_equal(slice_cut(SLICE("abc"), 3, 1).size, 0);
    assert_int_equal(slice_cut((struct slice){ NULL, 0 }, 1, 5).size, 0);
    assert_int_equal(slice_find_byte(SLICE("abc"), 'c'), 2);
    assert_int_equal(slice_find_byte(SLICE("abc"), 'x'), 3);
    assert_int_equal(slice_find_byte((struct slice){ NULL, 0 }, 'x'), 0);
}

static void trims_white_space(void **state)
{
    (void)state;
    assert_true(slice_is(slice_trim(SLICE(" \t\r\n a b \v\f")), "a b"));
    assert_int_equal(slice_trim(SLICE(" \n ")).size, 0);
    assert_int_equal(slice_trim((struct slice){ NULL, 0 }).size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),
        cmocka_unit_test(finds_and_cuts),
        cmocka_unit_test(trims_white_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
