/* Names are replaced alike wherever they stand, and the prompt's own words are left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/limits.h"
#include "model_rename.h"

static struct arena arena;
static struct fact facts[2];
static const uint32_t order[] = { 0, 1 };
static struct record record = { .facts = facts, .count = 2 };
static struct prompt_line lines[2];

static struct prompt prompt_of(const char *a, const char *b)
{
    struct prompt prompt = { .record = &record, .lines = lines, .count = 2 };

    facts[0] = (struct fact){ .kind = FACT_MEDICATION, .label = slice_from(a) };
    facts[1] = (struct fact){ .kind = FACT_OBSERVATION, .label = slice_from(b) };
    for (uint32_t i = 0; i < 2; i++)
        lines[i] = (struct prompt_line){ .id = i + 1, .facts = &order[i], .told = 1 };
    return prompt;
}

static const char *apply(const struct rename *rename, const char *text)
{
    return arena_string(&arena, rename_apply(rename, slice_from(text), &arena));
}

static void a_name_has_one_other_name_with_its_capital(void **state)
{
    (void)state;
    struct prompt prompt = prompt_of("Lisinopril 10 mg tablet", "Serum lisinopril level");
    struct random random = { 7 };
    static struct rename rename;
    char expected[128];

    rename_draw(&prompt, 1, &random, &rename);
    assert_int_equal(rename.count, 4); /* lisinopril, tablet, serum, level */
    snprintf(expected, sizeof(expected), "is %s on?", rename.words[0].other);
    assert_string_equal(apply(&rename, "is lisinopril on?"), expected);
    assert_string_not_equal(apply(&rename, "Lisinopril"), "Lisinopril");
    assert_true(apply(&rename, "Lisinopril")[0] >= 'A' && apply(&rename, "Lisinopril")[0] <= 'Z');
    assert_string_equal(apply(&rename, "10 mg, 2019-03-04 [3]"), "10 mg, 2019-03-04 [3]");
    assert_string_equal(apply(&rename, "lisinoprilat"), "lisinoprilat");
}

static void the_words_of_lines_and_answers_stay(void **state)
{
    (void)state;
    struct prompt prompt = prompt_of("Active allergy record", "Target stage");
    struct random random = { 7 };
    static struct rename rename;

    rename_draw(&prompt, 1, &random, &rename);
    assert_int_equal(rename.count, 0);
    assert_string_equal(apply(&rename, "The record does not say."), "The record does not say.");
}

static void the_same_draw_gives_the_same_names(void **state)
{
    (void)state;
    struct prompt prompt = prompt_of("Lisinopril", "Hemoglobin");
    struct random a = { 3 }, b = { 3 };
    static struct rename first, second;

    rename_draw(&prompt, 0.5, &a, &first);
    rename_draw(&prompt, 0.5, &b, &second);
    assert_int_equal(first.count, second.count);
    for (size_t i = 0; i < first.count; i++)
        assert_string_equal(first.words[i].other, second.words[i].other);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, MIB);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_one_other_name_with_its_capital),
        cmocka_unit_test(the_words_of_lines_and_answers_stay),
        cmocka_unit_test(the_same_draw_gives_the_same_names),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
