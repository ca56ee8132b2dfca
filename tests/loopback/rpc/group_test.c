#include "client_fixture.h"

#include "rpc/group.h"

static struct call *kept[8];
static unsigned kept_count, kept_cancelled;

static void refuse(struct call *call, enum status status)
{
    struct error err = { 0 };

    error_set(&err, status, "on purpose");
    call_fail(call, &err);
}

static void on_kept_cancel(struct call *call)
{
    kept_cancelled++;
    refuse(call, STATUS_CANCELLED);
}

static void start_encode(struct call *call)
{
    const Consilium__V1__EncodeRequest *request = call->request;
    Consilium__V1__EncodeReply reply = CONSILIUM__V1__ENCODE_REPLY__INIT;

    if (strcmp(request->text, "fail") == 0) {
        refuse(call, STATUS_NOT_FOUND);
    } else if (strcmp(request->text, "keep") == 0) {
        kept[kept_count++] = call;
        call_on_cancel(call, on_kept_cancel);
    } else {
        call_reply(call, &reply);
    }
}

static const struct server_method methods[] = {
    { .method = &method_tokenizer_encode, .place = METHOD_PLACE_LOOP, .start = start_encode },
    { 0 },
};

static struct fixture fixture;
static struct arena arena;

/* What came of a group. */
static struct {
    struct error err;
    unsigned replies, good, cancelled;
    bool is_done;
} result;

static int open_fixture(void **state)
{
    (void)state;
    kept_count = kept_cancelled = 0;
    memset(&result, 0, sizeof(result));
    arena_init(&arena, MIB);
    fixture_open(&fixture, methods);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_close(&fixture);
    arena_close(&arena);
    return 0;
}

static void on_reply(void *arg, const void *reply, const struct error *err)
{
    (void)arg;
    assert_false(result.is_done);
    assert_true((reply != NULL) == (err->status == STATUS_OK));
    result.replies++;
    result.good += err->status == STATUS_OK;
    result.cancelled += err->status == STATUS_CANCELLED;
}

static void on_done(void *arg, const struct error *err)
{
    (void)arg;
    assert_false(result.is_done);
    result.is_done = true;
    result.err = *err;
    /* The group is gone. */
    arena_close(&arena);
}

/* A group that asks for each of @texts, which ends with NULL. */
static struct group *begin(enum group_policy policy, unsigned quorum, const char *const *texts,
                           uint64_t deadline_ms)
{
    struct rpc_options options = fixture_options(deadline_ms);
    struct group *group = group_create(&arena, policy, quorum, &options, on_done, NULL);

    for (; *texts != NULL; texts++) {
        Consilium__V1__EncodeRequest request = CONSILIUM__V1__ENCODE_REQUEST__INIT;

        request.text = (char *)*texts;
        group_call(group, fixture.channel, &method_tokenizer_encode, &request, on_reply, NULL);
    }
    group_start(group);
    assert_false(result.is_done);
    return group;
}

static void run(enum group_policy policy, unsigned quorum, const char *const *texts)
{
    begin(policy, quorum, texts, 10000);
    fixture_run_until(&fixture, &result.is_done);
}

static void all_succeed_and_the_group_does(void **state)
{
    (void)state;
    run(GROUP_POLICY_ALL, 0, (const char *const[]){ "a", "b", "c", NULL });
    assert_int_equal(result.err.status, STATUS_OK);
    assert_int_equal(result.good, 3);
}

static void the_first_failure_cancels_the_rest_and_is_the_groups(void **state)
{
    (void)state;
    run(GROUP_POLICY_ALL, 0, (const char *const[]){ "keep", "keep", "fail", NULL });
    assert_int_equal(result.err.status, STATUS_NOT_FOUND);
    assert_int_equal(result.replies, 3);
    assert_int_equal(result.cancelled, 2);
}

static void partial_keeps_what_succeeded(void **state)
{
    (void)state;
    run(GROUP_POLICY_PARTIAL, 0, (const char *const[]){ "fail", "a", "fail", NULL });
    assert_int_equal(result.err.status, STATUS_OK);
    assert_int_equal(result.replies, 3);
    assert_int_equal(result.good, 1);
}

static void partial_fails_when_nothing_succeeded(void **state)
{
    (void)state;
    run(GROUP_POLICY_PARTIAL, 0, (const char *const[]){ "fail", "fail", NULL });
    assert_int_equal(result.err.status, STATUS_NOT_FOUND);
    assert_int_equal(result.replies, 2);
}

static void a_quorum_cancels_whom_it_need_not_wait_for(void **state)
{
    (void)state;
    run(GROUP_POLICY_QUORUM, 2, (const char *const[]){ "keep", "a", "fail", "b", NULL });
    assert_int_equal(result.err.status, STATUS_OK);
    assert_int_equal(result.good, 2);
    assert_int_equal(result.cancelled, 1);
}

static void a_quorum_that_cannot_be_reached_fails_early(void **state)
{
    (void)state;
    run(GROUP_POLICY_QUORUM, 2, (const char *const[]){ "keep", "fail", "fail", NULL });
    assert_int_equal(result.err.status, STATUS_NOT_FOUND);
    assert_int_equal(result.cancelled, 1);
}

static void one_deadline_ends_them_all(void **state)
{
    (void)state;
    begin(GROUP_POLICY_PARTIAL, 0, (const char *const[]){ "keep", "keep", NULL }, 100);
    fixture_run_until(&fixture, &result.is_done);
    assert_int_equal(result.err.status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(result.replies, 2);
}

static void a_cancelled_group_is_done_when_its_calls_are(void **state)
{
    struct group *group =
        begin(GROUP_POLICY_PARTIAL, 0, (const char *const[]){ "keep", "keep", NULL }, 10000);

    (void)state;
    while (kept_count < 2)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    group_cancel(group);
    group_cancel(group);
    assert_false(result.is_done);
    fixture_run_until(&fixture, &result.is_done);
    assert_int_equal(result.err.status, STATUS_CANCELLED);
    assert_int_equal(result.cancelled, 2);
}

static void calls_that_cannot_be_started_count_as_failed(void **state)
{
    struct channel *own = fixture.channel;
    struct channel_options small = { .service = "test",
                                     .target = fixture.address,
                                     .message_bytes_max = 4 };
    struct error err = { 0 };

    (void)state;
    fixture.channel = channel_create(fixture.client, &small, &err);
    run(GROUP_POLICY_ALL, 0, (const char *const[]){ "much too long", "too long as well", NULL });
    assert_int_equal(result.err.status, STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(result.replies, 2);
    channel_destroy(fixture.channel);
    fixture.channel = own;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_succeed_and_the_group_does),
        TEST(the_first_failure_cancels_the_rest_and_is_the_groups),
        TEST(partial_keeps_what_succeeded),
        TEST(partial_fails_when_nothing_succeeded),
        TEST(a_quorum_cancels_whom_it_need_not_wait_for),
        TEST(a_quorum_that_cannot_be_reached_fails_early),
        TEST(one_deadline_ends_them_all),
        TEST(a_cancelled_group_is_done_when_its_calls_are),
        TEST(calls_that_cannot_be_started_count_as_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
