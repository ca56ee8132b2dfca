/* Intervals and ages as the recommendations give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "context_screening.h"

static uint32_t row_of(const char *name)
{
    for (uint32_t i = 0; i < screenings_count; i++)
        if (strcmp(screenings[i].name, name) == 0)
            return i;
    fail_msg("no row %s", name);
    return 0;
}

static struct fhir_date day(const char *text)
{
    struct fhir_date date;

    assert_true(fhir_date_parse(slice_from(text), &date));
    return date;
}

static bool is_late(const char *name, const char *last, const char *today)
{
    struct fhir_date a = day(last), b = day(today);

    return screening_is_late(row_of(name), &a, &b);
}

static bool is_for(const char *name, char sex, const char *birth, bool has_diabetes)
{
    struct fhir_date born = day(birth), today = day("2025-06-30");

    return screening_is_for(row_of(name), sex, &born, has_diabetes, &today);
}

static void it_is_late_the_day_after_the_interval(void **state)
{
    (void)state;
    assert_false(is_late("mammography", "2023-06-30", "2025-06-30"));
    assert_true(is_late("mammography", "2023-06-29", "2025-06-30"));
    assert_false(is_late("colonoscopy", "2015-07-01", "2025-06-30"));
    assert_true(is_late("colonoscopy", "2015-06-01", "2025-06-30"));
    assert_false(is_late("hemoglobin A1c", "2024-12-30", "2025-06-30"));
    assert_true(is_late("hemoglobin A1c", "2024-12-29", "2025-06-30"));
    assert_true(is_late("foot examination", "2024-02-29", "2025-03-01"));
}

/* "biennial screening mammography for women aged 40 to 74 years", "colorectal cancer in adults aged
 * 45 to 75", "cervical cancer … in women aged 21 to 65 years" (USPSTF). */
static void it_is_for_those_of_the_recommendation(void **state)
{
    (void)state;
    assert_true(is_for("mammography", 'f', "1985-06-30", false));
    assert_false(is_for("mammography", 'f', "1985-07-01", false));
    assert_true(is_for("mammography", 'f', "1950-07-01", false));
    assert_false(is_for("mammography", 'f', "1950-06-30", false));
    assert_false(is_for("mammography", 'm', "1970-01-01", false));
    assert_true(is_for("colonoscopy", 'm', "1980-01-01", false));
    assert_false(is_for("colonoscopy", 'm', "1981-01-01", false));
    assert_false(is_for("cervical screening", 'f', "1959-01-01", false));
    assert_true(is_for("eye examination", 'm', "1999-01-01", true));
    assert_false(is_for("eye examination", 'm', "1999-01-01", false));
}

/* Born in 1985: 39 or 40 in the middle of 2025. */
static void a_year_of_birth_alone_must_be_enough(void **state)
{
    (void)state;
    assert_false(is_for("mammography", 'f', "1985", false));
    assert_true(is_for("mammography", 'f', "1984", false));
    assert_false(is_for("mammography", 'f', "1950", false));
    assert_true(is_for("mammography", 'f', "1951", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_late_the_day_after_the_interval),
        cmocka_unit_test(it_is_for_those_of_the_recommendation),
        cmocka_unit_test(a_year_of_birth_alone_must_be_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
