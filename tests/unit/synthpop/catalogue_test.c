/* Codes are checked against the check digits that SNOMED CT and LOINC put into them: a slip of the
 * pen does not pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "catalogue.h"

/* Verhoeff's scheme, SNOMED CT Release File Specification, 'Check-digit'. */
static int verhoeff(const char *digits)
{
    static const int multiply[10][10] = {
        { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { 1, 2, 3, 4, 0, 6, 7, 8, 9, 5 },
        { 2, 3, 4, 0, 1, 7, 8, 9, 5, 6 }, { 3, 4, 0, 1, 2, 8, 9, 5, 6, 7 },
        { 4, 0, 1, 2, 3, 9, 5, 6, 7, 8 }, { 5, 9, 8, 7, 6, 0, 4, 3, 2, 1 },
        { 6, 5, 9, 8, 7, 1, 0, 4, 3, 2 }, { 7, 6, 5, 9, 8, 2, 1, 0, 4, 3 },
        { 8, 7, 6, 5, 9, 3, 2, 1, 0, 4 }, { 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 },
    };
    static const int permute[8][10] = {
        { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 },
        { 5, 8, 0, 3, 7, 9, 6, 1, 4, 2 }, { 8, 9, 1, 6, 0, 4, 3, 5, 2, 7 },
        { 9, 4, 5, 3, 1, 2, 6, 8, 7, 0 }, { 4, 2, 8, 6, 5, 7, 3, 9, 0, 1 },
        { 2, 7, 9, 3, 8, 0, 6, 4, 1, 5 }, { 7, 0, 4, 6, 9, 1, 3, 2, 5, 8 },
    };
    size_t size = strlen(digits), i;
    int check = 0;

    for (i = 0; i < size; i++)
        check = multiply[check][permute[i % 8][digits[size - 1 - i] - '0']];
    return check;
}

/* Mod 10 over the digits before the hyphen, LOINC Users' Guide, appendix C. */
static int loinc_check_digit(const char *code)
{
    size_t size = (size_t)(strchr(code, '-') - code), i;
    int sum = 0;

    for (i = 0; i < size; i++) {
        int digit = code[size - 1 - i] - '0';

        digit = i % 2 == 0 ? digit * 2 : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return (10 - sum % 10) % 10;
}

static void assert_snomed(const char *code)
{
    if (code != NULL && verhoeff(code) != 0)
        fail_msg("%s has a wrong check digit", code);
}

static void assert_loinc(const char *code)
{
    if (code != NULL && loinc_check_digit(code) != strchr(code, '-')[1] - '0')
        fail_msg("%s has a wrong check digit", code);
}

static void every_snomed_code_has_its_check_digit(void **state)
{
    unsigned i, stage;

    (void)state;
    for (i = 0; i < DISEASE_COUNT; i++) {
        assert_snomed(disease_kinds[i].snomed);
        for (stage = 0; stage < disease_kinds[i].stage_count; stage++)
            assert_snomed(disease_kinds[i].stages[stage].snomed);
    }
    for (i = 1; i < PROCEDURE_COUNT; i++)
        assert_snomed(procedure_kinds[i].snomed);
    for (i = 0; i < REACTION_COUNT; i++)
        assert_snomed(reaction_kinds[i].snomed);
    for (i = 0; i < ALLERGEN_COUNT; i++)
        if (allergen_kinds[i].system != NULL && strstr(allergen_kinds[i].system, "snomed") != NULL)
            assert_snomed(allergen_kinds[i].code);
}

static void every_loinc_code_has_its_check_digit(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < LAB_COUNT; i++)
        assert_loinc(lab_kinds[i].loinc);
    for (i = 0; i < PANEL_COUNT; i++)
        assert_loinc(panel_kinds[i].loinc);
}

static void no_code_stands_for_two_things(void **state)
{
    int i, j;

    (void)state;
    for (i = 0; i < LAB_COUNT; i++)
        for (j = 0; j < i; j++)
            assert_string_not_equal(lab_kinds[i].loinc, lab_kinds[j].loinc);
    for (i = 0; i < DISEASE_COUNT; i++)
        for (j = 0; j < i; j++)
            assert_string_not_equal(disease_kinds[i].snomed, disease_kinds[j].snomed);
}

static void every_row_is_complete(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < LAB_COUNT; i++)
        assert_true(lab_kinds[i].label != NULL && lab_kinds[i].least < lab_kinds[i].most);
    for (i = 0; i < PANEL_COUNT; i++)
        assert_true(panel_kinds[i].count > 0 && panel_kinds[i].count <= PANEL_LABS_MAX);
    for (i = 1; i < DRUG_COUNT; i++)
        assert_true(drug_kinds[i].text != NULL && drug_kinds[i].generic != NULL
                    && drug_kinds[i].dose != NULL);
    for (i = 1; i < PROCEDURE_COUNT; i++)
        assert_non_null(procedure_kinds[i].label);
    for (i = 0; i < ALLERGEN_COUNT; i++)
        assert_true(allergen_kinds[i].label != NULL && allergen_kinds[i].weight > 0);
    for (i = 0; i < VACCINE_COUNT; i++)
        assert_non_null(vaccine_kinds[i].label);
}

static void every_disease_has_stages_and_its_risks_come_before_it(void **state)
{
    int i, j;

    (void)state;
    for (i = 0; i < DISEASE_COUNT; i++) {
        const struct disease_kind *kind = &disease_kinds[i];

        assert_non_null(kind->name);
        assert_true(kind->stage_count > 0 && kind->stage_count <= STAGES_MAX
                    && kind->onset_min <= kind->onset_max);
        assert_int_equal(kind->duration_days > 0,
                         (i >= DISEASE_CHRONIC_COUNT && i < DISEASE_TRAINED_COUNT)
                             || i >= DISEASE_HELDOUT_ACUTE);
        for (j = 0; j < RISKS_MAX; j++)
            assert_true((int)kind->risks[j].from < i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_snomed_code_has_its_check_digit),
        cmocka_unit_test(every_loinc_code_has_its_check_digit),
        cmocka_unit_test(no_code_stands_for_two_things),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(every_disease_has_stages_and_its_risks_come_before_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
