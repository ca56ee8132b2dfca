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
    arena_init(&arena, MIB);
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

static const struct json *resolve(const struct fhir_bundle *bundle, size_t container,
                                  const char *text)
{
    struct json *reference = parse("{\"reference\":\"x\"}");

    reference->first->text = slice_from(text);
    return fhir_bundle_resolve(bundle, bundle->resources[container].json, reference);
}

static void resolves_references_in_every_spelling(void **state)
{
    (void)state;
    struct fhir_bundle bundle;

    assert_int_equal(fhir_bundle_read(parse(bundle_text), &arena, &bundle, &err), STATUS_OK);
    assert_int_equal(bundle.count, 4);
    assert_ptr_equal(resolve(&bundle, 2, "urn:uuid:a1"), bundle.resources[0].json);
    assert_ptr_equal(resolve(&bundle, 2, "Patient/p1"), bundle.resources[0].json);
    assert_ptr_equal(resolve(&bundle, 2, "Patient/p1/_history/3"), bundle.resources[0].json);
    assert_ptr_equal(resolve(&bundle, 2, "http://h/fhir/Medication/m1"), bundle.resources[1].json);
    assert_ptr_equal(resolve(&bundle, 2, "https://elsewhere/Medication/m1"),
                     bundle.resources[1].json);
    assert_non_null(json_get(resolve(&bundle, 2, "#c"), "mark"));
}

static void a_reference_that_dangles_is_null(void **state)
{
    (void)state;
    struct fhir_bundle bundle;

    assert_int_equal(fhir_bundle_read(parse(bundle_text), &arena, &bundle, &err), STATUS_OK);
    assert_null(resolve(&bundle, 2, "Patient/p2"));
    assert_null(resolve(&bundle, 2, "#d"));
    assert_null(resolve(&bundle, 2, "urn:uuid:none"));
    assert_null(resolve(&bundle, 2, ""));
    assert_null(resolve(&bundle, 2, "/"));
    assert_null(resolve(&bundle, 2, "Practitioner?identifier=x|1"));
    assert_null(fhir_bundle_resolve(&bundle, NULL, NULL));
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
    struct fhir_bundle bundle;

    assert_int_equal(
        fhir_bundle_read(parse("{\"resourceType\":\"Patient\"}"), &arena, &bundle, &err),
        STATUS_INVALID_ARGUMENT);
    assert_int_equal(fhir_bundle_read(parse("[]"), &arena, &bundle, &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(fhir_bundle_read(parse("{\"resourceType\":\"Bundle\",\"entry\":{}}"), &arena,
                                      &bundle, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(
        fhir_bundle_read(parse("{\"resourceType\":\"Bundle\"}"), &arena, &bundle, &err), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(resolves_references_in_every_spelling, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reference_that_dangles_is_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_resources_that_have_no_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_bundle, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
