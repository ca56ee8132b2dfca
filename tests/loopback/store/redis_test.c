/* Commands and their replies; the end of a store. */
#include "redis_fixture.h"

static void keeps_what_it_is_given(void **state)
{
    struct bench bench;

    (void)state;
    open_with_server(&bench);
    assert_true(redis_is_ready(bench.redis));
    assert_int_equal(ask(&bench, "SET", "key", "value"), STATUS_OK);
    assert_string_equal(bench.last_text, "OK");
    assert_int_equal(ask(&bench, "GET", "key", NULL), STATUS_OK);
    assert_string_equal(bench.last_text, "value");
    assert_int_equal(ask(&bench, "GET", "other", NULL), STATUS_OK);
    assert_int_equal(bench.last.kind, REDIS_REPLY_KIND_NIL);
    assert_int_equal(ask(&bench, "INCR", "count", NULL), STATUS_OK);
    assert_int_equal(bench.last.integer, 1);
    assert_int_equal(ask(&bench, "SET", "empty", ""), STATUS_OK);
    assert_int_equal(ask(&bench, "GET", "empty", NULL), STATUS_OK);
    assert_int_equal(bench.last.kind, REDIS_REPLY_KIND_STRING);
    assert_int_equal(bench.last_bytes, 0);
    bench_close(&bench);
}

static void on_nested(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct bench *bench = arg;

    (void)err;
    assert_non_null(reply);
    assert_int_equal(reply->kind, REDIS_REPLY_KIND_ARRAY);
    assert_int_equal(reply->count, 3);
    assert_int_equal(reply->items[0].integer, 1);
    assert_int_equal(reply->items[1].kind, REDIS_REPLY_KIND_ARRAY);
    assert_true(slice_is(reply->items[1].items[0].string, "a"));
    assert_int_equal(reply->items[1].items[1].kind, REDIS_REPLY_KIND_NIL);
    assert_true(slice_is(reply->items[2].string, "z"));
    bench->answers++;
}

static void reads_arrays_inside_arrays(void **state)
{
    const struct slice words[] = { SLICE("EVAL"), SLICE("return {1, {'a', false}, 'z'}"),
                                   SLICE("0") };
    struct bench bench;
    struct error err;

    (void)state;
    open_with_server(&bench);
    assert_int_equal(redis_command(bench.redis, words, 3, on_nested, &bench, &err), STATUS_OK);
    RUN_UNTIL(&bench, bench.answers == 1);
    bench_close(&bench);
}

static void says_of_an_error_only_its_first_word(void **state)
{
    struct bench bench;

    (void)state;
    open_with_server(&bench);
    assert_int_equal(ask(&bench, "SET", "key", "value"), STATUS_OK);
    assert_int_equal(ask(&bench, "LPUSH", "key", "Jane Doe"), STATUS_FAILED_PRECONDITION);
    assert_string_equal(bench.last_error, "redis answers WRONGTYPE");
    assert_int_equal(ask(&bench, "JANEDOE", NULL, NULL), STATUS_FAILED_PRECONDITION);
    assert_string_equal(bench.last_error, "redis answers ERR");
    assert_int_equal(ask(&bench, "EVAL", "return redis.error_reply('Jane was here')", "0"),
                     STATUS_FAILED_PRECONDITION);
    assert_null(strstr(bench.last_error, "Jane"));
    bench_close(&bench);
}

struct pipelined {
    struct bench *bench;
    unsigned index;
};

static void on_pipelined(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct pipelined *pipelined = arg;
    struct bench *bench = pipelined->bench;

    (void)err;
    assert_non_null(reply);
    if (pipelined->index != bench->answers || reply->integer != (int64_t)bench->answers + 1)
        bench->order_broken++;
    bench->answers++;
}

static void answers_ten_thousand_pipelined_commands_in_order(void **state)
{
    const struct slice words[] = { SLICE("INCR"), SLICE("n") };
    const unsigned count = 10000;
    struct pipelined *all = calloc(count, sizeof(*all));
    struct bench bench;
    struct error err;
    unsigned i;

    (void)state;
    open_with_server(&bench);
    for (i = 0; i < count; i++) {
        all[i] = (struct pipelined){ &bench, i };
        assert_int_equal(redis_command(bench.redis, words, 2, on_pipelined, &all[i], &err),
                         STATUS_OK);
    }
    assert_int_equal(bench.answers, 0);
    RUN_UNTIL(&bench, bench.answers == count);
    assert_int_equal(bench.order_broken, 0);
    bench_close(&bench);
    free(all);
}

