/* Rule files: what is refused and why, and what each method does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "deid_rule_apply.h"

struct fixture {
    struct arena arena;
    struct deid_rule_set set;
    struct error err;
};

static int setup(void **state)
{
    static struct fixture fixture;

    arena_init(&fixture.arena, 64u << 20);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    arena_close(&((struct fixture *)*state)->arena);
    return 0;
}

/* 2026-01-01 */
#define TODAY 20454

/* @input under @rules, which are the inside of a rule file. */
static const char *apply(struct fixture *fixture, const char *rules, const char *input)
{
    struct deid_rule_context context = { .today = TODAY };
    char *file = arena_format(&fixture->arena, "{%s}", rules);
    struct slice output;
    struct json *json;

    fixture->err = (struct error){ 0 };
    assert_int_equal(
        deid_rule_set_parse(slice_from(file), &fixture->arena, &fixture->set, &fixture->err),
        STATUS_OK);
    assert_int_equal(json_parse(slice_from(input), &fixture->arena, &json, NULL), STATUS_OK);
    if (deid_rule_apply(&fixture->set, &context, json, &fixture->arena, &output, &fixture->err)
        != STATUS_OK)
        return NULL;
    return arena_string(&fixture->arena, output);
}

static void assert_refused(struct fixture *fixture, const char *file, const char *reason)
{
    struct error err = { 0 };

    assert_int_equal(deid_rule_set_parse(slice_from(file), &fixture->arena, &fixture->set, &err),
                     STATUS_INVALID_ARGUMENT);
    if (strstr(err.text, reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, reason);
}

static void refuses_a_file_that_is_no_rule_file(void **state)
{
    assert_refused(*state, "", "JSON");
    assert_refused(*state, "[]", "no JSON object");
    assert_refused(*state, "{}", "fhirPathRules");
    assert_refused(*state, "{\"fhirVersion\":\"R5\",\"fhirPathRules\":[]}", "R4 or STU3");
    assert_refused(*state, "{\"fhirPathRules\":[],\"processingErrors\":\"ignore\"}",
                   "raise or skip");
    assert_refused(*state, "{\"fhirPathRules\":[],\"parameters\":{\"encryptKey\":\"short\"}}",
                   "16, 24 or 32");
    assert_refused(*state, "{\"fhirPathRules\":[],\"parameters\":{\"unmatched\":\"drop\"}}",
                   "profile or keep");
}

static void says_which_rule_is_wrong_and_where(void **state)
{
    assert_refused(*state, "{\"fhirPathRules\":[{\"path\":\"Patient.id\"}]}", "rule 0: ");
    assert_refused(*state,
                   "{\"fhirPathRules\":[{\"path\":\"a\",\"method\":\"keep\"},"
                   "{\"path\":\"Patient.name.where(\",\"method\":\"keep\"}]}",
                   "rule 1, its path: column");
    assert_refused(*state, "{\"fhirPathRules\":[{\"path\":\"a.nothing()\",\"method\":\"keep\"}]}",
                   "a function that is not known");
    assert_refused(*state, "{\"fhirPathRules\":[{\"path\":\"a\",\"method\":\"hide\"}]}",
                   "a method that is not known");
    assert_refused(*state, "{\"fhirPathRules\":[{\"path\":\"a\",\"method\":\"perturb\"}]}", "span");
    assert_refused(*state, "{\"fhirPathRules\":[{\"path\":\"a\",\"method\":\"generalize\"}]}",
                   "cases");
    assert_refused(*state, "{\"fhirPathRules\":[{\"path\":\"a\",\"method\":\"substitute\"}]}",
                   "replaceWith");
}

#define KEPT "\"fhirPathRules\":[%s],\"parameters\":{\"unmatched\":\"keep\"}"

static void the_first_rule_that_reaches_an_element_decides(void **state)
{
    const char *output = apply(
        *state,
        "\"fhirPathRules\":[{\"path\":\"Patient.name.use\",\"method\":\"keep\"},"
        "{\"path\":\"nodesByType('HumanName')\",\"method\":\"redact\"}]",
        "{\"resourceType\":\"Patient\",\"name\":[{\"use\":\"usual\",\"family\":\"Example\"}]}");

    assert_non_null(strstr(output, "\"name\":[{\"use\":\"usual\"}]"));
    assert_non_null(strstr(output, "\"code\":\"REDACTED\""));
}

static void a_rule_of_one_type_leaves_others_alone(void **state)
{
    const char *output =
        apply(*state, "\"fhirPathRules\":[{\"path\":\"Patient.id\",\"method\":\"redact\"}]",
              "{\"resourceType\":\"Device\",\"id\":\"d1\"}");

    assert_string_equal(output, "{\"resourceType\":\"Device\",\"id\":\"d1\"}");
}

/* HMAC-SHA256 of "p1" under "123", as openssl prints it. */
static void hashes_an_id_and_the_references_to_it_alike(void **state)
{
    const char *hash = "a10e6bee4fbeb6a7804153c25688dd4dd7b9c2a005417136026350fc33ac609f";
    const char *output = apply(
        *state,
        "\"fhirPathRules\":[{\"path\":\"Resource.id\",\"method\":\"cryptoHash\"},"
        "{\"path\":\"nodesByType('Reference').reference\",\"method\":\"cryptoHash\"}],"
        "\"parameters\":{\"cryptoHashKey\":\"123\"}",
        "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"link\":[{\"other\":{\"reference\":"
        "\"Patient/p1\"}},{\"other\":{\"reference\":\"http://h.example/fhir/Patient/p1/_history/2\"}},"
        "{\"other\":{\"reference\":\"#p1\"}}]}");
    const char *id = strstr(output, "\"id\":\"") + 6;
    char reference[256];

    assert_memory_equal(id, hash, 64);
    snprintf(reference, sizeof(reference), "\"Patient/%.64s\"", id);
    assert_non_null(strstr(output, reference));
    snprintf(reference, sizeof(reference), "fhir/Patient/%.64s/_history/2\"", id);
    assert_non_null(strstr(output, reference));
    snprintf(reference, sizeof(reference), "\"#%.64s\"", id);
    assert_non_null(strstr(output, reference));
}

static void an_age_over_89_and_its_year_go(void **state)
{
    const char *rules =
        "\"fhirPathRules\":[{\"path\":\"nodesByType('date')\",\"method\":\"redact\"},"
        "{\"path\":\"nodesByType('Age')\",\"method\":\"redact\"}],"
        "\"parameters\":{\"enablePartialDatesForRedact\":true,"
        "\"enablePartialAgesForRedact\":true}";

    assert_null(
        strstr(apply(*state, rules, "{\"resourceType\":\"Patient\",\"birthDate\":\"1935-12-31\"}"),
               "birthDate"));
    assert_non_null(
        strstr(apply(*state, rules, "{\"resourceType\":\"Patient\",\"birthDate\":\"1936-06-01\"}"),
               "\"birthDate\":\"1936\""));
    assert_null(
        strstr(apply(*state, rules, "{\"resourceType\":\"Condition\",\"onsetAge\":{\"value\":90}}"),
               "onsetAge"));
    assert_non_null(
        strstr(apply(*state, rules, "{\"resourceType\":\"Condition\",\"onsetAge\":{\"value\":89}}"),
               "\"onsetAge\":{\"value\":89}"));
}

static void perturbs_within_the_span_and_keeps_the_unit(void **state)
{
    const char *output;
    double value = 0;

    for (unsigned i = 0; i < 50; i++) {
        output = apply(*state,
                       "\"fhirPathRules\":[{\"path\":\"Observation.value\",\"method\":\"perturb\","
                       "\"span\":10,\"roundTo\":1}]",
                       "{\"resourceType\":\"Observation\",\"valueQuantity\":{\"value\":100,"
                       "\"unit\":\"mg\"}}");
        assert_non_null(strstr(output, "\"unit\":\"mg\""));
        assert_int_equal(sscanf(strstr(output, "\"value\":") + 8, "%lf", &value), 1);
        assert_true(value >= 95 && value <= 105);
    }
}

static void what_fhir_does_not_have_does_not_come_through(void **state)
{
    const char *output = apply(
        *state, "\"fhirPathRules\":[],\"parameters\":{\"unmatched\":\"keep\"}",
        "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"nickname\":\"Somebody\",\"Sarah Smith\":1}");

    assert_string_equal(output, "{\"resourceType\":\"Patient\",\"id\":\"p1\"}");
    assert_null(
        apply(*state, "\"fhirPathRules\":[]", "{\"resourceType\":\"Pirate\",\"id\":\"p1\"}"));
}

static void says_which_rule_asks_for_a_whole_bundle(void **state)
{
    static const struct {
        const char *path, *method;
        bool is_by_parts;
    } rows[] = {
        { "Patient.name[0]", "redact", true },
        { "nodesByType('HumanName').where(use = 'old').family", "redact", true },
        { "Resource.id", "encrypt", false }, /* by which dates are moved */
        { "nodesByType('Identifier').value", "encrypt", true },
        { "Bundle.link.first()", "redact", true },
        { "Bundle.entry.resource.where(id.exists()).text", "redact", true },
        { "Bundle.entry.resource as Patient", "redact", true },
        { "Bundle.descendants() | Bundle.entry.request", "redact", true },
        { "Bundle.entry.resource.skip(1)", "redact", false },
        { "Bundle.entry.link[0]", "redact", false },
        { "Bundle.where(total > 3).entry", "redact", false },
        { "nodesByName('id').last()", "redact", false },
        { "Bundle.entry.url = 'x'", "redact", false },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char file[512];

        snprintf(file, sizeof(file),
                 "{\"fhirPathRules\":[{\"path\":\"Patient.birthDate\",\"method\":\"dateShift\"},"
                 "{\"path\":\"%s\",\"method\":\"%s\"}]}",
                 rows[i].path, rows[i].method);
        assert_int_equal(
            deid_rule_set_parse(slice_from(file), &fixture->arena, &fixture->set, &fixture->err),
            STATUS_OK);
        assert_int_equal(deid_rule_check_parts(&fixture->set, &fixture->err),
                         rows[i].is_by_parts ? STATUS_OK : STATUS_FAILED_PRECONDITION);
        if (!rows[i].is_by_parts)
            assert_string_equal(fixture->err.text, "rule 1 asks for a whole Bundle");
        error_clear(&fixture->err);
    }
}

static void an_error_is_raised_or_empties_the_resource(void **state)
{
    static const char rules[] =
        "\"fhirPathRules\":[{\"path\":\"Patient.gender\",\"method\":\"generalize\","
        "\"cases\":{\"$this > 5\":\"'x'\"}}],\"processingErrors\":\"%s\"";
    struct fixture *fixture = *state;
    char text[512];

    snprintf(text, sizeof(text), rules, "raise");
    assert_null(apply(fixture, text, "{\"resourceType\":\"Patient\",\"gender\":\"male\"}"));
    assert_int_equal(fixture->err.status, STATUS_INVALID_ARGUMENT);
    assert_null(strstr(fixture->err.text, "male"));
    snprintf(text, sizeof(text), rules, "skip");
    assert_null(
        strstr(apply(fixture, text, "{\"resourceType\":\"Patient\",\"gender\":\"male\"}"), "male"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_file_that_is_no_rule_file),
        cmocka_unit_test(says_which_rule_is_wrong_and_where),
        cmocka_unit_test(the_first_rule_that_reaches_an_element_decides),
        cmocka_unit_test(a_rule_of_one_type_leaves_others_alone),
        cmocka_unit_test(hashes_an_id_and_the_references_to_it_alike),
        cmocka_unit_test(an_age_over_89_and_its_year_go),
        cmocka_unit_test(perturbs_within_the_span_and_keeps_the_unit),
        cmocka_unit_test(what_fhir_does_not_have_does_not_come_through),
        cmocka_unit_test(says_which_rule_asks_for_a_whole_bundle),
        cmocka_unit_test(an_error_is_raised_or_empties_the_resource),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
