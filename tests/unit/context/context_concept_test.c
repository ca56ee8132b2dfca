#include "context_fixture.h"

#include "context_concept.h"

static bool names(const char *text, const char *concept)
{
    struct concepts set = { 0 };

    assert_true(concept_named(concept) < CONCEPTS_MAX);
    concepts_find(slice_from(text), &set);
    return concepts_has(&set, concept_named(concept));
}

static void knows_lay_words_abbreviations_and_records_words_alike(void **state)
{
    (void)state;
    assert_true(names("Did she have a heart attack?", "myocardial-infarction"));
    assert_true(names("hx of MI", "myocardial-infarction"));
    assert_true(names("Acute ST segment elevation myocardial infarction", "myocardial-infarction"));
    assert_true(names("blood sugar", "diabetes"));
    assert_true(names("water pills", "diuretic"));
    assert_false(names("a mild cough", "myocardial-infarction"));
}

static void knows_a_drug_by_the_stem_of_its_name(void **state)
{
    (void)state;
    assert_true(names("lisinopril 10 MG Oral Tablet", "ace-arb"));
    assert_true(names("Olmesartan medoxomil", "ace-arb"));
    assert_true(names("bisoprolol", "beta-blocker"));
    assert_true(names("rosuvastatin calcium 20 mg", "statin"));
    assert_true(names("Dapagliflozin", "sglt2"));
    assert_false(names("April", "ace-arb"));
}

static void a_phrase_is_its_words_in_a_row(void **state)
{
    (void)state;
    assert_true(names("Pulmonary embolisms", "vte"));
    assert_true(names("hip replacement", "hip-replacement"));
    assert_false(names("replacement of the hip socket", "hip-replacement"));
    assert_true(names("HIP\tREPLACEMENT", "hip-replacement"));
}

static void a_long_text_is_read_to_its_end(void **state)
{
    (void)state;
    struct buffer buffer;

    buffer_init(&buffer, &arena);
    for (int i = 0; i < 1000; i++)
        buffer_put_string(&buffer, "word ");
    buffer_put_string(&buffer, "asthma");
    buffer_put_byte(&buffer, '\0');
    assert_true(names(buffer.data, "asthma"));
}

static void an_abbreviation_that_is_a_word_too_is_known_by_its_capitals(void **state)
{
    (void)state;
    assert_true(names("US of the abdomen", "imaging"));
    assert_false(names("please tell us", "imaging"));
    assert_true(names("were SCDs used", "vte-prophylaxis"));
}

static void every_need_is_a_concept(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < concept_rows_count; i++) {
        struct slice left = slice_from(concept_rows[i].needs);

        assert_int_equal(concept_named(concept_rows[i].name), i);
        while (left.size > 0) {
            size_t end = slice_find_byte(left, ' ');
            char *name = arena_string(&arena, slice_cut(left, 0, end));

            if (concept_named(name) == CONCEPTS_MAX)
                fail_msg("%s needs %s, which is no concept", concept_rows[i].name, name);
            left = slice_cut(left, end + 1, left.size);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(knows_lay_words_abbreviations_and_records_words_alike,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_a_drug_by_the_stem_of_its_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_phrase_is_its_words_in_a_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_text_is_read_to_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_abbreviation_that_is_a_word_too_is_known_by_its_capitals,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_need_is_a_concept, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