static void carries_values_of_a_mebibyte(void **state)
{
    char *value = malloc(MIB_BYTES);
    const struct slice words[] = { SLICE("SET"), SLICE("big"), slice_of(value, MIB_BYTES) };
    struct bench bench;
    struct error err;
    unsigned i;

    (void)state;
    memset(value, 'x', MIB_BYTES);
    value[7] = '\0';
    open_with_server(&bench);
    assert_int_equal(redis_command(bench.redis, words, 3, on_done, &bench, &err), STATUS_OK);
    memset(value, 'y', MIB_BYTES); /* the bytes were copied */
    for (i = 0; i < 10; i++)
        assert_int_equal(give(&bench, "GET", "big", NULL), STATUS_OK);
    RUN_UNTIL(&bench, bench.answers == 11);
    assert_int_equal(bench.failures, 0);
    assert_int_equal(bench.last_bytes, MIB_BYTES);
    assert_string_equal(bench.last_text, "xxxxxxx");
    bench_close(&bench);
    free(value);
}

static void refuses_more_commands_than_may_be_in_flight(void **state)
{
    struct redis_options options;
    struct bench bench;
    unsigned i;

    (void)state;
    bench_open(&bench);
    server_start(&bench);
    options = default_options(&bench);
    options.in_flight_max = 3;
    store_open(&bench, &options);
    assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_UNAVAILABLE);
    RUN_UNTIL(&bench, bench.is_ready);
    for (i = 0; i < 3; i++)
        assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_OK);
    assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_RESOURCE_EXHAUSTED);
    RUN_UNTIL(&bench, bench.answers == 3);
    assert_int_equal(ask(&bench, "PING", NULL, NULL), STATUS_OK);
    bench_close(&bench);
}

static void refuses_subscriptions(void **state)
{
    struct bench bench;

    (void)state;
    open_with_server(&bench);
    assert_int_equal(give(&bench, "Subscribe", "x", NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(give(&bench, "MONITOR", NULL, NULL), STATUS_INVALID_ARGUMENT);
    bench_close(&bench);
}

static void cancels_what_is_in_flight_when_it_is_destroyed(void **state)
{
    struct bench bench;

    (void)state;
    open_with_server(&bench);
    assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_OK);
    assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_OK);
    redis_destroy(bench.redis);
    bench.redis = NULL;
    uv_run(&bench.loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(bench.answers, 2);
    assert_int_equal(bench.last_status, STATUS_CANCELLED);
    bench_close(&bench);
}

static void on_done_destroy(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct bench *bench = arg;

    on_done(bench, reply, err);
    if (bench->redis != NULL)
        redis_destroy(bench->redis);
    bench->redis = NULL;
}

static void can_be_destroyed_in_an_answer(void **state)
{
    const struct slice words[] = { SLICE("PING") };
    struct bench bench;
    struct error err;

    (void)state;
    open_with_server(&bench);
    assert_int_equal(redis_command(bench.redis, words, 1, on_done_destroy, &bench, &err),
                     STATUS_OK);
    assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_OK);
    RUN_UNTIL(&bench, bench.answers == 2);
    assert_int_equal(bench.failures, 1);
    assert_int_equal(bench.last_status, STATUS_CANCELLED);
    bench_close(&bench);
}

static void destroy_now(struct bench *bench)
{
    redis_destroy(bench->redis);
    bench->redis = NULL;
}

static void can_be_destroyed_when_the_connection_is_lost(void **state)
{
    struct bench bench;

    (void)state;
    open_with_server(&bench);
    kill(bench.server, SIGSTOP);
    assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_OK);
    assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_OK);
    bench.next = destroy_now;
    server_kill(&bench);
    RUN_UNTIL(&bench, bench.answers == 2);
    bench_close(&bench);
}

