#include "context_fixture.h"

static const char resources[] =
    "{'resourceType':'Patient','id':'p','gender':'female','birthDate':'1957'},"
    "{'resourceType':'Condition','id':'c1','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Diabetes mellitus type 2'},"
    "'onsetDateTime':'2012-05-01'},"
    "{'resourceType':'Condition','id':'c2','clinicalStatus':{'coding':[{'code':'resolved'}]},'code':{'text':'Otitis media'},"
    "'onsetDateTime':'1960-01-01'},"
    "{'resourceType':'AllergyIntolerance','id':'a1','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Penicillin'}},"
    "{'resourceType':'MedicationRequest','id':'m1','status':'active','authoredOn':'2012-05-01','medicationCodeableConcept':{'text':'Metformin'}},"
    "{'resourceType':'MedicationRequest','id':'m2','status':'stopped','authoredOn':'2010-05-01','medicationCodeableConcept':{'text':'Aspirin'}},"
    "{'resourceType':'Observation','id':'o1','code':{'text':'Hemoglobin A1c'},'effectiveDateTime':'2018-03-04','valueQuantity':{'value':8.1,"
    "'unit':'%'}},"
    "{'resourceType':'Observation','id':'o2','code':{'text':'Hemoglobin A1c'},'effectiveDateTime':'2019-03-04','valueQuantity':{'value':7.2,"
    "'unit':'%'}},"
    "{'resourceType':'Observation','id':'o3','code':{'text':'Body weight'},'effectiveDateTime':'2019-03-04','valueQuantity':{'value':80,"
    "'unit':'kg'}},"
    "{'resourceType':'DocumentReference','id':'n1','date':'2019-03-04','type':{'text':'Visit note'},'content':[{'attachment':{'contentType':"
    "'text/plain','data':'IyBOb3RlClBhdGllbnQgd2Fsa3MgZGFpbHkuClBhdGllbnQgc21va2VzIHRlbiBjaWdhcmV0dGVzIFsxXSBhIGRheS4K'}}]}";

static enum status assemble(const char *of, struct prompt_request request, struct prompt *prompt)
{
    struct record *record = ARENA_NEW(&arena, struct record);
    struct courses *courses = ARENA_NEW(&arena, struct courses);

    read_record(of, record, NULL, NULL);
    assert_int_equal(courses_make(record, &arena, courses, &err), STATUS_OK);
    return context_assemble(record, courses, &request, &arena, prompt, &err);
}

static struct prompt ask_as(const char *question, uint32_t budget, enum prompt_form form)
{
    struct prompt_request request = { slice_from(question), budget, 0, form, { NULL, 0 } };
    struct prompt prompt;

    if (assemble(resources, request, &prompt) != STATUS_OK)
        fail_msg("%s", err.text);
    return prompt;
}

static struct prompt ask(const char *question, uint32_t budget)
{
    return ask_as(question, budget, PROMPT_FORM_FACTS);
}

static bool has(const struct prompt *prompt, const char *text)
{
    return strstr(prompt->user, text) != NULL;
}

static void standing_facts_come_first_and_ids_count_from_one(void **state)
{
    (void)state;
    struct prompt prompt = ask("What is the latest hemoglobin A1c?", 2000);

    assert_string_equal(
        prompt.system,
        "Answer from the record only. Cite each fact as [n]. If the record does not say, say so.");
    assert_string_equal(prompt.user,
                        "Record:\n"
                        "[1] patient: female, born 1957\n"
                        "[2] condition: Diabetes mellitus type 2, active since 2012-05-01\n"
                        "[3] medication: Metformin, active since 2012-05-01\n"
                        "[4] allergy: Penicillin, active\n"
                        "[5] 2018-03-04 observation: Hemoglobin A1c 8.1 %\n"
                        "[6] 2019-03-04 observation: Hemoglobin A1c 7.2 %\n"
                        "\nQuestion: What is the latest hemoglobin A1c?");
    for (size_t i = 0; i < prompt.count; i++)
        assert_int_equal(prompt.lines[i].id, i + 1);
    assert_true(
        slice_is(prompt.record->facts[prompt.lines[5].facts[0]].reference, "Observation/o2"));
}

static void other_words_for_the_same_thing_find_it(void **state)
{
    (void)state;
    struct prompt prompt = ask("How is her glycemic control?", 2000);

    assert_true(has(&prompt, "Hemoglobin A1c 7.2 %"));
    assert_false(has(&prompt, "Body weight"));
    prompt = ask("Is she overweight?", 2000);
    assert_true(has(&prompt, "Body weight 80 kg"));
}

