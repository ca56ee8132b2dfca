#include "client_fixture.h"

#include "rpc/message.h"

/* The server's handlers do what the text of the request says. */

/* Calls that a handler keeps. */
static struct call *kept[8];
static unsigned kept_count, kept_cancelled;

static void on_kept_cancel(struct call *call)
{
    struct error err = { 0 };

    kept_cancelled++;
    error_set(&err, STATUS_CANCELLED, "the caller has gone");
    call_fail(call, &err);
}

static void keep(struct call *call)
{
    kept[kept_count++] = call;
    call_on_cancel(call, on_kept_cancel);
}

static void reply_ids(struct call *call, unsigned first, unsigned count)
{
    Consilium__V1__EncodeReply reply = CONSILIUM__V1__ENCODE_REPLY__INIT;
    uint32_t ids[16];
    unsigned i;

    for (i = 0; i < count; i++)
        ids[i] = first + i;
    reply.ids = ids;
    reply.n_ids = count;
    call_reply(call, &reply);
}

static void reply_trace(struct call *call)
{
    Consilium__V1__EncodeReply reply = CONSILIUM__V1__ENCODE_REPLY__INIT;
    uint32_t ids[4];

    memcpy(ids, call->trace.trace_id, sizeof(ids));
    reply.ids = ids;
    reply.n_ids = 4;
    call_reply(call, &reply);
}

static void refuse(struct call *call, enum status status)
{
    struct error err = { 0 };

    error_set(&err, status, "on purpose");
    call_fail(call, &err);
}

static void start_encode(struct call *call)
{
    const Consilium__V1__EncodeRequest *request = call->request;
    struct fixture *fixture = call->service;
    unsigned seen = ++fixture->calls;

    if (strcmp(request->text, "three") == 0)
        reply_ids(call, 7, 3);
    else if (strcmp(request->text, "fail") == 0)
        refuse(call, STATUS_NOT_FOUND);
    else if (strcmp(request->text, "unavailable") == 0)
        refuse(call, STATUS_UNAVAILABLE);
    else if (strcmp(request->text, "third time") == 0 && seen < 3)
        refuse(call, STATUS_UNAVAILABLE);
    else if (strcmp(request->text, "second time") == 0 && seen < 2)
        keep(call);
    else if (strcmp(request->text, "keep") == 0)
        keep(call);
    else if (strcmp(request->text, "trace") == 0)
        reply_trace(call);
    else
        reply_ids(call, seen, 1);
}

static void start_second(struct call *call)
{
    struct fixture *fixture = call->service;

    fixture->second_calls++;
    reply_ids(call, 100, 1);
}

/* Streams as many messages as the request has ids, or for ever when it has none. */
static void start_generate(struct call *call)
{
    const Consilium__V1__GenerateRequest *request = call->request;
    Consilium__V1__GenerateReply reply = CONSILIUM__V1__GENERATE_REPLY__INIT;
    struct fixture *fixture = call->service;
    size_t i;

    fixture->calls++;
    if (request->n_ids == 0) {
        keep(call);
        call_send(call, &reply);
        return;
    }
    for (i = 0; i < request->n_ids; i++) {
        reply.ids = &request->ids[i];
        reply.n_ids = 1;
        call_send(call, &reply);
    }
    if (request->tokens_max == 13)
        refuse(call, STATUS_ABORTED);
    else
        call_finish(call);
}

static size_t uploaded_bytes;

static void on_chunk(struct call *call, const void *message)
{
    const Consilium__V1__PutRecordRequest *request = message;
    Consilium__V1__PutRecordReply reply = CONSILIUM__V1__PUT_RECORD_REPLY__INIT;

    if (request != NULL && request->chunk.len == 1) {
        refuse(call, STATUS_INVALID_ARGUMENT);
        return;
    }
    if (request != NULL) {
        uploaded_bytes += request->chunk.len;
        call_read(call, on_chunk);
        return;
    }
    reply.resources = (uint32_t)uploaded_bytes;
    call_reply(call, &reply);
}

static void start_put_record(struct call *call)
{
    uploaded_bytes = 0;
    call_read(call, on_chunk);
}

/* Encode that may not be repeated. */
static struct method encode_once;

static const struct server_method methods[] = {
    { .method = &method_tokenizer_encode, .place = METHOD_PLACE_LOOP, .start = start_encode },
    { .method = &method_inference_generate, .place = METHOD_PLACE_LOOP, .start = start_generate },
    { .method = &method_gateway_put_record, .place = METHOD_PLACE_LOOP, .start = start_put_record },
    { 0 },
};

