#include "context_fixture.h"

#include <math.h>

#include "context_timeline_ask.h"

#define GLUCOSE(id, date, rest)                                                                    \
    "{'resourceType':'Observation','id':'" id                                                      \
    "','status':'final','code':{'coding':[{'system':'http://loinc.org','code':"                    \
    "'2345-7','display':'Glucose'}]},'effectiveDateTime':'" date "'," rest "}"
#define MG(value)                                                                                  \
    "'valueQuantity':{'value':" value                                                              \
    ",'system':'http://unitsofmeasure.org','code':'mg/dL','unit':'mg/dL'}"
#define MMOL(value)                                                                                \
    "'valueQuantity':{'value':" value                                                              \
    ",'system':'http://unitsofmeasure.org','code':'mmol/L','unit':'mmol/L'}"
#define CONDITION(id, name, dates)                                                                 \
    "{'resourceType':'Condition','id':'" id "','code':{'text':'" name "'}," dates "}"

/* clang-format off */
static const char resources[] =
    GLUCOSE("a", "2018-01-01", MG("90")) ","
    GLUCOSE("b", "2019-01-01T08:00:00Z", MMOL("5.551")) ","
    GLUCOSE("b2", "2019-01-01T08:00:00Z", MMOL("5.551")) ","
    GLUCOSE("c", "2020-06-30T23:30:00-05:00", MG("110")) ","
    CONDITION("x", "Asthma", "'clinicalStatus':{'coding':[{'code':'active'}]},'onsetDateTime':'2018'") ","
    CONDITION("y", "Bronchitis", "'clinicalStatus':{'coding':[{'code':'resolved'}]},'onsetDateTime':'2019-02-01',"
                                 "'abatementDateTime':'2019-03'") ","
    "{'resourceType':'Observation','id':'e','status':'entered-in-error','code':{'coding':[{'system':'http://loinc.org','code':"
    "'2345-7'}]},'effectiveDateTime':'2021-01-01'},"
    "{'resourceType':'Procedure','id':'n','status':'not-done','code':{'text':'Biopsy'},'performedDateTime':'2019-05-05'}";
/* clang-format on */

static struct timeline_answer ask(const char *more, const char *text)
{
    struct record *record = ARENA_NEW(&arena, struct record);
    struct timeline_question question;
    struct timeline_answer answer;

