/* Comparing an answer with the right one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model_evaluate.h"

#define RIGHT SLICE("Creatinine was 0.9 mg/dL [2]. It rose [3][4].")

static struct evaluate_counts compare(struct slice given, struct slice right)
{
    struct evaluate_counts counts = { 0 };

    evaluate_compare(given, right, &counts);
    assert_int_equal(counts.answers, 1);
    return counts;
}

static void the_same_answer_is_exact(void **state)
{
    struct evaluate_counts counts = compare(RIGHT, RIGHT);

    (void)state;
    assert_int_equal(counts.exact, 1);
    assert_int_equal(counts.exact_but_citations, 1);
    assert_int_equal(counts.cited_right, 3);
    assert_int_equal(counts.to_cite_given, 3);
}

static void a_wrong_citation_counts_against_precision_only_where_it_is_given(void **state)
{
    struct evaluate_counts counts =
        compare(SLICE("Creatinine was 0.9 mg/dL [2]. It rose [3][5]."), RIGHT);

    (void)state;
    assert_int_equal(counts.exact, 0);
    assert_int_equal(counts.exact_but_citations, 1);
    assert_int_equal(counts.cited, 3);
    assert_int_equal(counts.cited_right, 2);
    assert_int_equal(counts.to_cite, 3);
    assert_int_equal(counts.to_cite_given, 2);
}

static void a_wrong_word_is_not_hidden_by_right_citations(void **state)
{
    struct evaluate_counts counts =
        compare(SLICE("Creatinine was 0.8 mg/dL [2]. It rose [3][4]."), RIGHT);

    (void)state;
    assert_int_equal(counts.exact_but_citations, 0);
    assert_int_equal(counts.cited_right, 3);
}

static void a_citation_given_twice_counts_once(void **state)
{
    struct evaluate_counts counts = compare(SLICE("A [2]. B [2]."), RIGHT);

    (void)state;
    assert_int_equal(counts.cited, 1);
    assert_int_equal(counts.to_cite_given, 1);
}

static void declining_is_told_from_answering(void **state)
{
    struct slice none = SLICE("The record does not say.");
    struct evaluate_counts rightly = compare(none, none), wrongly = compare(none, RIGHT),
                           not_at_all = compare(RIGHT, none);

    (void)state;
    assert_int_equal(rightly.declined_right, 1);
    assert_int_equal(wrongly.declined, 1);
    assert_int_equal(wrongly.declined_right, 0);
    assert_int_equal(not_at_all.declined, 0);
    assert_int_equal(not_at_all.to_decline, 1);
    assert_int_equal(not_at_all.cited_right, 0);
}

static void brackets_that_hold_no_number_are_text(void **state)
{
    struct evaluate_counts counts = compare(SLICE("[n] [] [12 [x1]"), SLICE("[n] [] [12 [x1]"));

    (void)state;
    assert_int_equal(counts.exact_but_citations, 1);
    assert_int_equal(counts.cited, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_answer_is_exact),
        cmocka_unit_test(a_wrong_citation_counts_against_precision_only_where_it_is_given),
        cmocka_unit_test(a_wrong_word_is_not_hidden_by_right_citations),
        cmocka_unit_test(a_citation_given_twice_counts_once),
        cmocka_unit_test(declining_is_told_from_answering),
        cmocka_unit_test(brackets_that_hold_no_number_are_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
