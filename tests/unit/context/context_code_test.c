#include "context_fixture.h"

#include "context_code.h"

static void assert_named(enum code_system system, const char *code, const char *wanted)
{
    struct slice name = code_name(system, slice_from(code));

    if (wanted == NULL)
        assert_int_equal(name.size, 0);
    else if (!slice_is(name, wanted))
        fail_msg("%s is %.*s, not %s", code, SLICE_FORMAT(name), wanted);
}

static void the_narrowest_range_names_a_code(void **state)
{
    (void)state;
    assert_named(CODE_SYSTEM_ICD10, "E11.9", "type 2 diabetes mellitus");
    assert_named(CODE_SYSTEM_ICD10, "E11.649", "type 2 diabetes mellitus with hypoglycemia");
    assert_named(CODE_SYSTEM_ICD10, "Z79.01", "long term anticoagulant therapy");
    assert_named(CODE_SYSTEM_ICD10, "Z79.899", "long term drug therapy");
    assert_named(CODE_SYSTEM_CPT, "95810", "sleep study, polysomnography");
    assert_named(CODE_SYSTEM_CPT, "95851", "neurologic test");
}

static void a_single_code_is_named_only_whole(void **state)
{
    (void)state;
    assert_named(CODE_SYSTEM_CVX, "10", "polio vaccine, inactivated");
    assert_named(CODE_SYSTEM_CVX, "107", "diphtheria tetanus pertussis vaccine");
    assert_named(CODE_SYSTEM_CVX, "1", NULL);
    assert_named(CODE_SYSTEM_LOINC, "4548-4", "hemoglobin a1c");
    assert_named(CODE_SYSTEM_LOINC, "4548-40", NULL);
}

static void a_code_that_ends_in_a_letter_is_in_no_range_of_numbers(void **state)
{
    (void)state;
    assert_named(CODE_SYSTEM_CPT, "1111F", "medication reconciliation");
    assert_named(CODE_SYSTEM_CPT, "1036F", NULL);
    assert_named(CODE_SYSTEM_CPT, "3045F", "hemoglobin a1c level");
    assert_named(CODE_SYSTEM_CPT, "0042T", NULL);
}

static void what_no_table_knows_has_no_name(void **state)
{
    (void)state;
    assert_named(CODE_SYSTEM_OTHER, "E11.9", NULL);
    assert_named(CODE_SYSTEM_SNOMED, "", NULL);
    assert_named(CODE_SYSTEM_SNOMED, "999999999", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_narrowest_range_names_a_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_single_code_is_named_only_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_code_that_ends_in_a_letter_is_in_no_range_of_numbers,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_no_table_knows_has_no_name, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
