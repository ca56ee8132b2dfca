#include "context_fixture.h"

#include "context_clause.h"
#include "context_words.h"

/* Each clause's words, with "?" behind one that asks, "-" behind a circumstance; "| " between. */
static const char *clauses_of(const char *text)
{
    struct clauses clauses;
    struct slice left = slice_from(text), word;
    struct buffer out;

    clauses_read(slice_from(text), &clauses);
    buffer_init(&out, &arena);
    for (uint32_t i = 0; i < clauses.count; i++) {
        const struct clause *clause = &clauses.items[i];

        buffer_put_string(&out, i == 0 ? "" : "| ");
        for (uint32_t w = clause->first; w < clause->end && words_next(&left, &word); w++)
            buffer_format(&out, "%.*s ", SLICE_FORMAT(word));
        buffer_put_string(&out, clause->is_question ? "? " : "");
        buffer_put_string(&out, clause->is_beside ? "- " : "");
    }
    buffer_put_byte(&out, '\0');
    return out.data;
}

static void a_sentence_is_one_clause(void **state)
{
    (void)state;
    assert_string_equal(clauses_of("Is he on warfarin, aspirin or clopidogrel?"),
                        "Is he on warfarin aspirin or clopidogrel ? ");
    assert_string_equal(clauses_of("INR 2.5 seen by Dr. Smith"), "INR 2 5 seen by Dr Smith ");
    assert_string_equal(clauses_of(""), "");
}

static void marks_and_a_question_behind_a_comma_begin_a_clause(void **state)
{
    (void)state;
    assert_string_equal(clauses_of("She is here for a flu shot; does she have asthma?"),
                        "She is here for a flu shot | does she have asthma ? ");
    assert_string_equal(clauses_of("He is here for a sore throat, so what is the BP?"),
                        "He is here for a sore throat - | so what is the BP ? ");
    assert_string_equal(clauses_of("When was the scope, and did he have polyps?"),
                        "When was the scope and did he have polyps ? ");
}

static void a_circumstance_in_front_ends_where_somebody_goes_on(void **state)
{
    (void)state;
    assert_string_equal(clauses_of("Because of her kidneys I want to know her potassium"),
                        "Because of her kidneys - | I want to know her potassium ");
    assert_string_equal(clauses_of("Given his asthma, is a beta blocker there?"),
                        "Given his asthma - | is a beta blocker there ? ");
}

static void what_is_still_to_come_is_a_circumstance_and_what_was_is_not(void **state)
{
    (void)state;
    assert_string_equal(clauses_of("Is he on aspirin before the operation tomorrow?"),
                        "Is he on aspirin ? | before the operation tomorrow - ");
    assert_string_equal(clauses_of("Was a scan done before the operation?"),
                        "Was a scan done before the operation ? ");
}

static void has_a_bound_that_a_long_text_does_not_pass(void **state)
{
    struct clauses clauses;
    char text[8192];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = "ab? "[i % 4];
    clauses_read(slice_of(text, sizeof(text)), &clauses);
    assert_int_equal(clauses.count, CLAUSES_MAX);
    assert_int_equal(clauses.items[CLAUSES_MAX - 1].end, CLAUSE_WORDS_MAX);
    assert_int_equal(clause_of(&clauses, 100000), CLAUSES_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sentence_is_one_clause, set_up, tear_down),
        cmocka_unit_test_setup_teardown(marks_and_a_question_behind_a_comma_begin_a_clause, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_circumstance_in_front_ends_where_somebody_goes_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_still_to_come_is_a_circumstance_and_what_was_is_not,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(has_a_bound_that_a_long_text_does_not_pass, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
