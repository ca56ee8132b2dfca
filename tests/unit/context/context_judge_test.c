/* Targets and stages at their bounds, and where nothing may be said. The bounds are those of the
 * guidelines: KDIGO 2012 table of GFR categories, ADA's 7 %, ACC/AHA 2017's 130/80 mmHg. */
#include "context_fixture.h"

#include "context_judge.h"

/* What is said of one observation of @label, whose rest is @value. */
static const char *judge(const char *label, const char *value)
{
    struct record record;
    struct courses courses;
    struct buffer out;

    read_record(arena_format(&arena,
                             "{'resourceType':'Observation','id':'o','code':{'text':'%s'},"
                             "'effectiveDateTime':'2019-03-04',%s}",
                             label, value),
                &record, NULL, NULL);
    assert_int_equal(courses_make(&record, &arena, &courses, &err), STATUS_OK);
    assert_int_equal(courses.count, 1);
    buffer_init(&out, &arena);
    judge_put(&courses.items[0], record_whole(&record, courses.items[0].facts[0], &arena), &out);
    buffer_put_byte(&out, '\0');
    return out.data;
}

static const char *judge_number(const char *label, const char *number, const char *unit)
{
    return judge(label,
                 arena_format(&arena, "'valueQuantity':{'value':%s,'unit':'%s'}", number, unit));
}

static const char *judge_pressure(const char *first, int a, const char *second, int b)
{
    return judge(
        "Blood pressure",
        arena_format(
            &arena,
            "'component':[{'code':{'text':'%s'},'valueQuantity':{'value':%d,'unit':'mmHg'}},"
            "{'code':{'text':'%s'},'valueQuantity':{'value':%d,'unit':'mmHg'}}]",
            first, a, second, b));
}

static void a_target_is_met_below_it_only(void **state)
{
    (void)state;
    assert_string_equal(judge_number("Hemoglobin A1c", "6.9", "%"), ", below the target of 7 %");
    assert_string_equal(judge_number("Hemoglobin A1c", "7.0", "%"),
                        ", not below the target of 7 %");
    assert_string_equal(judge_number("LDL cholesterol", "99", "mg/dL"),
                        ", below the target of 100 mg/dL");
}

static void a_pressure_meets_its_target_by_both_numbers_in_any_order(void **state)
{
    (void)state;
    static const char systolic[] = "Systolic blood pressure",
                      diastolic[] = "Diastolic blood pressure";

    assert_string_equal(judge_pressure(systolic, 129, diastolic, 79),
                        ", below the target of 130/80 mmHg");
    assert_string_equal(judge_pressure(diastolic, 79, systolic, 129),
                        ", below the target of 130/80 mmHg");
    assert_string_equal(judge_pressure(systolic, 129, diastolic, 80),
                        ", not below the target of 130/80 mmHg");
    assert_string_equal(judge_pressure(diastolic, 70, systolic, 130),
                        ", not below the target of 130/80 mmHg");
}

static void a_pressure_is_judged_as_it_is_told(void **state)
{
    (void)state;
    /* 129.6/78.4 is told as 130/78. */
    assert_string_equal(
        judge(
            "Blood pressure",
            "'component':[{'code':{'text':'Systolic'},'valueQuantity':{'value':129.6,'unit':'mmHg'}},"
            "{'code':{'text':'Diastolic'},'valueQuantity':{'value':78.4,'unit':'mmHg'}}]"),
        ", not below the target of 130/80 mmHg");
}

static void each_stage_begins_at_its_bound(void **state)
{
    (void)state;
    static const struct {
        const char *value, *said;
    } rows[] = {
        { "90", ", stage G1" },  { "89", ", stage G2" },  { "60", ", stage G2" },
        { "59", ", stage G3a" }, { "45", ", stage G3a" }, { "44", ", stage G3b" },
        { "30", ", stage G3b" }, { "29", ", stage G4" },  { "15", ", stage G4" },
        { "14", ", stage G5" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(judge_number("eGFR", rows[i].value, "mL/min/1.73 m2"), rows[i].said);
}

static void nothing_is_said_of_other_units_other_tests_and_bounds(void **state)
{
    (void)state;
    assert_string_equal(judge_number("Hemoglobin A1c", "48", "mmol/mol"), "");
    assert_string_equal(judge_number("LDL cholesterol", "2.1", "mmol/L"), "");
    assert_string_equal(judge_number("Hemoglobin", "6.9", "%"), "");
    assert_string_equal(
        judge("eGFR", "'valueQuantity':{'value':60,'comparator':'>','unit':'mL/min/1.73 m2'}"), "");
    assert_string_equal(judge("Hemoglobin A1c", "'valueString':'not done'"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_target_is_met_below_it_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pressure_meets_its_target_by_both_numbers_in_any_order,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pressure_is_judged_as_it_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_stage_begins_at_its_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_said_of_other_units_other_tests_and_bounds,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
