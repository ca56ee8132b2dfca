#include "context_fixture.h"

#include "context_slice.h"

static struct record record;
static struct courses courses;

static void read_courses(const char *resources)
{
    read_record(resources, &record, NULL, NULL);
    if (courses_make(&record, &arena, &courses, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static struct slice_text ask(const char *question, uint32_t budget)
{
    struct slice_measure measure = { .bytes_per_token = 4 };
    struct slice_text text;

    assert_int_equal(context_slice(&record, &courses, slice_from(question), budget, &measure, 0,
                                   &arena, &text, &err),
                     STATUS_OK);
    return text;
}

static bool says(const struct slice_text *text, const char *words)
{
    return text->text.size > 0
           && memmem(text->text.data, text->text.size, words, strlen(words)) != NULL;
}

/* The place of a line in the text that has @words; SIZE_MAX: none. */
static size_t place_of(const struct slice_text *text, const char *words)
{
    const char *at = memmem(text->text.data, text->text.size, words, strlen(words));

    return at == NULL ? SIZE_MAX : (size_t)(at - text->text.data);
}

static const char few[] =
    "{'resourceType':'Patient','id':'p','gender':'male','birthDate':'1950'},"
    "{'resourceType':'Condition','id':'mi','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Myocardial infarction'},"
    "'onsetDateTime':'2018-01-01'},"
    "{'resourceType':'Condition','id':'c','clinicalStatus':{'coding':[{'code':'resolved'}]},'code':{'coding':[{'system':"
    "'http://hl7.org/fhir/sid/icd-10-cm','code':'S52.501A'}]},'onsetDateTime':'1990-01-01'},"
    "{'resourceType':'MedicationRequest','id':'m','status':'active','medicationCodeableConcept':{'text':'Bisoprolol 5 MG Oral Tablet'},"
    "'authoredOn':'2018-02-01'},"
    "{'resourceType':'Procedure','id':'x','status':'completed','code':{'coding':[{'system':'http://snomed.info/sct','code':'999123'}]},"
    "'performedDateTime':'2001-01-01'},"
    "{'resourceType':'Observation','id':'a1','code':{'text':'Glucose'},'effectiveDateTime':'2015-01-01','valueQuantity':{'value':90,'unit':'mg/dL'}},"
    "{'resourceType':'Observation','id':'a2','code':{'text':'Glucose'},'effectiveDateTime':'2016-01-01','valueQuantity':{'value':210,'unit':'mg/dL'}},"
    "{'resourceType':'Observation','id':'a3','code':{'text':'Glucose'},'effectiveDateTime':'2017-01-01','valueQuantity':{'value':70,'unit':'mg/dL'}},"
    "{'resourceType':'Observation','id':'a4','code':{'text':'Glucose'},'effectiveDateTime':'2018-01-01','valueQuantity':{'value':100,'unit':'mg/dL'}},"
    "{'resourceType':'Observation','id':'a5','code':{'text':'Glucose'},'effectiveDateTime':'2018-06-01','valueQuantity':{'value':101,'unit':'mg/dL'}}";

static void a_run_is_told_in_the_unit_of_its_newest_value(void **state)
{
    (void)state;
    struct slice_text text;

    read_courses(
        "{'resourceType':'Observation','id':'a','code':{'coding':[{'system':'http://loinc.org','code':'2160-0','display':'Creatinine'}]},"
        "'effectiveDateTime':'2019-01-01','valueQuantity':{'value':150.3,'unit':'umol/L','system':'http://unitsofmeasure.org','code':'umol/L'}},"
        "{'resourceType':'Observation','id':'b','code':{'coding':[{'system':'http://loinc.org','code':'2160-0','display':'Creatinine'}]},"
        "'effectiveDateTime':'2019-06-01','valueQuantity':{'value':9,'unit':'zorbs'}},"
        "{'resourceType':'Observation','id':'c','code':{'coding':[{'system':'http://loinc.org','code':'2160-0','display':'Creatinine'}]},"
        "'effectiveDateTime':'2020-01-01','valueQuantity':{'value':1.9,'unit':'mg/dL','system':'http://unitsofmeasure.org','code':'mg/dL'}}");
    text = ask("How is the creatinine?", 500);
    assert_true(says(&text, "last 1.9 mg/dL; before 9 zorbs (2019-06-01), 1.7 (2019-01-01)"));
}

static void what_became_of_a_drug_is_told_where_it_differs(void **state)
{
    (void)state;
    struct slice_text text;

    read_courses(
        "{'resourceType':'MedicationRequest','id':'r','status':'stopped','medicationCodeableConcept':{'text':"
        "'Lasix 40 MG Oral Tablet'},'authoredOn':'2019-01-01'},"
        "{'resourceType':'MedicationAdministration','id':'s','status':'completed','medicationCodeableConcept':{'text':"
        "'Furosemide 20 MG Injection'},'effectiveDateTime':'2020-01-01'}");
    text = ask("Is she on furosemide?", 500);
    assert_true(says(&text, "furosemide x2, given: 2020-01-01 (Furosemide 20 mg Injection) "
                            "2019-01-01 (Lasix 40 mg Oral Tablet, stopped)"));
}

/* Prescribed, stated and given, as a brand and without, in two strengths: one drug. */
static void a_drug_is_one_course_whatever_its_brand_and_strength(void **state)
{
    (void)state;
    struct slice_text text;

    read_courses(
        "{'resourceType':'MedicationRequest','id':'r','status':'active','medicationCodeableConcept':{'text':"
        "'ibuprofen 200 MG Oral Tablet'},'authoredOn':'2019-01-01'},"
        "{'resourceType':'MedicationStatement','id':'s','status':'active','medicationCodeableConcept':{'text':"
        "'Advil 400'},'effectiveDateTime':'2020-01-01','note':[{'text':'Only with food.'}]},"
        "{'resourceType':'MedicationRequest','id':'o','status':'active','medicationCodeableConcept':{'text':"
        "'acetaminophen 325 MG / codeine 30 MG Oral Tablet'},'authoredOn':'2020-01-01'},"
        "{'resourceType':'MedicationRequest','id':'t','status':'active','medicationCodeableConcept':{'text':"
        "'Tylenol'},'authoredOn':'2020-01-01'}");
    assert_int_equal(courses.count, 3);
    text = ask("Is he on Motrin?", 500);
    assert_true(says(&text, "ibuprofen x2, active: 2020-01-01 (Advil 400, note: Only with food.) "
                            "2019-01-01 (ibuprofen 200 mg Oral Tablet)"));
}

static void a_run_keeps_its_extremes_and_its_last_value_and_cites_all(void **state)
{
    (void)state;
    struct slice_text text;

    read_courses(few);
    text = ask("Did the patient have pneumonia?", 1000);
    assert_true(says(&text, "Glucose x5, 2015-01-01 to 2018-06-01: last 101 mg/dL"));
    for (uint32_t i = 0; i < text.count; i++)
        if (record.facts[text.lines[i].facts[0]].kind == FACT_OBSERVATION)
            assert_int_equal(text.lines[i].count, 5);
    text = ask("What is the kidney function?", 60);
    if (says(&text, "Glucose"))
        assert_true(says(&text, "low 70 (2017-01-01), high 210 (2016-01-01)"));
}

static void what_is_asked_and_what_it_needs_comes_before_the_rest(void **state)
{
    (void)state;
    struct slice_text text;

    read_courses(few);
    text = ask("After the heart attack, is a beta blocker given?", 46);
    assert_true(says(&text, "Myocardial infarction"));
    assert_true(says(&text, "Bisoprolol"));
    assert_false(says(&text, "Glucose"));
    text = ask("Were there broken bones?", 40);
    assert_true(says(&text, "fracture of forearm (ICD-10 S52.501A)"));
}

static void a_code_without_words_is_shown_as_one(void **state)
{
    (void)state;
    struct slice_text text;

    read_courses(few);
    text = ask("Which procedures were done?", 1000);
    assert_true(says(&text, "SNOMED CT 999123"));
}

static void every_line_resolves_and_the_budget_holds(void **state)
{
    (void)state;
    struct slice_text text;

    read_courses(few);
    for (uint32_t budget = 0; budget < 300; budget++) {
        text = ask("How is the diabetes?", budget);
        assert_true(text.text.size <= 4 * (size_t)budget);
        for (uint32_t i = 0; i < text.count; i++) {
            char *id = arena_format(&arena, "[%u] ", i + 1);

            assert_int_equal(text.lines[i].id, i + 1);
            assert_true(text.lines[i].count > 0);
            assert_true(place_of(&text, id) != SIZE_MAX);
            for (uint32_t j = 0; j < text.lines[i].count; j++)
                assert_true(text.lines[i].facts[j] < record.count
                            && record.facts[text.lines[i].facts[j]].reference.size > 0);
        }
    }
}

static size_t one_token_a_byte(void *arg, struct slice text)
{
    ++*(unsigned *)arg;
    return text.size;
}

static void a_models_own_tokens_hold_the_budget(void **state)
{
    (void)state;
    unsigned calls = 0;
    struct slice_measure measure = { .count = one_token_a_byte, .arg = &calls };
    struct slice_text text;

    read_courses(few);
    assert_int_equal(context_slice(&record, &courses, SLICE("How is the heart?"), 200, &measure, 0,
                                   &arena, &text, &err),
                     STATUS_OK);
    assert_true(calls > 1);
    assert_true(text.count > 0 && text.text.size <= 200 && text.tokens == text.text.size);
}

static void duplicates_are_one_fact_with_several_sources(void **state)
{
    (void)state;

    read_courses(
        "{'resourceType':'Procedure','id':'a','code':{'text':'Colonoscopy'},'performedDateTime':'2017-01-01'},"
        "{'resourceType':'Procedure','id':'b','code':{'text':'Colonoscopy'},'performedDateTime':'2017-01-01'},"
        "{'resourceType':'Procedure','id':'c','code':{'text':'Colonoscopy'},'performedDateTime':'2017-01-01'}");
    assert_int_equal(record.live, 1);
    assert_true(slice_is(record.facts[0].reference, "Procedure/a"));
    assert_true(slice_is(record.facts[0].also, "Procedure/b\nProcedure/c\n"));
}

static void what_was_never_true_is_in_no_slice(void **state)
{
    (void)state;
    struct slice_text text;

    read_courses(
        "{'resourceType':'Condition','id':'a','code':{'text':'Asthma'},'verificationStatus':{'coding':[{'code':'refuted'}]}},"
        "{'resourceType':'Observation','id':'b','status':'entered-in-error','code':{'text':'Asthma score'}},"
        "{'resourceType':'Condition','id':'c','code':{'text':'Hay fever'}}");
    text = ask("Does the patient have asthma?", 1000);
    assert_false(says(&text, "sthma"));
    assert_true(says(&text, "Hay fever"));
}

static void an_empty_record_gives_an_empty_text(void **state)
{
    (void)state;
    struct slice_text text;

    read_courses("");
    text = ask("Anything?", 1000);
    assert_int_equal(text.text.size, 0);
    assert_int_equal(text.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_is_told_in_the_unit_of_its_newest_value, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_became_of_a_drug_is_told_where_it_differs, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_drug_is_one_course_whatever_its_brand_and_strength,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_run_keeps_its_extremes_and_its_last_value_and_cites_all,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_asked_and_what_it_needs_comes_before_the_rest,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_code_without_words_is_shown_as_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_line_resolves_and_the_budget_holds, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_models_own_tokens_hold_the_budget, set_up, tear_down),
        cmocka_unit_test_setup_teardown(duplicates_are_one_fact_with_several_sources, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_never_true_is_in_no_slice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_record_gives_an_empty_text, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
