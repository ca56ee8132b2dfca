#include "context_fixture.h"

#include "context_ask.h"

static const char some[] =
    "{'resourceType':'Patient','id':'p','gender':'male','birthDate':'1950'},"
    "{'resourceType':'Condition','id':'bp','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Essential hypertension'},"
    "'onsetDateTime':'2018-01-01'},"
    "{'resourceType':'Condition','id':'arm','clinicalStatus':{'coding':[{'code':'resolved'}]},'code':{'text':'Fracture of forearm'},"
    "'onsetDateTime':'1990-01-01'},"
    "{'resourceType':'MedicationRequest','id':'am','status':'active','medicationCodeableConcept':{'text':'amlodipine 5 MG Oral Tablet'},"
    "'authoredOn':'2018-02-01'},"
    "{'resourceType':'MedicationRequest','id':'ox','status':'active','medicationCodeableConcept':{'text':'Oxazelbin 5 mg'},'authoredOn':'2018-02-01'},"
    "{'resourceType':'Observation','id':'cr','code':{'text':'Creatinine'},'effectiveDateTime':'2018-01-01','valueQuantity':{'value':1,'unit':'mg/dL'}},"
    "{'resourceType':'Immunization','id':'z','status':'completed','vaccineCode':{'text':'zoster vaccine, live'},'occurrenceDateTime':'2019-01-01'},"
    "{'resourceType':'FamilyMemberHistory','id':'mo','status':'completed','relationship':{'text':'mother'},'condition':[{'code':{'text':"
    "'Breast cancer'}}]},"
    "{'resourceType':'AllergyIntolerance','id':'pen','code':{'text':'Penicillin'},'clinicalStatus':{'coding':[{'code':'active'}]}}";

/* Ids of the resources that bear on @text, each with a blank behind, in the order of the record. */
static const char *bearing(const char *text)
{
    struct record record;
    struct courses courses;
    struct ask_question *question = ARENA_NEW(&arena, struct ask_question);
    struct period period;
    struct buffer out;

    read_record(some, &record, NULL, NULL);
    assert_int_equal(courses_make(&record, &arena, &courses, &err), STATUS_OK);
    ask_read(slice_from(text), question);
    period = period_find(slice_from(text), courses.end);
    buffer_init(&out, &arena);
    for (size_t i = 0; i < courses.count; i++) {
        struct slice reference = record.facts[courses.items[i].facts[0]].reference;

        if (!ask_bears(question, &record, &courses.items[i], &period))
            continue;
        buffer_put(&out, slice_cut(reference, slice_find_byte(reference, '/') + 1, reference.size));
        buffer_put_byte(&out, ' ');
    }
    buffer_put_byte(&out, '\0');
    return out.data;
}

static void lay_words_abbreviations_and_brands_find_what_the_record_calls_otherwise(void **state)
{
    (void)state;
    assert_string_equal(bearing("Has he got high blood pressure?"), "bp ");
    assert_string_equal(bearing("Is he on Norvasc?"), "am ");
    assert_string_equal(bearing("How are his kidneys doing?"), "cr ");
    assert_string_equal(bearing("Did he ever break his arm?"), "arm ");
    assert_string_equal(bearing("Last shingles shot?"), "z ");
}

static void nothing_bears_on_what_the_record_does_not_hold(void **state)
{
    (void)state;
    assert_string_equal(bearing("Is he on a blood thinner?"), "");
    assert_string_equal(bearing("Did he ever break his ankle?"), "");
    assert_string_equal(bearing("Has he ever had shingles?"), "");
    assert_string_equal(bearing("Is he allergic to latex?"), "");
    assert_string_equal(bearing("Does he have Wexler-Braun syndrome?"), "");
    assert_string_equal(bearing("Does Ms Smith know?"), "");
}

static void medications_for_something_are_those_that_treat_it(void **state)
{
    (void)state;
    assert_string_equal(bearing("Which pills does he take for his blood pressure?"), "am ");
    assert_string_equal(bearing("Any pills for his cholesterol?"), "");
}

static void an_allergy_is_asked_about_by_itself(void **state)
{
    (void)state;
    assert_string_equal(bearing("Is he allergic to anything?"), "pen ");
    assert_string_equal(bearing("Does he react to amoxicillin?"), "pen ");
}

static void a_name_that_no_table_knows_is_found_by_its_letters(void **state)
{
    (void)state;
    assert_string_equal(bearing("Is he still on oxazelbin?"), "ox ");
}

static void what_only_tells_why_it_is_asked_is_no_evidence(void **state)
{
    (void)state;
    assert_string_equal(bearing("He is here for his hypertension; was zoster vaccine given?"),
                        "z ");
    assert_string_equal(bearing("Because of his creatinine I ask: does he have gout?"), "");
    assert_string_equal(bearing("His blood pressure is high. Is he on quixotil?"), "");
    assert_string_equal(bearing("Allergies: penicillin?"), "pen ");
    assert_string_equal(bearing("Any rash from penicillin?"), "pen ");
    assert_string_equal(bearing("We are out of amlodipine, does this affect him?"), "am ");
    assert_string_equal(bearing("He has high blood pressure; is that right?"), "bp ");
}

static void who_speaks_is_not_who_is_asked_about(void **state)
{
    (void)state;
    assert_string_equal(bearing("His mother asks if he has high blood pressure."), "bp ");
    assert_string_equal(bearing("Did his mother have high blood pressure?"), "");
    assert_string_equal(bearing("Is there breast cancer in the family?"), "mo ");
    assert_string_equal(bearing("Has she had breast cancer?"), "");
}

static void a_wide_name_with_a_word_that_nothing_knows_is_not_all_of_it(void **state)
{
    (void)state;
    assert_string_equal(bearing("Any vaccines?"), "z ");
    assert_string_equal(bearing("Any zorbavirus vaccine?"), "");
    assert_string_equal(bearing("Are the kidneys floccular?"), "");
}

static void a_time_that_is_asked_about_must_have_it(void **state)
{
    (void)state;
    assert_string_equal(bearing("What was his creatinine in 2018?"), "cr ");
    assert_string_equal(bearing("What was his creatinine in 2011?"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            lay_words_abbreviations_and_brands_find_what_the_record_calls_otherwise, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(nothing_bears_on_what_the_record_does_not_hold, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(medications_for_something_are_those_that_treat_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_allergy_is_asked_about_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_that_no_table_knows_is_found_by_its_letters, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_only_tells_why_it_is_asked_is_no_evidence, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_speaks_is_not_who_is_asked_about, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wide_name_with_a_word_that_nothing_knows_is_not_all_of_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_time_that_is_asked_about_must_have_it, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
