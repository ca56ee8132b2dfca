/* Documents in pieces: what comes out does not depend on how the bytes arrived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "deid_fhir.h"
#include "deid_fhir_restore.h"
#include "deid_restore.h"
#include "deid_rule.h"
#include "deid_setup.h"
#include "deid_stream.h"
#include "fhir/json.h"

struct run {
    struct arena arena;
    struct deid_map map;
    struct buffer output;
    struct error err;
    enum status status;
    uint64_t spans_end; /* of the last span told */
    unsigned spans;
    bool is_ordered;
    const struct deid_policy *policy;
};

static enum status take(void *data, struct slice output, struct error *err)
{
    (void)err;
    buffer_put(&((struct run *)data)->output, output);
    return STATUS_OK;
}

static void tell(void *data, const struct deid_stream_span *span)
{
    struct run *run = data;

    run->is_ordered &= span->start >= run->spans_end && span->end > span->start;
    run->spans_end = span->end;
    run->spans++;
}

static void run_open(struct run *run, enum deid_profile profile)
{
    *run = (struct run){ .is_ordered = true };
    arena_init(&run->arena, 512u << 20);
    deid_map_init(&run->map, profile, &run->arena);
    buffer_init(&run->output, &run->arena);
}

static void run_close(struct run *run)
{
    arena_close(&run->arena);
}

typedef enum status (*give)(struct deid_stream *, struct slice, struct error *);

static enum status give_all(struct run *run, struct deid_stream *stream, give give,
                            struct slice input, size_t step)
{
    enum status status = STATUS_OK;

    for (size_t at = 0; status == STATUS_OK && at < input.size; at += step)
        status = give(stream, slice_cut(input, at, at + step), &run->err);
    return status;
}

/* @input in steps of @step bytes; @passes 2: learnt first. */
static void run_stream(struct run *run, enum deid_stream_kind kind, struct slice input, size_t step,
                       unsigned passes)
{
    struct deid_stream_options options = { .kind = kind,
                                           .policy = run->policy,
                                           .write = take,
                                           .span = kind == DEID_STREAM_TEXT ? tell : NULL,
                                           .data = run,
                                           .window_bytes = DEID_STREAM_WINDOW_BYTES_MIN,
                                           .piece_bytes_max = 1 << 20 };
    struct deid_stream *stream = deid_stream_create(&rules, &run->map, &options, &run->err);

    assert_non_null(stream);
    run->status = STATUS_OK;
    if (passes == 2) {
        run->status = give_all(run, stream, deid_stream_learn, input, step);
        if (run->status == STATUS_OK)
            run->status = deid_stream_learnt(stream, &run->err);
    }
    if (run->status == STATUS_OK)
        run->status = give_all(run, stream, deid_stream_feed, input, step);
    if (run->status == STATUS_OK)
        run->status = deid_stream_finish(stream, &run->err);
    if (run->status != STATUS_OK)
        assert_int_not_equal(deid_stream_feed(stream, SLICE("{}"), NULL), STATUS_OK);
    deid_stream_destroy(stream);
}

#define PHONES 4000

/* Many lines, each with a telephone number of its own. */
static struct slice phones(struct arena *arena, const char *between)
{
    struct buffer out;

    buffer_init(&out, arena);
    for (unsigned i = 0; i < PHONES; i++)
        buffer_format(&out, "Call (415) 555-%04u about the é result.%s", i, between);
    return buffer_slice(&out);
}

static void an_identifier_is_never_split(void **state)
{
    static const char *const between[] = { "\n", " ", "\n\n", "\r\n" };
    static const size_t steps[] = { 1, 7, 4096, 1 << 20 };

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct run run;
        struct slice text, back;

        run_open(&run, DEID_PROFILE_LIMITED);
        text = phones(&run.arena, between[i]);
        run_stream(&run, DEID_STREAM_TEXT, text, steps[i], 1);
        assert_int_equal(run.status, STATUS_OK);
        assert_null(memmem(run.output.data, run.output.size, "555-", 4));
        assert_null(memmem(run.output.data, run.output.size, "(415", 4));
        assert_int_equal(run.spans, PHONES);
        assert_true(run.is_ordered);
        assert_int_equal(
            deid_restore_text(&run.map, buffer_slice(&run.output), &run.arena, &back, &run.err),
            STATUS_OK);
        assert_true(slice_equal(back, text));
        run_close(&run);
    }
}

