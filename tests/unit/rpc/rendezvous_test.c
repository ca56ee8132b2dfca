#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rpc/rendezvous.h"

#define KEYS 4000
#define REPLICAS 5

static struct rendezvous_replica replicas[REPLICAS];

static int set_up(void **state)
{
    static char names[REPLICAS][16];

    (void)state;
    for (size_t i = 0; i < REPLICAS; i++) {
        snprintf(names[i], sizeof(names[i]), "10.0.0.%zu:7104", i + 1);
        replicas[i] = (struct rendezvous_replica){ .name = slice_from(names[i]), .is_ready = true };
    }
    return 0;
}

static size_t home(unsigned key)
{
    char text[24];

    snprintf(text, sizeof(text), "tenant/patient-%u", key);
    return rendezvous_choose(slice_from(text), replicas, REPLICAS);
}

static void keys_are_spread_evenly(void **state)
{
    unsigned counts[REPLICAS] = { 0 };

    (void)state;
    for (unsigned key = 0; key < KEYS; key++)
        counts[home(key)]++;
    for (size_t i = 0; i < REPLICAS; i++)
        assert_in_range(counts[i], KEYS / REPLICAS * 85 / 100, KEYS / REPLICAS * 115 / 100);
}

static void when_one_goes_only_its_keys_move_and_they_spread(void **state)
{
    unsigned counts[REPLICAS] = { 0 };
    size_t before[KEYS];

    (void)state;
    for (unsigned key = 0; key < KEYS; key++)
        before[key] = home(key);
    replicas[2].is_ready = false;
    for (unsigned key = 0; key < KEYS; key++) {
        if (before[key] != 2)
            assert_int_equal(home(key), before[key]);
        else
            counts[home(key)]++;
    }
    assert_int_equal(counts[2], 0);
    for (size_t i = 0; i < REPLICAS; i++)
        if (i != 2)
            assert_true(counts[i] > KEYS / REPLICAS / 8);
}

/* One patient whom everybody asks about does not fill one replica while others are idle. */
static void no_replica_has_more_than_its_share(void **state)
{
    (void)state;
    for (unsigned call = 0; call < 100; call++)
        replicas[home(7)].in_flight++;
    for (size_t i = 0; i < REPLICAS; i++)
        assert_true(replicas[i].in_flight <= 26); /* 100 calls on five: 20, and a quarter */
    assert_true(replicas[home(7)].in_flight < 26);
}

static void a_lone_call_goes_home_and_none_goes_where_none_is_ready(void **state)
{
    size_t first = home(7);

    (void)state;
    replicas[first].in_flight++;
    assert_int_not_equal(home(7), RENDEZVOUS_NONE);
    replicas[first].in_flight--;
    assert_int_equal(home(7), first);
    for (size_t i = 0; i < REPLICAS; i++)
        replicas[i].is_ready = false;
    assert_true(home(7) == RENDEZVOUS_NONE);
    assert_true(rendezvous_choose(SLICE("x"), replicas, 0) == RENDEZVOUS_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(keys_are_spread_evenly, set_up),
        cmocka_unit_test_setup(when_one_goes_only_its_keys_move_and_they_spread, set_up),
        cmocka_unit_test_setup(no_replica_has_more_than_its_share, set_up),
        cmocka_unit_test_setup(a_lone_call_goes_home_and_none_goes_where_none_is_ready, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
