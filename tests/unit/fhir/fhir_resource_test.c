#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "fhir/fhir_resource.h"

static struct arena arena;
static struct error err;

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

static struct json *parse(const char *text)
{
    struct json *root;

    assert_int_equal(json_parse(slice_from(text), &arena, &root, &err), STATUS_OK);
    return root;
}

static const char bundle_text[] =
    "{\"resourceType\":\"Bundle\",\"entry\":["
    "{\"fullUrl\":\"urn:uuid:a1\",\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p1\"}},"
    "{\"fullUrl\":\"http://h/fhir/Medication/m1\",\"resource\":{\"resourceType\":\"Medication\",\"id\":\"m1\"}},"
    "{\"resource\":{\"resourceType\":\"MedicationRequest\",\"contained\":[{\"resourceType\":\"Medication\",\"id\":\"c\",\"mark\":1}]}},"
    "{\"request\":{\"method\":\"DELETE\"}}]}";

static enum status on_entry(void *arg, const struct json *entry, struct slice bytes,
                            struct error *error)
{
    return fhir_bundle_add(arg, entry, bytes)
               ? STATUS_OK
               : error_set(error, STATUS_RESOURCE_EXHAUSTED, "no room");
}

static void read(const char *text, struct fhir_bundle *bundle)
{
    struct json *root;

    fhir_bundle_init(bundle, 0, &arena);
    assert_int_equal(
        json_parse_each(slice_from(text), "entry", on_entry, bundle, &arena, &root, &err),
        STATUS_OK);
    assert_int_equal(fhir_bundle_check(root, &err), STATUS_OK);
}

static size_t find(const struct fhir_bundle *bundle, const char *text)
{
    return fhir_bundle_find(bundle, slice_from(text));
}

static void resolves_references_in_every_spelling(void **state)
{
    (void)state;
    struct fhir_bundle bundle;

    read(bundle_text, &bundle);
    assert_int_equal(bundle.count, 4);
    assert_int_equal(find(&bundle, "urn:uuid:a1"), 0);
    assert_int_equal(find(&bundle, "Patient/p1"), 0);
    assert_int_equal(find(&bundle, "Patient/p1/_history/3"), 0);
    assert_int_equal(find(&bundle, "http://h/fhir/Medication/m1"), 1);
    assert_int_equal(find(&bundle, "https://elsewhere/Medication/m1"), 1);
}

static void reads_a_resource_again(void **state)
{
    (void)state;
    struct fhir_bundle bundle;
    const struct json *resource;

    read(bundle_text, &bundle);
    resource = fhir_resource_read(&bundle.resources[2], &arena);
    assert_true(slice_is(json_get_string(resource, "resourceType"), "MedicationRequest"));
    assert_non_null(json_get(fhir_contained_find(resource, SLICE("#c")), "mark"));
    assert_null(fhir_contained_find(resource, SLICE("#d")));
    assert_null(fhir_resource_read(&bundle.resources[3], &arena));
}

static void a_reference_that_dangles_is_none(void **state)
{
    (void)state;
    struct fhir_bundle bundle;

    fhir_bundle_init(&bundle, 100, &arena);
    assert_int_equal(find(&bundle, "Patient/p1"), SIZE_MAX);
    read(bundle_text, &bundle);
    assert_int_equal(find(&bundle, "Patient/p2"), SIZE_MAX);
    assert_int_equal(find(&bundle, "urn:uuid:none"), SIZE_MAX);
    assert_int_equal(find(&bundle, ""), SIZE_MAX);
    assert_int_equal(find(&bundle, "/"), SIZE_MAX);
    assert_int_equal(find(&bundle, "Practitioner?identifier=x|1"), SIZE_MAX);
}

static void grows_and_keeps_ids_with_escapes(void **state)
{
    (void)state;
    struct fhir_bundle bundle;
    struct buffer text;

    buffer_init(&text, &arena);
    buffer_put_string(&text, "{\"resourceType\":\"Bundle\",\"entry\":[");
    for (int i = 0; i < 3000; i++)
        buffer_format(&text, "%s{\"resource\":{\"resourceType\":\"Goal\",\"id\":\"\\u0067%d\"}}",
                      i == 0 ? "" : ",", i);
    buffer_put_string(&text, "]}");
    buffer_put_byte(&text, '\0');
    read(text.data, &bundle);
    assert_int_equal(bundle.count, 3000);
    assert_int_equal(find(&bundle, "Goal/g0"), 0);
    assert_int_equal(find(&bundle, "Goal/g1500"), 1500);
    assert_int_equal(find(&bundle, "Goal/g2999"), 2999);
}

static void names_resources_that_have_no_id(void **state)
{
    (void)state;
    struct fhir_resource url = { .type = SLICE("Patient"), .full_url = SLICE("urn:uuid:a1") };
    struct fhir_resource neither = { .type = SLICE("Goal"), .entry = 7 };

    assert_true(slice_is(fhir_resource_reference(&url, &arena), "Patient/a1"));
    assert_true(slice_is(fhir_resource_reference(&neither, &arena), "Goal (entry 7)"));
}

static void refuses_what_is_no_bundle(void **state)
{
    (void)state;

    assert_int_equal(fhir_bundle_check(parse("{\"resourceType\":\"Patient\"}"), &err),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(fhir_bundle_check(parse("[]"), &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(fhir_bundle_check(parse("{\"resourceType\":\"Bundle\",\"entry\":{}}"), &err),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(fhir_bundle_check(parse("{\"resourceType\":\"Bundle\"}"), &err), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(resolves_references_in_every_spelling, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_a_resource_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reference_that_dangles_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(grows_and_keeps_ids_with_escapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_resources_that_have_no_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_bundle, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