static void the_steps_do_not_show(void **state)
{
    struct run one, other;
    struct slice text;

    (void)state;
    run_open(&one, DEID_PROFILE_LIMITED);
    run_open(&other, DEID_PROFILE_LIMITED);
    other.map.shift_days = one.map.shift_days;
    text = phones(&one.arena, "\n");
    run_stream(&one, DEID_STREAM_TEXT, text, text.size, 1);
    run_stream(&other, DEID_STREAM_TEXT, text, 13, 1);
    assert_true(slice_equal(buffer_slice(&one.output), buffer_slice(&other.output)));
    run_close(&one);
    run_close(&other);
}

static void refuses_a_text_that_cannot_be_cut_or_read(void **state)
{
    struct run run;
    char *bytes;

    (void)state;
    run_open(&run, DEID_PROFILE_LIMITED);
    bytes = arena_alloc(&run.arena, 100000);
    memset(bytes, 'x', 100000);
    run_stream(&run, DEID_STREAM_TEXT, slice_of(bytes, 100000), 1000, 1);
    assert_int_equal(run.status, STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(run.output.size, 0);
    run_stream(&run, DEID_STREAM_TEXT, SLICE("a \xff b"), 2, 1);
    assert_int_equal(run.status, STATUS_INVALID_ARGUMENT);
    assert_int_equal(run.output.size, 0);
    run_close(&run);
}

#define PATIENT                                                                                    \
    "{\"resourceType\":\"Patient\",\"id\":\"pat\",\"name\":[{\"family\":\"Okonjo\",\"given\":["    \
    "\"Adaeze\"]}],\"birthDate\":\"1970-02-03\"}"
#define NOTE                                                                                       \
    "{\"resourceType\":\"Condition\",\"id\":\"con\",\"subject\":{\"reference\":\"Patient/pat\"},"  \
    "\"note\":[{\"text\":\"Okonjo, Adaeze was seen \\\"here\\\" on 2019-03-04.\"}]}"
#define ENTRY(resource) "{\"resource\":" resource "}"

static const char bundle[] =
    "\xEF\xBB\xBF{ \"resourceType\" : \"Bundle\", \"type\":\"collection\" ,\n"
    "\"total\": 2 , \"entry\" : [" ENTRY(PATIENT) " , " ENTRY(
        NOTE) " ],\n"
              "\"link\":[{\"relation\":\"self\",\"url\":\"Patient/pat\"}] }\n";

static void a_bundle_in_pieces_is_the_bundle_at_once(void **state)
{
    static const size_t steps[] = { 1, 2, 3, 17, 100000 };

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct run run;
        struct deid_redactor redactor;
        struct slice whole, patient;

        run_open(&run, DEID_PROFILE_LIMITED);
        /* One byte order mark at the front is what a chunk must hold whole. */
        run_stream(&run, DEID_STREAM_FHIR, slice_from(steps[i] < 3 ? bundle + 3 : bundle), steps[i],
                   1 + i % 2);
        assert_int_equal(run.status, STATUS_OK);
        assert_null(memmem(run.output.data, run.output.size, "Okonjo", 6));
        assert_int_equal(deid_redactor_init(&redactor, &rules, &run.map, &run.arena, NULL),
                         STATUS_OK);
        assert_int_equal(
            deid_fhir_redact(&redactor, slice_from(bundle), &whole, &patient, &run.err), STATUS_OK);
        deid_redactor_close(&redactor);
        assert_true(slice_equal(whole, buffer_slice(&run.output)));
        run_close(&run);
    }
}

/* ---- rules ---- */

#define RULES(rules, parameters)                                                                   \
    "{\"fhirPathRules\":[" rules                                                                   \
    "],\"parameters\":{\"dateShiftKey\":\"a\",\"cryptoHashKey\":\"b\","                            \
    "\"encryptKey\":\"0123456789abcdef\"" parameters "}}"
#define RULE(path, method) "{\"path\":\"" path "\",\"method\":\"" method "\"}"

