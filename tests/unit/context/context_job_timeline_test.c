/* A year and a disease, day by day, spelt out. */
#include "context_fixture.h"

static const char resources[] =
    "{'resourceType':'Patient','id':'p','gender':'male','birthDate':'1950'},"
    "{'resourceType':'Condition','id':'c1','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Asthma'},'onsetDateTime':'2018-05-01'},"
    "{'resourceType':'Condition','id':'c2','clinicalStatus':{'coding':[{'code':'resolved'}]},'code':{'text':'Pneumonia'},"
    "'onsetDateTime':'2019-02-03','abatementDateTime':'2019-02-24'},"
    "{'resourceType':'Condition','id':'c3','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Gout'},'onsetDateTime':'2020-01-01'},"
    "{'resourceType':'MedicationRequest','id':'m1','status':'stopped','authoredOn':'2018-05-01','medicationCodeableConcept':"
    "{'text':'Fluticasone 110 mcg inhaler'},'reasonReference':[{'reference':'Condition/c1'}],"
    "'dosageInstruction':[{'text':'2 puffs twice daily','timing':{'repeat':{'boundsPeriod':{'start':'2018-05-01','end':'2019-06-01'}}}}]},"
    "{'resourceType':'MedicationRequest','id':'m2','status':'completed','authoredOn':'2019-02-03','medicationCodeableConcept':"
    "{'text':'Doxycycline 100 mg capsule'},'reasonReference':[{'reference':'Condition/c2'}]},"
    "{'resourceType':'AllergyIntolerance','id':'a1','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Latex'},'recordedDate':'2019-07-01'},"
    "{'resourceType':'Procedure','id':'x1','status':'completed','performedDateTime':'2018-05-02','code':{'text':'Spirometry'},"
    "'reasonReference':[{'reference':'Condition/c1'}]},"
    "{'resourceType':'Procedure','id':'x2','status':'not-done','performedDateTime':'2019-05-02','code':{'text':'Colonoscopy'}},"
    "{'resourceType':'Encounter','id':'e1','status':'finished','class':{'code':'EMER'},'type':[{'text':'Emergency room admission'}],"
    "'period':{'start':'2019-02-03','end':'2019-02-03'},'reasonCode':[{'text':'Pneumonia'}]},"
    "{'resourceType':'Encounter','id':'e2','status':'finished','class':{'code':'AMB'},'type':[{'text':'Check up'}],'period':{'start':'2019-09-03'}},"
    "{'resourceType':'Encounter','id':'e3','status':'finished','class':{'code':'AMB'},'type':[{'text':'Check up'}],'period':{'start':'2021-09-03'}},"
    "{'resourceType':'Observation','id':'o1','code':{'text':'Ferritin'},'effectiveDateTime':'2019-03-04','valueQuantity':{'value':40,'unit':'ng/mL'}},"
    "{'resourceType':'Immunization','id':'i1','status':'completed','vaccineCode':{'text':'Zoster vaccine'},'occurrenceDateTime':'2019-10-01'}";

/* @found without the citations. */
static const char *without_ids(const char *found)
{
    struct buffer out;

    buffer_init(&out, &arena);
    for (; *found != '\0'; found++) {
        if (found[0] == ' ' && found[1] == '[') {
            found = strchr(found, '.');
            buffer_put_byte(&out, '.');
            continue;
        }
        buffer_put_byte(&out, *found);
    }
    buffer_put_byte(&out, '\0');
    return out.data;
}

static void a_year_is_told_day_by_day_without_measurements_and_check_ups(void **state)
{
    (void)state;
    assert_string_equal(without_ids(found_for(resources, "What happened in 2019?", 2000)),
                        "Found:\n"
                        "2019-02-03: Pneumonia began.\n"
                        "2019-02-03: Emergency room admission (emergency), for Pneumonia.\n"
                        "2019-02-03: Doxycycline 100 mg capsule was prescribed.\n"
                        "2019-02-24: Pneumonia ended.\n"
                        "2019-06-01: Fluticasone 110 mcg inhaler was stopped.\n"
                        "2019-07-01: Allergy to Latex was recorded.\n"
                        "2019-10-01: Zoster vaccine.\n");
}

static void a_month_or_days_narrow_it(void **state)
{
    (void)state;
    assert_string_equal(
        without_ids(found_for(resources, "Which events took place in June 2019?", 2000)),
        "Found:\n2019-06-01: Fluticasone 110 mcg inhaler was stopped.\n");
    assert_string_equal(
        without_ids(found_for(resources, "What happened between 2019-06-02 and 2019-09-30?", 2000)),
        "Found:\n2019-07-01: Allergy to Latex was recorded.\n");
}

static void where_there_were_only_visits_they_are_told(void **state)
{
    (void)state;
    assert_string_equal(without_ids(found_for(resources, "What happened in 2021?", 2000)),
                        "Found:\n2021-09-03: Check up (outpatient).\n");
}

static void a_disease_is_told_with_what_names_it_as_reason(void **state)
{
    (void)state;
    assert_string_equal(
        without_ids(found_for(resources, "When did what come in the course of his asthma?", 2000)),
        "Found:\n"
        "2018-05-01: Asthma began.\n"
        "2018-05-01: Fluticasone 110 mcg inhaler was prescribed.\n"
        "2018-05-02: Spirometry.\n"
        "2019-06-01: Fluticasone 110 mcg inhaler was stopped.\n");
}

static void every_line_cites_the_fact_that_it_tells(void **state)
{
    const char *found = found_for(resources, "Give me a timeline of the gout.", 2000);

    (void)state;
    assert_non_null(strstr(found, "2020-01-01: Gout began ["));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_year_is_told_day_by_day_without_measurements_and_check_ups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_month_or_days_narrow_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(where_there_were_only_visits_they_are_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_disease_is_told_with_what_names_it_as_reason, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_line_cites_the_fact_that_it_tells, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
