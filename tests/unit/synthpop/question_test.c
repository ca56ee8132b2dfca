/* Answers are checked against the bundle as it was written and read back, not against the truth
 * that they were made from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "bundle.h"
#include "fhir/json.h"
#include "population.h"
#include "question.h"

#define PATIENTS 25
#define QUESTIONS 40

struct fixture {
    struct arena arena;
    struct json *bundle;
    struct json *lines[QUESTIONS];
    unsigned line_count;
};

static struct json *parse(struct slice bytes, struct arena *arena)
{
    struct json *root = NULL;
    struct error err;

    if (json_parse(bytes, arena, &root, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return root;
}

static void fixture_init(struct fixture *fixture, unsigned index)
{
    struct population population = { .seed = 9,
                                     .resources_target = 150,
                                     .age_min = 18,
                                     .age_max = 92,
                                     .today = population_today() };
    struct buffer bundle, lines;
    struct record record;
    size_t at = 0, end;

    *fixture = (struct fixture){ 0 };
    arena_init(&fixture->arena, RECORD_ARENA_BYTES);
    population_create(&population, index, &fixture->arena, &record);
    buffer_init(&bundle, &fixture->arena);
    buffer_init(&lines, &fixture->arena);
    bundle_write(&record, &bundle);
    question_write(&record, "file", QUESTIONS, &lines);
    fixture->bundle = parse(buffer_slice(&bundle), &fixture->arena);
    for (; at < lines.size; at = end + 1) {
        end = at + slice_find_byte(slice_cut(buffer_slice(&lines), at, lines.size), '\n');
        fixture->lines[fixture->line_count++] =
            parse(slice_cut(buffer_slice(&lines), at, end), &fixture->arena);
    }
}

static const struct json *find_resource(const struct fixture *fixture, struct slice reference)
{
    const struct json *entry;

    for (entry = json_first(json_get(fixture->bundle, "entry")); entry != NULL; entry = entry->next)
        if (slice_ends_with(json_get_string(entry, "fullUrl"), reference))
            return json_get(entry, "resource");
    return NULL;
}

static void each_line(void (*check)(const struct fixture *fixture, const struct json *line))
{
    struct fixture fixture;
    unsigned i, j;

    for (i = 0; i < PATIENTS; i++) {
        fixture_init(&fixture, i);
        for (j = 0; j < fixture.line_count; j++)
            check(&fixture, fixture.lines[j]);
        arena_close(&fixture.arena);
    }
}

static void check_evidence(const struct fixture *fixture, const struct json *line)
{
    const struct json *claim, *evidence;
    bool is_unanswerable = slice_is(json_get_string(line, "kind"), "unanswerable");

    assert_in_range(json_get(line, "answer")->count, 1, QUESTION_CLAIMS_MAX);
    for (claim = json_first(json_get(line, "answer")); claim != NULL; claim = claim->next) {
        assert_int_equal(json_get(claim, "evidence")->count == 0, is_unanswerable);
        assert_int_equal(slice_is(json_get_string(claim, "text"), QUESTION_UNANSWERABLE),
                         is_unanswerable);
        for (evidence = json_first(json_get(claim, "evidence")); evidence != NULL;
             evidence = evidence->next)
            assert_non_null(find_resource(fixture, evidence->text));
    }
}

static void every_claim_has_evidence_in_the_bundle_or_says_that_there_is_none(void **state)
{
    (void)state;
    each_line(check_evidence);
}

static struct slice name_of(const struct json *resource)
{
    static const char *const members[] = { "code", "medicationCodeableConcept", "vaccineCode" };
    unsigned i;

    if (slice_is(json_get_string(resource, "resourceType"), "Encounter"))
        return json_get_string(json_first(json_get(resource, "type")), "text");
    for (i = 0; i < 3; i++)
        if (json_get(resource, members[i]) != NULL)
            return json_get_string(json_get(resource, members[i]), "text");
    return (struct slice){ NULL, 0 };
}

static bool contains(struct slice text, struct slice part)
{
    return memmem(text.data, text.size, part.data, part.size) != NULL;
}

/* What a list says of drugs and screenings says it of ingredients, and of what is not there. */
static bool is_listed(const struct json *line)
{
    struct slice kind = json_get_string(line, "kind");

    return slice_is(kind, "interaction") || slice_is(kind, "renal_dosing")
           || slice_is(kind, "screening");
}

static void check_names(const struct fixture *fixture, const struct json *line)
{
    const struct json *claim, *evidence;

    if (is_listed(line))
        return;
    for (claim = json_first(json_get(line, "answer")); claim != NULL; claim = claim->next)
        for (evidence = json_first(json_get(claim, "evidence")); evidence != NULL;
             evidence = evidence->next)
            assert_true(contains(json_get_string(claim, "text"),
                                 name_of(find_resource(fixture, evidence->text))));
}

static void every_claim_names_what_its_evidence_is_called(void **state)
{
    (void)state;
    each_line(check_names);
}

static unsigned latest_seen;

