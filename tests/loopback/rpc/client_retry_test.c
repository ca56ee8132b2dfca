/* Calls that are tried again, and calls that are hedged. */
#include "client_handlers.h"

static void a_repeatable_call_is_tried_three_times(void **state)
{
    struct outcome outcome = encode("third time");

    (void)state;
    assert_int_equal(outcome.err.status, STATUS_OK);
    assert_int_equal(fixture.calls, 3);
    outcome = encode("unavailable");
    assert_int_equal(outcome.err.status, STATUS_UNAVAILABLE);
    assert_int_equal(fixture.calls, 6);
}

static void a_call_that_a_server_drops_though_nobody_cancelled_it_is_tried_again(void **state)
{
    struct outcome outcome = encode("dropped once");

    (void)state;
    assert_int_equal(outcome.err.status, STATUS_OK);
    assert_int_equal(fixture.calls, 2);
}

static void attempts_are_the_callers_to_choose(void **state)
{
    struct rpc_options options = fixture_options(10000);
    struct outcome outcome;

    (void)state;
    options.attempts_max = 1;
    outcome = outcome_of(&fixture, &method_tokenizer_encode, "unavailable", &options);
    assert_int_equal(outcome.err.status, STATUS_UNAVAILABLE);
    assert_int_equal(fixture.calls, 1);
}

static void a_call_that_may_not_be_repeated_is_tried_once(void **state)
{
    struct rpc_options options = fixture_options(10000);
    struct outcome outcome;

    (void)state;
    options.hedge_after_ms = 1;
    outcome = outcome_of(&fixture, &encode_once, "unavailable", &options);
    assert_int_equal(outcome.err.status, STATUS_UNAVAILABLE);
    assert_int_equal(fixture.calls, 1);
}

static void no_retry_is_begun_that_the_deadline_would_cut(void **state)
{
    struct rpc_options options = fixture_options(60);
    struct outcome outcome =
        outcome_of(&fixture, &method_tokenizer_encode, "unavailable", &options);

    (void)state;
    assert_true(outcome.err.status == STATUS_UNAVAILABLE
                || outcome.err.status == STATUS_DEADLINE_EXCEEDED);
    assert_true(fixture.calls <= 1);
}

static void a_call_that_waits_to_be_retried_can_be_cancelled(void **state)
{
    struct rpc_options options = fixture_options(10000);
    struct outcome outcome;

    (void)state;
    outcome_call(&outcome, &fixture, &method_tokenizer_encode, "unavailable", &options);
    while (fixture.calls == 0)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    fixture_pause(&fixture, 40);
    rpc_cancel(outcome.rpc);
    rpc_cancel(outcome.rpc);
    fixture_run_until(&fixture, &outcome.is_done);
    assert_int_equal(outcome.err.status, STATUS_CANCELLED);
    fixture_pause(&fixture, 200);
    assert_true(fixture.calls <= 2);
}

static void an_outage_uses_up_the_retries(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < 20; i++) {
        struct rpc_options options = fixture_options(10000);

        options.attempts_max = 2;
        outcome_of(&fixture, &method_tokenizer_encode, "unavailable", &options);
    }
    /* Forty tokens, repeated only above twenty: ten calls were tried twice, ten once. */
    assert_int_equal(fixture.calls, 30);
}

static void a_hedge_answers_where_the_first_is_stuck(void **state)
{
    struct rpc_options options = fixture_options(10000);
    struct outcome outcome;

    (void)state;
    options.hedge_after_ms = 30;
    outcome = outcome_of(&fixture, &method_tokenizer_encode, "second time", &options);
    assert_int_equal(outcome.err.status, STATUS_OK);
    assert_int_equal(outcome.ids[0], 2);
    wait_for_cancelled(1); /* the loser */
}

static void a_call_answered_in_time_is_not_hedged(void **state)
{
    struct rpc_options options = fixture_options(10000);
    struct outcome outcome;

    (void)state;
    options.hedge_after_ms = 100;
    outcome = outcome_of(&fixture, &method_tokenizer_encode, "three", &options);
    assert_int_equal(outcome.err.status, STATUS_OK);
    fixture_pause(&fixture, 150);
    assert_int_equal(fixture.calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_repeatable_call_is_tried_three_times),
        TEST(a_call_that_a_server_drops_though_nobody_cancelled_it_is_tried_again),
        TEST(attempts_are_the_callers_to_choose),
        TEST(a_call_that_may_not_be_repeated_is_tried_once),
        TEST(no_retry_is_begun_that_the_deadline_would_cut),
        TEST(a_call_that_waits_to_be_retried_can_be_cancelled),
        TEST(an_outage_uses_up_the_retries),
        TEST(a_hedge_answers_where_the_first_is_stuck),
        TEST(a_call_answered_in_time_is_not_hedged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