#ifdef CONSILIUM_FAULTS
static void fails_cleanly_at_each_allocation(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 12; i++) {
        struct redis_options options;
        struct bench bench;
        struct error err;

        bench_open(&bench);
        server_start(&bench);
        options = default_options(&bench);
        fault_after(i);
        bench.redis = redis_create(&bench.loop, &options, &err);
        if (bench.redis != NULL) {
            RUN_UNTIL(&bench, bench.is_ready);
            if (give(&bench, "PING", NULL, NULL) == STATUS_OK)
                RUN_UNTIL(&bench, bench.answers == 1);
        } else {
            assert_int_equal(err.status, STATUS_RESOURCE_EXHAUSTED);
        }
        fault_after(-1);
        bench_close(&bench);
    }
}
#endif

#ifdef CONSILIUM_FAULTS
/* Nobody is there: what fails is the making of it. */
static void fails_cleanly_at_each_allocation_of_sentinels_and_of_a_cluster(void **state)
{
    static const char *const addresses[] = { "sentinel:n@127.0.0.1:1,127.0.0.1:1",
                                             "cluster:127.0.0.1:1,127.0.0.1:1" };
    unsigned refused = 0;

    (void)state;
    for (int i = 0; i < 24; i++) {
        struct redis_options options;
        struct bench bench;
        struct error err;

        bench_open(&bench);
        options = default_options(&bench);
        options.address = addresses[i % 2];
        options.replicas = 1;
        fault_after(i / 2);
        bench.redis = redis_create(&bench.loop, &options, &err);
        if (bench.redis == NULL) {
            assert_int_equal(err.status, STATUS_RESOURCE_EXHAUSTED);
            refused++;
        } else {
            run_for(&bench, 20);
            assert_false(redis_is_ready(bench.redis));
        }
        fault_after(-1);
        bench_close(&bench);
    }
    assert_true(refused > 4 && refused < 24);
}
#endif

static void counts_what_it_did(void **state)
{
    struct metric *ok =
        metric_register(METRIC_KIND_COUNTER, "redis_commands_total", "", "status=\"OK\"");
    struct metric *ready = metric_register(METRIC_KIND_GAUGE, "redis_ready", "", "");
    struct metric *reconnects =
        metric_register(METRIC_KIND_COUNTER, "redis_reconnects_total", "", "");
    int64_t ok_before = metric_value(ok), reconnects_before = metric_value(reconnects);
    struct bench bench;

    (void)state;
    assert_int_equal(metric_value(ready), 0);
    open_with_server(&bench);
    assert_int_equal(metric_value(ready), 1);
    assert_int_equal(ask(&bench, "PING", NULL, NULL), STATUS_OK);
    assert_true(metric_value(ok) > ok_before);
    server_kill(&bench);
    RUN_UNTIL(&bench, !bench.is_ready);
    assert_int_equal(metric_value(ready), 0);
    server_start(&bench);
    RUN_UNTIL(&bench, bench.is_ready);
    assert_int_equal(metric_value(reconnects), reconnects_before + 1);
    bench_close(&bench);
    assert_int_equal(metric_value(ready), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_it_is_given),
        cmocka_unit_test(reads_arrays_inside_arrays),
        cmocka_unit_test(says_of_an_error_only_its_first_word),
        cmocka_unit_test(answers_ten_thousand_pipelined_commands_in_order),
        cmocka_unit_test(carries_values_of_a_mebibyte),
        cmocka_unit_test(refuses_more_commands_than_may_be_in_flight),
        cmocka_unit_test(refuses_subscriptions),
        cmocka_unit_test(cancels_what_is_in_flight_when_it_is_destroyed),
        cmocka_unit_test(can_be_destroyed_in_an_answer),
        cmocka_unit_test(can_be_destroyed_when_the_connection_is_lost),
#ifdef CONSILIUM_FAULTS
        cmocka_unit_test(fails_cleanly_at_each_allocation),
        cmocka_unit_test(fails_cleanly_at_each_allocation_of_sentinels_and_of_a_cluster),
#endif
        cmocka_unit_test(counts_what_it_did),
    };

    return run_with_redis(tests);
}
