/* Streams of requests, and how they are begun again. */
#include "client_handlers.h"

struct upload {
    struct outcome outcome;
    const char *patient; /* of the message after @before chunks */
    unsigned chunks, sent, before;
    size_t chunk_bytes;
};

static void send_chunk(void *arg)
{
    static uint8_t bytes[MIB];
    struct upload *upload = arg;
    Consilium__V1__PutRecordRequest request = CONSILIUM__V1__PUT_RECORD_REQUEST__INIT;

    if (upload->sent == upload->chunks) {
        rpc_close_send(upload->outcome.rpc);
        return;
    }
    if (upload->sent == upload->before && upload->patient != NULL)
        request.patient = (char *)upload->patient;
    upload->sent++;
    request.chunk.data = bytes;
    request.chunk.len = upload->chunk_bytes;
    rpc_send(upload->outcome.rpc, &request, send_chunk);
}

static void on_uploaded(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__PutRecordReply *reply = message;
    struct upload *upload = arg;

    assert_false(upload->outcome.is_done);
    upload->outcome.is_done = true;
    upload->outcome.err = *err;
    if (reply != NULL)
        upload->outcome.ids[0] = reply->resources;
}

static void start(struct upload *upload, struct channel *channel, const struct rpc_options *options)
{
    struct error err = { 0 };

    assert_int_equal(rpc_open(channel, &method_gateway_put_record, options, on_uploaded, upload,
                              &upload->outcome.rpc, &err),
                     STATUS_OK);
    send_chunk(upload);
}

static struct outcome put(struct upload upload)
{
    struct rpc_options options = fixture_options(10000);

    start(&upload, fixture.channel, &options);
    fixture_run_until(&fixture, &upload.outcome.is_done);
    return upload.outcome;
}

static void an_upload_sends_every_message_and_gets_one_reply(void **state)
{
    struct outcome outcome = put((struct upload){ .chunks = 50, .chunk_bytes = 64 * 1024 });

    (void)state;
    assert_int_equal(outcome.err.status, STATUS_OK);
    assert_int_equal(outcome.ids[0], 50 * 64 * 1024);
    outcome = put((struct upload){ .chunks = 0 });
    assert_int_equal(outcome.err.status, STATUS_OK);
    assert_int_equal(outcome.ids[0], 0);
}

static void an_upload_that_the_server_refuses_ends_early(void **state)
{
    struct outcome outcome = put((struct upload){ .chunks = 1000000, .chunk_bytes = 1 });

    (void)state;
    assert_int_equal(outcome.err.status, STATUS_INVALID_ARGUMENT);
    assert_int_equal(fixture.calls, 1);
}

static void an_upload_can_be_cancelled(void **state)
{
    struct rpc_options options = fixture_options(10000);
    struct upload upload = { .chunks = 1, .chunk_bytes = 100 };

    (void)state;
    start(&upload, fixture.channel, &options);
    rpc_cancel(upload.outcome.rpc);
    rpc_send(upload.outcome.rpc, NULL, NULL);
    rpc_close_send(upload.outcome.rpc);
    fixture_run_until(&fixture, &upload.outcome.is_done);
    assert_int_equal(upload.outcome.err.status, STATUS_CANCELLED);
}

static void an_upload_that_breaks_is_sent_again_from_its_beginning(void **state)
{
    unsigned before;

    (void)state;
    for (before = 0; before < 5; before++) {
        struct outcome outcome;

        fixture.calls = 0;
        outcome = put((struct upload){ .patient = "second time",
                                       .before = before,
                                       .chunks = 5,
                                       .chunk_bytes = 10000 + before });
        assert_int_equal(outcome.err.status, STATUS_OK);
        assert_int_equal(fixture.calls, 2);
        assert_int_equal(outcome.ids[0], 5 * (10000 + before));
    }
}

