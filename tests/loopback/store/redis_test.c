/* Against a real redis-server on a socket in a folder of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/list.h"
#include "run/metrics.h"
#include "store/redis.h"

#define PASSWORD "correct horse"
#define MIB_BYTES ((size_t)1 << 20)

struct bench {
    struct loop loop;
    struct redis *redis;
    struct timer guard; /* ends a test that would hang */
    char folder[64], address[96];
    pid_t server;
    const char *password; /* the server's */
    bool is_ready;
    unsigned ready_count, lost_count;
    unsigned answers, failures;
    enum status last_status;
    struct redis_reply last;
    char last_text[256], last_error[256];
    size_t last_bytes;
    unsigned order_broken;
    void (*next)(struct bench *bench); /* at the next change of state */
};

static void server_start(struct bench *bench)
{
    char path[96], dir[64];

    snprintf(path, sizeof(path), "%s/redis.sock", bench->folder);
    snprintf(dir, sizeof(dir), "%s", bench->folder);
    bench->server = fork();
    assert_true(bench->server >= 0);
    if (bench->server != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (freopen("/dev/null", "w", stdout) == NULL)
        _exit(126);
    execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path, "--dir", dir,
           "--save", "", "--appendonly", "no", "--requirepass",
           bench->password == NULL ? "" : bench->password, (char *)NULL);
    _exit(127);
}

static void server_kill(struct bench *bench)
{
    if (bench->server == 0)
        return;
    kill(bench->server, SIGKILL);
    waitpid(bench->server, NULL, 0);
    bench->server = 0;
}

static void on_guard(struct timer *timer)
{
    (void)timer;
    fprintf(stderr, "nothing happened for too long\n");
    abort();
}

static void bench_open(struct bench *bench)
{
    struct error err;

    *bench = (struct bench){ .server = 0 };
    strcpy(bench->folder, "/tmp/redis_test_XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    snprintf(bench->address, sizeof(bench->address), "unix:%s/redis.sock", bench->folder);
    assert_int_equal(loop_init(&bench->loop, bench, NULL, &err), STATUS_OK);
    timer_init(&bench->guard, &bench->loop, on_guard);
    timer_start(&bench->guard, 30000, 0);
}

static void on_state(void *owner, bool is_ready)
{
    struct bench *bench = owner;
    void (*next)(struct bench *) = bench->next;

    bench->is_ready = is_ready;
    *(is_ready ? &bench->ready_count : &bench->lost_count) += 1;
    bench->next = NULL;
    if (next != NULL)
        next(bench);
}

static struct redis_options default_options(struct bench *bench)
{
    return (struct redis_options){
        .address = bench->address,
        .connect_timeout_ms = 2000,
        .command_timeout_ms = 5000,
        .backoff_min_ms = 5,
        .backoff_max_ms = 50,
        .in_flight_max = 20000,
        .on_state = on_state,
        .owner = bench,
    };
}

static void store_open(struct bench *bench, const struct redis_options *options)
{
    struct error err;

    bench->redis = redis_create(&bench->loop, options, &err);
    assert_non_null(bench->redis);
}

/* Turn the loop until @condition. */
#define RUN_UNTIL(bench, condition)                                                                \
    do                                                                                             \
        uv_run(&(bench)->loop.uv, UV_RUN_ONCE);                                                    \
    while (!(condition))

static void on_time_over(struct timer *timer)
{
    *(bool *)timer->uv.data = true;
}

static void run_for(struct bench *bench, uint64_t ms)
{
    struct timer timer;
    bool is_over = false;

    timer_init(&timer, &bench->loop, on_time_over);
    timer.uv.data = &is_over;
    timer_start(&timer, ms, 0);
    RUN_UNTIL(bench, is_over);
    timer_close(&timer, NULL);
    RUN_UNTIL(bench, !uv_is_active((uv_handle_t *)&timer.uv));
    uv_run(&bench->loop.uv, UV_RUN_NOWAIT);
}

static void bench_close(struct bench *bench)
{
    char path[128];

    if (bench->redis != NULL)
        redis_destroy(bench->redis);
    timer_close(&bench->guard, NULL);
    loop_stop(&bench->loop);
    loop_run(&bench->loop);
    loop_close(&bench->loop);
    server_kill(bench);
    snprintf(path, sizeof(path), "%s/redis.sock", bench->folder);
    unlink(path);
    rmdir(bench->folder);
}

static void on_done(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct bench *bench = arg;

    bench->answers++;
    bench->last_text[0] = bench->last_error[0] = '\0';
    if (reply == NULL) {
        bench->failures++;
        bench->last_status = err->status;
        snprintf(bench->last_error, sizeof(bench->last_error), "%s", err->text);
        return;
    }
    bench->last_status = STATUS_OK;
    bench->last = *reply;
    bench->last_bytes = reply->string.size;
    if (reply->kind == REDIS_REPLY_KIND_STRING)
        snprintf(bench->last_text, sizeof(bench->last_text), "%.*s",
                 (int)(reply->string.size > 200 ? 200 : reply->string.size), reply->string.data);
}

static enum status give(struct bench *bench, const char *a, const char *b, const char *c)
{
    const struct slice words[] = { slice_from(a), slice_from(b), slice_from(c) };
    struct error err;

    return redis_command(bench->redis, words, 1 + (b != NULL) + (c != NULL), on_done, bench, &err);
}

/* One command, to its end. */
static enum status ask(struct bench *bench, const char *a, const char *b, const char *c)
{
    unsigned before = bench->answers;
    enum status status = give(bench, a, b, c);

    assert_int_equal(bench->answers, before); /* never before redis_command has returned */
    if (status != STATUS_OK)
        return status;
    RUN_UNTIL(bench, bench->answers > before);
    return bench->last_status;
}

static void open_with_server(struct bench *bench)
{
    struct redis_options options;

    bench_open(bench);
    server_start(bench);
    options = default_options(bench);
    store_open(bench, &options);
    assert_false(redis_is_ready(bench->redis));
    RUN_UNTIL(bench, bench->is_ready);
}

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
        cmocka_unit_test(fails_what_is_in_flight_when_redis_is_killed_and_comes_back),
        cmocka_unit_test(gives_up_on_a_redis_that_has_stopped_and_takes_it_back),
        cmocka_unit_test(logs_in_with_the_password_and_selects_the_database),
        cmocka_unit_test(logs_in_as_a_user),
        cmocka_unit_test(is_never_ready_with_a_wrong_password_or_none),
        cmocka_unit_test(keeps_trying_a_redis_that_is_not_there),
        cmocka_unit_test(refuses_an_address_that_is_none),
        cmocka_unit_test(cancels_what_is_in_flight_when_it_is_destroyed),
        cmocka_unit_test(can_be_destroyed_in_an_answer),
        cmocka_unit_test(can_be_destroyed_when_the_connection_is_lost),
#ifdef CONSILIUM_FAULTS
        cmocka_unit_test(fails_cleanly_at_each_allocation),
#endif
        cmocka_unit_test(counts_what_it_did),
    };

    if (system("redis-server --version > /dev/null 2>&1") != 0) {
        printf("skipped: redis-server is not installed\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
