/* redis_cluster_test holds the slots of many keys against CLUSTER KEYSLOT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/redis_slot.h"

static void is_the_check_value_of_the_specification(void **state)
{
    (void)state;
    assert_int_equal(redis_slot(SLICE("123456789")), 0x31C3 % REDIS_SLOTS);
    assert_int_equal(redis_slot(SLICE("")), 0);
}

static void takes_what_stands_in_the_first_braces(void **state)
{
    (void)state;
    assert_int_equal(redis_slot(SLICE("ctx:{t:p}:record")), redis_slot(SLICE("t:p")));
    assert_int_equal(redis_slot(SLICE("foo{{bar}}zap")), redis_slot(SLICE("{bar")));
    assert_int_equal(redis_slot(SLICE("foo{bar}{zap}")), redis_slot(SLICE("bar")));
    assert_int_not_equal(redis_slot(SLICE("foo{}{bar}")), redis_slot(SLICE("bar")));
    assert_int_not_equal(redis_slot(SLICE("foo{bar")), redis_slot(SLICE("bar")));
}

static void finds_the_key_of_a_command(void **state)
{
    const struct slice get[] = { SLICE("GET"), SLICE("k") }, ping[] = { SLICE("PING") };
    const struct slice eval[] = { SLICE("EVAL"), SLICE("return 1"), SLICE("1"), SLICE("key"),
                                  SLICE("argument") };
    const struct slice none[] = { SLICE("eval"), SLICE("return 1"), SLICE("0"), SLICE("argument") };

    (void)state;
    assert_true(slice_is(redis_slot_key(get, 2), "k"));
    assert_true(slice_is(redis_slot_key(eval, 5), "key"));
    assert_int_equal(redis_slot_key(none, 4).size, 0);
    assert_int_equal(redis_slot_key(eval, 3).size, 0);
    assert_int_equal(redis_slot_key(ping, 1).size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_check_value_of_the_specification),
        cmocka_unit_test(takes_what_stands_in_the_first_braces),
        cmocka_unit_test(finds_the_key_of_a_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
