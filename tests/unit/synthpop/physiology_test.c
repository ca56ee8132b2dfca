#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "calendar.h"
#include "physiology.h"
#include "population.h"

struct fixture {
    struct arena arena;
    struct record record;
    struct physiology physiology;
};

/* A woman of 60 without any disease. */
static void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){ 0 };
    arena_init(&fixture->arena, 1 << 20);
    fixture->record =
        (struct record){ .arena = &fixture->arena, .today = calendar_day(2020, 1, 1) };
    fixture->record.person =
        (struct person){ .is_female = true, .birth_day = calendar_day(1960, 1, 1) };
    chance_init(&fixture->record.chance, 1, 0);
    physiology_create(&fixture->record, &fixture->physiology);
}

static double mean_on(struct fixture *fixture, enum lab lab, int day)
{
    struct sample sample;
    double sum = 0;
    int i;

    for (i = 0; i < 200; i++) {
        sample_init(&sample, &fixture->record, &fixture->physiology, day);
        sum += sample_value(&sample, lab);
    }
    return sum / 200;
}

static void add_condition(struct fixture *fixture, enum disease disease, int year)
{
    struct condition *condition = record_add_condition(&fixture->record);

    *condition = (struct condition){ disease, 0, calendar_day(year, 1, 1), DAY_NONE, 0 };
}

static void a_healthy_person_is_mostly_in_range(void **state)
{
    struct fixture fixture;
    int lab;

    (void)state;
    fixture_init(&fixture);
    for (lab = 0; lab < LAB_COUNT; lab++) {
        double mean = mean_on(&fixture, lab, fixture.record.today);

        if (lab == LAB_VITAMIN_D || lab == LAB_BMI || lab == LAB_WEIGHT)
            continue;
        assert_true(lab_kinds[lab].low <= 0 || mean >= lab_kinds[lab].low * 0.95);
        assert_true(lab_kinds[lab].high <= 0 || mean <= lab_kinds[lab].high * 1.05);
    }
    arena_close(&fixture.arena);
}

static void diabetes_raises_a1c_before_it_is_found_and_metformin_lowers_it(void **state)
{
    struct fixture fixture;
    double before, at, treated;

    (void)state;
    fixture_init(&fixture);
    add_condition(&fixture, DISEASE_DIABETES, 2010);
    before = mean_on(&fixture, LAB_A1C, calendar_day(2005, 1, 1));
    at = mean_on(&fixture, LAB_A1C, calendar_day(2010, 1, 1));
    *record_add_order(&fixture.record) = (struct order){ .drug = DRUG_METFORMIN_1000,
                                                         .start = calendar_day(2010, 1, 1),
                                                         .stop = DAY_NONE };
    treated = mean_on(&fixture, LAB_A1C, calendar_day(2010, 6, 1));
    assert_true(before < 5.9 && at > 7 && treated < at - 0.8);
    assert_true(mean_on(&fixture, LAB_A1C, calendar_day(2009, 1, 1)) > before + 0.5);
    arena_close(&fixture.arena);
}

static void the_filtration_rate_falls_as_creatinine_rises(void **state)
{
    struct fixture fixture;
    struct sample sample;
    double creatinine, egfr;

    (void)state;
    fixture_init(&fixture);
    add_condition(&fixture, DISEASE_CKD, 2012);
    assert_true(mean_on(&fixture, LAB_EGFR, fixture.record.today)
                < mean_on(&fixture, LAB_EGFR, calendar_day(2005, 1, 1)) - 20);
    sample_init(&sample, &fixture.record, &fixture.physiology, fixture.record.today);
    egfr = sample_value(&sample, LAB_EGFR);
    creatinine = sample_value(&sample, LAB_CREATININE);
    assert_true(creatinine > 0.9 && egfr < 75);
    arena_close(&fixture.arena);
}

/* MDRD for a woman of 60 with 1.00 mg/dL: 56.5 (NKDEP's calculator says 57). */
static void the_filtration_rate_is_that_of_the_published_formula(void **state)
{
    struct fixture fixture;
    struct sample sample;

    (void)state;
    fixture_init(&fixture);
    sample_init(&sample, &fixture.record, &fixture.physiology, fixture.record.today);
    sample.values[LAB_CREATININE] = 1.0;
    sample.is_known[LAB_CREATININE] = true;
    assert_int_equal((int)sample_value(&sample, LAB_EGFR), 57);
    arena_close(&fixture.arena);
}

static void cholesterol_is_the_sum_of_its_fractions(void **state)
{
    struct fixture fixture;
    struct sample sample;
    double sum;

    (void)state;
    fixture_init(&fixture);
    sample_init(&sample, &fixture.record, &fixture.physiology, fixture.record.today);
    sum = sample_value(&sample, LAB_LDL) + sample_value(&sample, LAB_HDL)
          + sample_value(&sample, LAB_TRIGLYCERIDES) / 5;
    assert_true(sample_value(&sample, LAB_CHOLESTEROL) >= sum - 0.51
                && sample_value(&sample, LAB_CHOLESTEROL) <= sum + 0.51);
    arena_close(&fixture.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_person_is_mostly_in_range),
        cmocka_unit_test(diabetes_raises_a1c_before_it_is_found_and_metformin_lowers_it),
        cmocka_unit_test(the_filtration_rate_falls_as_creatinine_rises),
        cmocka_unit_test(the_filtration_rate_is_that_of_the_published_formula),
        cmocka_unit_test(cholesterol_is_the_sum_of_its_fractions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
