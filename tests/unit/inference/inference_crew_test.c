#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <unistd.h>

#include "inference_crew.h"

#define PARTS 1000

struct tally {
    atomic_uint times[PARTS];
    atomic_uint members; /* bits */
};

static void count(void *task, uint32_t part, unsigned member)
{
    struct tally *tally = task;

    atomic_fetch_add(&tally->times[part], 1);
    atomic_fetch_or(&tally->members, 1u << member);
}

static void runs_every_part_once(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct inference_crew *crew = inference_crew_create(threads, NULL);

        assert_int_equal(inference_crew_size(crew), threads);
        for (uint32_t parts = 0; parts <= PARTS; parts += 125) {
            struct tally tally = { 0 };

            inference_crew_run(crew, parts, count, &tally);
            for (uint32_t i = 0; i < PARTS; i++)
                assert_int_equal(tally.times[i], i < parts);
            assert_true(tally.members < 1u << threads);
        }
        inference_crew_destroy(crew);
    }
}

static void wakes_members_that_have_gone_to_sleep(void **state)
{
    struct inference_crew *crew = inference_crew_create(3, NULL);

    (void)state;
    for (int i = 0; i < 5; i++) {
        struct tally tally = { 0 };

        usleep(3000);
        inference_crew_run(crew, PARTS, count, &tally);
        assert_int_equal(tally.times[PARTS - 1], 1);
    }
    inference_crew_destroy(crew);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_every_part_once),
        cmocka_unit_test(wakes_members_that_have_gone_to_sleep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
