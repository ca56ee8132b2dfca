/* What is told behind a question, spelt out. */
#include "context_fixture.h"

static const char resources[] =
    "{'resourceType':'Patient','id':'p','gender':'female','birthDate':'1957'},"
    "{'resourceType':'Condition','id':'c1','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Hypertension'},"
    "'onsetDateTime':'2012-05-01'},"
    "{'resourceType':'Condition','id':'c2','clinicalStatus':{'coding':[{'code':'resolved'}]},'code':{'text':'Acute bronchitis'},"
    "'onsetDateTime':'2011-01-03','abatementDateTime':'2011-01-20'},"
    "{'resourceType':'AllergyIntolerance','id':'a1','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Penicillin'}},"
    "{'resourceType':'MedicationRequest','id':'m1','status':'active','authoredOn':'2012-05-01','medicationCodeableConcept':"
    "{'text':'Lisinopril 10 mg tablet'},'reasonReference':[{'reference':'Condition/c1'}]},"
    "{'resourceType':'MedicationRequest','id':'m2','status':'stopped','authoredOn':'2010-05-01','medicationCodeableConcept':{'text':'Aspirin'}},"
    "{'resourceType':'Procedure','id':'x1','status':'completed','performedDateTime':'2015-02-03','code':{'text':'Colonoscopy'}},"
    "{'resourceType':'Procedure','id':'x2','status':'completed','performedDateTime':'2020-02-03','code':{'text':'Colonoscopy'}},"
    "{'resourceType':'Observation','id':'o0','code':{'text':'Hemoglobin A1c'},'effectiveDateTime':'2017-03-04','valueQuantity':{'value':6.4,"
    "'unit':'%'}},"
    "{'resourceType':'Observation','id':'o1','code':{'text':'Hemoglobin A1c'},'effectiveDateTime':'2018-03-04','valueQuantity':{'value':8.1,"
    "'unit':'%'},'referenceRange':[{'high':{'value':5.6,'unit':'%'}}]},"
    "{'resourceType':'Observation','id':'o2','code':{'text':'Hemoglobin A1c'},'effectiveDateTime':'2019-03-04','valueQuantity':{'value':7.2,"
    "'unit':'%'},'referenceRange':[{'high':{'value':5.6,'unit':'%'}}]},"
    "{'resourceType':'Observation','id':'o3','code':{'text':'Body weight'},'effectiveDateTime':'2019-03-04','valueQuantity':{'value':80,"
    "'unit':'kg'}},"
    "{'resourceType':'Observation','id':'o4','code':{'text':'FEV1/FVC'},'effectiveDateTime':'2016-03-04','valueQuantity':{'value':71,"
    "'unit':'%'}},"
    "{'resourceType':'Procedure','id':'x4','status':'completed','performedDateTime':'2014-03-04','code':{'text':'Review of current medication'}},"
    "{'resourceType':'Observation','id':'o5','code':{'text':'Hemoglobin'},'effectiveDateTime':'2014-03-04','valueQuantity':{'value':13,"
    "'unit':'g/dL'}},"
    "{'resourceType':'Procedure','id':'x3','status':'completed','performedDateTime':'2016-03-04','code':{'text':'Spirometry'}}";

static const char *ask(const char *question, uint32_t budget)
{
    const struct prompt_request request = {
        slice_from(question), budget, 0, PROMPT_FORM_FOUND, { NULL, 0 }
    };
    struct record record;
    struct courses courses;
    struct prompt prompt;
    const char *found;

    read_record(resources, &record, NULL, NULL);
    assert_int_equal(courses_make(&record, &arena, &courses, &err), STATUS_OK);
    assert_int_equal(context_assemble(&record, &courses, &request, &arena, &prompt, &err),
                     STATUS_OK);
    assert_true(strlen(prompt.user) <= (size_t)budget * 3);
    found = strstr(prompt.user, question);
    assert_non_null(found);
    return found + strlen(question);
}

static void a_measurement_tells_its_newest_value_its_flag_and_its_target(void **state)
{
    (void)state;
    assert_string_equal(
        ask("What is the latest hemoglobin A1c?", 2000),
        "\nFound:\n"
        "Hemoglobin A1c was 7.2 % on 2019-03-04, high, not below the target of 7 % [7].\n");
}

static void where_a_change_is_asked_for_its_last_step_is_told(void **state)
{
    (void)state;
    assert_string_equal(
        ask("Is the hemoglobin A1c getting better or worse?", 2000),
        "\nFound:\n"
        "Hemoglobin A1c fell from 8.1 % on 2018-03-04 to 7.2 % on 2019-03-04 [6][7].\n"
        "More:\n"
        "Hemoglobin A1c was 7.2 % on 2019-03-04, high, not below the target of 7 % [7].\n");
}

static void where_the_first_is_asked_for_it_is_told(void **state)
{
    (void)state;
    assert_true(slice_starts_with(
        slice_from(ask("What was the first hemoglobin A1c?", 2000)),
        SLICE("\nFound:\nHemoglobin A1c was 6.4 % on 2017-03-04, below the target of 7 % [5].\n"
              "More:\nHemoglobin A1c was 7.2 % on 2019-03-04")));
}

static void a_time_that_is_asked_for_narrows_what_is_told(void **state)
{
    (void)state;
    const char *found = ask("What was the hemoglobin A1c in 2018?", 2000);

    assert_non_null(strstr(found, "8.1 % on 2018-03-04, high"));
    assert_null(strstr(found, "7.2"));
}

