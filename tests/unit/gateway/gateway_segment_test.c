#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway_segment.h"

static size_t ready(const char *text)
{
    return segment_ready(slice_from(text));
}

static void cuts_after_lower_case_words_and_citations(void **state)
{
    (void)state;
    assert_int_equal(ready("The last value was 7.2"), strlen("The last value was "));
    assert_int_equal(ready("7.2 % [3]"), strlen("7.2 % [3]"));
    assert_int_equal(ready("one line\nTwo"), strlen("one line\n"));
    assert_int_equal(ready("it was high, 7"), strlen("it was high, "));
}

static void never_cuts_inside_what_may_be_a_surrogate(void **state)
{
    (void)state;
    assert_int_equal(ready("Maria Example"), 0);
    assert_int_equal(ready("March 4, 20"), 0);
    assert_int_equal(ready("Maria de la Cru"), 0);
    assert_int_equal(ready("4th of March"), 0);
    assert_int_equal(ready("Dr. Smith"), 0);
}

static void never_cuts_inside_an_open_bracket(void **state)
{
    (void)state;
    assert_int_equal(ready("as seen [3, and then "), strlen("as seen "));
}

static void cuts_a_long_run_at_a_whole_code_point(void **state)
{
    char text[SEGMENT_BYTES_MAX + 2];

    (void)state;
    memset(text, 'X', sizeof(text));
    assert_int_equal(segment_ready(slice_of(text, SEGMENT_BYTES_MAX - 1)), 0);
    text[SEGMENT_BYTES_MAX] = (char)0xc3;
    assert_int_equal(segment_ready(slice_of(text, SEGMENT_BYTES_MAX + 1)), SEGMENT_BYTES_MAX);
}

static void knows_a_piece_that_can_hold_no_surrogate(void **state)
{
    (void)state;
    assert_false(segment_has_word(SLICE(". ,;\n()[]")));
    assert_false(segment_has_word(SLICE("")));
    assert_true(segment_has_word(SLICE("[3]")));
    assert_true(segment_has_word(SLICE(". a")));
    assert_true(segment_has_word(SLICE("\xc3\x89")));
}

static void knows_whole_lines(void **state)
{
    (void)state;
    assert_int_equal(segment_lines(SLICE("")), 0);
    assert_int_equal(segment_lines(SLICE("overdue on 2024-1")), 0);
    assert_int_equal(segment_lines(SLICE("one [1].\n")), strlen("one [1]."));
    assert_int_equal(segment_lines(SLICE("\ntwo [2].\nthr")), strlen("\ntwo [2]."));
    assert_int_equal(segment_lines(SLICE("\nthr")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_after_lower_case_words_and_citations),
        cmocka_unit_test(never_cuts_inside_what_may_be_a_surrogate),
        cmocka_unit_test(never_cuts_inside_an_open_bracket),
        cmocka_unit_test(knows_a_piece_that_can_hold_no_surrogate),
        cmocka_unit_test(knows_whole_lines),
        cmocka_unit_test(cuts_a_long_run_at_a_whole_code_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