static const struct deid_policy *policy_of(struct run *run, const char *json)
{
    struct deid_policy *policy = ARENA_NEW(&run->arena, struct deid_policy);
    struct deid_rule_set *set = ARENA_NEW(&run->arena, struct deid_rule_set);

    assert_int_equal(deid_policy_parse(SLICE("{}"), &run->arena, policy, &run->err), STATUS_OK);
    assert_int_equal(deid_rule_set_parse(slice_from(json), &run->arena, set, &run->err), STATUS_OK);
    policy->fhir_rules = set;
    return policy;
}

/* The whole under the rules at once, its meta last. */
static struct slice whole_of(struct run *run, struct slice input, bool is_meta_last)
{
    struct deid_redactor redactor;
    struct slice whole, patient;
    struct json *root, **link, *meta = NULL;
    struct buffer out;

    assert_int_equal(deid_redactor_init(&redactor, &rules, &run->map, &run->arena, NULL),
                     STATUS_OK);
    redactor.policy = run->policy;
    assert_int_equal(deid_fhir_redact(&redactor, input, &whole, &patient, &run->err), STATUS_OK);
    deid_redactor_close(&redactor);
    assert_int_equal(json_parse(whole, &run->arena, &root, &run->err), STATUS_OK);
    for (link = &root->first; *link != NULL;)
        if (is_meta_last && slice_is((*link)->key, "meta")) {
            meta = *link;
            *link = meta->next;
            meta->next = NULL;
        } else {
            link = &(*link)->next;
        }
    *link = meta;
    buffer_init(&out, &run->arena);
    json_write(root, &out);
    return buffer_slice(&out);
}

#define HEAD "{\"resourceType\":\"Bundle\",\"id\":\"b-17\","
#define META "\"meta\":{\"lastUpdated\":\"2020-01-02T00:00:00Z\",\"tag\":[{\"code\":\"x\"}]},"
#define LINK                                                                                       \
    "\"link\":[{\"relation\":\"self\",\"url\":\"Patient/pat\"},{\"relation\":\"next\",\"url\":\"u\"}]"
#define URL "\"fullUrl\":\"http://a.example/Patient/pat\","
#define ENTRIES                                                                                    \
    "\"entry\":[{" URL "\"resource\":" PATIENT                                                     \
    "},{\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/"                                     \
    "pat\"}},{\"resource\":" NOTE "},{\"fullUrl\":\"u\"}]"

static const char *const rule_bundles[] = {
    HEAD "\"type\":\"collection\"," ENTRIES "}",
    HEAD META LINK ",\"type\":\"collection\"," ENTRIES ",\"total\":3}",
    "{\"resourceType\":\"Bundle\"," META ENTRIES "," LINK "}",
    HEAD "\"entry\":[]," LINK "}",
    HEAD LINK "}",
    "{\"resourceType\":\"Bundle\"}",
};

static const struct {
    const char *rules;
    bool is_whole; /* a rule looks at several entries at a time */
} rule_sets[] = {
    { RULES(RULE("nodesByType('HumanName').family", "cryptoHash") "," RULE(
                "Resource.id", "cryptoHash") "," RULE("nodesByType('Reference').reference",
                                                      "cryptoHash") "," RULE("Patient.birthDate",
                                                                             "dateShift"),
            ""),
      false },
    { RULES(RULE("Bundle.entry.resource.ofType(Condition).note",
                 "redact") "," RULE("Bundle.entry.where(fullUrl='u').fullUrl",
                                    "redact") "," RULE("Bundle.link[0].url", "redact"),
            ",\"unmatched\":\"keep\""),
      false },
    { RULES(RULE("nodesByType('date') | nodesByType('instant')", "dateShift") "," RULE(
                "Bundle.meta.tag", "redact") "," RULE("Bundle.select(entry.request)", "redact"),
            ",\"unmatched\":\"keep\",\"dateShiftScope\":\"patient\""),
      false },
    { RULES(RULE("Bundle", "redact"), ",\"unmatched\":\"keep\""), false },
    { RULES(RULE("Resource", "redact"), ""), false },
    { RULES(RULE("Bundle.entry.resource.ofType(Patient).birthDate", "dateShift") "," RULE(
                "Resource.id",
                "cryptoHash") "," RULE("nodesByType('date') | nodesByType('instant')", "dateShift"),
            ",\"unmatched\":\"keep\""),
      false },
    { RULES(RULE("Bundle.entry.resource.ofType(Patient).birthDate", "dateShift") "," RULE(
                "Resource.id",
                "cryptoHash") "," RULE("nodesByType('date') | nodesByType('instant')", "dateShift"),
            ",\"unmatched\":\"keep\""),
      false },
    { RULES(RULE("Bundle.entry[0].resource.ofType(Patient).name", "redact"), ""), true },
    { RULES(RULE("Bundle.entry.resource.ofType(Condition).note.first()", "redact"), ""), true },
    { RULES(RULE("Bundle.where(entry.count() > 2).link", "redact"), ""), true },
    { RULES(RULE("Bundle.where(link.exists()).type", "redact"), ""), true },
    { RULES(RULE("iif(Bundle.entry.exists(), Bundle.link, {})", "redact"), ""), true },
};

