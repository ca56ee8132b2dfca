/* Streams: back-pressure both ways, cancellation, drain with a stream open. */
#include "server_fixture.h"

#include "consilium/v1/gateway.pb-c.h"
#include "consilium/v1/inference.pb-c.h"

#define REPLY_IDS 1000
#define REPLIES 400

/* A server stream that sends @REPLIES messages of a few kilobytes as the caller reads them. */
struct pump {
    unsigned sent, blocked;
    bool is_over, is_endless;
};

static struct pump pump;
static bool has_cancelled, has_begun;

static void pump_on_cancel(struct call *call)
{
    struct error err;

    pump.is_over = true;
    has_cancelled = true;
    error_set(&err, STATUS_CANCELLED, "gone");
    call_fail(call, &err);
}

static void pump_on(struct call *call)
{
    Consilium__V1__GenerateReply reply = CONSILIUM__V1__GENERATE_REPLY__INIT;
    static uint32_t ids[REPLY_IDS];
    unsigned i;

    for (i = 0; i < REPLY_IDS; i++)
        ids[i] = 100000 + i;
    reply.n_ids = REPLY_IDS;
    reply.ids = ids;
    while (pump.sent < REPLIES || pump.is_endless) {
        if (call_is_cancelled(call))
            return; /* on_cancel is coming; call_send would take and drop messages for ever */
        pump.sent++;
        if (!call_send(call, &reply)) {
            pump.blocked++;
            return;
        }
    }
    pump.is_over = true;
    call_finish(call);
}

static void pump_start(struct call *call)
{
    has_begun = true;
    call_on_cancel(call, pump_on_cancel);
    call_on_writable(call, pump_on);
    pump_on(call);
}

static const struct server_method inline_pump[] = {
    { .method = &method_inference_generate, .place = METHOD_PLACE_INLINE, .start = pump_start },
    { .method = NULL },
};

static const struct server_method loop_pump[] = {
    { .method = &method_inference_generate, .place = METHOD_PLACE_LOOP, .start = pump_start },
    { .method = NULL },
};

static const struct server_method timed_pump[] = {
    { .method = &method_inference_generate,
      .place = METHOD_PLACE_LOOP,
      .start = pump_start,
      .deadline_ms_max = 200 },
    { .method = NULL },
};

static void read_ids(struct outcome *outcome, const void *message)
{
    const Consilium__V1__GenerateReply *reply = message;

    outcome->value += reply->n_ids;
}

static void open_pump(struct fixture *fixture, const struct server_method *methods, bool is_endless)
{
    pump = (struct pump){ .is_endless = is_endless };
    has_cancelled = has_begun = false;
    fixture_open(fixture, methods, NULL);
}

static void stream_all(const struct server_method *methods)
{
    Consilium__V1__GenerateRequest request = CONSILIUM__V1__GENERATE_REQUEST__INIT;
    struct outcome outcome = { .read = read_ids };
    struct fixture fixture;

    open_pump(&fixture, methods, false);
    fixture_start_stream(&fixture, &outcome, &method_inference_generate, &request, 60000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.messages, REPLIES);
    assert_int_equal(outcome.value, REPLIES * REPLY_IDS);
    fixture_close(&fixture);
}

static void a_stream_from_the_polling_thread_arrives_whole(void **state)
{
    (void)state;
    stream_all(inline_pump);
}

static void a_stream_from_the_loop_arrives_whole(void **state)
{
    (void)state;
    stream_all(loop_pump);
}

/* Turn the loop until nothing has been sent for a while: the reader does not read, so the sender
 * must stop. */
static void wait_until_stuck(struct fixture *fixture)
{
    unsigned sent, quiet = 0;

    while (quiet < 20) {
        sent = pump.sent;
        uv_run(&fixture->loop.uv, UV_RUN_NOWAIT);
        uv_sleep(5);
        quiet = pump.sent == sent ? quiet + 1 : 0;
    }
}

static void a_sender_stops_when_the_reader_does_not_read(void **state)
{
    Consilium__V1__GenerateRequest request = CONSILIUM__V1__GENERATE_REQUEST__INIT;
    struct outcome outcome = { .read = read_ids, .is_paused = true };
    struct fixture fixture;
    unsigned stuck_at;

    (void)state;
    open_pump(&fixture, loop_pump, true);
    fixture_start_stream(&fixture, &outcome, &method_inference_generate, &request, 60000);
    fixture_wait(&fixture, &has_begun);
    wait_until_stuck(&fixture);
    stuck_at = pump.sent;
    assert_true(pump.blocked > 0);
    assert_false(pump.is_over);
    pump.is_endless =
        false; /* what is left is at most REPLIES, and it comes once the reader reads */
    outcome.is_paused = false;
    rpc_proceed(outcome.rpc);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_true(outcome.messages >= stuck_at);
    assert_int_equal(outcome.messages, pump.sent);
    fixture_close(&fixture);
}

