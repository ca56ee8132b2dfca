#include "context_fixture.h"

#include "context_thing.h"

/* Whether @text names @thing, or something that is one of it. */
static bool names(const char *text, uint32_t kinds, const char *thing)
{
    struct thing_found found[THINGS_FOUND_MAX];
    uint32_t count = things_find(slice_from(text), kinds, found, THINGS_FOUND_MAX);

    assert_true(thing_named(thing) < THINGS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t is_count;
        const uint16_t *is = thing_is(found[i].thing, &is_count);

        for (uint32_t j = 0; j < is_count; j++)
            if (is[j] == thing_named(thing))
                return true;
    }
    return false;
}

static void every_name_in_the_tables_is_a_row(void **state)
{
    (void)state;
    if (thing_unknown_name() != NULL)
        fail_msg("a name that is no row: %s", thing_unknown_name());
    assert_true(things_count() > 1500);
}

static void a_brand_is_its_ingredient_and_the_classes_of_that(void **state)
{
    (void)state;
    assert_true(names("Eliquis 5 mg", THING_ANY_DRUG, "apixaban"));
    assert_true(names("apixaban 5 MG Oral Tablet", THING_ANY_DRUG, "_blood-thinner"));
    assert_true(names("does he take a baby aspirin", THING_ANY, "_antiplatelet"));
    assert_false(names("metoprolol succinate 50 MG", THING_ANY_DRUG, "_blood-thinner"));
}

static void the_longest_phrase_stands(void **state)
{
    (void)state;
    assert_true(names("Hemoglobin A1c", THING_ANY, "hemoglobin-a1c"));
    assert_false(names("Hemoglobin A1c", THING_ANY, "hemoglobin"));
    assert_false(names("Microalbumin Creatinine Ratio", THING_ANY, "creatinine"));
    assert_false(names("depression screening", THING_ANY, "depression"));
}

static void only_the_kinds_that_are_wanted_are_found(void **state)
{
    (void)state;
    assert_true(names("Potassium chloride 20 MEQ tablet", THING_ANY_DRUG, "_potassium-supplement"));
    assert_false(names("Potassium chloride 20 MEQ tablet", THING_ANY_DRUG, "potassium"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_in_the_tables_is_a_row),
        cmocka_unit_test(a_brand_is_its_ingredient_and_the_classes_of_that),
        cmocka_unit_test(the_longest_phrase_stands),
        cmocka_unit_test(only_the_kinds_that_are_wanted_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
