/* What counts as found, at each level, worked out by hand for one small text at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "consilium_deid_tally.h"

/*                    0         1         2         3
 *                    0123456789012345678901234567890123456789 */
#define TEXT SLICE("Seen by Dr. Ann-Marie O'Dey on 3/4, BP 120/80.")

static struct arena arena;
static struct deid_tally tally;

static struct deid_gold_span span(uint32_t start, uint32_t end, const char *label)
{
    struct deid_gold_span made = { start, end, slice_from(label), { DEID_CLASS_NONE, 0, false } };

    made.meant = deid_label_read(made.label, SLICE("x"), NULL);
    return made;
}

static void add(struct deid_gold_span *gold, unsigned gold_count, struct deid_gold_span *found,
                unsigned found_count)
{
    struct deid_gold document = { .id = SLICE("1"), .text = TEXT, .spans = gold };

    document.spans_count = gold_count;
    assert_int_equal(deid_tally_add(&tally, &document, found, found_count, &arena, NULL),
                     STATUS_OK);
}

static void expect(enum deid_level level, uint64_t found, uint64_t wanted, uint64_t right,
                   uint64_t reported)
{
    assert_int_equal(tally.all.found[level], found);
    assert_int_equal(tally.all.wanted[level], wanted);
    assert_int_equal(tally.all.right[level], right);
    assert_int_equal(tally.all.reported[level], reported);
}

static void a_span_found_as_it_is_labelled_counts_everywhere(void **state)
{
    struct deid_gold_span gold[] = { span(12, 27, "NAME"), span(31, 34, "DATE") };
    struct deid_gold_span found[] = { span(12, 27, "NAME"), span(31, 34, "PHONE") };

    (void)state;
    add(gold, 2, found, 2);
    expect(DEID_LEVEL_WHOLLY, 2, 2, 2, 2);
    expect(DEID_LEVEL_OVERLAP, 2, 2, 2, 2);
    expect(DEID_LEVEL_EXACT, 2, 2, 2, 2);
    expect(DEID_LEVEL_TOKEN, 6, 6, 6, 6);
    expect(DEID_LEVEL_SHARE, 1, 1, 1, 1); /* "on" joins them */
    assert_int_equal(tally.classes[DEID_CLASS_DATE].reported[DEID_LEVEL_OVERLAP], 0);
    assert_int_equal(tally.classes[DEID_CLASS_PHONE].right[DEID_LEVEL_OVERLAP], 1);
}

static void a_span_that_is_found_in_part_is_touched_and_not_gone(void **state)
{
    struct deid_gold_span gold[] = { span(8, 27, "NAME") };   /* Dr. Ann-Marie O'Dey */
    struct deid_gold_span found[] = { span(12, 27, "NAME") }; /* Ann-Marie O'Dey */

    (void)state;
    add(gold, 1, found, 1);
    expect(DEID_LEVEL_WHOLLY, 0, 1, 1, 1);
    expect(DEID_LEVEL_OVERLAP, 1, 1, 1, 1);
    expect(DEID_LEVEL_EXACT, 0, 1, 0, 1);
    expect(DEID_LEVEL_TOKEN, 4, 5, 4, 4);
}

static void punctuation_and_blanks_count_for_nothing(void **state)
{
    struct deid_gold_span gold[] = { span(31, 35, "DATE") }; /* "3/4," */
    struct deid_gold_span found[] = { span(30, 32, "DATE"), span(33, 34, "DATE") };

    (void)state;
    add(gold, 1, found, 2); /* " 3" and "4": the "/" between stays */
    expect(DEID_LEVEL_WHOLLY, 1, 1, 2, 2);
    expect(DEID_LEVEL_EXACT, 0, 1, 0, 2);
    expect(DEID_LEVEL_TOKEN, 2, 2, 2, 2);
}