static void a_bundle_in_pieces_under_rules_is_the_bundle_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rule_sets) / sizeof(rule_sets[0]); i++)
        for (size_t j = 0; j < sizeof(rule_bundles) / sizeof(rule_bundles[0]); j++) {
            struct run run;
            struct slice input = slice_from(rule_bundles[j]);

            run_open(&run, DEID_PROFILE_LIMITED);
            run.policy = policy_of(&run, rule_sets[i].rules);
            run_stream(&run, j % 2 == 0 ? DEID_STREAM_FHIR : DEID_STREAM_NDJSON, input, 7 * j + 1,
                       1 + i % 2);
            assert_int_equal(run.status, STATUS_OK);
            assert_true(slice_equal(slice_trim(buffer_slice(&run.output)),
                                    whole_of(&run, input, !rule_sets[i].is_whole)));
            run_close(&run);
        }
}

static void a_bundle_over_the_bound_says_which_rule_wants_it_whole(void **state)
{
    struct run run;
    struct buffer out;

    (void)state;
    run_open(&run, DEID_PROFILE_LIMITED);
    run.policy = policy_of(&run, RULES(RULE("Patient.name[0]", "redact") "," RULE(
                                           "Bundle.entry.resource.last()", "redact"),
                                       ""));
    buffer_init(&out, &run.arena);
    buffer_put_string(&out, "{\"resourceType\":\"Bundle\",\"entry\":[");
    for (unsigned i = 0; i < 100000; i++)
        buffer_put_string(&out, "{\"fullUrl\":\"u\"},");
    run_stream(&run, DEID_STREAM_FHIR, buffer_slice(&out), 65536, 1);
    assert_int_equal(run.status, STATUS_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(run.err.text, "rule 1 asks for a whole Bundle"));
    assert_int_equal(run.output.size, 0);
    run_close(&run);
}

static void an_id_after_the_entries_is_refused_where_dates_follow_it(void **state)
{
    static const char late[] = "{\"resourceType\":\"Bundle\"," ENTRIES ",\"id\":\"b\"}";
    static const char *const shifts[] = { "", ",\"dateShiftScope\":\"patient\"",
                                          ",\"dateShiftFixedOffsetInDays\":5" };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct run run;
        char rules_json[1024];

        run_open(&run, DEID_PROFILE_LIMITED);
        snprintf(rules_json, sizeof(rules_json),
                 "{\"fhirPathRules\":[" RULE("nodesByType('date')",
                                             "dateShift") "],\"parameters\":"
                                                          "{\"dateShiftKey\":\"a\"%s}}",
                 shifts[i]);
        run.policy = policy_of(&run, rules_json);
        run_stream(&run, DEID_STREAM_FHIR, slice_from(late), 64, 1);
        assert_int_equal(run.status, i == 0 ? STATUS_FAILED_PRECONDITION : STATUS_OK);
        run_close(&run);
    }
}

static void lines_are_resources_of_one_patient(void **state)
{
    struct run run;

    (void)state;
    run_open(&run, DEID_PROFILE_LIMITED);
    run_stream(&run, DEID_STREAM_NDJSON, SLICE(PATIENT "\r\n\n" NOTE), 5, 1);
    assert_int_equal(run.status, STATUS_OK);
    assert_null(memmem(run.output.data, run.output.size, "Okonjo", 6));
    assert_non_null(memmem(run.output.data, run.output.size, "\"Patient/p1\"", 12));
    assert_int_equal(run.output.data[run.output.size - 1], '\n');
    run_close(&run);
}

