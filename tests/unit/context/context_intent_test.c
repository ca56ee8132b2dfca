/* What a question wants to hear, in words that no table of questions has. */
#include "context_fixture.h"

#include "context_intent.h"

static unsigned of(const char *question)
{
    return intent_of(slice_from(question));
}

static void a_change_is_asked_for_in_many_words(void **state)
{
    (void)state;
    assert_int_equal(of("Is the ferritin rising?"), INTENT_CHANGE);
    assert_int_equal(of("Did the sodium go up after the surgery?"), INTENT_CHANGE);
    assert_int_equal(of("has her weight improved"), INTENT_CHANGE);
    assert_int_equal(of("How does the last LDL compare with the one before?"), INTENT_CHANGE);
}

static void a_value_is_no_change(void **state)
{
    (void)state;
    assert_int_equal(of("What was the last ferritin?"), 0);
    assert_int_equal(of("Does the sodium fall outside the range?"), 0);
    assert_int_equal(of("When is the next follow-up?"), 0);
}

static void treatment_and_permission_are_two_things(void **state)
{
    (void)state;
    assert_int_equal(of("How do we treat his gout?"), INTENT_TREATMENT);
    assert_int_equal(of("What is the gout managed with?"), INTENT_TREATMENT);
    assert_int_equal(of("Should he avoid ibuprofen?"), INTENT_PERMISSION);
    assert_int_equal(of("Is ibuprofen safe for him?"), INTENT_PERMISSION);
    assert_int_equal(of("Can you tell me when he began ibuprofen?"), 0);
}

static void a_summary_is_asked_for(void **state)
{
    (void)state;
    assert_int_equal(of("Please summarize the gout."), INTENT_SUMMARY);
    assert_int_equal(of("Give me a rundown of his gout"), INTENT_SUMMARY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_asked_for_in_many_words),
        cmocka_unit_test(a_value_is_no_change),
        cmocka_unit_test(treatment_and_permission_are_two_things),
        cmocka_unit_test(a_summary_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