static void what_is_labelled_nowhere_is_a_false_alarm(void **state)
{
    struct deid_gold_span found[] = { span(39, 45, "DATE") };

    (void)state;
    add(NULL, 0, found, 1);
    expect(DEID_LEVEL_OVERLAP, 0, 0, 0, 1);
    expect(DEID_LEVEL_TOKEN, 0, 0, 0, 2);
    expect(DEID_LEVEL_SHARE, 0, 0, 0, 1);
}

static void an_open_label_is_neither_missed_nor_a_false_alarm(void **state)
{
    struct deid_gold_span gold[] = { span(8, 11, "TITLE"), span(12, 27, "NAME") };
    struct deid_gold_span found[] = { span(8, 10, "NAME") };

    (void)state;
    add(gold, 2, found, 1);
    expect(DEID_LEVEL_OVERLAP, 0, 1, 0, 0);
    expect(DEID_LEVEL_TOKEN, 0, 4, 0, 0);
    assert_int_equal(tally.labels[0].touched[DEID_NEED_OPEN], 1);
}

static void what_has_to_stay_is_a_false_alarm_when_touched(void **state)
{
    struct deid_gold_span gold[] = { span(36, 38, "MEDICATION_NAME") };
    struct deid_gold_span found[] = { span(36, 38, "NAME") };

    (void)state;
    add(gold, 1, found, 1);
    expect(DEID_LEVEL_OVERLAP, 0, 0, 0, 1);
    assert_int_equal(tally.labels[0].touched[DEID_NEED_NO], 1);
}

static void negatives_and_traps_are_counted_by_themselves(void **state)
{
    struct deid_gold_span found[] = { span(36, 38, "NAME") },
                          trap[] = { span(36, 38, "x"), span(39, 45, "x") };
    struct deid_gold document = { .id = SLICE("1"), .text = TEXT, .is_hard_negative = true };

    (void)state;
    document.traps = trap;
    document.traps_count = 2;
    assert_int_equal(deid_tally_add(&tally, &document, found, 1, &arena, NULL), STATUS_OK);
    assert_int_equal(deid_tally_add(&tally, &document, NULL, 0, &arena, NULL), STATUS_OK);
    assert_int_equal(tally.negatives, 2);
    assert_int_equal(tally.negatives_touched, 1);
    assert_int_equal(tally.traps, 4);
    assert_int_equal(tally.traps_touched, 1);
}

static void the_span_rule_joins_over_empty_words_and_asks_for_a_share(void **state)
{
    /* "Dr. Ann" and "O'Dey": "-Marie" is no empty word, so they are two; 3 + 5 of 15 letters. */
    struct deid_gold_span gold[] = { span(12, 27, "NAME") };
    struct deid_gold_span found[] = { span(12, 15, "NAME"), span(22, 27, "NAME") };
    /* "by" before it is empty: the same stretch as labelled. */
    struct deid_gold_span wider[] = { span(5, 27, "NAME") };

    (void)state;
    add(gold, 1, found, 2);
    expect(DEID_LEVEL_SHARE, 0, 1, 0, 1);
    add(gold, 1, wider, 1);
    expect(DEID_LEVEL_JOINED, 1, 2, 1, 2); /* all of a text is one: 15 of 15, 15 of 19 */
    expect(DEID_LEVEL_SHARE, 0, 2, 0, 2); /* "Dr." is there: 15 of 19 is over 0.7 only without it */
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)64 << 20);
    deid_tally_init(&tally, 0.8);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    deid_tally_close(&tally);
    arena_close(&arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_span_found_as_it_is_labelled_counts_everywhere),
        TEST(a_span_that_is_found_in_part_is_touched_and_not_gone),
        TEST(punctuation_and_blanks_count_for_nothing),
        TEST(what_is_labelled_nowhere_is_a_false_alarm),
        TEST(an_open_label_is_neither_missed_nor_a_false_alarm),
        TEST(what_has_to_stay_is_a_false_alarm_when_touched),
        TEST(negatives_and_traps_are_counted_by_themselves),
        TEST(the_span_rule_joins_over_empty_words_and_asks_for_a_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
