#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "context_measure.h"

static void a_decimal_is_what_was_written(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",     "7",       "-7.20",     "0.001", "-0.5",
        "120.0", "1234567", "0.0000123", "98.6",  "7.23456789012345"
    };
    char text[DECIMAL_TEXT_BYTES];
    struct decimal decimal;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_true(decimal_parse(slice_from(texts[i]), &decimal));
        assert_true(slice_is(slice_of(text, decimal_format(&decimal, text)), texts[i]));
        assert_true(decimal_value(&decimal) == strtod(texts[i], NULL));
    }
}

static void exponents_and_long_numbers_are_near_enough(void **state)
{
    (void)state;
    static const char *const texts[] = { "1e3",
                                         "1.5E-7",
                                         "-2.5e+10",
                                         "123456789012345678901234567890",
                                         "0.12345678901234567890123",
                                         "1e-50",
                                         "6.02e23" };
    char text[DECIMAL_TEXT_BYTES];
    struct decimal decimal;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        double expected = strtod(texts[i], NULL), found;

        assert_true(decimal_parse(slice_from(texts[i]), &decimal));
        found = decimal_value(&decimal);
        assert_true(found / expected > 1 - 1e-14 && found / expected < 1 + 1e-14);
        text[decimal_format(&decimal, text)] = '\0';
        found = strtod(text, NULL);
        assert_true(found / expected > 1 - 1e-14 && found / expected < 1 + 1e-14);
    }
}

static void refuses_what_is_no_number(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "-", ".", "e5", "1e", "1e9999", "1e400", "x", "1x" };
    struct decimal decimal;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(decimal_parse(slice_from(texts[i]), &decimal));
}

static void bounds_are_those_of_fhir(void **state)
{
    (void)state;
    assert_int_equal(measure_bound_of(SLICE("<")), MEASURE_LESS);
    assert_int_equal(measure_bound_of(SLICE(">=")), MEASURE_MORE_OR_EQUAL);
    assert_int_equal(measure_bound_of(SLICE("~")), MEASURE_EXACT);
    assert_string_equal(measure_bound_text(MEASURE_LESS_OR_EQUAL), "<=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decimal_is_what_was_written),
        cmocka_unit_test(exponents_and_long_numbers_are_near_enough),
        cmocka_unit_test(refuses_what_is_no_number),
        cmocka_unit_test(bounds_are_those_of_fhir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
