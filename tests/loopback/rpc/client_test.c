/* A call and its reply: deadlines, cancellation, traces. */
#include "client_handlers.h"

#include <arpa/inet.h>

#include "rpc/message.h"
#include "rpc/throttle.h"

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
    unsigned i;

    (void)state;
    memset(text, 'x', 2000);
    text[2000] = '\0';
    request.text = text;
    for (i = 0; i < 2 * THROTTLE_OUT_MIN; i++) {
        assert_int_equal(rpc_call(channel, &method_tokenizer_encode, &request, &options,
                                  outcome_reply, NULL, NULL, &err),
                         STATUS_RESOURCE_EXHAUSTED);
        assert_null(strstr(err.text, "xx"));
    }
    assert_non_null(strstr(err.text, "bytes")); /* for its size still: none of them is under way */
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

/* ---- a peer that is not one of ours ---- */

/* HTTP/2 frames (RFC 9113, section 4.1): length, type, flags, stream. */
static const unsigned char settings[] = { 0, 0, 0, 4, 0, 0, 0, 0, 0 };
static const unsigned char answers[][24] = {
    { 0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88 },                   /* ":status: 200", and that is all */
    { 0, 0, 4, 1, 4, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff }, /* headers that cannot be unpacked */
    { 0, 0, 4, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4 },             /* data before any headers */
    { 0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0x77 }, /* the stream reset, for no known reason */
    { 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 },          /* GOAWAY */
    { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, /* nothing that is HTTP/2 */
    { 'S', 'S', 'H', '-', '2', '.', '0', '\r', '\n' },
};
#define ANSWERS (sizeof(answers) / sizeof(answers[0]))

struct stranger {
    uv_tcp_t listener, peer;
    unsigned kind;
    bool has_peer, has_answered;
    unsigned closed;
};

static void stranger_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    static char bytes[65536];

    (void)handle, (void)size;
    *buf = uv_buf_init(bytes, sizeof(bytes));
}

static void stranger_say(struct stranger *stranger, const void *bytes, size_t size)
{
    uv_buf_t buf = uv_buf_init((char *)bytes, (unsigned)size);

    uv_try_write((uv_stream_t *)&stranger->peer, &buf, 1);
}

/* The request's headers are there, as type 1 on stream 1. */
static void stranger_on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
    static const unsigned char request[] = { 1, 4, 0, 0, 0, 1 };
    struct stranger *stranger = stream->data;

    if (size <= 0 || stranger->has_answered
        || memmem(buf->base, (size_t)size, request, sizeof(request)) == NULL)
        return;
    stranger->has_answered = true;
    stranger_say(stranger, answers[stranger->kind], sizeof(answers[0]));
}

static void stranger_on_connection(uv_stream_t *listener, int status)
{
    struct stranger *stranger = listener->data;

    if (status != 0 || stranger->has_peer)
        return;
    stranger->has_peer = true;
    uv_tcp_init(listener->loop, &stranger->peer);
    stranger->peer.data = stranger;
    uv_accept(listener, (uv_stream_t *)&stranger->peer);
    uv_read_start((uv_stream_t *)&stranger->peer, stranger_alloc, stranger_on_read);
    stranger_say(stranger, settings, sizeof(settings));
}

static void stranger_on_closed(uv_handle_t *handle)
{
    ((struct stranger *)handle->data)->closed++;
}

static int stranger_open(struct stranger *stranger)
{
    struct sockaddr_storage at;
    int size = sizeof(at);

    uv_ip4_addr("127.0.0.1", 0, (struct sockaddr_in *)&at);
    uv_tcp_init(&fixture.loop.uv, &stranger->listener);
    stranger->listener.data = stranger;
    uv_tcp_bind(&stranger->listener, (struct sockaddr *)&at, 0);
    assert_int_equal(uv_listen((uv_stream_t *)&stranger->listener, 4, stranger_on_connection), 0);
    uv_tcp_getsockname(&stranger->listener, (struct sockaddr *)&at, &size);
    return ntohs(((struct sockaddr_in *)&at)->sin_port);
}

static void stranger_close(struct stranger *stranger)
{
    unsigned handles = 1 + stranger->has_peer;

    uv_close((uv_handle_t *)&stranger->listener, stranger_on_closed);
    if (stranger->has_peer)
        uv_close((uv_handle_t *)&stranger->peer, stranger_on_closed);
    while (stranger->closed < handles)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
}

static void a_peer_that_does_not_speak_grpc_is_unavailable_or_has_a_fault(void **state)
{
    struct channel *own = fixture.channel;

    (void)state;
    for (unsigned kind = 0; kind < ANSWERS; kind++) {
        struct rpc_options options = fixture_options(2000);
        struct stranger stranger = { .kind = kind };
        struct outcome outcome;
        char target[32];

        snprintf(target, sizeof(target), "127.0.0.1:%d", stranger_open(&stranger));
        fixture.channel = fixture_channel(&fixture, target, NULL, NULL);
        options.attempts_max = 1;
        outcome = outcome_of(&fixture, &method_tokenizer_encode, "three", &options);
        assert_true(stranger.has_answered);
        assert_true(outcome.err.status == STATUS_UNAVAILABLE
                    || outcome.err.status == STATUS_INTERNAL
                    || outcome.err.status == STATUS_DEADLINE_EXCEEDED);
        if (kind == 0)
            assert_int_equal(outcome.err.status, STATUS_UNAVAILABLE);
        channel_destroy(fixture.channel);
        stranger_close(&stranger);
    }
    fixture.channel = own;
}

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
        TEST(a_peer_that_does_not_speak_grpc_is_unavailable_or_has_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
