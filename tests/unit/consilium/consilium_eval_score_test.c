/* What counts as right, spelt out; the intervals beside figures from elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/limits.h"
#include "consilium_eval_report.h"

static struct arena arena;

static struct slice o1[] = { SLICE("Observation/o1") }, o2[] = { SLICE("Observation/o2") },
                    both[] = { SLICE("Observation/o1"), SLICE("Observation/o2") };

static const struct eval_cited cited[] = { { 3, o1, 1 }, { 4, o2, 1 }, { 5, both, 2 } };

static struct eval_verdict score(const struct eval_claim *claims, size_t count, const char *given)
{
    const struct eval_question question = {
        .bundle = "b.json",
        .patient = "p",
        .text = "?",
        .kind = "latest",
        .split = "train",
        .claims = claims,
        .claims_count = count,
    };
    const struct eval_answer answer = { slice_from(given), cited, 3 };
    struct eval_verdict verdict;
    struct error err;

    assert_int_equal(eval_score(&question, &answer, &arena, &verdict, &err), STATUS_OK);
    return verdict;
}

static struct eval_verdict of_one(const char *given)
{
    static const struct eval_claim claim = { SLICE("Creatinine was 0.9 mg/dL on 2019-03-04"), o1,
                                             1 };

    return score(&claim, 1, given);
}

static struct eval_verdict of_nothing(const char *given)
{
    static const struct eval_claim claim = { SLICE("The record does not say."), NULL, 0 };

    return score(&claim, 1, given);
}

static void the_right_words_with_the_right_evidence_are_exact(void **state)
{
    (void)state;
    assert_true(of_one("Creatinine was 0.9 mg/dL on 2019-03-04 [3].").is_exact);
    assert_true(of_one("creatinine was 0.9 mg/dL on 2019-03-04 [3]").is_exact);
    assert_true(of_one("- Creatinine was 0.9 mg/dL on 2019-03-04 [5].").is_exact);
}

static void another_value_another_date_or_another_fact_is_not(void **state)
{
    (void)state;
    assert_false(of_one("Creatinine was 0.8 mg/dL on 2019-03-04 [3].").is_equivalent);
    assert_false(of_one("Creatinine was 0.9 mg/dL on 2019-03-05 [3].").is_equivalent);
    assert_false(of_one("Creatinine was 0.9 mg/dL on 2019-03-04 [4].").is_equivalent);
    assert_false(of_one("Creatinine was 0.9 mg/dL on 2019-03-04.").is_equivalent);
    assert_false(of_one("Creatinine was 0.9 mg/dL on 2019-03-04 [3][4].").is_equivalent);
    assert_true(of_one("Creatinine was 0.9 mg/dL on 2019-03-04 [4].").has_words);
    assert_false(of_one("").is_equivalent);
}

static void a_claim_that_says_more_is_equivalent_and_one_that_says_less_is_not(void **state)
{
    (void)state;
    struct eval_verdict more = of_one("The Creatinine was 0.9 mg/dL on 2019-03-04, in range [3].");

    assert_false(more.is_exact);
    assert_true(more.is_equivalent);
    assert_false(of_one("Creatinine was 0.9 mg/dL [3].").is_equivalent);
    assert_false(
        of_one("Creatinine was 0.9 mg/dL on 2019-03-04 [3]. Sodium was 140 [4].").is_equivalent);
}

static void claims_may_come_in_any_order_each_once(void **state)
{
    (void)state;
    static const struct eval_claim claims[] = { { SLICE("Asthma"), o1, 1 },
                                                { SLICE("Gout"), o2, 1 } };

    assert_true(score(claims, 2, "Gout [4]. Asthma [3].").is_exact);
    assert_false(score(claims, 2, "Gout [4]. Gout [4].").is_equivalent);
    assert_false(score(claims, 2, "Gout [4].").is_equivalent);
    assert_false(score(claims, 2, "Gout [3]. Asthma [4].").is_equivalent);
}

static void numbers_and_dates_are_compared_as_they_are_written(void **state)
{
    (void)state;
    assert_true(of_one("On 2019-03-04: 0.9 [4].").numbers_right);
    assert_false(of_one("On 2019-03-04: 0.90 [4].").numbers_right);
    assert_false(of_one("On 2019-03-04: 0.9 and 1.1 [4].").numbers_right);
    assert_false(of_nothing("3").has_numbers);
}

static void citations_are_counted_once_and_by_resource(void **state)
{
    (void)state;
    struct eval_verdict verdict = of_one("Creatinine [3][4]. Again [3]. And [9].");

    assert_int_equal(verdict.cited, 3);
    assert_int_equal(verdict.cited_right, 1);
    assert_int_equal(verdict.to_cite, 1);
    assert_int_equal(verdict.to_cite_found, 1);
}

static void declining_is_an_answer_that_says_so_and_nothing_else(void **state)
{
    (void)state;
    assert_true(of_nothing("The record does not say.").is_exact);
    assert_true(of_nothing("That is not documented in this record.").is_equivalent);
    assert_true(of_one("The record does not say.").is_declined);
    assert_false(of_one("The record does not say.").is_equivalent);
    assert_false(of_nothing("Creatinine was 0.9 [3].").is_declined);
    assert_false(of_nothing("The record does not say. Sodium was 140 [3].").is_declined);
}

/* Bounds from R. G. Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3. */
static void intervals_are_those_of_wilson(void **state)
{
    (void)state;
    static const struct {
        size_t part, whole;
        double low, high;
    } rows[] = { { 81, 263, 0.2553, 0.3662 },
                 { 15, 148, 0.0624, 0.1605 },
                 { 0, 20, 0, 0.1611 },
                 { 1, 29, 0.0061, 0.1718 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct eval_tally tally = { .parts = { [EVAL_EXACT] = rows[i].part },
                                    .wholes = { [EVAL_EXACT] = rows[i].whole } };
        struct eval_rate rate = eval_rate_of(&tally, EVAL_EXACT);

        assert_float_equal(rate.low, rows[i].low, 0.00006);
        assert_float_equal(rate.high, rows[i].high, 0.00006);
    }
    assert_int_equal(eval_rate_of(&(struct eval_tally){ 0 }, EVAL_EXACT).whole, 0);
}

static void a_file_is_read_and_a_bad_line_is_named(void **state)
{
    (void)state;
    static const char good[] =
        "{\"bundle\":\"b\",\"patient\":\"p\",\"question\":\"q\",\"kind\":\"k\",\"split\":\"heldout\",\"conditions\":\"heldout\",\"answer\":[{\"text\":\"t\",\"evidence\":"
        "[\"A/1\",\"B/2\"]}]}\n\n"
        "{\"bundle\":\"b\",\"patient\":\"p\",\"question\":\"q\",\"kind\":\"k\",\"split\":\"train\",\"answer\":[{\"text\":\"t\"}]}";
    static const char bad[] =
        "\n{\"bundle\":\"../b\",\"patient\":\"p\",\"question\":\"q\",\"kind\":\"k\",\"answer\":[{\"text\":\"t\"}]}";
    struct eval_questions questions;
    struct error err;

    assert_int_equal(eval_read(slice_from(good), NULL, 9, &arena, &questions, &err), STATUS_OK);
    assert_int_equal(questions.count, 2);
    assert_int_equal(questions.items[0].claims[0].evidence_count, 2);
    assert_int_equal(questions.items[1].claims[0].evidence_count, 0);
    assert_true(questions.items[0].has_unseen_conditions);
    assert_false(questions.items[1].has_unseen_conditions);
    assert_int_equal(eval_read(slice_from(good), "train", 9, &arena, &questions, &err), STATUS_OK);
    assert_int_equal(questions.count, 1);
    assert_int_equal(eval_read(slice_from(bad), NULL, 9, &arena, &questions, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "line 2"));
}

static void a_report_counts_by_kind_and_by_split_and_holds_no_markup_of_others(void **state)
{
    (void)state;
    static double times[2] = { 30, 10 }, wholes[2] = { 50, 20 };
    struct eval_report report = { .questions = "<q>",
                                  .model = "m&m",
                                  .all = { .name = "all" },
                                  .first_ms = times,
                                  .whole_ms = wholes,
                                  .times_count = 2 };
    const struct eval_question latest = { .kind = "latest", .split = "train" }, trend = {
        .kind = "trend", .split = "train", .has_unseen_conditions = true
    };
    struct eval_verdict right = { .is_exact = true }, wrong = { 0 };
    struct buffer html, json;

    eval_report_add(&report, &latest, &right);
    eval_report_add(&report, &latest, &wrong);
    eval_report_add(&report, &trend, &wrong);
    assert_int_equal(report.kinds_count, 2);
    assert_int_equal(report.splits_count, 2);
    assert_int_equal(report.splits[0].tally.answers, 3);
    assert_string_equal(report.splits[1].name, "new conditions");
    assert_int_equal(report.splits[1].tally.answers, 1);
    assert_int_equal(report.kinds[0].tally.parts[EVAL_EXACT], 1);
    assert_int_equal(report.all.tally.wholes[EVAL_EXACT], 3);
    buffer_init(&html, &arena);
    eval_report_html(&report, &html);
    buffer_put_byte(&html, '\0');
    assert_non_null(strstr(html.data, "&lt;q&gt;"));
    assert_non_null(strstr(html.data, "<svg"));
    assert_null(strstr(html.data, "<q>"));
    assert_null(strstr(html.data, "http")); /* it needs nothing from elsewhere */
    buffer_init(&json, &arena);
    eval_report_json(&report, &json);
    buffer_put_byte(&json, '\0');
    assert_non_null(strstr(json.data, "\"exact\":{\"part\":1,\"of\":3,\"value\":0.333333"));
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 16 * MIB);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_words_with_the_right_evidence_are_exact),
        cmocka_unit_test(another_value_another_date_or_another_fact_is_not),
        cmocka_unit_test(a_claim_that_says_more_is_equivalent_and_one_that_says_less_is_not),
        cmocka_unit_test(claims_may_come_in_any_order_each_once),
        cmocka_unit_test(numbers_and_dates_are_compared_as_they_are_written),
        cmocka_unit_test(citations_are_counted_once_and_by_resource),
        cmocka_unit_test(declining_is_an_answer_that_says_so_and_nothing_else),
        cmocka_unit_test(intervals_are_those_of_wilson),
        cmocka_unit_test(a_file_is_read_and_a_bad_line_is_named),
        cmocka_unit_test(a_report_counts_by_kind_and_by_split_and_holds_no_markup_of_others),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