/* "LABEL was VALUE UNIT on DATE", and no other Observation of that name is as late. */
static void check_latest(const struct fixture *fixture, const struct json *line)
{
    const struct json *claim = json_first(json_get(line, "answer")), *observation, *quantity,
                      *entry;
    struct slice label, unit, date;
    char expected[240];

    if (!slice_is(json_get_string(line, "kind"), "latest"))
        return;
    observation = find_resource(fixture, json_first(json_get(claim, "evidence"))->text);
    label = name_of(observation);
    date = slice_cut(json_get_string(observation, "effectiveDateTime"), 0, 10);
    quantity = json_get(observation, "valueQuantity");
    for (entry = json_first(json_get(fixture->bundle, "entry")); entry != NULL;
         entry = entry->next) {
        const struct json *other = json_get(entry, "resource");

        if (other == observation || !slice_is(json_get_string(other, "resourceType"), "Observation")
            || !slice_equal(name_of(other), label))
            continue;
        assert_true(
            slice_compare(slice_cut(json_get_string(other, "effectiveDateTime"), 0, 10), date) < 0);
    }
    if (quantity == NULL)
        return;
    unit = json_get_string(quantity, "unit");
    snprintf(expected, sizeof(expected), "%.*s was %.*s%s%.*s on %.*s", SLICE_FORMAT(label),
             SLICE_FORMAT(json_get(quantity, "value")->text), unit.size > 0 ? " " : "",
             SLICE_FORMAT(unit), SLICE_FORMAT(date));
    /* The laboratory's own word on the value may follow. */
    assert_true(slice_starts_with(json_get_string(claim, "text"), slice_from(expected)));
    latest_seen++;
}

static void the_latest_value_is_that_of_the_last_observation_of_its_name(void **state)
{
    (void)state;
    each_line(check_latest);
    assert_true(latest_seen > 60);
}

static unsigned count_active(const struct fixture *fixture, const char *type)
{
    const struct json *entry, *status;
    unsigned count = 0;

    for (entry = json_first(json_get(fixture->bundle, "entry")); entry != NULL;
         entry = entry->next) {
        const struct json *resource = json_get(entry, "resource");

        if (!slice_is(json_get_string(resource, "resourceType"), type))
            continue;
        status = json_first(json_get(json_get(resource, "clinicalStatus"), "coding"));
        count += slice_is(json_get_string(resource, "status"), "active")
                 || slice_is(json_get_string(status, "code"), "active");
    }
    return count;
}

static void check_lists(const struct fixture *fixture, const struct json *line)
{
    struct slice kind = json_get_string(line, "kind");

    if (slice_is(kind, "medications"))
        assert_int_equal(json_get(line, "answer")->count,
                         count_active(fixture, "MedicationRequest"));
    if (slice_is(kind, "active_problems"))
        assert_int_equal(json_get(line, "answer")->count, count_active(fixture, "Condition"));
}

static unsigned series_seen;

/* As many claims as Observations of the name. */
static void check_series(const struct fixture *fixture, const struct json *line)
{
    const struct json *claims = json_get(line, "answer"), *entry;
    struct slice label;
    unsigned count = 0;

    if (!slice_is(json_get_string(line, "kind"), "series"))
        return;
    label =
        name_of(find_resource(fixture, json_first(json_get(json_first(claims), "evidence"))->text));
    for (entry = json_first(json_get(fixture->bundle, "entry")); entry != NULL;
         entry = entry->next) {
        const struct json *resource = json_get(entry, "resource");

        count += slice_is(json_get_string(resource, "resourceType"), "Observation")
                 && slice_equal(name_of(resource), label);
    }
    assert_int_equal(claims->count, count);
    series_seen++;
}

static void a_series_holds_every_observation_of_its_name(void **state)
{
    (void)state;
    each_line(check_series);
    assert_true(series_seen > 10);
}

static void lists_hold_all_that_is_active_and_nothing_else(void **state)
{
    (void)state;
    each_line(check_lists);
}

static unsigned line_total, unanswerable_total, heldout_total;

static void check_shares(const struct fixture *fixture, const struct json *line)
{
    (void)fixture;
    line_total++;
    unanswerable_total += slice_is(json_get_string(line, "kind"), "unanswerable");
    heldout_total += slice_is(json_get_string(line, "split"), "heldout");
}

static void about_a_fifth_is_unanswerable_and_a_seventh_held_out(void **state)
{
    (void)state;
    each_line(check_shares);
    assert_true(line_total > PATIENTS * QUESTIONS * 9 / 10);
    assert_in_range(unanswerable_total * 100 / line_total, 17, 28);
    assert_in_range(heldout_total * 100 / line_total, 11, 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_claim_has_evidence_in_the_bundle_or_says_that_there_is_none),
        cmocka_unit_test(every_claim_names_what_its_evidence_is_called),
        cmocka_unit_test(the_latest_value_is_that_of_the_last_observation_of_its_name),
        cmocka_unit_test(a_series_holds_every_observation_of_its_name),
        cmocka_unit_test(lists_hold_all_that_is_active_and_nothing_else),
        cmocka_unit_test(about_a_fifth_is_unanswerable_and_a_seventh_held_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
