/* Which questions are of this sort, in free wording, and which are left to be answered as before.
 */
#include "context_fixture.h"

#include "context_job.h"

static const char resources[] =
    "{'resourceType':'Patient','id':'p','gender':'female','birthDate':'1957'},"
    "{'resourceType':'Condition','id':'c1','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Gout'},'onsetDateTime':'2012-05-01'},"
    "{'resourceType':'MedicationRequest','id':'m1','status':'active','authoredOn':'2012-05-01','medicationCodeableConcept':"
    "{'text':'Allopurinol 100 mg tablet'},'reasonCode':[{'text':'Gout'}]}";

static bool is_asked(const char *question)
{
    struct record record;
    struct courses courses;
    struct period period;
    const struct job *job;

    read_record(resources, &record, NULL, NULL);
    assert_int_equal(courses_make(&record, &arena, &courses, &err), STATUS_OK);
    period = period_find(slice_from(question), courses.end);
    job = context_job(&record, &courses, slice_from(question), &period, &arena);
    assert_non_null(job);
    return job->is_asked;
}

static void assert_all(const char *const *questions, bool expected)
{
    for (; *questions != NULL; questions++)
        if (is_asked(*questions) != expected)
            fail_msg("%s", *questions);
}

static void free_wordings_are_read(void **state)
{
    static const char *const questions[] = {
        "What happened in 2019?",
        "Could you walk me through the events of March 2012?",
        "What went on between 2012-01-01 and 2012-12-31?",
        "Give me a chronology of her gout.",
        "When did what happen in the course of her gout?",
        "Why did we stop allopurinol?",
        "What was the reason that allopurinol was discontinued?",
        "What led to the admission in March 2019?",
        "Why was she seen in the emergency room on 2019-03-04?",
        "What followed after allopurinol was begun?",
        "Were there any consequences of starting allopurinol?",
        "What was done because of the gout?",
        "What could explain the low hemoglobin?",
        "What do the laboratory findings point to?",
        "Her TSH is high. What would be consistent with that?",
        NULL,
    };

    (void)state;
    assert_all(questions, true);
}

static void other_questions_are_left_alone(void **state)
{
    static const char *const questions[] = {
        "Why is she on allopurinol?",
        "Was allopurinol stopped?",
        "When was allopurinol started?",
        "Is she allergic to anything?",
        "Should allopurinol be avoided because of an allergy?",
        "Since when does she have gout?",
        "How is the gout treated?",
        "What was the last uric acid?",
        "How has uric acid changed?",
        "What happened to uric acid lately?",
        "Which diagnoses were made in 2012?",
        "What was the hemoglobin A1c in 2018?",
        "When was the last colonoscopy?",
        "Why was the colonoscopy done?",
        "What happened with the zorbavirus in 2019?",
        "Did gout run in the family?",
        "Tell me about her gout.",
        "And what else?",
        NULL,
    };

    (void)state;
    assert_all(questions, false);
}

static void what_the_record_does_not_say_is_nothing(void **state)
{
    static const char nothing[] = "Found:\nnothing\n";

    (void)state;
    assert_string_equal(found_for(resources, "What happened in 1999?", 1000), nothing);
    assert_string_equal(found_for(resources, "Why was allopurinol stopped?", 1000), nothing);
    assert_string_equal(found_for(resources, "Why was warfarin stopped?", 1000), nothing);
    assert_string_equal(found_for(resources, "What led to the admission in 2012?", 1000), nothing);
    assert_string_equal(found_for(resources, "What followed after allopurinol was begun?", 1000),
                        nothing);
    assert_string_equal(found_for(resources, "What could explain the low hemoglobin?", 1000),
                        nothing);
}

static void more_than_there_is_room_for_is_counted(void **state)
{
    struct buffer many;
    const char *found;

    (void)state;
    buffer_init(&many, &arena);
    for (int i = 0; i < 100; i++)
        buffer_format(
            &many,
            "%s{'resourceType':'Procedure','id':'x%d','status':'completed','performedDateTime':'2015-01-%02d','code':{'text':'Procedure number %d'}}",
            i > 0 ? "," : "", i, i % 28 + 1, i);
    buffer_put_byte(&many, '\0');
    for (uint32_t budget = 60; budget < 4000; budget += 97) {
        found = found_for(many.data, "What happened in 2015?", budget);
        assert_true(strlen(found) <= (size_t)budget * 3 / 2 + 32);
    }
    assert_non_null(strstr(found_for(many.data, "What happened in 2015?", 400), "\nand "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(free_wordings_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_questions_are_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_record_does_not_say_is_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_than_there_is_room_for_is_counted, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
