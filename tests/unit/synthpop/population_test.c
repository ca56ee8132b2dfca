#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "bundle.h"
#include "population.h"
#include "question.h"

static uint64_t fingerprint(uint64_t seed, unsigned index)
{
    struct population population = {
        .seed = seed, .age_min = 18, .age_max = 92, .today = population_today()
    };
    struct record record;
    struct buffer out;
    struct arena arena;
    uint64_t hash;

    arena_init(&arena, RECORD_ARENA_BYTES);
    population_create(&population, index, &arena, &record);
    buffer_init(&out, &arena);
    bundle_write(&record, &out);
    question_write(&record, "file", 20, &out);
    hash = hash_bytes(buffer_slice(&out), 0);
    arena_close(&arena);
    return hash;
}

static void the_same_seed_and_index_give_the_same_bytes(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < 20; i++)
        assert_int_equal(fingerprint(42, i), fingerprint(42, i));
}

static void a_patient_does_not_depend_on_those_made_before(void **state)
{
    uint64_t alone = fingerprint(42, 9);
    unsigned i;

    (void)state;
    for (i = 0; i < 9; i++)
        fingerprint(42, i);
    assert_int_equal(fingerprint(42, 9), alone);
}

static void another_seed_or_index_gives_another_patient(void **state)
{
    (void)state;
    assert_int_not_equal(fingerprint(42, 1), fingerprint(43, 1));
    assert_int_not_equal(fingerprint(42, 1), fingerprint(42, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_and_index_give_the_same_bytes),
        cmocka_unit_test(a_patient_does_not_depend_on_those_made_before),
        cmocka_unit_test(another_seed_or_index_gives_another_patient),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
