/* The fixtures of Microsoft's Tools for Health Data Anonymization: each input under the rule file
 * that their own tests name gives their target. Compared as FHIR: without the order of members, and
 * a list of one is that one (their test reads both sides into classes, which comes to the same). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "data.h"
#include "deid_rule_apply.h"

#define ARCHIVE "deid/ms-fhir-anonymizer.tar.xz"
#define CONFIGURATIONS "Shared.FunctionalTests/Configurations/"
#define RESOURCES "Shared.FunctionalTests/TestResources/"
#define R4 "R4.FunctionalTests/r4-configuration-sample.json"

enum verdict { GIVES, REFUSES };

struct row {
    const char *rules, *input, *target;
    enum verdict verdict;
};

#define COMMON CONFIGURATIONS "common-config.json"
#define ALL CONFIGURATIONS "redact-all-config.json"
#define SKIP CONFIGURATIONS "configuration-skip-processing-error.json"
#define RAISE CONFIGURATIONS "configuration-raise-processing-error.json"
#define SILENT CONFIGURATIONS "configuration-without-processing-error.json"

/* The STU3 tests name a rule file that the archive does not hold. The R4 file is used for them with
 * the one rule that they need besides: it redacts nothing of what R4 does not have. */
#define STU3_RULE "{\"path\":\"ProcessResponse.disposition\",\"method\":\"redact\"},"

static const struct row rows[] = {
    { COMMON, "patient-basic", "patient-basic-target", GIVES },
    { ALL, "patient-basic", "patient-redact-all-target", GIVES },
    { COMMON, "patient-special-content", "patient-special-content-target", GIVES },
    { COMMON, "patient-null-date", "patient-null-date-target", GIVES },
    { CONFIGURATIONS "common-no-partial-config.json", "patient-no-partial",
      "patient-no-partial-target", GIVES },
    { CONFIGURATIONS "substitute-primitive.json", "patient-substitute-primitive",
      "patient-substitute-primitive-target", GIVES },
    { CONFIGURATIONS "substitute-complex.json", "patient-substitute-complex",
      "patient-substitute-complex-target", GIVES },
    { CONFIGURATIONS "substitute-conflict-rules.json", "patient-substitute-conflict-rules",
      "patient-substitute-conflict-rules-target", GIVES },
    { CONFIGURATIONS "generalize-patient-config.json", "patient-generalize",
      "patient-generalize-target", GIVES },
    { CONFIGURATIONS "substitute-multiple.json", "patient-substitute-multiple",
      "patient-substitute-multiple-target", GIVES },
    { CONFIGURATIONS "substitute-multiple-2.json", "patient-substitute-multiple-2",
      "patient-substitute-multiple-2-target", GIVES },
    { SKIP, "patient-basic", "patient-empty", GIVES },
    { RAISE, "patient-basic", NULL, REFUSES },
    { SILENT, "patient-basic", NULL, REFUSES },
    { COMMON, "contained-basic", "contained-basic-target", GIVES },
    { SKIP, "contained-basic", "condition-empty", GIVES },
    { RAISE, "contained-basic", NULL, REFUSES },
    { SILENT, "contained-basic", NULL, REFUSES },
    { COMMON, "bundle-basic", "bundle-basic-target", GIVES },
    { SKIP, "bundle-basic", "bundle-empty", GIVES },
    { RAISE, "bundle-basic", NULL, REFUSES },
    { SILENT, "bundle-basic", NULL, REFUSES },
    { COMMON, "bundle-without-entry-resource", "bundle-without-entry-resource-target", GIVES },
    { COMMON, "contained-in-bundle", "contained-in-bundle-target", GIVES },
    { ALL, "contained-basic", "contained-redact-all-target", GIVES },
    { ALL, "bundle-basic", "bundle-redact-all-target", GIVES },
    { ALL, "contained-in-bundle", "contained-in-bundle-redact-all-target", GIVES },
    { CONFIGURATIONS "substitute-multiple.json", "contained-substitute",
      "contained-substitute-target", GIVES },
    { CONFIGURATIONS "substitute-multiple.json", "bundle-substitute", "bundle-substitute-target",
      GIVES },
    { R4, "R4OnlyResource/OrganizationAffiliation", "R4OnlyResource/OrganizationAffiliation-target",
      GIVES },
    { R4, "R4OnlyResource/MedicinalProduct", "R4OnlyResource/MedicinalProduct-target", GIVES },
    { R4, "R4OnlyResource/ServiceRequest", "R4OnlyResource/ServiceRequest-target", GIVES },
    { R4, "R4OnlyResource/Claim-R4", "R4OnlyResource/Claim-R4-target", GIVES },
    { R4, "R4OnlyResource/Account-R4", "R4OnlyResource/Account-R4-target", GIVES },
    { R4, "R4OnlyResource/Contract-R4", "R4OnlyResource/Contract-R4-target", GIVES },
    { R4, "Stu3OnlyResource/DeviceComponent", "Stu3OnlyResource/DeviceComponent-target", GIVES },
    { R4, "Stu3OnlyResource/ProcessRequest", "Stu3OnlyResource/ProcessRequest-target", GIVES },
    { R4, "Stu3OnlyResource/ProcessResponse", "Stu3OnlyResource/ProcessResponse-target", GIVES },
    { R4, "Stu3OnlyResource/Claim-Stu3", "Stu3OnlyResource/Claim-Stu3-target", GIVES },
    { R4, "Stu3OnlyResource/Account-Stu3", "Stu3OnlyResource/Account-Stu3-target", GIVES },
    { R4, "Stu3OnlyResource/Contract-Stu3", "Stu3OnlyResource/Contract-Stu3-target", GIVES },
};

