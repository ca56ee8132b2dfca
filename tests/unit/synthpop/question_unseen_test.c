/* What is held out of training is in no record and in no question of an ordinary population, and in
 * every record of one that is made for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bundle.h"
#include "population.h"
#include "question.h"

#define PATIENTS 20
#define QUESTIONS 40

static struct arena arena;

struct made {
    struct record record;
    struct buffer bundle, lines;
};

static void make(unsigned index, bool is_heldout, struct made *made)
{
    const struct population population = { .seed = 31,
                                           .resources_target = 120,
                                           .age_min = 18,
                                           .age_max = 92,
                                           .today = population_today(),
                                           .is_heldout = is_heldout };

    arena_init(&arena, RECORD_ARENA_BYTES);
    population_create(&population, index, &arena, &made->record);
    buffer_init(&made->bundle, &arena);
    buffer_init(&made->lines, &arena);
    bundle_write(&made->record, &made->bundle);
    question_write(&made->record, "file", QUESTIONS, &made->lines);
    buffer_put_byte(&made->bundle, '\0');
    buffer_put_byte(&made->lines, '\0');
}

static unsigned count_in(const char *text, const char *word)
{
    unsigned count = 0;

    while ((text = strstr(text, word)) != NULL) {
        text += strlen(word);
        count++;
    }
    return count;
}

static void assert_nothing_unseen_in(const char *text)
{
    int i;

    for (i = DISEASE_TRAINED_COUNT; i < DISEASE_COUNT; i++)
        assert_null(strcasestr(text, disease_kinds[i].name));
    for (i = DRUG_TRAINED_COUNT; i < DRUG_COUNT; i++)
        assert_null(strcasestr(text, drug_kinds[i].generic));
    for (i = LAB_TRAINED_COUNT; i < LAB_COUNT; i++)
        assert_null(strstr(text, lab_kinds[i].loinc));
    for (i = PROCEDURE_TRAINED_COUNT; i < PROCEDURE_COUNT; i++)
        assert_null(strcasestr(text, procedure_kinds[i].label));
}

static void an_ordinary_population_has_nothing_of_what_is_held_out(void **state)
{
    struct made made;
    unsigned i;

    (void)state;
    for (i = 0; i < PATIENTS; i++) {
        make(i, false, &made);
        assert_nothing_unseen_in(made.bundle.data);
        assert_nothing_unseen_in(made.lines.data);
        assert_int_equal(count_in(made.lines.data, "\"conditions\":\"heldout\""), 0);
        arena_close(&arena);
    }
}

static void one_that_is_made_for_it_has_it_in_every_record(void **state)
{
    unsigned i, j, unseen = 0, all = 0;
    struct made made;

    (void)state;
    for (i = 0; i < PATIENTS; i++) {
        unsigned conditions = 0;

        make(i, true, &made);
        for (j = 0; j < made.record.condition_count; j++)
            conditions += made.record.condition_list[j].disease >= DISEASE_TRAINED_COUNT;
        assert_true(conditions > 0);
        unseen += count_in(made.lines.data, "\"conditions\":\"heldout\"");
        all += count_in(made.lines.data, "\"conditions\":");
        arena_close(&arena);
    }
    assert_true(unseen * 100 / all >= 35);
    assert_true(all - unseen > 0);
}

/* Why a drug was stopped, and what took its place, stand in the record as they do in the truth. */
static void causes_are_links_of_the_record(void **state)
{
    unsigned i, j, explained = 0, replaced = 0, reactions = 0;
    struct made made;

    (void)state;
    for (i = 0; i < PATIENTS; i++) {
        make(i, i % 2 == 0, &made);
        for (j = 0; j < made.record.order_count; j++) {
            const struct order *order = &made.record.order_list[j];

            if (order->why_stopped != NULL) {
                assert_true(order->stop <= made.record.today);
                explained++;
            }
            if (order->replaces > 0) {
                assert_true(made.record.order_list[order->replaces - 1].stop == order->start);
                replaced++;
            }
        }
        for (j = 0; j < made.record.allergy_count; j++)
            reactions += made.record.allergy_list[j].order > 0;
        assert_int_equal(count_in(made.bundle.data, "\"priorPrescription\""), replaced);
        assert_int_equal(count_in(made.bundle.data, "\"statusReason\""), explained);
        assert_int_equal(count_in(made.bundle.data, "\"substance\""), reactions);
        explained = replaced = reactions = 0;
        arena_close(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_population_has_nothing_of_what_is_held_out),
        cmocka_unit_test(one_that_is_made_for_it_has_it_in_every_record),
        cmocka_unit_test(causes_are_links_of_the_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
