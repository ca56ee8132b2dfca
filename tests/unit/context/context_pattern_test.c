/* Patterns of findings against the criteria that were published, at and beside their bounds. */
#include "context_fixture.h"

struct value {
    const char *label, *number, *unit, *low, *high, *date;
};

#define VALUES_MAX 5

static const char *record_of(const char *gender, const struct value *values)
{
    struct buffer out;

    buffer_init(&out, &arena);
    buffer_format(&out, "{'resourceType':'Patient','id':'p','gender':'%s','birthDate':'1950'}",
                  gender);
    for (int i = 0; i < VALUES_MAX && values[i].label != NULL; i++) {
        buffer_format(
            &out,
            ",{'resourceType':'Observation','id':'o%d','status':'final','code':{'text':'%s'},'effectiveDateTime':'%s',"
            "'valueQuantity':{'value':%s,'unit':'%s'}",
            i, values[i].label, values[i].date, values[i].number, values[i].unit);
        if (values[i].low != NULL)
            buffer_format(&out, ",'referenceRange':[{'low':{'value':%s},'high':{'value':%s}}]",
                          values[i].low, values[i].high);
        buffer_put_string(&out, "}");
    }
    buffer_put_byte(&out, '\0');
    return out.data;
}

#define DAY "2020-03-04"
#define NOTHING "nothing"

/* clang-format off */
static const struct {
    const char *source, *gender, *question;
    struct value values[VALUES_MAX];
    const char *fits; /* what the findings fit, or NOTHING */
} cases[] = {
    { "WHO: anemia of men below 13.0; AGA 2020: ferritin below 45", "male", "What could explain the low hemoglobin?",
      { { "Hemoglobin", "12.9", "g/dL", NULL, NULL, DAY }, { "Ferritin", "44", "ng/mL", NULL, NULL, DAY } }, "iron deficiency anemia" },
    { "WHO: anemia of women only below 12.0", "female", "What could explain the low hemoglobin?",
      { { "Hemoglobin", "12.0", "g/dL", NULL, NULL, DAY }, { "Ferritin", "9", "ng/mL", NULL, NULL, DAY } }, NOTHING },
    { "AGA 2020: 45 is not below 45", "male", "What could explain the low hemoglobin?",
      { { "Hemoglobin", "9.1", "g/dL", NULL, NULL, DAY }, { "Ferritin", "45", "ng/mL", NULL, NULL, DAY } }, NOTHING },
    { "the same in SI units", "female", "What is behind her anemia?",
      { { "Hemoglobin", "98", "g/L", NULL, NULL, DAY }, { "Ferritin", "8", "ug/L", NULL, NULL, DAY }, { "MCV", "71", "fL", NULL, NULL, DAY } }, "iron deficiency anemia" },
    { "hemoglobin alone fits nothing", "female", "What could explain the low hemoglobin?",
      { { "Hemoglobin", "8.2", "g/dL", NULL, NULL, DAY } }, NOTHING },
    { "nor a ferritin of years before", "female", "What could explain the low hemoglobin?",
      { { "Hemoglobin", "8.2", "g/dL", NULL, NULL, DAY }, { "Ferritin", "8", "ng/mL", NULL, NULL, "2016-03-04" } }, NOTHING },
    { "nor one that has risen since", "female", "What could explain the low hemoglobin?",
      { { "Hemoglobin", "8.2", "g/dL", NULL, NULL, DAY }, { "Ferritin", "8", "ng/mL", NULL, NULL, "2020-02-01" },
        { "Ferritin", "90", "ng/mL", NULL, NULL, DAY } }, NOTHING },
    { "BSH 2014: cobalamin below 200 ng/L", "male", "What do the blood tests suggest?",
      { { "Hemoglobin", "10.1", "g/dL", NULL, NULL, DAY }, { "Vitamin B12", "199", "ng/L", NULL, NULL, DAY }, { "MCV", "112", "fL", NULL, NULL, DAY } },
      "vitamin B12 deficiency anemia" },
    { "BSH 2014: 200 is not", "male", "What do the blood tests suggest?",
      { { "Hemoglobin", "10.1", "g/dL", NULL, NULL, DAY }, { "Vitamin B12", "200", "ng/L", NULL, NULL, DAY } }, NOTHING },
    { "ATA/AACE 2012: TSH over, free T4 under the range", "female", "Which diagnosis would fit the TSH?",
      { { "TSH", "14.2", "mIU/L", "0.4", "4.5", DAY }, { "Free T4", "0.5", "ng/dL", "0.8", "1.8", DAY } }, "primary hypothyroidism" },
    { "ATA/AACE 2012: with free T4 in range it is subclinical", "female", "Which diagnosis would fit the TSH?",
      { { "TSH", "7.1", "mIU/L", "0.4", "4.5", DAY }, { "Free T4", "1.1", "ng/dL", "0.8", "1.8", DAY } }, "subclinical hypothyroidism" },
    { "ATA 2016: TSH under, free T4 over the range", "male", "What could explain the low TSH?",
      { { "TSH", "0.01", "mIU/L", "0.4", "4.5", DAY }, { "Free T4", "3.5", "ng/dL", "0.8", "1.8", DAY } }, "hyperthyroidism" },
    { "both in range", "male", "What could explain the TSH?",
      { { "TSH", "2", "mIU/L", "0.4", "4.5", DAY }, { "Free T4", "1.1", "ng/dL", "0.8", "1.8", DAY } }, NOTHING },
    { "TSH and free T4 both over: no thyroid that fails", "male", "What could explain the TSH?",
      { { "TSH", "9", "mIU/L", "0.4", "4.5", DAY }, { "Free T4", "2.9", "ng/dL", "0.8", "1.8", DAY } }, NOTHING },
    { "Fifth Workshop 2022: calcium and PTH over their ranges", "female", "What could the high calcium point to?",
      { { "Calcium", "11.2", "mg/dL", "8.5", "10.3", DAY }, { "PTH", "120", "pg/mL", "15", "65", DAY } }, "primary hyperparathyroidism" },
    { "a low PTH is another cause", "female", "What could the high calcium point to?",
      { { "Calcium", "11.2", "mg/dL", "8.5", "10.3", DAY }, { "PTH", "5", "pg/mL", "15", "65", DAY } }, NOTHING },
    { "ESC 2021: 40 % or less", "male", "What would account for the NT-proBNP?",
      { { "NT-proBNP", "900", "pg/mL", NULL, NULL, DAY }, { "Left ventricular ejection fraction", "40", "%", NULL, NULL, DAY } },
      "heart failure with reduced ejection fraction" },
    { "ESC 2021: 41 % is mildly reduced", "male", "What would account for the NT-proBNP?",
      { { "NT-proBNP", "900", "pg/mL", NULL, NULL, DAY }, { "Left ventricular ejection fraction", "41", "%", NULL, NULL, DAY } }, NOTHING },
    { "KDIGO: below 60 for over three months", "male", "What does the eGFR point to?",
      { { "eGFR", "59", "mL/min/1.73 m2", NULL, NULL, "2019-11-01" }, { "eGFR", "52", "mL/min/1.73 m2", NULL, NULL, DAY } }, "chronic kidney disease" },
    { "KDIGO: once, or within weeks, is not chronic", "male", "What does the eGFR point to?",
      { { "eGFR", "59", "mL/min/1.73 m2", NULL, NULL, "2020-02-01" }, { "eGFR", "52", "mL/min/1.73 m2", NULL, NULL, DAY } }, NOTHING },
    { "KDIGO: nor where it was better in between", "male", "What does the eGFR point to?",
      { { "eGFR", "59", "mL/min/1.73 m2", NULL, NULL, "2019-05-01" }, { "eGFR", "75", "mL/min/1.73 m2", NULL, NULL, "2019-12-01" },
        { "eGFR", "52", "mL/min/1.73 m2", NULL, NULL, DAY } }, NOTHING },
    { "ADA: 6.5 % twice", "male", "What do the A1c values suggest?",
      { { "Hemoglobin A1c", "6.5", "%", NULL, NULL, "2020-01-01" }, { "Hemoglobin A1c", "6.9", "%", NULL, NULL, DAY } }, "diabetes mellitus" },
    { "ADA: once has to be confirmed", "male", "What do the A1c values suggest?",
      { { "Hemoglobin A1c", "6.4", "%", NULL, NULL, "2020-01-01" }, { "Hemoglobin A1c", "6.9", "%", NULL, NULL, DAY } }, NOTHING },
    { "a value in no unit that is known cannot be told", "male", "What could explain the low hemoglobin?",
      { { "Hemoglobin", "9", "cups", NULL, NULL, DAY }, { "Ferritin", "8", "ng/mL", NULL, NULL, DAY } }, NOTHING },
};
/* clang-format on */

