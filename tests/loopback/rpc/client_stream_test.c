/* Streams of replies. */
#include "client_handlers.h"

static bool is_proceeding;

static void on_message(void *arg, const void *message)
{
    const Consilium__V1__GenerateReply *reply = message;
    struct outcome *outcome = arg;

    if (reply->n_ids == 1)
        outcome->ids[outcome->messages % 16] = reply->ids[0];
    outcome->messages++;
    if (is_proceeding)
        rpc_proceed(outcome->rpc);
}

static void on_end(void *arg, const struct error *err)
{
    struct outcome *outcome = arg;

    assert_false(outcome->is_done);
    outcome->is_done = true;
    outcome->err = *err;
}

static void stream(struct outcome *outcome, unsigned count, unsigned tokens_max)
{
    static uint32_t ids[1000];
    static const struct rpc_stream_callbacks callbacks = { on_message, on_end };
    Consilium__V1__GenerateRequest request = CONSILIUM__V1__GENERATE_REQUEST__INIT;
    struct rpc_options options = fixture_options(10000);
    struct error err = { 0 };
    unsigned i;

    for (i = 0; i < count; i++)
        ids[i] = i;
    request.ids = ids;
    request.n_ids = count;
    request.tokens_max = tokens_max;
    *outcome = (struct outcome){ .fixture = &fixture };
    assert_int_equal(rpc_stream(fixture.channel, &method_inference_generate, &request, &options,
                                &callbacks, outcome, &outcome->rpc, &err),
                     STATUS_OK);
}

static void a_stream_brings_every_message_in_order_and_then_ends(void **state)
{
    struct outcome outcome;

    (void)state;
    is_proceeding = true;
    stream(&outcome, 1000, 0);
    fixture_run_until(&fixture, &outcome.is_done);
    assert_int_equal(outcome.err.status, STATUS_OK);
    assert_int_equal(outcome.messages, 1000);
    assert_int_equal(outcome.ids[999 % 16], 999);
}

static void a_stream_brings_no_more_messages_than_were_asked_for(void **state)
{
    struct outcome outcome;

    (void)state;
    is_proceeding = false;
    stream(&outcome, 10, 0);
    while (outcome.messages == 0)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    fixture_pause(&fixture, 50);
    assert_int_equal(outcome.messages, 1);
    rpc_proceed(outcome.rpc);
    rpc_proceed(outcome.rpc);
    fixture_pause(&fixture, 100);
    assert_int_equal(outcome.messages, 3);
    assert_false(outcome.is_done);
    is_proceeding = true;
    rpc_proceed(outcome.rpc);
    fixture_run_until(&fixture, &outcome.is_done);
    assert_int_equal(outcome.messages, 10);
    assert_int_equal(outcome.err.status, STATUS_OK);
}

static void a_stream_that_fails_gives_its_messages_first(void **state)
{
    struct outcome outcome;

    (void)state;
    is_proceeding = true;
    stream(&outcome, 5, 13);
    fixture_run_until(&fixture, &outcome.is_done);
    assert_int_equal(outcome.messages, 5);
    assert_int_equal(outcome.err.status, STATUS_ABORTED);
    assert_string_equal(outcome.err.text, "test: on purpose");
}

static void a_cancelled_stream_ends_and_the_server_hears_of_it(void **state)
{
    struct outcome outcome;

    (void)state;
    is_proceeding = true;
    stream(&outcome, 0, 0);
    while (outcome.messages == 0)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    rpc_cancel(outcome.rpc);
    fixture_run_until(&fixture, &outcome.is_done);
    assert_int_equal(outcome.err.status, STATUS_CANCELLED);
    wait_for_cancelled(1);
}

static void a_stream_with_unread_messages_can_be_cancelled(void **state)
{
    struct outcome outcome;

    (void)state;
    is_proceeding = false;
    stream(&outcome, 100, 0);
    while (outcome.messages == 0)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    fixture_pause(&fixture, 20);
    rpc_cancel(outcome.rpc);
    rpc_proceed(outcome.rpc);
    fixture_run_until(&fixture, &outcome.is_done);
    assert_int_equal(outcome.err.status, STATUS_CANCELLED);
    assert_int_equal(outcome.messages, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stream_brings_every_message_in_order_and_then_ends),
        TEST(a_stream_brings_no_more_messages_than_were_asked_for),
        TEST(a_stream_that_fails_gives_its_messages_first),
        TEST(a_cancelled_stream_ends_and_the_server_hears_of_it),
        TEST(a_stream_with_unread_messages_can_be_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
