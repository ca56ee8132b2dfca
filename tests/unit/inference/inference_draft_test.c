#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inference_draft.h"

static void guesses_what_followed_the_same_ids_last(void **state)
{
    const uint32_t ids[] = { 1, 2, 3, 9, 8, 7, 1, 2, 3, 4, 5, 6, 1, 2, 3 };
    struct inference_drafter drafter;
    uint32_t draft[INFERENCE_DRAFT_MAX];

    (void)state;
    inference_draft_init(&drafter);
    drafter.reach = 5;
    assert_int_equal(inference_draft_guess(&drafter, ids, 15, 7, draft), 5);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(draft[i], ids[9 + i]);
    assert_int_equal(inference_draft_guess(&drafter, ids, 15, 2, draft), 2);
    assert_int_equal(inference_draft_guess(&drafter, ids, 15, 0, draft), 0);
}

static void takes_two_ids_where_three_did_not_stand_before(void **state)
{
    const uint32_t ids[] = { 5, 1, 2, 7, 8, 9, 6, 1, 2 };
    struct inference_drafter drafter;
    uint32_t draft[INFERENCE_DRAFT_MAX];

    (void)state;
    inference_draft_init(&drafter);
    assert_int_equal(inference_draft_guess(&drafter, ids, 9, 7, draft), 3);
    assert_int_equal(draft[0], 7);
}

static void guesses_nothing_of_what_is_new(void **state)
{
    const uint32_t ids[] = { 1, 2, 3, 4, 5 };
    struct inference_drafter drafter;
    uint32_t draft[INFERENCE_DRAFT_MAX];

    (void)state;
    inference_draft_init(&drafter);
    for (uint32_t count = 1; count <= 5; count++)
        assert_int_equal(inference_draft_guess(&drafter, ids, count, 7, draft), 0);
}

static void reaches_further_when_right_and_rests_when_wrong(void **state)
{
    const uint32_t ids[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    struct inference_drafter drafter;
    uint32_t draft[INFERENCE_DRAFT_MAX], rests = 0;

    (void)state;
    inference_draft_init(&drafter);
    inference_draft_settle(&drafter, 3, 3);
    assert_int_equal(drafter.reach, INFERENCE_DRAFT_MAX);
    inference_draft_settle(&drafter, 7, 2);
    assert_int_equal(drafter.reach, 3);
    inference_draft_settle(&drafter, 3, 0); /* the end of a quote, perhaps */
    assert_int_equal(drafter.reach, 1);
    assert_int_equal(inference_draft_guess(&drafter, ids, 12, 7, draft), 1);
    for (uint32_t misses = 2; misses < 100; misses++) {
        uint32_t before = rests;

        inference_draft_settle(&drafter, 1, 0);
        for (rests = 0; inference_draft_guess(&drafter, ids, 12, 7, draft) == 0; rests++)
            assert_true(rests < 20);
        assert_true(rests > 0 && rests >= before);
    }
    inference_draft_settle(&drafter, 1, 1);
    inference_draft_settle(&drafter, 3, 0);
    assert_int_equal(inference_draft_guess(&drafter, ids, 12, 7, draft), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guesses_what_followed_the_same_ids_last),
        cmocka_unit_test(takes_two_ids_where_three_did_not_stand_before),
        cmocka_unit_test(guesses_nothing_of_what_is_new),
        cmocka_unit_test(reaches_further_when_right_and_rests_when_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