static void criteria_hold_at_their_bounds(void **state)
{
    char expected[128];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *found =
            found_for(record_of(cases[i].gender, cases[i].values), cases[i].question, 2000);

        if (strcmp(cases[i].fits, NOTHING) == 0)
            snprintf(expected, sizeof(expected), "Found:\nnothing\n");
        else
            snprintf(expected, sizeof(expected), "Found:\nFindings that fit %s: ", cases[i].fits);
        if (!slice_starts_with(slice_from(found), slice_from(expected)))
            fail_msg("%s: %s", cases[i].source, found);
    }
}

static void a_pattern_tells_its_findings_with_their_days_and_citations(void **state)
{
    static const struct value values[VALUES_MAX] = {
        { "Hemoglobin", "9.8", "g/dL", NULL, NULL, DAY },
        { "Ferritin", "8", "ng/mL", NULL, NULL, "2020-03-01" },
        { "MCV", "72", "fL", NULL, NULL, DAY },
    };

    (void)state;
    assert_string_equal(
        found_for(record_of("female", values), "What would explain the low hemoglobin?", 2000),
        "Found:\nFindings that fit iron deficiency anemia: Hemoglobin 9.8 g/dL on 2020-03-04, "
        "Ferritin 8 ng/mL on 2020-03-01, MCV 72 fL on 2020-03-04 [3][2][4].\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(criteria_hold_at_their_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pattern_tells_its_findings_with_their_days_and_citations,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
