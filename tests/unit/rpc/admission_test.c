#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rpc/admission.h"

static void lets_in_then_queues_then_refuses(void **state)
{
    struct list nodes[4];
    struct gate gate;
    unsigned i;

    (void)state;
    gate_init(&gate, 1, 2);
    for (i = 0; i < 4; i++)
        list_init(&nodes[i]);
    assert_int_equal(gate_enter(&gate, &nodes[0], 0, UINT64_MAX), GATE_ANSWER_ENTER);
    assert_int_equal(gate_enter(&gate, &nodes[1], 0, UINT64_MAX), GATE_ANSWER_WAIT);
    assert_int_equal(gate_enter(&gate, &nodes[2], 0, UINT64_MAX), GATE_ANSWER_WAIT);
    assert_int_equal(gate_enter(&gate, &nodes[3], 0, UINT64_MAX), GATE_ANSWER_FULL);
    assert_ptr_equal(gate_leave(&gate, 0, true), &nodes[1]);
    assert_int_equal(gate_inside(&gate), 1);
    assert_ptr_equal(gate_leave(&gate, 0, true), &nodes[2]);
    assert_null(gate_leave(&gate, 0, true));
    assert_int_equal(gate_inside(&gate), 0);
    gate_close(&gate);
}

static void one_that_gives_up_makes_room_in_the_queue(void **state)
{
    struct list nodes[3];
    struct gate gate;
    unsigned i;

    (void)state;
    gate_init(&gate, 1, 1);
    for (i = 0; i < 3; i++)
        list_init(&nodes[i]);
    gate_enter(&gate, &nodes[0], 0, UINT64_MAX);
    gate_enter(&gate, &nodes[1], 0, UINT64_MAX);
    assert_true(gate_forget(&gate, &nodes[1]));
    assert_false(gate_forget(&gate, &nodes[1]));
    assert_int_equal(gate_enter(&gate, &nodes[2], 0, UINT64_MAX), GATE_ANSWER_WAIT);
    assert_ptr_equal(gate_leave(&gate, 0, true), &nodes[2]);
    assert_false(gate_forget(&gate, &nodes[2])); /* it has a place now */
    assert_null(gate_leave(&gate, 0, true));
    gate_close(&gate);
}

#define MS 1000000u

/* One leaves every ten milliseconds: eight before it and itself are ninety, and as much for the
 * way. Of fewer nobody is late. */
static void one_whose_turn_would_come_too_late_is_not_let_in(void **state)
{
    struct list nodes[48];
    struct gate gate;
    uint64_t now = 0;
    unsigned i;

    (void)state;
    gate_init(&gate, 64, 0);
    for (i = 0; i < 48; i++)
        list_init(&nodes[i]);
    assert_int_equal(gate_enter(&gate, &nodes[0], now, 1), GATE_ANSWER_ENTER); /* it is alone */
    for (i = 1; i < 33; i++) {
        now += 10 * MS;
        gate_enter(&gate, &nodes[i], now, UINT64_MAX);
        gate_leave(&gate, now, true);
    }
    for (i = 34; i < 41; i++)
        assert_int_equal(gate_enter(&gate, &nodes[i], now, now + 1), GATE_ANSWER_ENTER);
    assert_int_equal(gate_wait_ns(&gate), 90 * MS);
    assert_int_equal(gate_enter(&gate, &nodes[41], now, now + 180 * MS), GATE_ANSWER_LATE);
    assert_int_equal(gate_enter(&gate, &nodes[41], now, now + 181 * MS), GATE_ANSWER_ENTER);
    for (i = 0; i < 9; i++)
        gate_leave(&gate, now, true);
    gate_close(&gate);
}

/* Those who gave up made room, and did not make it quicker. */
static void what_was_given_up_is_no_throughput(void **state)
{
    struct list nodes[3];
    struct gate gate;
    uint64_t now = 0;
    unsigned i;

    (void)state;
    gate_init(&gate, 64, 0);
    for (i = 0; i < 3; i++)
        list_init(&nodes[i]);
    gate_enter(&gate, &nodes[0], now, UINT64_MAX);
    for (i = 0; i < 512; i++) { /* one is done each ten milliseconds, and three give up meanwhile */
        now += 2500000;
        gate_enter(&gate, &nodes[1], now, UINT64_MAX);
        gate_leave(&gate, now, i % 4 == 3);
    }
    assert_in_range(gate_wait_ns(&gate), 2 * 9 * MS, 2 * 11 * MS);
    gate_leave(&gate, now, true);
    gate_close(&gate);
}

/* Nobody was there for an hour: that says nothing of how fast the next will leave. */
static void idle_time_is_not_taken_for_slowness(void **state)
{
    struct list nodes[9];
    struct gate gate;
    uint64_t now = 10 * MS;
    unsigned i;

    (void)state;
    gate_init(&gate, 9, 0);
    for (i = 0; i < 9; i++)
        list_init(&nodes[i]);
    gate_enter(&gate, &nodes[0], 0, UINT64_MAX);
    gate_leave(&gate, now, true);
    now += 3600000ull * MS;
    gate_enter(&gate, &nodes[0], now, UINT64_MAX);
    gate_leave(&gate, now + 10 * MS, true);
    now += 10 * MS;
    for (i = 0; i < 8; i++)
        gate_enter(&gate, &nodes[i], now, UINT64_MAX);
    assert_int_equal(gate_enter(&gate, &nodes[8], now, now + 181 * MS), GATE_ANSWER_ENTER);
    for (i = 0; i < 9; i++)
        gate_leave(&gate, now + 10 * MS, true);
    gate_close(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_in_then_queues_then_refuses),
        cmocka_unit_test(one_that_gives_up_makes_room_in_the_queue),
        cmocka_unit_test(one_whose_turn_would_come_too_late_is_not_let_in),
        cmocka_unit_test(what_was_given_up_is_no_throughput),
        cmocka_unit_test(idle_time_is_not_taken_for_slowness),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