static void a_kind_word_brings_the_kind(void **state)
{
    (void)state;
    struct prompt prompt = ask("Which medications has she had?", 2000);

    assert_true(has(&prompt, "Aspirin, stopped"));
    assert_false(has(&prompt, "Otitis"));
}

static void a_note_shows_the_sentence_that_matters_and_no_bracket(void **state)
{
    (void)state;
    struct prompt prompt = ask("Does she smoke cigarettes?", 2000);

    assert_true(
        has(&prompt, "2019-03-04 note: Visit note: \"Patient smokes ten cigarettes (1) a day.\""));
}

static void as_courses_a_run_is_one_line_that_cites_what_it_tells(void **state)
{
    (void)state;
    struct prompt prompt = ask_as("What is the latest hemoglobin A1c?", 2000, PROMPT_FORM_COURSES);
    const struct prompt_line *line = NULL;

    assert_true(
        has(&prompt, "Hemoglobin A1c x2, 2018-03-04 to 2019-03-04: last 7.2 %; before 8.1"));
    assert_true(has(&prompt, "\n\nQuestion: What is the latest hemoglobin A1c?"));
    for (size_t i = 0; i < prompt.count; i++)
        if (slice_starts_with(prompt.lines[i].text, SLICE("Hemoglobin A1c")))
            line = &prompt.lines[i];
    assert_non_null(line);
    assert_true(line->bears);
    assert_int_equal(line->told, 2);
    assert_true(slice_is(prompt.record->facts[line->facts[0]].reference, "Observation/o2"));
    prompt = ask_as("Does she smoke cigarettes?", 2000, PROMPT_FORM_COURSES);
    assert_true(has(&prompt, "\"Patient smokes ten cigarettes (1) a day.\""));
}

static void the_budget_is_never_exceeded_and_the_best_stays(void **state)
{
    (void)state;
    for (uint32_t budget = 30; budget < 250; budget++) {
        struct prompt prompt = ask("latest hemoglobin A1c", budget);

        assert_true(strlen(prompt.user) <= budget * 3);
        if (budget >= 50) /* enough for the line of the best fact */
            assert_true(has(&prompt, "7.2 %"));
    }
}

static void a_question_without_a_hit_still_gets_what_stands_and_the_newest_values(void **state)
{
    (void)state;
    struct prompt prompt = ask("Xyzzy?", 2000);

    assert_true(has(&prompt, "patient: female"));
    assert_true(has(&prompt, "Hemoglobin A1c 7.2 %"));
    assert_false(has(&prompt, "8.1 %"));
}

static void an_empty_record_says_so(void **state)
{
    (void)state;
    struct prompt prompt;

    assert_int_equal(
        assemble("", (struct prompt_request){ SLICE("Any allergies?"), 100, 0, 0, { NULL, 0 } },
                 &prompt),
        STATUS_OK);
    assert_string_equal(prompt.user, "Record:\n(nothing recorded)\n\nQuestion: Any allergies?");
}

static void refuses_a_question_that_has_no_room(void **state)
{
    (void)state;
    struct prompt prompt;

    assert_int_equal(
        assemble("", (struct prompt_request){ SLICE("Any allergies?"), 5, 3, 0, { NULL, 0 } },
                 &prompt),
        STATUS_INVALID_ARGUMENT);
    assert_int_equal(
        assemble("", (struct prompt_request){ SLICE("  "), 500, 3, 0, { NULL, 0 } }, &prompt),
        STATUS_INVALID_ARGUMENT);
    assert_int_equal(
        assemble("", (struct prompt_request){ SLICE("Any?"), 0, 3, 0, { NULL, 0 } }, &prompt),
        STATUS_INVALID_ARGUMENT);
}

static void the_same_question_gives_the_same_prompt(void **state)
{
    (void)state;
    struct prompt a = ask("What medications for diabetes?", 120),
                  b = ask("What medications for diabetes?", 120);

    assert_string_equal(a.user, b.user);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(standing_facts_come_first_and_ids_count_from_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(other_words_for_the_same_thing_find_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_kind_word_brings_the_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_note_shows_the_sentence_that_matters_and_no_bracket,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(as_courses_a_run_is_one_line_that_cites_what_it_tells,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_budget_is_never_exceeded_and_the_best_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_question_without_a_hit_still_gets_what_stands_and_the_newest_values, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(an_empty_record_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_question_that_has_no_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_question_gives_the_same_prompt, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
