/* The context service against a real redis-server on a socket in a folder of its own. */
#ifndef CONTEXT_SERVICE_FIXTURE_H
#define CONTEXT_SERVICE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "context.h"
#include "context_rpc.h"
#include "rpc/client.h"
#include "run/clock.h"

/* A call that nothing comes of ends the test. */
#define GUARD_MS 60000

struct bench {
    struct host host;
    struct context *context;
    struct client *client;
    struct channel *channel;
    struct timer guard;
    char folder[64], redis[96], key_file[96], target[64];
    pid_t redis_process;
    uint64_t cache_bytes, ttl_ms;
    bool is_drained;
};

__attribute__((unused)) static void redis_start(struct bench *bench)
{
    char socket[96];

    snprintf(socket, sizeof(socket), "%s/redis.sock", bench->folder);
    bench->redis_process = fork();
    assert_true(bench->redis_process >= 0);
    if (bench->redis_process != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (freopen("/dev/null", "w", stdout) == NULL)
        _exit(126);
    execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket, "--dir",
           bench->folder, "--appendonly", "no", "--save", "", (char *)NULL);
    _exit(127);
}

__attribute__((unused)) static void redis_kill(struct bench *bench)
{
    if (bench->redis_process == 0)
        return;
    kill(bench->redis_process, SIGKILL);
    waitpid(bench->redis_process, NULL, 0);
    bench->redis_process = 0;
}

/* How often Redis has been given a command since it began to count anew. */
__attribute__((unused)) static unsigned redis_calls(const struct bench *bench, const char *command)
{
    char line[256], shell[256], format[64];
    unsigned calls = 0;
    FILE *cli;

    snprintf(shell, sizeof(shell), "redis-cli -s %s/redis.sock info commandstats", bench->folder);
    snprintf(format, sizeof(format), "cmdstat_%s:calls=%%u", command);
    cli = popen(shell, "r");
    assert_non_null(cli);
    while (fgets(line, sizeof(line), cli) != NULL)
        sscanf(line, format, &calls);
    assert_int_equal(pclose(cli), 0);
    return calls;
}

__attribute__((unused)) static void redis_count_anew(const struct bench *bench)
{
    char shell[256];

    snprintf(shell, sizeof(shell), "redis-cli -s %s/redis.sock config resetstat > /dev/null",
             bench->folder);
    assert_int_equal(system(shell), 0);
}

__attribute__((unused)) static void on_guard(struct timer *timer)
{
    (void)timer;
    fprintf(stderr, "nothing happened for too long\n");
    abort();
}

/* Run the loop until Redis is, or is not, there. */
__attribute__((unused)) static void wait_for_redis(struct bench *bench, bool is_there)
{
    while (redis_is_ready(bench->context->store.redis) != is_there)
        uv_run(&bench->host.loop.uv, UV_RUN_ONCE);
}

__attribute__((unused)) static void service_open(struct bench *bench)
{
    static const char *const addresses[] = { "127.0.0.1:0", NULL };
    struct context_config config = { .redis = bench->redis,
                                     .key_file = bench->key_file,
                                     .ttl_ms = bench->ttl_ms,
                                     .cache_bytes = bench->cache_bytes };
    struct server_options options = { .name = "context",
                                      .addresses = addresses,
                                      .methods = context_methods };
    struct channel_options channel = { .service = "context", .target = bench->target };
    struct error err;

    memset(&bench->host, 0, sizeof(bench->host));
    assert_int_equal(loop_init(&bench->host.loop, bench, NULL, &err), STATUS_OK);
    bench->host.workers = workers_create(2, 64, &err);
    bench->context = context_start(&bench->host, &config, &err);
    if (bench->context == NULL)
        fail_msg("%s", err.text);
    options.loop = &bench->host.loop;
    options.workers = bench->host.workers;
    options.service = bench->context;
    bench->host.server = server_create(&options, &err);
    if (bench->host.server == NULL)
        fail_msg("%s", err.text);
    server_set_serving(bench->host.server, true);
    snprintf(bench->target, sizeof(bench->target), "127.0.0.1:%d",
             server_port(bench->host.server, 0));
    bench->client = client_create(&bench->host.loop, CLIENT_PLACE_LOOP, 1, &err);
    bench->channel = channel_create(bench->client, &channel, &err);
    assert_non_null(bench->channel);
    timer_init(&bench->guard, &bench->host.loop, on_guard);
    timer_start(&bench->guard, GUARD_MS, 0);
}

__attribute__((unused)) static void on_drained(void *owner)
{
    ((struct bench *)owner)->is_drained = true;
}

__attribute__((unused)) static void service_close(struct bench *bench)
{
    bench->is_drained = false;
    server_drain(bench->host.server, 5000, on_drained, bench);
    while (!bench->is_drained)
        uv_run(&bench->host.loop.uv, UV_RUN_ONCE);
    server_destroy(bench->host.server);
    channel_destroy(bench->channel);
    client_destroy(bench->client);
    context_stop(bench->context);
    timer_close(&bench->guard, NULL);
    loop_stop(&bench->host.loop);
    loop_run(&bench->host.loop);
    workers_destroy(bench->host.workers);
    context_destroy(bench->context);
    loop_close(&bench->host.loop);
}

__attribute__((unused)) static int set_up_with(void **state, uint64_t cache_bytes, uint64_t ttl_ms)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    bench->cache_bytes = cache_bytes;
    bench->ttl_ms = ttl_ms;

    snprintf(bench->folder, sizeof(bench->folder), "/tmp/context-test-XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    snprintf(bench->redis, sizeof(bench->redis), "unix:%s/redis.sock", bench->folder);
    snprintf(bench->key_file, sizeof(bench->key_file), "%s/key", bench->folder);
    redis_start(bench);
    service_open(bench);
    wait_for_redis(bench, true);
    *state = bench;
    return 0;
}

/* Another replica at the same Redis, with the same key. */
__attribute__((unused)) static void replica_open(struct bench *replica, const struct bench *bench)
{
    *replica = (struct bench){ .cache_bytes = bench->cache_bytes, .ttl_ms = bench->ttl_ms };
    memcpy(replica->redis, bench->redis, sizeof(replica->redis));
    memcpy(replica->key_file, bench->key_file, sizeof(replica->key_file));
    service_open(replica);
    wait_for_redis(replica, true);
}

__attribute__((unused)) static int set_up(void **state)
{
    return set_up_with(state, 64 * MIB, 3600000);
}

__attribute__((unused)) static int tear_down(void **state)
{
    struct bench *bench = *state;
    char path[160];

    service_close(bench);
    redis_kill(bench);
    unlink(bench->key_file);
    snprintf(path, sizeof(path), "%s/redis.sock", bench->folder);
    unlink(path);
    rmdir(bench->folder);
    free(bench);
    return 0;
}

#endif