static void a_patient_who_comes_late_needs_two_passes(void **state)
{
    struct run run;

    (void)state;
    run_open(&run, DEID_PROFILE_LIMITED);
    run_stream(&run, DEID_STREAM_NDJSON, SLICE(NOTE "\n" PATIENT "\n"), 64, 1);
    assert_int_equal(run.status, STATUS_FAILED_PRECONDITION);
    run_close(&run);
    run_open(&run, DEID_PROFILE_LIMITED);
    run_stream(&run, DEID_STREAM_NDJSON, SLICE(NOTE "\n" PATIENT "\n"), 64, 2);
    assert_int_equal(run.status, STATUS_OK);
    assert_null(memmem(run.output.data, run.output.size, "Okonjo", 6));
    assert_null(memmem(run.output.data, run.output.size, "Adaeze", 6));
    run_close(&run);
}

static void refuses_what_is_cut_short_or_broken(void **state)
{
    static const struct {
        const char *text;
        enum status status;
    } rows[] = {
        { "{\"resourceType\":\"Bundle\",\"entry\":[" ENTRY(PATIENT), STATUS_INVALID_ARGUMENT },
        { "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",}}]}",
          STATUS_INVALID_ARGUMENT },
        { "{\"resourceType\":\"Bundle\",\"entry\":[1]}", STATUS_INVALID_ARGUMENT },
        { "{\"resourceType\":\"Bundle\",\"entry\":[],\"entry\":[]}", STATUS_INVALID_ARGUMENT },
        { "{\"resourceType\":\"Bundle\",\"entry\":[],\"type\":}", STATUS_INVALID_ARGUMENT },
        { "{\"resourceType\":\"Bundle\"} x", STATUS_INVALID_ARGUMENT },
        { "{\"resourceType\":\"Bundle\",\"entry\":[" ENTRY(PATIENT) ENTRY(NOTE) "]}",
          STATUS_INVALID_ARGUMENT },
        { "[1]", STATUS_INVALID_ARGUMENT },
        { "", STATUS_INVALID_ARGUMENT },
        { "{\"resourceType\":\"Patient\"", STATUS_INVALID_ARGUMENT },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t step = 1; step < 200; step += 66) {
            struct run run;

            run_open(&run, DEID_PROFILE_LIMITED);
            run_stream(&run, DEID_STREAM_FHIR, slice_from(rows[i].text), step, 1);
            assert_int_equal(run.status, rows[i].status);
            assert_null(strstr(run.err.text, "Okonjo"));
            run_close(&run);
        }
}

static void refuses_a_resource_over_its_bound(void **state)
{
    struct run run;
    struct buffer out;

    (void)state;
    run_open(&run, DEID_PROFILE_LIMITED);
    buffer_init(&out, &run.arena);
    buffer_put_string(&out, "{\"resourceType\":\"Bundle\",\"entry\":[{\"fullUrl\":\"");
    for (unsigned i = 0; i < 300000; i++)
        buffer_put_string(&out, "word ");
    run_stream(&run, DEID_STREAM_FHIR, buffer_slice(&out), 65536, 1);
    assert_int_equal(run.status, STATUS_RESOURCE_EXHAUSTED);
    run_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_identifier_is_never_split),
        cmocka_unit_test(the_steps_do_not_show),
        cmocka_unit_test(refuses_a_text_that_cannot_be_cut_or_read),
        cmocka_unit_test(a_bundle_in_pieces_is_the_bundle_at_once),
        cmocka_unit_test(a_bundle_in_pieces_under_rules_is_the_bundle_at_once),
        cmocka_unit_test(a_bundle_over_the_bound_says_which_rule_wants_it_whole),
        cmocka_unit_test(an_id_after_the_entries_is_refused_where_dates_follow_it),
        cmocka_unit_test(lines_are_resources_of_one_patient),
        cmocka_unit_test(a_patient_who_comes_late_needs_two_passes),
        cmocka_unit_test(refuses_what_is_cut_short_or_broken),
        cmocka_unit_test(refuses_a_resource_over_its_bound),
    };

    return cmocka_run_group_tests(tests, deid_setup, deid_teardown);
}
