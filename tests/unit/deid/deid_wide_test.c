/* What a wide policy takes beyond the eighteen classes, and what it leaves. */
#include "deid_rows.h"

static const char *const told[][2] = {
    { "a 45-year-old man with asthma", "45" },
    { "she is 7 years old", "7" },
    { "a 3 month old girl", "3" },
    { "he's 26 y/o and well", "26" },
    { "a forty-five-year-old woman", "forty-five" },
    { "Age: 62, on metformin", "62" },
    { "married since 1987", "1987" },
    { "stent placed in 2014 and again 2016-2018", "2016-2018" },
    { "in the 1970s he smoked", "1970s" },
    { "an Icelander, a Lutheran all her life", "Lutheran" },
    { "her parents are Moroccan", "Moroccan" },
    { "the Norwegians left", "Norwegians" },
    { "immigrated from India, on metformin", "India" },
    { "lives in North Carolina", "North Carolina" },
    { "works as a cable line installer", "cable line installer" },
    { "a retired school teacher", "school teacher" },
    { "Occupation: welder", "welder" },
    { "Odalys Okafor-Bright\nAssistant property manager\nWard 4", "Assistant property manager" },
};

static void finds_what_tells_of_somebody_all_the_same(void **state)
{
    (void)state;
    rows_check_gone(told, ROWS_COUNT(told), true);
}

static void leaves_it_where_only_the_eighteen_are_asked_for(void **state)
{
    struct deid_spans spans;

    (void)state;
    for (size_t i = 0; i + 1 < ROWS_COUNT(told); i++) { /* the last has a name above */
        if (strstr(told[i][0], "Norwegians") || strstr(told[i][0], "Icelander")
            || strstr(told[i][0], "Carolina"))
            continue; /* no medicine around: the prose finders may take them */
        rows_scan(told[i][0], true, &spans);
        assert_true(spans.count > 0);
        rows_check_kept(&told[i][0], 1, false);
    }
}

static void leaves_doses_durations_and_what_is_called_after_countries(void **state)
{
    static const char *const rows[] = {
        "metformin 2000 mg daily for 5 years",         "a 10-year history of asthma, 30 pack years",
        "German measles and a 14 French catheter",     "platelets 250, creatinine 1.4, BP 120/80",
        "polish the crown, then repeat in 6 months",   "1950 mL of saline, code E11.9",
        "works as expected; retired the old protocol",
    };

    (void)state;
    rows_check_kept(rows, ROWS_COUNT(rows), true);
}

/* Whether "1987" and the like go from a text of a record, and from one that belongs to none. */
static bool is_read_widely(const char *text, bool is_alone)
{
    struct deid_tokens tokens;
    struct deid_spans spans;

    rows_rules.classes = DEID_CLASSES_AUTO;
    assert_int_equal(
        deid_tokens_read(slice_from(text), &rows_rules.lexicon, &rows_arena, &tokens, NULL),
        STATUS_OK);
    tokens.is_alone = is_alone;
    deid_spans_init(&spans, &rows_arena);
    assert_int_equal(deid_scan(&rows_rules, &tokens, &spans, NULL), STATUS_OK);
    return spans.count > 0;
}

static void reads_widely_by_itself_what_has_no_medicine_and_no_record(void **state)
{
    static const char *const without[] = { "I am 45 years old and moved in 1987",
                                           "he left in the 1970s",
                                           "works as a cable installer since 2004" };
    static const char *const with[] = { "a 45-year-old man on metformin since 2014",
                                        "patient moved in 1987", "diagnosed in 2019",
                                        "prevalence of dementia in adults in 2014",
                                        "a 52-year-old male who smokes" };

    (void)state;
    for (size_t i = 0; i < ROWS_COUNT(without); i++) {
        assert_true(is_read_widely(without[i], true));
        assert_false(is_read_widely(without[i], false));
    }
    for (size_t i = 0; i < ROWS_COUNT(with); i++)
        assert_false(is_read_widely(with[i], true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_tells_of_somebody_all_the_same),
        cmocka_unit_test(leaves_it_where_only_the_eighteen_are_asked_for),
        cmocka_unit_test(reads_widely_by_itself_what_has_no_medicine_and_no_record),
        cmocka_unit_test(leaves_doses_durations_and_what_is_called_after_countries),
    };

    return cmocka_run_group_tests(tests, rows_open, rows_close);
}
