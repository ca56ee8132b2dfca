#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rpc/throttle.h"

#define NS_PER_S 1000000000ull

static bool may_start(struct throttle *throttle, uint64_t now_ns, bool is_short, double chance)
{
    bool may = throttle_may_send(throttle, now_ns, is_short, chance);

    if (may)
        throttle_note_start(throttle);
    return may;
}

/* Ten seconds of @offered calls a second against a server that takes @capacity of those that it is
 * sent; what it was sent in the last of them. */
static unsigned sent_in_last_second(struct throttle *throttle, unsigned offered, unsigned capacity)
{
    unsigned second, i, sent = 0;

    for (second = 0; second < 10; second++)
        for (i = 0, sent = 0; i < offered; i++) {
            uint64_t now =
                throttle->at_ns < second * NS_PER_S ? second * NS_PER_S : throttle->at_ns;
            double chance = (double)((i * 2654435761u) % 1000) / 1000;

            if (may_start(throttle, now + NS_PER_S / offered, true, chance))
                throttle_note_end(throttle, now + NS_PER_S / offered,
                                  sent++ < capacity ? THROTTLE_END_TAKEN : THROTTLE_END_REFUSED);
        }
    return sent;
}

static void a_service_that_takes_all_is_sent_all(void **state)
{
    struct throttle throttle = { 0 };

    (void)state;
    assert_int_equal(sent_in_last_second(&throttle, 1000, 1000), 1000);
}

static void one_that_takes_a_quarter_is_sent_little_more(void **state)
{
    struct throttle throttle = { 0 };
    unsigned sent = sent_in_last_second(&throttle, 1000, 250);

    (void)state;
    assert_in_range(sent, 250, 300);
}

/* Half of what is sent fails, however little it is. */
static void one_replica_of_two_that_lags_does_not_silence_the_other(void **state)
{
    struct throttle throttle = { 0 };
    uint64_t at;
    unsigned i, sent = 0;

    (void)state;
    assert_in_range(sent_in_last_second(&throttle, 4000, 1000), 1000, 1400);
    at = throttle.at_ns;
    for (i = 0; i < 16000; i++) {
        at += NS_PER_S / 4000;
        if (!may_start(&throttle, at, true, (double)((i * 2654435761u) % 1000) / 1000))
            continue;
        throttle_note_end(&throttle, at, i % 2 == 0 ? THROTTLE_END_TAKEN : THROTTLE_END_REFUSED);
        sent += i >= 12000; /* in the last of four seconds */
    }
    assert_in_range(sent, 550, 900);
}

static void one_that_takes_nothing_is_still_asked_and_found_when_it_is_back(void **state)
{
    struct throttle throttle = { 0 };
    uint64_t at;
    unsigned i, sent = 0;

    (void)state;
    assert_in_range(sent_in_last_second(&throttle, 1000, 0), 1, 100);
    at = throttle.at_ns;
    for (i = 0; i < 20000; i++) {
        at += NS_PER_S / 1000;
        if (may_start(&throttle, at, true, (double)((i * 2654435761u) % 1000) / 1000)) {
            throttle_note_end(&throttle, at, THROTTLE_END_TAKEN);
            sent += i >= 19000;
        }
    }
    assert_int_equal(sent, 1000);
}

static void a_few_failures_are_no_overload(void **state)
{
    struct throttle throttle = { 0 };
    unsigned i;

    (void)state;
    for (i = 0; i < 16; i++) {
        assert_true(may_start(&throttle, NS_PER_S + i, true, 0));
        throttle_note_end(&throttle, NS_PER_S + i, THROTTLE_END_REFUSED);
    }
}

/* Nothing has come back yet, and nothing has failed. */
static void short_calls_do_not_pile_up(void **state)
{
    struct throttle throttle = { 0 };
    unsigned i;

    (void)state;
    for (i = 0; i < THROTTLE_OUT_MIN; i++)
        assert_true(may_start(&throttle, NS_PER_S, true, 0));
    assert_false(may_start(&throttle, NS_PER_S, true, 0.99));
    assert_true(throttle_may_send(&throttle, NS_PER_S, false, 0.99)); /* streams may take hours */
    for (i = 0; i < THROTTLE_OUT_MIN; i++)
        throttle_note_end(&throttle, NS_PER_S, THROTTLE_END_TAKEN);
    for (i = 0; i < THROTTLE_OUT_MIN; i++)
        assert_true(may_start(&throttle, NS_PER_S, true, 0));
}

static void a_call_that_was_cancelled_says_nothing(void **state)
{
    struct throttle throttle = { 0 };
    unsigned i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        assert_true(may_start(&throttle, NS_PER_S, true, 0));
        throttle_note_end(&throttle, NS_PER_S, THROTTLE_END_UNKNOWN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_that_takes_all_is_sent_all),
        cmocka_unit_test(one_that_takes_a_quarter_is_sent_little_more),
        cmocka_unit_test(one_replica_of_two_that_lags_does_not_silence_the_other),
        cmocka_unit_test(one_that_takes_nothing_is_still_asked_and_found_when_it_is_back),
        cmocka_unit_test(a_few_failures_are_no_overload),
        cmocka_unit_test(short_calls_do_not_pile_up),
        cmocka_unit_test(a_call_that_was_cancelled_says_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
