/* A redis-server on a socket in a folder of the test's own, a store that speaks to it, and the loop
 * of both. */
#ifndef REDIS_FIXTURE_H
#define REDIS_FIXTURE_H

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

static inline void server_start(struct bench *bench)
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

static inline void server_kill(struct bench *bench)
{
    if (bench->server == 0)
        return;
    kill(bench->server, SIGKILL);
    waitpid(bench->server, NULL, 0);
    bench->server = 0;
}

static inline void on_guard(struct timer *timer)
{
    (void)timer;
    fprintf(stderr, "nothing happened for too long\n");
    abort();
}

static inline void bench_open(struct bench *bench)
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

static inline void on_state(void *owner, bool is_ready)
{
    struct bench *bench = owner;
    void (*next)(struct bench *) = bench->next;

    bench->is_ready = is_ready;
    *(is_ready ? &bench->ready_count : &bench->lost_count) += 1;
    bench->next = NULL;
    if (next != NULL)
        next(bench);
}

static inline struct redis_options default_options(struct bench *bench)
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

static inline void store_open(struct bench *bench, const struct redis_options *options)
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

static inline void on_time_over(struct timer *timer)
{
    *(bool *)timer->uv.data = true;
}

static inline void run_for(struct bench *bench, uint64_t ms)
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

static inline void bench_close(struct bench *bench)
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

static inline void on_done(void *arg, const struct redis_reply *reply, const struct error *err)
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

static inline enum status give(struct bench *bench, const char *a, const char *b, const char *c)
{
    const struct slice words[] = { slice_from(a), slice_from(b), slice_from(c) };
    struct error err;

    return redis_command(bench->redis, words, 1 + (b != NULL) + (c != NULL), on_done, bench, &err);
}

/* One command, to its end. */
static inline enum status ask(struct bench *bench, const char *a, const char *b, const char *c)
{
    unsigned before = bench->answers;
    enum status status = give(bench, a, b, c);

    assert_int_equal(bench->answers, before); /* never before redis_command has returned */
    if (status != STATUS_OK)
        return status;
    RUN_UNTIL(bench, bench->answers > before);
    return bench->last_status;
}

static inline void open_with_server(struct bench *bench)
{
    struct redis_options options;

    bench_open(bench);
    server_start(bench);
    options = default_options(bench);
    store_open(bench, &options);
    assert_false(redis_is_ready(bench->redis));
    RUN_UNTIL(bench, bench->is_ready);
}

#define run_with_redis(tests)                                                                      \
    (system("redis-server --version > /dev/null 2>&1") != 0                                        \
         ? (printf("skipped: redis-server is not installed\n"), 0)                                 \
         : cmocka_run_group_tests(tests, NULL, NULL))

#endif
