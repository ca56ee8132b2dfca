/* Calls of the process's own: the handlers are as for gRPC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/call_local.h"

static struct loop loop;
static struct call *call;
static char heard[256];
static struct error ended;
static unsigned ends, fed, takes;

static bool on_message(void *arg, const void *message)
{
    const Consilium__V1__ForgetReply *reply = message;

    (void)arg;
    strcat(heard, reply->existed ? "yes " : "no ");
    return takes == 0 || --takes > 0;
}

static void on_end(void *arg, const struct error *err)
{
    (void)arg;
    ended = *err;
    ends++;
    call = NULL;
    loop_stop(&loop);
}

static void send_one(struct call *at, bool existed, bool *is_open)
{
    Consilium__V1__ForgetReply reply = CONSILIUM__V1__FORGET_REPLY__INIT;

    reply.existed = existed;
    *is_open = call_send(at, &reply);
}

static void start_unary(struct call *at)
{
    Consilium__V1__ForgetReply reply = CONSILIUM__V1__FORGET_REPLY__INIT;
    const Consilium__V1__ForgetRequest *request = at->request;

    reply.existed = strcmp(request->patient, "p") == 0;
    call_reply(at, &reply);
}

static void start_failing(struct call *at)
{
    struct error err;

    error_set(&err, STATUS_NOT_FOUND, "nobody of %u", 3u);
    call_fail(at, &err);
}

static void go_on(struct call *at)
{
    bool is_open;

    send_one(at, true, &is_open);
    call_finish(at);
}

static void start_stream(struct call *at)
{
    bool is_open;

    call_on_writable(at, go_on);
    send_one(at, true, &is_open);
    assert_true(is_open);
    send_one(at, false, &is_open);
    assert_false(is_open);
}

static void on_cancel(struct call *at)
{
    struct error err;

    assert_true(call_is_cancelled(at));
    error_set(&err, STATUS_CANCELLED, "gone");
    call_fail(at, &err);
}

static void start_waiting(struct call *at)
{
    call_on_cancel(at, on_cancel);
}

static void take_request(struct call *at, const void *message)
{
    Consilium__V1__ForgetReply reply = CONSILIUM__V1__FORGET_REPLY__INIT;

    if (message != NULL) {
        call_read(at, take_request);
        return;
    }
    reply.existed = fed == 3;
    call_reply(at, &reply);
}

static void start_upload(struct call *at)
{
    call_read(at, take_request);
}

static const void *next(void *arg)
{
    static Consilium__V1__PutRecordRequest request = CONSILIUM__V1__PUT_RECORD_REQUEST__INIT;

    (void)arg;
    return fed == 3 ? NULL : (fed++, &request);
}

static void begin(void (*start)(struct call *at), const void *request)
{
    static struct server_method method;
    struct error err;
    const struct call_local_options options = {
        .loop = &loop,
        .method = &method,
        .request = request,
        .next = next,
        .on_message = on_message,
        .on_end = on_end,
    };

    heard[0] = '\0';
    ends = fed = takes = 0;
    method =
        (struct server_method){ &method_gateway_forget, METHOD_PLACE_LOOP, start, 1, 1, 0, 1000 };
    assert_int_equal(loop_init(&loop, NULL, NULL, &err), STATUS_OK);
    if (start == start_stream)
        takes = 2;
    call = call_local_start(&options);
    assert_non_null(call);
    assert_int_equal(ends, 0);
}

static void run(void)
{
    loop_run(&loop);
    loop_close(&loop);
    assert_int_equal(ends, 1);
}

static void a_reply_comes_and_then_the_end(void **state)
{
    Consilium__V1__ForgetRequest request = CONSILIUM__V1__FORGET_REQUEST__INIT;

    (void)state;
    request.patient = "p";
    begin(start_unary, &request);
    run();
    assert_string_equal(heard, "yes ");
    assert_int_equal(ended.status, STATUS_OK);
}

static void a_failure_comes_with_its_text(void **state)
{
    (void)state;
    begin(start_failing, NULL);
    run();
    assert_int_equal(ended.status, STATUS_NOT_FOUND);
    assert_string_equal(ended.text, "nobody of 3");
    assert_string_equal(heard, "");
}

static void a_stream_is_held_until_more_can_be_taken(void **state)
{
    (void)state;
    begin(start_stream, NULL);
    assert_string_equal(heard, "yes no ");
    call_local_proceed(call);
    run();
    assert_string_equal(heard, "yes no yes ");
}

static void a_handler_hears_that_its_caller_has_gone(void **state)
{
    (void)state;
    begin(start_waiting, NULL);
    call_local_cancel(call);
    run();
    assert_int_equal(ended.status, STATUS_CANCELLED);
}

static void requests_come_one_by_one_and_then_their_end(void **state)
{
    (void)state;
    begin(start_upload, NULL);
    run();
    assert_string_equal(heard, "yes ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_comes_and_then_the_end),
        cmocka_unit_test(a_failure_comes_with_its_text),
        cmocka_unit_test(a_stream_is_held_until_more_can_be_taken),
        cmocka_unit_test(a_handler_hears_that_its_caller_has_gone),
        cmocka_unit_test(requests_come_one_by_one_and_then_their_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
