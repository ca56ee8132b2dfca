/* Only what one resource says of another is a cause: succession alone is not. */
#include "context_fixture.h"

static const char resources[] =
    "{'resourceType':'Patient','id':'p','gender':'male','birthDate':'1950'},"
    "{'resourceType':'Condition','id':'c1','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Hypertension'},'onsetDateTime':'2018-05-01'},"
    "{'resourceType':'Condition','id':'c2','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Hearing loss'},'onsetDateTime':'2018-08-01'},"
    "{'resourceType':'MedicationRequest','id':'m1','status':'stopped','statusReason':{'text':'Cough'},'authoredOn':'2018-05-01',"
    "'medicationCodeableConcept':{'text':'Lisinopril 10 mg tablet'},'reasonReference':[{'reference':'Condition/c1'}]},"
    "{'resourceType':'MedicationRequest','id':'m2','status':'active','authoredOn':'2018-07-01','medicationCodeableConcept':"
    "{'text':'Losartan 50 mg tablet'},'reasonReference':[{'reference':'Condition/c1'}],"
    "'priorPrescription':{'reference':'MedicationRequest/m1','display':'Lisinopril 10 mg tablet'}},"
    "{'resourceType':'MedicationRequest','id':'m3','status':'stopped','authoredOn':'2018-07-01','medicationCodeableConcept':"
    "{'text':'Amlodipine 5 mg tablet'},'reasonReference':[{'reference':'Condition/c1'}]},"
    "{'resourceType':'AllergyIntolerance','id':'a1','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'ACE inhibitor'},"
    "'recordedDate':'2018-06-30','reaction':[{'substance':{'text':'Lisinopril 10 mg tablet'},'manifestation':[{'text':'Cough'}]}]},"
    "{'resourceType':'AllergyIntolerance','id':'a2','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Latex'},'recordedDate':'2018-07-02'},"
    "{'resourceType':'Procedure','id':'x1','status':'completed','performedDateTime':'2018-05-03','code':{'text':'Echocardiography'},"
    "'reasonReference':[{'reference':'Condition/c1'}]},"
    "{'resourceType':'Encounter','id':'e1','status':'finished','class':{'code':'EMER'},'type':[{'text':'Emergency room admission'}],"
    "'period':{'start':'2019-02-03','end':'2019-02-03'},'reasonCode':[{'text':'Pneumonia'}]},"
    "{'resourceType':'Encounter','id':'e2','status':'finished','class':{'code':'IMP'},'type':[{'text':'Hospital admission'}],"
    "'period':{'start':'2020-02-03'}}";

static const char nothing[] = "Found:\nnothing\n";

static void why_a_drug_was_stopped_is_its_status_reason(void **state)
{
    const char *found = found_for(resources, "Why was lisinopril stopped?", 2000);

    (void)state;
    assert_true(slice_starts_with(
        slice_from(found),
        SLICE(
            "Found:\nLisinopril 10 mg tablet, stopped, from 2018-05-01, for Hypertension, because Cough [")));
    assert_null(strstr(found, "Losartan"));
}

static void a_drug_that_was_stopped_without_a_reason_or_is_taken_has_none(void **state)
{
    (void)state;
    assert_string_equal(found_for(resources, "Why was amlodipine stopped?", 2000), nothing);
    assert_string_equal(found_for(resources, "Why was losartan discontinued?", 2000), nothing);
}

static void what_followed_is_what_names_the_drug(void **state)
{
    const char *found = found_for(resources, "What followed after lisinopril was begun?", 2000);

    (void)state;
    assert_non_null(strstr(found, "because Cough ["));
    assert_non_null(strstr(
        found,
        "Allergy to ACE inhibitor (Cough), active since 2018-06-30, to Lisinopril 10 mg tablet ["));
    assert_non_null(strstr(
        found,
        "Losartan 50 mg tablet, active since 2018-07-01, for Hypertension, in place of Lisinopril 10 mg tablet ["));
    assert_null(strstr(found, "Hearing loss"));
    assert_null(strstr(found, "Latex"));
}

static void what_only_came_later_did_not_follow_from_it(void **state)
{
    (void)state;
    assert_string_equal(
        found_for(resources, "What were the consequences of starting amlodipine?", 2000), nothing);
}

static void an_admission_has_the_reason_that_it_gives(void **state)
{
    const char *found =
        found_for(resources, "What led to the emergency admission on 2019-02-03?", 2000);

    (void)state;
    assert_true(slice_starts_with(
        slice_from(found),
        SLICE("Found:\nEmergency room admission on 2019-02-03 (emergency), for Pneumonia [")));
    assert_string_equal(found_for(resources, "Why was he admitted in February 2020?", 2000),
                        nothing);
    assert_string_equal(found_for(resources, "What led to the admission in May 2012?", 2000),
                        nothing);
}

static void what_was_done_because_of_a_disease_names_it(void **state)
{
    const char *found = found_for(resources, "What was done because of the hypertension?", 2000);

    (void)state;
    assert_non_null(strstr(found, "Echocardiography on 2018-05-03, for Hypertension ["));
    assert_non_null(strstr(found, "Lisinopril 10 mg tablet"));
    assert_non_null(strstr(found, "Losartan 50 mg tablet"));
    assert_null(strstr(found, "Latex"));
    assert_string_equal(found_for(resources, "What was done because of the hearing loss?", 2000),
                        nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(why_a_drug_was_stopped_is_its_status_reason, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_drug_that_was_stopped_without_a_reason_or_is_taken_has_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_followed_is_what_names_the_drug, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_only_came_later_did_not_follow_from_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_admission_has_the_reason_that_it_gives, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_done_because_of_a_disease_names_it, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