static void a_stream_whose_reader_never_reads_ends_at_the_methods_limit(void **state)
{
    Consilium__V1__GenerateRequest request = CONSILIUM__V1__GENERATE_REQUEST__INIT;
    struct outcome outcome = { .is_paused = true };
    struct fixture fixture;

    (void)state;
    open_pump(&fixture, timed_pump, true);
    fixture_start_stream(&fixture, &outcome, &method_inference_generate, &request, 60000);
    fixture_wait(&fixture, &has_cancelled);
    rpc_cancel(outcome.rpc);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_not_equal(outcome.status, STATUS_OK);
    fixture_close(&fixture);
}

static void a_cancelled_stream_stops_its_sender(void **state)
{
    Consilium__V1__GenerateRequest request = CONSILIUM__V1__GENERATE_REQUEST__INIT;
    struct outcome outcome = { .read = read_ids };
    struct fixture fixture;

    (void)state;
    open_pump(&fixture, inline_pump, true);
    fixture_start_stream(&fixture, &outcome, &method_inference_generate, &request, 60000);
    while (outcome.messages < 10)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    rpc_cancel(outcome.rpc);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_CANCELLED);
    fixture_close(&fixture); /* its drain waits for the handler, which must have heard */
    assert_true(has_cancelled);
}

static void drain_ends_a_stream_that_outlasts_the_grace(void **state)
{
    Consilium__V1__GenerateRequest request = CONSILIUM__V1__GENERATE_REQUEST__INIT;
    struct outcome outcome = { .read = read_ids };
    struct fixture fixture;

    (void)state;
    open_pump(&fixture, loop_pump, true);
    fixture_start_stream(&fixture, &outcome, &method_inference_generate, &request, 60000);
    while (outcome.messages < 10)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    fixture_drain(&fixture, 50);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_UNAVAILABLE);
    assert_true(has_cancelled);
    fixture_close(&fixture);
}

/* A client stream that adds up the bytes it is sent. */
struct upload {
    uint64_t bytes;
    unsigned chunks;
    struct call *waiting; /* the handler does not read until the test says so */
    bool has_waited;
};

static struct upload upload;

static void upload_on_chunk(struct call *call, const void *message)
{
    const Consilium__V1__PutRecordRequest *request = message;
    Consilium__V1__PutRecordReply reply = CONSILIUM__V1__PUT_RECORD_REPLY__INIT;

    if (message == NULL) {
        reply.resources = upload.chunks;
        reply.facts = (uint32_t)upload.bytes;
        call_reply(call, &reply);
        return;
    }
    upload.chunks++;
    upload.bytes += request->chunk.len;
    call_read(call, upload_on_chunk);
}

static void upload_start(struct call *call)
{
    assert_null(call->request);
    call_on_cancel(call, pump_on_cancel);
    call_read(call, upload_on_chunk);
}

static void upload_start_late(struct call *call)
{
    call_on_cancel(call, pump_on_cancel);
    upload.waiting = call;
    upload.has_waited = true;
}

static const struct server_method inline_upload[] = {
    { .method = &method_gateway_put_record, .place = METHOD_PLACE_INLINE, .start = upload_start },
    { .method = NULL },
};

static const struct server_method loop_upload[] = {
    { .method = &method_gateway_put_record, .place = METHOD_PLACE_LOOP, .start = upload_start },
    { .method = NULL },
};

static const struct server_method late_upload[] = {
    { .method = &method_gateway_put_record,
      .place = METHOD_PLACE_LOOP,
      .start = upload_start_late },
    { .method = NULL },
};

#define CHUNK_BYTES (100 * KIB)

struct uploader {
    struct outcome outcome;
    unsigned left, sent;
};

