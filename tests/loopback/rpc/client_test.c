/* A call and its reply: deadlines, cancellation, traces. */
#include "client_handlers.h"

#include "rpc/message.h"

static void a_call_brings_its_reply(void **state)
{
    struct outcome outcome = encode("three");

    (void)state;
    assert_int_equal(outcome.err.status, STATUS_OK);
    assert_int_equal(outcome.ids_count, 3);
    assert_int_equal(outcome.ids[2], 9);
}

static void an_error_keeps_its_status_and_says_which_service(void **state)
{
    struct outcome outcome = encode("fail");

    (void)state;
    assert_int_equal(outcome.err.status, STATUS_NOT_FOUND);
    assert_string_equal(outcome.err.text, "test: on purpose");
    assert_int_equal(fixture.calls, 1);
}

static void a_deadline_ends_a_call_that_nobody_answers(void **state)
{
    struct rpc_options options = fixture_options(100);
    struct outcome outcome = outcome_of(&fixture, &method_tokenizer_encode, "keep", &options);

    (void)state;
    assert_int_equal(outcome.err.status, STATUS_DEADLINE_EXCEEDED);
}

static void a_deadline_in_the_past_fails_at_once(void **state)
{
    struct rpc_options options = { .deadline_ns = 1 };
    struct outcome outcome = outcome_of(&fixture, &method_tokenizer_encode, "three", &options);

    (void)state;
    assert_int_equal(outcome.err.status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(fixture.calls, 0);
}

static void cancelling_a_call_ends_it_here_and_at_the_server(void **state)
{
    struct rpc_options options = fixture_options(10000);
    struct outcome outcome;

    (void)state;
    outcome_call(&outcome, &fixture, &method_tokenizer_encode, "keep", &options);
    wait_for_kept(1);
    rpc_cancel(outcome.rpc);
    assert_false(outcome.is_done);
    fixture_run_until(&fixture, &outcome.is_done);
    assert_int_equal(outcome.err.status, STATUS_CANCELLED);
    wait_for_cancelled(1);
}

static void a_request_over_the_limit_is_not_started(void **state)
{
    struct channel_options small = { .service = "test",
                                     .target = fixture.address,
                                     .message_bytes_max = 1000 };
    struct rpc_options options = fixture_options(1000);
    Consilium__V1__EncodeRequest request = CONSILIUM__V1__ENCODE_REQUEST__INIT;
    struct error err = { 0 };
    struct channel *channel = channel_create(fixture.client, &small, &err);
    char text[2001];

    (void)state;
    memset(text, 'x', 2000);
    text[2000] = '\0';
    request.text = text;
    assert_int_equal(rpc_call(channel, &method_tokenizer_encode, &request, &options, outcome_reply,
                              NULL, NULL, &err),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_null(strstr(err.text, "xx"));
    channel_destroy(channel);
}

static void a_reply_that_is_no_such_message_is_the_peers_fault(void **state)
{
    static struct method lie;
    struct rpc_options options = fixture_options(10000);
    struct outcome outcome;

    (void)state;
    lie = method_tokenizer_encode;
    /* The ids of the reply are not UTF-8 texts. */
    lie.reply = &consilium__v1__turn__descriptor;
    outcome = outcome_of(&fixture, &lie, "trace", &options);
    assert_int_equal(outcome.err.status, STATUS_INTERNAL);
}

static void where_nobody_listens_is_unavailable(void **state)
{
    struct rpc_options options = fixture_options(10000);
    struct channel *own = fixture.channel;
    struct outcome outcome;

    (void)state;
    fixture.channel = fixture_channel(&fixture, "127.0.0.1:1", NULL, NULL);
    outcome = outcome_of(&fixture, &method_tokenizer_encode, "three", &options);
    assert_int_equal(outcome.err.status, STATUS_UNAVAILABLE);
    channel_destroy(fixture.channel);
    fixture.channel = own;
}

static void the_trace_travels(void **state)
{
    struct rpc_options options = fixture_options(10000);
    struct trace trace;
    struct outcome outcome;

    (void)state;
    trace_start(&trace);
    options.trace = &trace;
    outcome = outcome_of(&fixture, &method_tokenizer_encode, "trace", &options);
    assert_int_equal(outcome.ids_count, 4);
    assert_memory_equal(outcome.ids, trace.trace_id, 16);
}

/* Ask the second server to ask the first. */
static struct channel *open_chain(void)
{
    char target[64];

    fixture.second = fixture_server(&fixture, "127.0.0.1:0", second_methods, &fixture, NULL);
    snprintf(target, sizeof(target), "127.0.0.1:%d", server_port(fixture.second, 0));
    fixture.state = fixture.channel; /* to the first */
    return fixture_channel(&fixture, target, NULL, NULL);
}

static void on_chain_reply(void *arg, const void *reply, const struct error *err)
{
    struct outcome *outcome = arg;

    (void)reply;
    outcome->is_done = true;
    outcome->err = *err;
}

static void chain_call(struct outcome *outcome, struct channel *channel, char *text, uint64_t ms)
{
    Consilium__V1__CountRequest request = CONSILIUM__V1__COUNT_REQUEST__INIT;
    struct rpc_options options = fixture_options(ms);

    *outcome = (struct outcome){ .fixture = &fixture };
    request.texts = &text;
    request.n_texts = 1;
    assert_int_equal(rpc_call(channel, &method_tokenizer_count, &request, &options, on_chain_reply,
                              outcome, &outcome->rpc, NULL),
                     STATUS_OK);
}

static void a_parents_cancellation_reaches_the_child(void **state)
{
    struct channel *channel = open_chain();
    struct outcome outcome;

    (void)state;
    chain_call(&outcome, channel, "keep", 10000);
    wait_for_kept(1);
    rpc_cancel(outcome.rpc);
    fixture_run_until(&fixture, &outcome.is_done);
    assert_int_equal(outcome.err.status, STATUS_CANCELLED);
    fixture_run_until(&fixture, &child.is_done);
    assert_int_equal(child.err.status, STATUS_CANCELLED);
    wait_for_cancelled(1);
    channel_destroy(channel);
}

static void a_parents_deadline_is_the_childs(void **state)
{
    struct channel *channel = open_chain();
    struct outcome outcome;

    (void)state;
    chain_call(&outcome, channel, "keep", 300);
    wait_for_kept(1);
    assert_true(kept[0]->deadline_ns < clock_now() + 1000 * CLOCK_NS_PER_MS);
    fixture_run_until(&fixture, &outcome.is_done);
    assert_int_equal(outcome.err.status, STATUS_DEADLINE_EXCEEDED);
    fixture_run_until(&fixture, &child.is_done);
    assert_true(child.err.status == STATUS_DEADLINE_EXCEEDED
                || child.err.status == STATUS_CANCELLED);
    wait_for_cancelled(1);
    channel_destroy(channel);
}

struct inline_state {
    struct channel *channel;
    atomic_uint left, running;
    atomic_uint failed;
};

static void inline_begin(struct inline_state *inline_state);

static void on_inline_reply(void *arg, const void *reply, const struct error *err)
{
    struct inline_state *inline_state = arg;

    (void)reply;
    if (err->status != STATUS_OK)
        inline_state->failed++;
    inline_begin(inline_state);
    inline_state->running--;
}

static void inline_begin(struct inline_state *inline_state)
{
    Consilium__V1__EncodeRequest request = CONSILIUM__V1__ENCODE_REQUEST__INIT;
    struct rpc_options options = fixture_options(20000);

    if (inline_state->left == 0)
        return;
    inline_state->left--;
    inline_state->running++;
    request.text = (char *)"three";
    options.hedge_after_ms = inline_state->left % 2 == 0 ? 500 : 0;
    assert_int_equal(rpc_call(inline_state->channel, &method_tokenizer_encode, &request, &options,
                              on_inline_reply, inline_state, NULL, NULL),
                     STATUS_OK);
}

static void callbacks_may_run_on_the_polling_thread(void **state)
{
    struct channel_options options = { .service = "test", .target = fixture.address };
    struct inline_state inline_state = { .left = 500 };
    struct client *client = client_create(NULL, CLIENT_PLACE_INLINE, 1, NULL);

    (void)state;
    inline_state.channel = channel_create(client, &options, NULL);
    inline_begin(&inline_state);
    while (inline_state.running > 0)
        uv_run(&fixture.loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(inline_state.failed, 0);
    assert_int_equal(inline_state.left, 0);
    channel_destroy(inline_state.channel);
    client_destroy(client);
}

/* Streams */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_brings_its_reply),
        TEST(an_error_keeps_its_status_and_says_which_service),
        TEST(a_deadline_ends_a_call_that_nobody_answers),
        TEST(a_deadline_in_the_past_fails_at_once),
        TEST(cancelling_a_call_ends_it_here_and_at_the_server),
        TEST(a_request_over_the_limit_is_not_started),
        TEST(a_reply_that_is_no_such_message_is_the_peers_fault),
        TEST(where_nobody_listens_is_unavailable),
        TEST(the_trace_travels),
        TEST(a_parents_cancellation_reaches_the_child),
        TEST(a_parents_deadline_is_the_childs),
        TEST(callbacks_may_run_on_the_polling_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
