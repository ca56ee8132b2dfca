#include "context_fixture.h"

#include "context_spell.h"

static const char resources[] =
    "{'resourceType':'Condition','id':'c','code':{'text':'Metfromin reaction'},'onsetDateTime':'2019-01-01'}";

static void assert_spelt(const char *question, const char *expected)
{
    struct courses courses;
    struct record record;
    struct slice spelt;

    read_record(resources, &record, NULL, NULL);
    assert_int_equal(courses_make(&record, &arena, &courses, &err), STATUS_OK);
    spelt = context_spell(slice_from(question), &courses, &arena);
    if (!slice_is(spelt, expected))
        fail_msg("'%.*s' is not '%s'", SLICE_FORMAT(spelt), expected);
}

static void a_word_that_is_one_slip_from_a_things_name_is_read_as_it(void **state)
{
    (void)state;
    assert_spelt("Colonscopy results?", "colonoscopy results?");     /* too few */
    assert_spelt("Is she on lisinoprill?", "Is she on lisinopril?"); /* too many */
    assert_spelt("the metformn, and (warfrain)", "the metformin, and (warfarin)");
}

static void what_is_known_short_or_common_is_left_alone(void **state)
{
    (void)state;
    assert_spelt("Is she on lisinopril?", "Is she on lisinopril?");
    assert_spelt("any blod in the stool", "any blod in the stool");
    assert_spelt("Does the patient report something since yesterday?",
                 "Does the patient report something since yesterday?");
    assert_spelt("WARFRAIN", "WARFRAIN"); /* an abbreviation, for all we know */
    assert_spelt("He stepped on a nail", "He stepped on a nail"); /* nor is it "stopped" */
    assert_spelt("zorbavirus vaccine", "zorbavirus vaccine");
    assert_spelt("and the metfromin", "and the metfromin"); /* the record's own word */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_word_that_is_one_slip_from_a_things_name_is_read_as_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_known_short_or_common_is_left_alone, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