    read_record(arena_format(&arena, "%s%s", resources, more), record, NULL, NULL);
    if (timeline_question_parse(slice_from(text), &question, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(timeline_ask(record, &question, &arena, &answer, &err), STATUS_OK);
    return answer;
}

static void assert_item(const struct timeline_answer *answer, uint32_t at, const char *reference,
                        bool is_certain)
{
    assert_true(at < answer->count);
    assert_true(slice_is(answer->items[at].fact->reference, reference));
    assert_int_equal(answer->items[at].is_certain, is_certain);
}

static void the_latest_is_told_in_its_unit(void **state)
{
    (void)state;
    struct timeline_answer answer = ask("", "latest 2345-7");

    assert_int_equal(answer.count, 1);
    assert_item(&answer, 0, "Observation/c", true);
    assert_true(answer.items[0].number == 110);
    assert_true(slice_is(answer.unit, "mg/dL"));
    answer = ask("", "latest http://loinc.org|2345-7 in mmol/L");
    assert_true(fabs(answer.items[0].number - 6.105819) < 1e-5);
    assert_int_equal(ask("", "latest http://snomed.info/sct|2345-7").count, 0);
}

static void a_day_is_the_day_that_was_written(void **state)
{
    (void)state;
    /* Half past eleven in New York is the next day in UTC. */
    struct timeline_answer answer = ask("", "latest 2345-7 as-of 2020-06-30");

    assert_item(&answer, 0, "Observation/c", true);
    answer = ask("", "latest 2345-7 as-of 2020-06-29");
    assert_item(&answer, 0, "Observation/b", true);
    assert_true(slice_is(answer.items[0].fact->also, "Observation/b2\n"));
}

static void a_vague_date_makes_the_latest_uncertain(void **state)
{
    (void)state;
    struct timeline_answer answer = ask("," GLUCOSE("v", "2020", MG("70")), "latest 2345-7");

    assert_int_equal(answer.count, 1);
    assert_item(&answer, 0, "Observation/c", false);
    answer = ask("," GLUCOSE("v", "2020", MG("70")), "count 2345-7 to 2020-06");
    assert_int_equal(answer.count, 4);
    assert_int_equal(answer.certain, 3);
}

static void copies_errors_and_what_did_not_happen_do_not_count(void **state)
{
    (void)state;
    assert_int_equal(ask("", "count 2345-7").count, 3);
    assert_int_equal(ask("", "count procedures").count, 0);
}

static void a_trend_is_in_one_unit(void **state)
{
    (void)state;
    struct timeline_answer answer = ask("", "trend glucose");

    assert_int_equal(answer.trend.points, 3);
    assert_string_equal(answer.trend.direction, "rising");
    assert_true(fabs(answer.items[1].number - 100.0046) < 1e-3);
    assert_true(answer.trend.slope_a_year > 7 && answer.trend.slope_a_year < 9);
    assert_int_equal(answer.trend.low, 0);
    assert_int_equal(answer.trend.high, 2);
    answer = ask("," GLUCOSE("u", "2020-07-01", "'valueQuantity':{'value':3,'unit':'furlongs'}"),
                 "trend 2345-7 in mg/dL");
    assert_int_equal(answer.trend.points, 3);
    assert_int_equal(answer.other_units, 1);
}

static void what_is_active_follows_dates_with_their_precision(void **state)
{
    (void)state;
    struct timeline_answer answer = ask("", "active conditions at 2018-06-01");

    assert_int_equal(answer.count, 1);
    assert_item(&answer, 0, "Condition/x", false); /* began some day of 2018 */
    answer = ask("", "active conditions at 2019-02-28");
    assert_int_equal(answer.certain, 2);
    answer = ask("", "active conditions at 2019-03-15");
    assert_item(&answer, 1, "Condition/y", false); /* ended some day of that March */
    assert_int_equal(ask("", "active conditions at 2019-04-01").count, 1);
    assert_int_equal(ask("", "active conditions").count, 1);
}

static void between_lists_in_order(void **state)
{
    (void)state;
    struct timeline_answer answer = ask("", "between 2019 2020 all");

    assert_int_equal(answer.count, 3);
    assert_item(&answer, 0, "Observation/b", true);
    assert_item(&answer, 1, "Condition/y", true);
}

static void refuses_what_is_no_question(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",
                                         "what is new",
                                         "latest",
                                         "latest as-of 2019",
                                         "count 2345-7 from soon",
                                         "between 2019 all",
                                         "between 2020 2019",
                                         "trend 2345-7 in" };
    struct timeline_question question;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (timeline_question_parse(slice_from(wrong[i]), &question, &err)
            != STATUS_INVALID_ARGUMENT)
            fail_msg("'%s' was taken", wrong[i]);
}

static void parts_that_came_by_themselves_are_checked(void **state)
{
    (void)state;
    struct timeline_parts parts = {
        TIMELINE_ACTIVE, SLICE("conditions"), SLICE("2019"), { NULL, 0 }, { NULL, 0 }
    };
    struct timeline_question question;

    assert_int_equal(timeline_question_make(&parts, &question, &err), STATUS_INVALID_ARGUMENT);
    parts.to = SLICE("2019");
    assert_int_equal(timeline_question_make(&parts, &question, &err), STATUS_OK);
    assert_int_equal(question.kinds, 1u << FACT_CONDITION);
    parts.verb = TIMELINE_BETWEEN;
    parts.from = SLICE("");
    assert_int_equal(timeline_question_make(&parts, &question, &err), STATUS_INVALID_ARGUMENT);
    parts.verb = TIMELINE_COUNT;
    parts.to = SLICE("yesterday");
    assert_int_equal(timeline_question_make(&parts, &question, &err), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_latest_is_told_in_its_unit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_day_is_the_day_that_was_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_vague_date_makes_the_latest_uncertain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copies_errors_and_what_did_not_happen_do_not_count, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_trend_is_in_one_unit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_active_follows_dates_with_their_precision, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(between_lists_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_question, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_that_came_by_themselves_are_checked, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