static void what_is_over_answers_where_nothing_is_so_now(void **state)
{
    (void)state;
    assert_string_equal(ask("Which conditions does she have?", 2000),
                        "\nFound:\n"
                        "Hypertension, active since 2012-05-01 [2].\n"
                        "More:\n"
                        "Acute bronchitis, resolved, 2011-01-03 to 2011-01-20 [5].\n");
    assert_string_equal(ask("Does she have acute bronchitis?", 2000),
                        "\nFound:\n"
                        "Acute bronchitis, resolved, 2011-01-03 to 2011-01-20 [5].\n");
}

static void a_disease_and_what_is_taken_for_it_are_two_answers(void **state)
{
    (void)state;
    static const char
        disease[] = "Hypertension, active since 2012-05-01 [2].\n",
        drug[] = "Lisinopril 10 mg tablet, active since 2012-05-01, for Hypertension [3].\n";
    char expected[256];

    snprintf(expected, sizeof(expected), "\nFound:\n%sMore:\n%s", drug, disease);
    assert_string_equal(ask("How is her hypertension treated?", 2000), expected);
    snprintf(expected, sizeof(expected), "\nFound:\n%sMore:\n%s", disease, drug);
    assert_string_equal(ask("Since when does she have hypertension?", 2000), expected);
}

static void an_allergy_answers_whether_a_drug_may_be_given_not_whether_it_is(void **state)
{
    (void)state;
    static const char allergy[] = "Allergy to Penicillin, active [4].\n";
    const char *found = ask("Can she take amoxicillin?", 2000);

    assert_true(slice_starts_with(slice_from(found), SLICE("\nFound:\nAllergy to Penicillin")));
    found = ask("Is she on amoxicillin?", 2000);
    assert_true(slice_starts_with(slice_from(found), SLICE("\nFound:\nnothing\nMore:\n")));
    assert_non_null(strstr(found, allergy));
}

static void what_is_called_as_the_question_says_is_meant(void **state)
{
    (void)state;
    const char *found = ask("When was the spirometry?", 2000);

    assert_true(
        slice_starts_with(slice_from(found), SLICE("\nFound:\nSpirometry on 2016-03-04 [")));
    assert_non_null(strstr(found, "More:\nFEV1/FVC was 71 %"));
    found = ask("How were spirometry and FEV1/FVC?", 2000);
    assert_null(strstr(found, "More:"));
}

static void a_summary_of_a_disease_is_of_both(void **state)
{
    (void)state;
    assert_string_equal(
        ask("Tell me about her hypertension.", 2000),
        "\nFound:\n"
        "Hypertension, active since 2012-05-01 [2].\n"
        "Lisinopril 10 mg tablet, active since 2012-05-01, for Hypertension [3].\n");
}

static void a_whole_name_is_found_whatever_its_words_mean(void **state)
{
    (void)state;
    assert_true(
        slice_starts_with(slice_from(ask("When was the review of current medication?", 2000)),
                          SLICE("\nFound:\nReview of current medication on 2014-03-04 [")));
}

static void a_name_within_a_longer_one_is_another_name(void **state)
{
    (void)state;
    assert_null(strstr(ask("What was the last hemoglobin A1c?", 2000), "Hemoglobin was"));
    assert_null(strstr(ask("What was the last hemoglobin?", 2000), "Hemoglobin A1c"));
}

static void of_what_happened_again_the_last_is_told(void **state)
{
    (void)state;
    const char *found = ask("When was the last colonoscopy?", 2000);

    assert_non_null(strstr(found, "\nColonoscopy on 2020-02-03 ["));
    assert_null(strstr(found, "2015"));
    assert_non_null(strstr(ask("List every colonoscopy.", 2000), "\nColonoscopy on 2015-02-03 ["));
}

static void what_the_record_does_not_hold_is_not_found(void **state)
{
    (void)state;
    assert_string_equal(ask("What was the last ferritin?", 2000), "\nFound:\nnothing\n");
    assert_string_equal(ask("Is she allergic to latex?", 2000), "\nFound:\nnothing\n");
}

static void a_question_about_nothing_finds_nothing_and_says_nothing(void **state)
{
    (void)state;
    assert_string_equal(ask("And what else?", 2000), "\n");
}

static void every_number_in_brackets_is_a_line_of_the_prompt_and_the_budget_holds(void **state)
{
    (void)state;
    for (uint32_t budget = 40; budget < 300; budget++)
        ask("Which conditions does she have?", budget);
    assert_non_null(strstr(ask("Which conditions does she have?", 70), "Found:\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_measurement_tells_its_newest_value_its_flag_and_its_target, set_up, tear_down),
        cmocka_unit_test_setup_teardown(where_a_change_is_asked_for_its_last_step_is_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(where_the_first_is_asked_for_it_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_time_that_is_asked_for_narrows_what_is_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_over_answers_where_nothing_is_so_now, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_disease_and_what_is_taken_for_it_are_two_answers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            an_allergy_answers_whether_a_drug_may_be_given_not_whether_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_called_as_the_question_says_is_meant, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_summary_of_a_disease_is_of_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_whole_name_is_found_whatever_its_words_mean, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_name_within_a_longer_one_is_another_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(of_what_happened_again_the_last_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_record_does_not_hold_is_not_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_question_about_nothing_finds_nothing_and_says_nothing,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            every_number_in_brackets_is_a_line_of_the_prompt_and_the_budget_holds, set_up,
            tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
