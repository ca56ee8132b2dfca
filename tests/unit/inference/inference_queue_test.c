#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "inference_queue.h"

static struct inference_request requests[16];
static struct inference_queue queue;

static int reset(void **state)
{
    (void)state;
    memset(requests, 0, sizeof(requests));
    memset(&queue, 0, sizeof(queue));
    return 0;
}

static void put(uint32_t index, enum inference_priority priority)
{
    requests[index].priority = priority;
    requests[index].queued_ns = index + 1;
    inference_queue_put(&queue, &requests[index]);
}

static uint32_t take(void)
{
    struct inference_request *next = inference_queue_next(&queue);

    assert_non_null(next);
    inference_queue_remove(&queue, next);
    return (uint32_t)(next - requests);
}

static void takes_the_most_urgent_first_and_one_in_four_by_age(void **state)
{
    static const uint32_t expected[] = { 4, 5, 6, 0, 7, 1, 3, 2 };

    (void)state;
    put(0, INFERENCE_PRIORITY_BATCH);
    put(1, INFERENCE_PRIORITY_NORMAL);
    put(2, INFERENCE_PRIORITY_BATCH);
    put(3, INFERENCE_PRIORITY_NORMAL);
    for (uint32_t i = 4; i < 8; i++)
        put(i, INFERENCE_PRIORITY_URGENT);
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(take(), expected[i]);
    assert_null(inference_queue_next(&queue));
    assert_int_equal(queue.count, 0);
}

/* What waits for room is not overtaken by what came later and is more urgent. */
static void stays_with_whom_it_has_chosen(void **state)
{
    (void)state;
    put(0, INFERENCE_PRIORITY_BATCH);
    assert_ptr_equal(inference_queue_next(&queue), &requests[0]);
    put(1, INFERENCE_PRIORITY_URGENT);
    assert_ptr_equal(inference_queue_next(&queue), &requests[0]);
    assert_int_equal(take(), 0);
    assert_int_equal(take(), 1);
}

static bool is_odd(const struct inference_request *request, void *owner)
{
    (void)owner;
    return (request - requests) % 2 == 1;
}

static void count_dropped(struct inference_request *request, void *owner)
{
    (void)request;
    ++*(unsigned *)owner;
}

static void drops_who_is_unwanted_wherever_they_stand(void **state)
{
    unsigned dropped = 0;

    (void)state;
    for (uint32_t i = 0; i < 12; i++)
        put(i, (enum inference_priority)(i / 2 % INFERENCE_PRIORITIES));
    inference_queue_next(&queue);
    inference_queue_drop(&queue, is_odd, count_dropped, &dropped);
    assert_int_equal(dropped, 6);
    assert_int_equal(queue.count, 6);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(take() % 2, 0);
    put(3, INFERENCE_PRIORITY_NORMAL); /* the ends of the lanes are right */
    assert_int_equal(take(), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(takes_the_most_urgent_first_and_one_in_four_by_age, reset),
        cmocka_unit_test_setup(stays_with_whom_it_has_chosen, reset),
        cmocka_unit_test_setup(drops_who_is_unwanted_wherever_they_stand, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