/* The second server can ask the first on behalf of its own call. */
static struct outcome child;

static void on_child_reply(void *arg, const void *reply, const struct error *err)
{
    struct call *call = arg;
    Consilium__V1__CountReply answer = CONSILIUM__V1__COUNT_REPLY__INIT;

    child.is_done = true;
    child.err = *err;
    if (reply == NULL)
        call_fail(call, err);
    else
        call_reply(call, &answer);
}

static void start_count(struct call *call)
{
    Consilium__V1__EncodeRequest request = CONSILIUM__V1__ENCODE_REQUEST__INIT;
    struct rpc_options options = fixture_options(60000);
    struct fixture *fixture = call->service;
    const Consilium__V1__CountRequest *asked = call->request;

    options.parent = call;
    request.text = asked->texts[0];
    child = (struct outcome){ .fixture = fixture };
    assert_int_equal(rpc_call(fixture->state, &method_tokenizer_encode, &request, &options,
                              on_child_reply, call, NULL, NULL),
                     STATUS_OK);
}

static const struct server_method second_methods[] = {
    { .method = &method_tokenizer_count, .place = METHOD_PLACE_LOOP, .start = start_count },
    { .method = &method_tokenizer_encode, .place = METHOD_PLACE_LOOP, .start = start_second },
    { 0 },
};

static struct fixture fixture;

static int open_fixture(void **state)
{
    (void)state;
    kept_count = kept_cancelled = 0;
    encode_once = method_tokenizer_encode;
    encode_once.is_repeatable = false;
    fixture_open(&fixture, methods);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_close(&fixture);
    return 0;
}

static struct outcome encode(const char *text)
{
    struct rpc_options options = fixture_options(10000);

    return outcome_of(&fixture, &method_tokenizer_encode, text, &options);
}

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

static void wait_for_kept(unsigned count)
{
    while (kept_count < count)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
}

