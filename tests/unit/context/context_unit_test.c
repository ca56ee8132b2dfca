#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "context_analyte.h"

#include <math.h>

/* @value of @from in @to; NAN where there is no way. */
static double convert(double value, const char *from, const char *to,
                      const struct substance *substance)
{
    struct unit a, b;
    double converted;

    if (!unit_parse(slice_from(from), &a) || !unit_parse(slice_from(to), &b)
        || !unit_convert(value, &a, &b, substance, &converted))
        return NAN;
    return converted;
}

static void assert_near(double found, double expected)
{
    if (!(fabs(found - expected) <= 1e-6 * fabs(expected) + 1e-9))
        fail_msg("%.12g is not %.12g", found, expected);
}

static void converts_what_is_of_one_dimension(void **state)
{
    (void)state;
    assert_near(convert(1, "g/dL", "mg/L", NULL), 10000);
    assert_near(convert(1, "10*3/uL", "10*9/L", NULL), 1);
    assert_near(convert(1, "{cells}/uL", "10*6/L", NULL), 1);
    assert_near(convert(180, "[lb_av]", "kg", NULL), 81.6466266);
    assert_near(convert(70, "[in_i]", "cm", NULL), 177.8);
    assert_near(convert(760, "mm[Hg]", "kPa", NULL), 101.32472);
    assert_near(convert(1, "U/L", "nkat/L", NULL), 16.6666667);
    assert_near(convert(1, "dam", "m", NULL), 10);
    assert_near(convert(2, "mg/(kg.d)", "ug/kg/h", NULL), 83.3333333);
    assert_near(convert(30, "mL/min/{1.73_m2}", "mL/s", NULL), 0.5);
    assert_near(convert(12, "mo", "a", NULL), 1);
}

static void temperatures_have_an_offset(void **state)
{
    (void)state;
    assert_near(convert(98.6, "[degF]", "Cel", NULL), 37);
    assert_near(convert(37, "Cel", "[degF]", NULL), 98.6);
    assert_near(convert(0, "Cel", "K", NULL), 273.15);
    assert_true(isnan(convert(1, "Cel/d", "K/d", NULL)));
}

static void what_differs_does_not_convert(void **state)
{
    (void)state;
    assert_true(isnan(convert(1, "mg/dL", "mg", NULL)));
    assert_true(isnan(convert(1, "[iU]/L", "mg/L", NULL)));
    assert_true(isnan(convert(1, "[iU]/L", "[arb'U]/L", NULL)));
    assert_near(convert(1, "[iU]/L", "m[IU]/mL", NULL), 1);
    assert_true(isnan(convert(1, "mmol/L", "mg/dL", NULL)));
    assert_true(isnan(convert(1, "mmol/L", "/L", NULL)));
    assert_true(isnan(convert(1, "meq/L", "mmol/L", NULL)));
    assert_true(isnan(convert(1, "mmol/mol", "%", NULL)));
}

static void a_substance_joins_mass_and_amount(void **state)
{
    (void)state;
    const struct substance *glucose = analyte_find(SLICE("c2345-7")),
                           *calcium = analyte_find(SLICE("b1234 c17861-6")),
                           *hba1c = analyte_find(SLICE("c4548-4"));

    assert_near(convert(90, "mg/dL", "mmol/L", glucose), 4.99567042);
    assert_near(convert(5, "mmol/L", "mg/dL", glucose), 90.078);
    assert_near(convert(5, "meq/L", "mmol/L", calcium), 2.5);
    assert_near(convert(2.5, "mmol/L", "meq/L", calcium), 5);
    assert_near(convert(48, "mmol/mol", "%", hba1c), 6.54162855);
    assert_near(convert(6.5, "%", "mmol/mol", hba1c), 47.545);
    assert_near(convert(0.065, "{ratio}", "%", hba1c), 6.5);
    assert_null(analyte_find(SLICE("b2345-7 c777-3")));
}

static void reads_what_people_write(void **state)
{
    (void)state;
    assert_near(convert(1, "mmHg", "mm[Hg]", NULL), 1);
    assert_near(convert(1, "K/uL", "10*9/L", NULL), 1);
    assert_near(convert(1, "\302\265g/dL", "ug/dL", NULL), 1);
    assert_near(convert(1, "mcg/dL", "ug/dL", NULL), 1);
    assert_near(convert(1, "mIU/L", "m[iU]/L", NULL), 1);
    assert_near(convert(1, "mL/min/1.73m2", "mL/min/{1.73_m2}", NULL), 1);
    assert_near(convert(60, "beats/minute", "/s", NULL), 1);
    assert_near(convert(1, "kg/m\302\262", "kg/m2", NULL), 1);
}

static void refuses_what_is_no_unit(void **state)
{
    (void)state;
    static const char *const wrong[] = { "mg/",    "/",   "mg//dL",
                                         "xyz",    "m[",  "{a",
                                         "mg)",    "(mg", "m.",
                                         ".m",     "0",   "m99",
                                         "km2-3x", "kkg", "((((((((((((((m))))))))))))))" };
    struct unit unit;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (unit_parse(slice_from(wrong[i]), &unit))
            fail_msg("'%s' was read as a unit", wrong[i]);
}

static void every_row_of_the_tables_can_be_read(void **state)
{
    (void)state;
    struct unit unit;

    for (uint32_t i = 0; i < unit_atoms_count; i++)
        if (!unit_parse(slice_from(unit_atoms[i].code), &unit))
            fail_msg("%s", unit_atoms[i].code);
    for (uint32_t i = 0; i < unit_aliases_count; i++)
        if (!unit_parse(slice_from(unit_aliases[i].text), &unit))
            fail_msg("%s", unit_aliases[i].text);
    assert_string_equal(unit_atoms[unit_arbitrary_end].code, "10*");
    assert_string_equal(unit_atoms[UNIT_OSMOLE].code, "osm");
}

/* The last digit of a LOINC code follows from the others. */
static bool is_loinc(const char *code, size_t size)
{
    unsigned sum = 0, times = 2;

    if (size < 3 || code[size - 2] != '-')
        return false;
    for (size_t i = size - 2; i-- > 0; times = 3 - times) {
        unsigned product = (unsigned)(code[i] - '0') * times;

        sum += product / 10 + product % 10;
    }
    return (10 - sum % 10) % 10 == (unsigned)(code[size - 1] - '0');
}

static void every_code_of_an_analyte_is_well_formed_and_of_one_only(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < analytes_count; i++) {
        struct slice left = slice_from(analytes[i].codes);

        while (left.size > 0) {
            size_t end = slice_find_byte(left, ' ');
            char code[16];

            assert_true(is_loinc(left.data, end));
            snprintf(code, sizeof(code), "c%.*s", (int)end, left.data);
            assert_ptr_equal(analyte_find(slice_from(code)), &analytes[i].substance);
            left = slice_cut(left, end + 1, left.size);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converts_what_is_of_one_dimension),
        cmocka_unit_test(temperatures_have_an_offset),
        cmocka_unit_test(what_differs_does_not_convert),
        cmocka_unit_test(a_substance_joins_mass_and_amount),
        cmocka_unit_test(reads_what_people_write),
        cmocka_unit_test(refuses_what_is_no_unit),
        cmocka_unit_test(every_row_of_the_tables_can_be_read),
        cmocka_unit_test(every_code_of_an_analyte_is_well_formed_and_of_one_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