static void send_chunk(void *arg)
{
    struct uploader *uploader = arg;
    static uint8_t bytes[CHUNK_BYTES];
    Consilium__V1__PutRecordRequest request = CONSILIUM__V1__PUT_RECORD_REQUEST__INIT;

    if (uploader->outcome.is_done)
        return;
    if (uploader->left == 0) {
        rpc_close_send(uploader->outcome.rpc);
        return;
    }
    uploader->left--;
    uploader->sent++;
    request.chunk = (ProtobufCBinaryData){ sizeof(bytes), bytes };
    rpc_send(uploader->outcome.rpc, &request, send_chunk);
}

static void read_upload(struct outcome *outcome, const void *message)
{
    const Consilium__V1__PutRecordReply *reply = message;

    outcome->messages = reply->resources;
    outcome->value = reply->facts;
}

static void start_upload(struct fixture *fixture, struct uploader *uploader, unsigned chunks)
{
    struct rpc_options options = fixture_within(60000);
    struct error err;

    uploader->left = chunks;
    uploader->outcome.read = read_upload;
    assert_int_equal(rpc_open(fixture->channel, &method_gateway_put_record, &options,
                              outcome_on_reply, &uploader->outcome, &uploader->outcome.rpc, &err),
                     STATUS_OK);
    send_chunk(uploader);
}

static void upload_all(const struct server_method *methods)
{
    struct uploader uploader = { .left = 0 };
    struct fixture fixture;

    upload = (struct upload){ 0 };
    fixture_open(&fixture, methods, NULL);
    start_upload(&fixture, &uploader, 50);
    fixture_wait(&fixture, &uploader.outcome.is_done);
    assert_int_equal(uploader.outcome.status, STATUS_OK);
    assert_int_equal(uploader.outcome.messages, 50);
    assert_int_equal(uploader.outcome.value, 50 * CHUNK_BYTES);
    fixture_close(&fixture);
}

static void an_upload_read_on_the_polling_thread_arrives_whole(void **state)
{
    (void)state;
    upload_all(inline_upload);
}

static void an_upload_read_on_the_loop_arrives_whole(void **state)
{
    (void)state;
    upload_all(loop_upload);
}

static void an_uploader_stops_when_the_handler_does_not_read(void **state)
{
    enum { CHUNKS = 400 };
    struct uploader uploader = { .left = 0 };
    struct fixture fixture;
    unsigned sent, quiet = 0;

    (void)state;
    upload = (struct upload){ 0 };
    fixture_open(&fixture, late_upload, NULL);
    start_upload(&fixture, &uploader, CHUNKS);
    fixture_wait(&fixture, &upload.has_waited);
    while (quiet < 20) {
        sent = uploader.sent;
        uv_run(&fixture.loop.uv, UV_RUN_NOWAIT);
        uv_sleep(5);
        quiet = uploader.sent == sent ? quiet + 1 : 0;
    }
    assert_true(uploader.sent < CHUNKS);
    call_read(upload.waiting, upload_on_chunk);
    fixture_wait(&fixture, &uploader.outcome.is_done);
    assert_int_equal(uploader.outcome.status, STATUS_OK);
    assert_int_equal(uploader.outcome.messages, CHUNKS);
    fixture_close(&fixture);
}

static void an_upload_cut_off_is_never_taken_for_a_whole_one(void **state)
{
    struct uploader uploader = { .left = 0 };
    struct fixture fixture;

    (void)state;
    upload = (struct upload){ 0 };
    has_cancelled = false;
    fixture_open(&fixture, loop_upload, NULL);
    start_upload(&fixture, &uploader, 1000000);
    while (upload.chunks < 5)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    rpc_cancel(uploader.outcome.rpc);
    fixture_wait(&fixture, &has_cancelled);
    fixture_wait(&fixture, &uploader.outcome.is_done);
    assert_int_equal(uploader.outcome.status, STATUS_CANCELLED);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_from_the_polling_thread_arrives_whole),
        cmocka_unit_test(a_stream_from_the_loop_arrives_whole),
        cmocka_unit_test(a_sender_stops_when_the_reader_does_not_read),
        cmocka_unit_test(a_stream_whose_reader_never_reads_ends_at_the_methods_limit),
        cmocka_unit_test(a_cancelled_stream_stops_its_sender),
        cmocka_unit_test(drain_ends_a_stream_that_outlasts_the_grace),
        cmocka_unit_test(an_upload_read_on_the_polling_thread_arrives_whole),
        cmocka_unit_test(an_upload_read_on_the_loop_arrives_whole),
        cmocka_unit_test(an_uploader_stops_when_the_handler_does_not_read),
        cmocka_unit_test(an_upload_cut_off_is_never_taken_for_a_whole_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
