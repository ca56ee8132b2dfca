/* Limits as labels and KDIGO write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "context_renal.h"
#include "context_thing.h"

static const char *at(const char *drug, double egfr)
{
    uint32_t thing = thing_named(drug);

    assert_true(thing < THINGS_MAX);
    return renal_limit_of(thing, egfr);
}

/* "contraindicated in patients with an eGFR below 30 … initiation not recommended in patients with
 * eGFR between 30-45" (metformin). "CrCL <= 50: 15 mg once daily" (rivaroxaban). "Half the usual
 * dose, 5 mg, at a clearance from 10 to 30" (lisinopril). "Not recommended below 35" (Fosamax). */
static void bounds_are_those_of_the_labels(void **state)
{
    (void)state;
    assert_non_null(strstr(at("metformin", 29.9), "contraindicated below 30"));
    assert_non_null(strstr(at("metformin", 30), "start not recommended below 45"));
    assert_non_null(strstr(at("metformin", 44), "start not recommended below 45"));
    assert_null(at("metformin", 45));
    assert_non_null(at("rivaroxaban", 50));
    assert_null(at("rivaroxaban", 51));
    assert_non_null(at("lisinopril", 30));
    assert_null(at("lisinopril", 31));
    assert_non_null(at("alendronate", 34));
    assert_null(at("alendronate", 35));
    assert_non_null(at("gabapentin", 59));
    assert_null(at("gabapentin", 60));
    assert_non_null(strstr(at("nitrofurantoin", 59), "contraindicated"));
}

/* KDIGO 2012, table 32: "Avoid in people with GFR <30; prolonged therapy is not recommended in
 * people with GFR <60". */
static void anti_inflammatory_drugs_have_two_bounds(void **state)
{
    (void)state;
    assert_string_equal(at("naproxen", 29), "avoided below 30 (KDIGO)");
    assert_string_equal(at("celecoxib", 45), "prolonged use avoided below 60 (KDIGO)");
    assert_null(at("ibuprofen", 60));
    assert_null(at("aspirin", 20));
}

/* "No dose adjustment is recommended for patients with renal impairment" alone (apixaban is reduced
 * by creatinine with age or weight), atorvastatin, amlodipine: nothing to say, so not listed. */
static void what_no_rate_decides_is_not_listed(void **state)
{
    static const char *const drugs[] = { "apixaban", "atorvastatin", "amlodipine", "warfarin",
                                         "levothyroxine" };

    (void)state;
    for (size_t i = 0; i < sizeof(drugs) / sizeof(drugs[0]); i++)
        assert_false(renal_is_listed(thing_named(drugs[i])));
    assert_true(renal_is_listed(thing_named("metformin")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_are_those_of_the_labels),
        cmocka_unit_test(anti_inflammatory_drugs_have_two_bounds),
        cmocka_unit_test(what_no_rate_decides_is_not_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