static void wait_for_cancelled(unsigned count)
{
    while (kept_cancelled < count)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
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

static void calls_go_round_robin(void **state)
{
    struct channel *own = fixture.channel;
    char target[160];
    unsigned i;

    (void)state;
    fixture.second = fixture_server(&fixture, "127.0.0.1:0", second_methods, &fixture, NULL);
    snprintf(target, sizeof(target), "%s,127.0.0.1:%d", fixture.address,
             server_port(fixture.second, 0));
    fixture.channel = fixture_channel(&fixture, target, NULL, NULL);
    /* Once both connections are up, calls alternate. */
    while (fixture.calls == 0 || fixture.second_calls == 0)
        encode("x");
    fixture.calls = fixture.second_calls = 0;
    for (i = 0; i < 20; i++)
        assert_int_equal(encode("x").err.status, STATUS_OK);
    assert_int_equal(fixture.calls, 10);
    assert_int_equal(fixture.second_calls, 10);
    channel_destroy(fixture.channel);
    fixture.channel = own;
}

static void one_of_two_servers_gone_is_not_noticed(void **state)
{
    struct channel *own = fixture.channel;
    char target[160];
    unsigned i;

    (void)state;
    fixture.second = fixture_server(&fixture, "127.0.0.1:0", second_methods, &fixture, NULL);
    snprintf(target, sizeof(target), "%s,127.0.0.1:%d", fixture.address,
             server_port(fixture.second, 0));
    fixture.channel = fixture_channel(&fixture, target, NULL, NULL);
    while (fixture.calls == 0 || fixture.second_calls == 0)
        encode("x");
    fixture_stop_server(&fixture, fixture.second);
    fixture.second = NULL;
    for (i = 0; i < 20; i++)
        assert_int_equal(encode("x").err.status, STATUS_OK);
    channel_destroy(fixture.channel);
    fixture.channel = own;
}

static void a_channel_heals_when_its_server_comes_back(void **state)
{
    unsigned i;

    (void)state;
    assert_int_equal(encode("three").err.status, STATUS_OK);
    assert_true(channel_is_ready(fixture.channel));
    fixture_stop_server(&fixture, fixture.server);
    fixture.server = NULL;
    assert_int_equal(encode("three").err.status, STATUS_UNAVAILABLE);
    assert_false(channel_is_ready(fixture.channel));
    fixture.server = fixture_server(&fixture, fixture.address, methods, &fixture, NULL);
    for (i = 0; i < 100 && !channel_is_ready(fixture.channel); i++)
        fixture_pause(&fixture, 50);
    assert_int_equal(encode("three").err.status, STATUS_OK);
}

/* Callbacks on the polling thread */

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

/* Uploads */

struct upload_state {
    struct outcome outcome;
    unsigned chunks_left;
    size_t chunk_bytes;
};

static void send_chunk(void *arg)
{
    static uint8_t bytes[64 * 1024];
    struct upload_state *upload = arg;
    Consilium__V1__PutRecordRequest request = CONSILIUM__V1__PUT_RECORD_REQUEST__INIT;

    if (upload->chunks_left == 0) {
        rpc_close_send(upload->outcome.rpc);
        return;
    }
    upload->chunks_left--;
    request.chunk.data = bytes;
    request.chunk.len = upload->chunk_bytes;
    rpc_send(upload->outcome.rpc, &request, send_chunk);
}

static void on_uploaded(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__PutRecordReply *reply = message;
    struct upload_state *upload = arg;

    upload->outcome.is_done = true;
    upload->outcome.err = *err;
    if (reply != NULL)
        upload->outcome.ids[0] = reply->resources;
}

static struct outcome put(unsigned chunks, size_t chunk_bytes)
{
    struct rpc_options options = fixture_options(10000);
    struct upload_state upload = { .chunks_left = chunks, .chunk_bytes = chunk_bytes };
    struct error err = { 0 };

    assert_int_equal(rpc_open(fixture.channel, &method_gateway_put_record, &options, on_uploaded,
                              &upload, &upload.outcome.rpc, &err),
                     STATUS_OK);
    send_chunk(&upload);
    fixture_run_until(&fixture, &upload.outcome.is_done);
    return upload.outcome;
}

static void an_upload_sends_every_message_and_gets_one_reply(void **state)
{
    struct outcome outcome = put(50, 64 * 1024);

    (void)state;
    assert_int_equal(outcome.err.status, STATUS_OK);
    assert_int_equal(outcome.ids[0], 50 * 64 * 1024);
    outcome = put(0, 0);
    assert_int_equal(outcome.err.status, STATUS_OK);
    assert_int_equal(outcome.ids[0], 0);
}

static void an_upload_that_the_server_refuses_ends_early(void **state)
{
    struct outcome outcome = put(1000000, 1);

    (void)state;
    assert_int_equal(outcome.err.status, STATUS_INVALID_ARGUMENT);
}

static void an_upload_can_be_cancelled(void **state)
{
    struct rpc_options options = fixture_options(10000);
    struct upload_state upload = { .chunks_left = 1, .chunk_bytes = 100 };
    struct error err = { 0 };

    (void)state;
    assert_int_equal(rpc_open(fixture.channel, &method_gateway_put_record, &options, on_uploaded,
                              &upload, &upload.outcome.rpc, &err),
                     STATUS_OK);
    rpc_cancel(upload.outcome.rpc);
    rpc_send(upload.outcome.rpc, NULL, NULL);
    rpc_close_send(upload.outcome.rpc);
    fixture_run_until(&fixture, &upload.outcome.is_done);
    assert_int_equal(upload.outcome.err.status, STATUS_CANCELLED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

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
        TEST(a_repeatable_call_is_tried_three_times),
        TEST(attempts_are_the_callers_to_choose),
        TEST(a_call_that_may_not_be_repeated_is_tried_once),
        TEST(no_retry_is_begun_that_the_deadline_would_cut),
        TEST(a_call_that_waits_to_be_retried_can_be_cancelled),
        TEST(an_outage_uses_up_the_retries),
        TEST(a_hedge_answers_where_the_first_is_stuck),
        TEST(a_call_answered_in_time_is_not_hedged),
        TEST(the_trace_travels),
        TEST(a_parents_cancellation_reaches_the_child),
        TEST(a_parents_deadline_is_the_childs),
        TEST(callbacks_may_run_on_the_polling_thread),
        TEST(calls_go_round_robin),
        TEST(one_of_two_servers_gone_is_not_noticed),
        TEST(a_channel_heals_when_its_server_comes_back),
        TEST(a_stream_brings_every_message_in_order_and_then_ends),
        TEST(a_stream_brings_no_more_messages_than_were_asked_for),
        TEST(a_stream_that_fails_gives_its_messages_first),
        TEST(a_cancelled_stream_ends_and_the_server_hears_of_it),
        TEST(a_stream_with_unread_messages_can_be_cancelled),
        TEST(an_upload_sends_every_message_and_gets_one_reply),
        TEST(an_upload_that_the_server_refuses_ends_early),
        TEST(an_upload_can_be_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
