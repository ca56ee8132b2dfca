/* Connections that are lost, refused, or need a password. */
#include "redis_fixture.h"

static void give_again(struct bench *bench)
{
    /* State has changed before anyone is told: the command is refused, not queued. */
    assert_int_equal(give(bench, "PING", NULL, NULL), STATUS_UNAVAILABLE);
}

static void fails_what_is_in_flight_when_redis_is_killed_and_comes_back(void **state)
{
    struct bench bench;

    (void)state;
    open_with_server(&bench);
    kill(bench.server, SIGSTOP);
    assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_OK);
    assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_OK);
    bench.next = give_again;
    server_kill(&bench);
    RUN_UNTIL(&bench, bench.answers == 2);
    assert_int_equal(bench.failures, 2);
    assert_int_equal(bench.last_status, STATUS_UNAVAILABLE);
    assert_int_equal(bench.lost_count, 1);
    assert_false(redis_is_ready(bench.redis));
    run_for(&bench, 100);
    server_start(&bench);
    RUN_UNTIL(&bench, bench.is_ready);
    assert_int_equal(ask(&bench, "PING", NULL, NULL), STATUS_OK);
    assert_int_equal(bench.ready_count, 2);
    bench_close(&bench);
}

static void gives_up_on_a_redis_that_has_stopped_and_takes_it_back(void **state)
{
    struct redis_options options;
    struct bench bench;

    (void)state;
    bench_open(&bench);
    server_start(&bench);
    options = default_options(&bench);
    options.command_timeout_ms = 100;
    options.connect_timeout_ms = 200;
    store_open(&bench, &options);
    RUN_UNTIL(&bench, bench.is_ready);
    kill(bench.server, SIGSTOP);
    assert_int_equal(ask(&bench, "PING", NULL, NULL), STATUS_DEADLINE_EXCEEDED);
    RUN_UNTIL(&bench, !bench.is_ready); /* by the store's own PING */
    assert_int_equal(bench.answers, 1); /* the late one is not answered twice */
    assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_UNAVAILABLE);
    run_for(&bench, 300);
    kill(bench.server, SIGCONT);
    RUN_UNTIL(&bench, bench.is_ready);
    assert_int_equal(ask(&bench, "PING", NULL, NULL), STATUS_OK);
    bench_close(&bench);
}

static void logs_in_with_the_password_and_selects_the_database(void **state)
{
    struct redis_options options;
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.password = PASSWORD;
    server_start(&bench);
    options = default_options(&bench);
    options.password = PASSWORD;
    options.database = 5;
    store_open(&bench, &options);
    RUN_UNTIL(&bench, bench.is_ready);
    assert_int_equal(ask(&bench, "CLIENT", "INFO", NULL), STATUS_OK);
    assert_non_null(strstr(bench.last_text, " db=5 "));
    assert_int_equal(ask(&bench, "ACL", "WHOAMI", NULL), STATUS_OK);
    assert_string_equal(bench.last_text, "default");
    bench_close(&bench);
}

static void logs_in_as_a_user(void **state)
{
    const struct slice words[] = { SLICE("ACL"), SLICE("SETUSER"), SLICE("context"), SLICE("on"),
                                   SLICE(">pw"), SLICE("~*"),      SLICE("+@all") };
    struct redis_options options;
    struct bench bench;
    struct error err;

    (void)state;
    open_with_server(&bench);
    assert_int_equal(redis_command(bench.redis, words, 7, on_done, &bench, &err), STATUS_OK);
    RUN_UNTIL(&bench, bench.answers == 1);
    redis_destroy(bench.redis);
    bench.is_ready = false;
    options = default_options(&bench);
    options.username = "context";
    options.password = "pw";
    store_open(&bench, &options);
    RUN_UNTIL(&bench, bench.is_ready);
    assert_int_equal(ask(&bench, "ACL", "WHOAMI", NULL), STATUS_OK);
    assert_string_equal(bench.last_text, "context");
    bench_close(&bench);
}

static void is_never_ready_with_a_wrong_password_or_none(void **state)
{
    const char *const passwords[] = { "wrong", NULL };
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct redis_options options;
        struct bench bench;

        bench_open(&bench);
        bench.password = PASSWORD;
        server_start(&bench);
        options = default_options(&bench);
        options.password = passwords[i];
        store_open(&bench, &options);
        run_for(&bench, 400);
        assert_int_equal(bench.ready_count, 0);
        assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_UNAVAILABLE);
        bench_close(&bench);
    }
}

static void keeps_trying_a_redis_that_is_not_there(void **state)
{
    /* Port 1 refuses; the last has no such socket. */
    const char *const addresses[] = { "127.0.0.1:1", "localhost:1", "[::1]:1",
                                      "no-such-host.invalid:1", "unix:/nonexistent/redis.sock" };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct redis_options options;
        struct bench bench;

        bench_open(&bench);
        options = default_options(&bench);
        options.address = addresses[i];
        store_open(&bench, &options);
        assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_UNAVAILABLE);
        run_for(&bench, 100);
        assert_int_equal(give(&bench, "PING", NULL, NULL), STATUS_UNAVAILABLE);
        bench_close(&bench);
    }
}

static void refuses_an_address_that_is_none(void **state)
{
    const char *const addresses[] = { "",         "redis", "1.2.3.4:", ":6379", "1.2.3.4:99999",
                                      "::1:6379", "unix:" };
    struct redis_options options;
    struct bench bench;
    struct error err;
    unsigned i;

    (void)state;
    bench_open(&bench);
    options = default_options(&bench);
    for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        options.address = addresses[i];
        assert_null(redis_create(&bench.loop, &options, &err));
        assert_int_equal(err.status, STATUS_INVALID_ARGUMENT);
    }
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fails_what_is_in_flight_when_redis_is_killed_and_comes_back),
        cmocka_unit_test(gives_up_on_a_redis_that_has_stopped_and_takes_it_back),
        cmocka_unit_test(logs_in_with_the_password_and_selects_the_database),
        cmocka_unit_test(logs_in_as_a_user),
        cmocka_unit_test(is_never_ready_with_a_wrong_password_or_none),
        cmocka_unit_test(keeps_trying_a_redis_that_is_not_there),
        cmocka_unit_test(refuses_an_address_that_is_none),
    };

    return run_with_redis(tests);
}