static void an_upload_is_tried_three_times_or_as_often_as_the_caller_says(void **state)
{
    struct rpc_options options = fixture_options(10000);
    struct upload once = { .patient = "unavailable", .chunks = 3, .chunk_bytes = 100 };
    struct outcome outcome = put(once);

    (void)state;
    assert_int_equal(outcome.err.status, STATUS_UNAVAILABLE);
    assert_int_equal(fixture.calls, 3);
    options.attempts_max = 1;
    start(&once, fixture.channel, &options);
    fixture_run_until(&fixture, &once.outcome.is_done);
    assert_int_equal(once.outcome.err.status, STATUS_UNAVAILABLE);
    assert_int_equal(fixture.calls, 4);
}

static void an_upload_that_has_outgrown_what_is_kept_is_not_tried_again(void **state)
{
    unsigned chunks = UPLOAD_KEPT_BYTES_MAX / MIB + 2;
    struct outcome outcome = put((struct upload){
        .patient = "second time", .before = chunks - 1, .chunks = chunks, .chunk_bytes = MIB });

    (void)state;
    assert_int_equal(outcome.err.status, STATUS_UNAVAILABLE);
    assert_int_equal(fixture.calls, 1);
}

static void an_upload_that_waits_to_be_tried_again_can_be_cancelled(void **state)
{
    struct rpc_options options = fixture_options(10000);
    struct upload upload = { .patient = "unavailable", .chunks = 2, .chunk_bytes = 100 };

    (void)state;
    start(&upload, fixture.channel, &options);
    while (fixture.calls == 0)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    fixture_pause(&fixture, 40);
    rpc_cancel(upload.outcome.rpc);
    rpc_cancel(upload.outcome.rpc);
    fixture_run_until(&fixture, &upload.outcome.is_done);
    assert_int_equal(upload.outcome.err.status, STATUS_CANCELLED);
    fixture_pause(&fixture, 200);
    assert_true(fixture.calls <= 2);
}

/* Connections that end as soon as they are well begun, and so many an upload meets one that is
 * going. No server has seen such an upload: it counts for no attempt. */
static void uploads_outlive_the_renewal_of_their_connections(void **state)
{
    const char *addresses[] = { "127.0.0.1:0", NULL };
    struct server_options options = { .name = "test",
                                      .addresses = addresses,
                                      .threads = 1,
                                      .loop = &fixture.loop,
                                      .connection_age_ms = 10,
                                      .methods = methods,
                                      .service = &fixture };
    struct error err = { 0 };
    struct channel *channel;
    char address[64];
    unsigned i, j;

    (void)state;
    fixture.second = server_create(&options, &err);
    assert_non_null(fixture.second);
    server_set_serving(fixture.second, true);
    snprintf(address, sizeof(address), "127.0.0.1:%d", server_port(fixture.second, 0));
    channel = fixture_channel(&fixture, address, NULL, NULL);
    for (i = 0; i < 100; i++) {
        struct upload uploads[4];

        for (j = 0; j < 4; j++) {
            struct rpc_options each = fixture_options(20000);

            each.attempts_max = 1;
            uploads[j] = (struct upload){ .chunks = 3, .chunk_bytes = 20000 };
            start(&uploads[j], channel, &each);
        }
        for (j = 0; j < 4; j++) {
            fixture_run_until(&fixture, &uploads[j].outcome.is_done);
            assert_int_equal(uploads[j].outcome.err.status, STATUS_OK);
        }
    }
    channel_destroy(channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_upload_sends_every_message_and_gets_one_reply),
        TEST(an_upload_that_the_server_refuses_ends_early),
        TEST(an_upload_can_be_cancelled),
        TEST(an_upload_that_breaks_is_sent_again_from_its_beginning),
        TEST(an_upload_is_tried_three_times_or_as_often_as_the_caller_says),
        TEST(an_upload_that_has_outgrown_what_is_kept_is_not_tried_again),
        TEST(an_upload_that_waits_to_be_tried_again_can_be_cancelled),
        TEST(uploads_outlive_the_renewal_of_their_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
