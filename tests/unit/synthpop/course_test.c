/* What must hold of every history, over many patients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "course.h"
#include "population.h"

#define PATIENTS 200

static void each_patient(void (*check)(struct record *record), unsigned target)
{
    struct population population = { .seed = 11,
                                     .resources_target = target,
                                     .age_min = 18,
                                     .age_max = 92,
                                     .today = population_today() };
    struct record record;
    struct arena arena;
    unsigned i;

    arena_init(&arena, RECORD_ARENA_BYTES);
    for (i = 0; i < PATIENTS; i++) {
        population_create(&population, i, &arena, &record);
        check(&record);
        arena_close(&arena);
    }
}

static void check_dates(struct record *record)
{
    int birth = record->person.birth_day;
    unsigned i;

    for (i = 0; i < record->encounter_count; i++)
        assert_true(record->encounter_list[i].day > birth
                    && record->encounter_list[i].day <= record->today);
    for (i = 0; i < record->condition_count; i++)
        assert_true(record->condition_list[i].onset > birth
                    && record->condition_list[i].onset < record->condition_list[i].abatement);
    for (i = 0; i < record->order_count; i++)
        assert_true(record->order_list[i].start <= record->today
                    && record->order_list[i].start < record->order_list[i].stop);
}

static void everything_happens_within_a_life_and_ends_after_it_began(void **state)
{
    (void)state;
    each_patient(check_dates, 0);
}

static void check_links(struct record *record)
{
    unsigned i;

    for (i = 0; i < record->condition_count; i++)
        assert_in_range(record->condition_list[i].encounter, 0, record->encounter_count - 1);
    for (i = 0; i < record->order_count; i++) {
        assert_in_range(record->order_list[i].condition, 0, record->condition_count - 1);
        assert_int_equal(record->encounter_list[record->order_list[i].encounter].day,
                         record->order_list[i].start);
    }
    for (i = 0; i < record->report_count; i++)
        assert_true(record->report_list[i].first + record->report_list[i].count
                    <= record->measurement_count);
}

static void every_order_and_report_has_its_visit_and_reason(void **state)
{
    (void)state;
    each_patient(check_links, 0);
}

static void check_allergies(struct record *record)
{
    unsigned i, j;

    for (i = 0; i < record->order_count; i++)
        for (j = 0; j < record->allergy_count; j++) {
            const char *drug = drug_kinds[record->order_list[i].drug].family;
            const char *allergen = allergen_kinds[record->allergy_list[j].allergen].family;

            /* What is not borne is known only once it has been tried. */
            if (record->allergy_list[j].order > 0
                && record->order_list[i].start < record->allergy_list[j].day)
                continue;
            assert_true(drug == NULL || allergen == NULL || strcmp(drug, allergen) != 0);
        }
}

static void nobody_is_given_what_they_are_allergic_to(void **state)
{
    (void)state;
    each_patient(check_allergies, 0);
}

static void check_groups(struct record *record)
{
    unsigned i, j;

    for (i = 0; i < record->order_count; i++)
        for (j = 0; j < i; j++) {
            const struct drug_kind *a = &drug_kinds[record->order_list[i].drug],
                                   *b = &drug_kinds[record->order_list[j].drug];

            if (a->group == NULL || b->group == NULL || strcmp(a->group, b->group) != 0)
                continue;
            assert_false(record_order_is_active(&record->order_list[i], record->today)
                         && record_order_is_active(&record->order_list[j], record->today));
        }
}

static void nobody_takes_two_drugs_of_one_group(void **state)
{
    (void)state;
    each_patient(check_groups, 0);
}

static void check_values(struct record *record)
{
    unsigned i;

    for (i = 0; i < record->measurement_count; i++) {
        const struct measurement *measurement = &record->measurement_list[i];
        const struct lab_kind *kind = &lab_kinds[measurement->lab];

        assert_true(measurement->value >= kind->least && measurement->value <= kind->most);
        if (measurement->lab == LAB_BLOOD_PRESSURE)
            assert_true(measurement->second < measurement->value);
        if (measurement->flag == 'H')
            assert_true(measurement->value > kind->high);
        if (measurement->flag == 'L')
            assert_true(measurement->value < kind->low);
    }
}

static void every_value_is_possible_and_its_flag_true(void **state)
{
    (void)state;
    each_patient(check_values, 300);
}

static void check_size(struct record *record)
{
    assert_in_range(record->resource_count, 800, 1100);
}

static void a_record_has_about_as_many_resources_as_were_asked_for(void **state)
{
    (void)state;
    each_patient(check_size, 800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_happens_within_a_life_and_ends_after_it_began),
        cmocka_unit_test(every_order_and_report_has_its_visit_and_reason),
        cmocka_unit_test(nobody_is_given_what_they_are_allergic_to),
        cmocka_unit_test(nobody_takes_two_drugs_of_one_group),
        cmocka_unit_test(every_value_is_possible_and_its_flag_true),
        cmocka_unit_test(a_record_has_about_as_many_resources_as_were_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