static char folder[] = "/tmp/deid-fixtures-XXXXXX";

static int unpack(void **state)
{
    const char *path = data_path(ARCHIVE);
    char command[1024];

    (void)state;
    if (path == NULL)
        return 0;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(command, sizeof(command), "xz -dc '%s' | tar -x -C %s --wildcards '*FunctionalTests*'",
             path, folder);
    return system(command);
}

static int remove_folder(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static struct slice file_read(const char *name, struct arena *arena)
{
    char *path =
        arena_format(arena, "%s/FHIR/src/Microsoft.Health.Fhir.Anonymizer.%s", folder, name);
    FILE *file = fopen(path, "rb");
    char *bytes = arena_alloc(arena, 1 << 20);
    size_t size;

    assert_non_null(file);
    assert_non_null(bytes);
    size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return slice_of(bytes, size);
}

/* The rules of @row, with the one for STU3 in front where that is what it is about. */
static struct slice rules_read(const struct row *row, struct arena *arena)
{
    struct slice rules = file_read(row->rules, arena);
    const char *list = memmem(rules.data, rules.size, "[", 1);
    struct buffer out;

    if (strncmp(row->input, "Stu3", 4) != 0)
        return rules;
    buffer_init(&out, arena);
    buffer_put(&out, slice_of(rules.data, (size_t)(list - rules.data) + 1));
    buffer_put_string(&out, STU3_RULE);
    buffer_put(&out, slice_cut(rules, (size_t)(list - rules.data) + 1, rules.size));
    return buffer_slice(&out);
}

static const struct json *one(const struct json *json)
{
    while (json->kind == JSON_KIND_ARRAY && json->count == 1)
        json = json->first;
    return json;
}

/* Their comparison writes an instant in UTC as "+00:00", which is "Z". */
static struct slice instant(struct slice text)
{
    if (slice_ends_with(text, SLICE("+00:00")))
        return slice_cut(text, 0, text.size - 6);
    if (text.size > 10 && text.data[10] == 'T' && slice_ends_with(text, SLICE("Z")))
        return slice_cut(text, 0, text.size - 1);
    return text;
}

static const struct json *member(const struct json *object, struct slice key)
{
    const struct json *item = object->first;

    while (item != NULL && !slice_equal(item->key, key))
        item = item->next;
    return item;
}

static bool alike(const struct json *a, const struct json *b)
{
    const struct json *item, *other;

    a = one(a);
    b = one(b);
    if (a->kind != b->kind || a->count != b->count
        || !slice_equal(instant(a->text), instant(b->text)))
        return false;
    for (item = a->first, other = b->first; item != NULL; item = item->next) {
        if (a->kind == JSON_KIND_OBJECT)
            other = member(b, item->key);
        if (other == NULL || !alike(item, other))
            return false;
        if (a->kind == JSON_KIND_ARRAY)
            other = other->next;
    }
    return true;
}

/* A birth date in a target is gone where its year is over 89 years ago by now: their test counts
 * from the day it runs, and so do we. */
static bool row_holds(const struct row *row, struct arena *arena)
{
    struct deid_rule_context context = { .today = time(NULL) / 86400 };
    struct slice output = SLICE(""), rules = rules_read(row, arena);
    char *name = arena_format(arena, RESOURCES "%s.json", row->input);
    struct deid_rule_set set;
    struct json *json, *result, *target;
    struct error err = { 0 };
    enum status status;

    assert_int_equal(deid_rule_set_parse(rules, arena, &set, &err), STATUS_OK);
    assert_int_equal(json_parse(file_read(name, arena), arena, &json, &err), STATUS_OK);
    status = deid_rule_apply(&set, &context, json, arena, &output, &err);
    if (row->verdict == REFUSES || status != STATUS_OK)
        return row->verdict == REFUSES && status == STATUS_INVALID_ARGUMENT;
    name = arena_format(arena, RESOURCES "%s.json", row->target);
    assert_int_equal(json_parse(file_read(name, arena), arena, &target, &err), STATUS_OK);
    assert_int_equal(json_parse(output, arena, &result, &err), STATUS_OK);
    if (alike(result, target))
        return true;
    printf("%s differs from %s:\n%.*s\n", row->input, row->target, SLICE_FORMAT(output));
    return false;
}

static void gives_every_target(void **state)
{
    unsigned held = 0, count = sizeof(rows) / sizeof(rows[0]);

    (void)state;
    if (data_path(ARCHIVE) == NULL)
        skip();
    for (unsigned i = 0; i < count; i++) {
        struct arena arena;

        arena_init(&arena, 64u << 20);
        held += row_holds(&rows[i], &arena);
        arena_close(&arena);
    }
    printf("%u of %u fixtures\n", held, count);
    assert_int_equal(held, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(gives_every_target) };

    return cmocka_run_group_tests(tests, unpack, remove_folder);
}
