/* Sentences that a list and a record make, spelt out. */
#include "context_fixture.h"

#define DRUG(id, text, status, date)                                                               \
    "{'resourceType':'MedicationRequest','id':'" id "','status':'" status "','authoredOn':'" date  \
    "','medicationCodeableConcept':{'text':'" text "'}},"
#define PATIENT "{'resourceType':'Patient','id':'p','gender':'female','birthDate':'1960-02-03'},"
#define EGFR(value)                                                                                    \
    "{'resourceType':'Observation','id':'e1','code':{'text':'eGFR'},'effectiveDateTime':'2024-03-04'," \
    "'valueQuantity':{'value':" value ",'unit':'mL/min/1.73 m2'}},"
#define LAST                                                                                                  \
    "{'resourceType':'Observation','id':'w1','code':{'text':'Body weight'},'effectiveDateTime':'2025-06-20'," \
    "'valueQuantity':{'value':80,'unit':'kg'}}"

static const char *ask_within(const char *resources, const char *question, uint32_t budget)
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
    found = strstr(prompt.user, question);
    assert_non_null(found);
    return found + strlen(question);
}

static const char *ask(const char *resources, const char *question)
{
    return ask_within(resources, question, 2000);
}

static const char bleeding[] = PATIENT DRUG("m1", "Warfarin 5 mg tablet", "active", "2019-01-02")
    DRUG("m2", "Ibuprofen 400 mg tablet", "active", "2025-06-19")
        DRUG("m3", "Levothyroxine 50 mcg tablet", "active", "2018-01-02") LAST;

static void drugs_that_interact_are_told_with_both_lines(void **state)
{
    (void)state;
    assert_string_equal(ask(bleeding, "Do any of her drugs interact?"),
                        "\nFound:\nIbuprofen and warfarin interact: bleeding [3][4].\n");
    assert_string_equal(ask(bleeding, "Does Advil interact with Coumadin?"),
                        "\nFound:\nIbuprofen and warfarin interact: bleeding [3][4].\n");
    assert_string_equal(ask(bleeding, "Would naproxen interact with anything she takes?"),
                        "\nFound:\nNaproxen and warfarin interact: bleeding [3].\n");
}

static void what_is_not_listed_is_said_to_be_not_listed(void **state)
{
    (void)state;
    assert_string_equal(
        ask(bleeding, "Do levothyroxine and warfarin interact?"),
        "\nFound:\nNo listed interaction of levothyroxine and warfarin is found [2][3].\n");
    assert_string_equal(ask(bleeding, "Does cetirizine interact with anything?"),
                        "\nFound:\nNo listed interaction of cetirizine is found among the active "
                        "medications [2][3][4].\n");
    assert_string_equal(ask(PATIENT LAST, "Do her drugs interact?"), "\nFound:\nnothing\n");
    assert_string_equal(ask(bleeding, "Do cetirizine and naproxen interact?"),
                        "\nFound:\nnothing\n");
}

static void a_stopped_drug_interacts_only_where_it_is_named(void **state)
{
    static const char stopped[] = PATIENT DRUG("m1", "Warfarin 5 mg tablet", "active", "2019-01-02")
        DRUG("m2", "Ibuprofen 400 mg tablet", "stopped", "2020-06-19") LAST;

    (void)state;
    assert_string_equal(ask(stopped, "Do her drugs interact?"), "\nFound:\nnothing\n");
    assert_string_equal(ask(stopped, "Do ibuprofen and warfarin interact?"),
                        "\nFound:\nIbuprofen and warfarin interact: bleeding [2][3].\n");
}

/* Three drugs that are taken, and room for two lines. */
static void that_none_is_listed_is_said_only_of_all_that_is_taken(void **state)
{
    static const char three[] = PATIENT DRUG("m1", "Warfarin 5 mg tablet", "active", "2019-01-02")
        DRUG("m2", "Levothyroxine 50 mcg tablet", "active", "2018-01-02")
            DRUG("m3", "Cetirizine 10 mg tablet", "active", "2017-01-02") LAST;

    (void)state;
    assert_non_null(strstr(ask(three, "Do her drugs interact?"), "No listed interaction"));
    for (uint32_t budget = 40; budget < 100; budget++)
        if (strstr(ask_within(three, "Do her drugs interact?", budget), "No listed") != NULL)
            assert_non_null(
                strstr(ask_within(three, "Do her drugs interact?", budget), "[2][3][4]"));
}

#define METFORMIN DRUG("m1", "Metformin 500 mg tablet", "active", "2019-01-02")

static void a_drug_stands_against_the_newest_filtration_rate(void **state)
{
    (void)state;
    assert_string_equal(
        ask(PATIENT METFORMIN EGFR("24") LAST, "Is metformin right for her kidney function?"),
        "\nFound:\nMetformin, with eGFR 24 mL/min/1.73 m2 on 2024-03-04: "
        "contraindicated below 30 (FDA) [2][3].\n");
    assert_string_equal(
        ask(PATIENT METFORMIN EGFR("78") LAST, "Is metformin right for her kidney function?"),
        "\nFound:\nMetformin, with eGFR 78 mL/min/1.73 m2 on 2024-03-04: no listed "
        "renal limit reached [2][3].\n");
    assert_string_equal(
        ask(PATIENT METFORMIN EGFR("78") LAST, "Which drugs need a renal dose adjustment?"),
        "\nFound:\nNo listed renal limit is reached, with eGFR 78 mL/min/1.73 m2 on "
        "2024-03-04 [2][3].\n");
}

static void what_the_list_or_the_record_lacks_is_not_told(void **state)
{
    (void)state;
    assert_string_equal(ask(PATIENT METFORMIN LAST, "Is metformin right for her kidney function?"),
                        "\nFound:\nnothing\n");
    assert_string_equal(
        ask(PATIENT METFORMIN EGFR("24") LAST, "Is warfarin right for her kidney function?"),
        "\nFound:\nnothing\n");
}

#define SCOPE(date)                                                                                \
    "{'resourceType':'Procedure','id':'x" date "','status':'completed','performedDateTime':'" date \
    "','code':{'text':'Mammography'}},"

static void a_screening_is_late_or_not_on_the_last_day_of_the_record(void **state)
{
    (void)state;
    assert_string_equal(
        ask(PATIENT SCOPE("2019-05-06") SCOPE("2021-05-06") LAST, "Is a mammogram overdue?"),
        "\nFound:\nMammography on 2021-05-06, due every 2 years (USPSTF): overdue on "
        "2025-06-20 [3].\n");
    assert_string_equal(
        ask(PATIENT SCOPE("2024-05-06") LAST, "Is a mammogram overdue?"),
        "\nFound:\nMammography on 2024-05-06, due every 2 years (USPSTF): not overdue "
        "on 2025-06-20 [2].\n");
    assert_string_equal(
        ask(PATIENT LAST, "Is a mammogram overdue?"),
        "\nFound:\nNo mammography is on record by 2025-06-20, due every 2 years (USPSTF) [1].\n");
    assert_string_equal(ask(PATIENT LAST, "Is the diabetic eye exam overdue?"),
                        "\nFound:\nnothing\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(drugs_that_interact_are_told_with_both_lines, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_listed_is_said_to_be_not_listed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stopped_drug_interacts_only_where_it_is_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(that_none_is_listed_is_said_only_of_all_that_is_taken,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_drug_stands_against_the_newest_filtration_rate, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_the_list_or_the_record_lacks_is_not_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_screening_is_late_or_not_on_the_last_day_of_the_record,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
