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
    assert_int_equal(gate_enter(&gate, &nodes[0]), GATE_ANSWER_ENTER);
    assert_int_equal(gate_enter(&gate, &nodes[1]), GATE_ANSWER_WAIT);
    assert_int_equal(gate_enter(&gate, &nodes[2]), GATE_ANSWER_WAIT);
    assert_int_equal(gate_enter(&gate, &nodes[3]), GATE_ANSWER_FULL);
    assert_ptr_equal(gate_leave(&gate), &nodes[1]);
    assert_int_equal(gate_inside(&gate), 1);
    assert_ptr_equal(gate_leave(&gate), &nodes[2]);
    assert_null(gate_leave(&gate));
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
    gate_enter(&gate, &nodes[0]);
    gate_enter(&gate, &nodes[1]);
    assert_true(gate_forget(&gate, &nodes[1]));
    assert_false(gate_forget(&gate, &nodes[1]));
    assert_int_equal(gate_enter(&gate, &nodes[2]), GATE_ANSWER_WAIT);
    assert_ptr_equal(gate_leave(&gate), &nodes[2]);
    assert_false(gate_forget(&gate, &nodes[2])); /* it has a place now */
    assert_null(gate_leave(&gate));
    gate_close(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_in_then_queues_then_refuses),
        cmocka_unit_test(one_that_gives_up_makes_room_in_the_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
