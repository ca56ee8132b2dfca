/* What the table says of the elements of FHIR. */
#include "deid/deid_fhir_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct deid_fhir_types types;
};

static int setup(void **state)
{
    static struct fixture fixture;

    arena_init(&fixture.arena, 16u << 20);
    *state = &fixture;
    return deid_fhir_types_init(&fixture.types, &fixture.arena, NULL) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    arena_close(&((struct fixture *)*state)->arena);
    return 0;
}

static void assert_member(const struct fixture *fixture, const char *owner, const char *key,
                          const char *type)
{
    const struct deid_fhir_types *types = &fixture->types;
    struct slice name;
    uint16_t found = deid_fhir_type_member(types, deid_fhir_type_find(types, slice_from(owner)),
                                           slice_from(key), &name);

    assert_string_equal(type, found == 0 ? ""
                                         : arena_string(&((struct fixture *)fixture)->arena,
                                                        types->types[found].name));
}

static void knows_own_and_inherited_elements(void **state)
{
    assert_member(*state, "Patient", "name", "HumanName");
    assert_member(*state, "Patient", "id", "id");
    assert_member(*state, "Patient", "text", "Narrative");
    assert_member(*state, "Patient.contact", "extension", "Extension");
    assert_member(*state, "Age", "value", "decimal");
}

static void knows_a_choice_by_its_ending(void **state)
{
    assert_member(*state, "Observation", "valueQuantity", "Quantity");
    assert_member(*state, "Extension", "valueDateTime", "dateTime");
    assert_member(*state, "Patient", "deceasedBoolean", "boolean");
}

static void follows_an_element_that_is_defined_elsewhere(void **state)
{
    assert_member(*state, "Observation.component", "referenceRange", "Observation.referenceRange");
    assert_member(*state, "Questionnaire.item", "item", "Questionnaire.item");
}

static void knows_what_only_the_older_release_has(void **state)
{
    assert_member(*state, "Patient", "animal", "Patient.animal");
    assert_member(*state, "ProcessRequest", "request", "Reference");
}

static void does_not_know_what_fhir_does_not_have(void **state)
{
    assert_member(*state, "Patient", "surname", "");
    assert_member(*state, "Patient", "deceased", "");
    assert_member(*state, "Patient", "deceasedNobody", "");
    assert_member(*state, "Nothing", "id", "");
}

static void tells_resources_from_other_types(void **state)
{
    const struct deid_fhir_types *types = &((struct fixture *)*state)->types;

    assert_true(types->types[deid_fhir_type_find(types, SLICE("Bundle"))].is_resource);
    assert_true(types->types[deid_fhir_type_find(types, SLICE("Observation"))].is_resource);
    assert_false(types->types[deid_fhir_type_find(types, SLICE("HumanName"))].is_resource);
    assert_false(types->types[deid_fhir_type_find(types, SLICE("Patient.contact"))].is_resource);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_own_and_inherited_elements),
        cmocka_unit_test(knows_a_choice_by_its_ending),
        cmocka_unit_test(follows_an_element_that_is_defined_elsewhere),
        cmocka_unit_test(knows_what_only_the_older_release_has),
        cmocka_unit_test(does_not_know_what_fhir_does_not_have),
        cmocka_unit_test(tells_resources_from_other_types),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
