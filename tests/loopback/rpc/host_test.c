/* A service process from its command line to its exit status. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/check.h"
#include "rpc/host.h"

/* A service that runs for a moment and then gets SIGTERM. */
struct config {
    struct host_config host;
};

struct service {
    struct timer timer;
    bool is_stopped, is_destroyed;
    bool must_fail;
};

static struct service service;

static void on_time(struct timer *timer)
{
    (void)timer;
    raise(SIGTERM);
}

static enum status start(struct host *host, const void *config, void **made, bool *is_ready,
                         struct error *err)
{
    (void)config;
    if (service.must_fail)
        return error_set(err, STATUS_NOT_FOUND,
                         "the model file is not there; give another with --model");
    timer_init(&service.timer, &host->loop, on_time);
    timer_start(&service.timer, 20, 0);
    *made = &service;
    *is_ready = true;
    return STATUS_OK;
}

static void stop(struct host *host, void *made)
{
    (void)host;
    assert_ptr_equal(made, &service);
    service.is_stopped = true;
    timer_close(&service.timer, NULL);
}

static void destroy(void *made)
{
    assert_ptr_equal(made, &service);
    service.is_destroyed = true;
}

static void count(struct call *call)
{
    Consilium__V1__CountReply reply = CONSILIUM__V1__COUNT_REPLY__INIT;

    call_reply(call, &reply);
}

static const struct server_method methods[] = {
    { .method = &method_tokenizer_count, .place = METHOD_PLACE_WORKER, .start = count },
    { .method = NULL },
};

static const struct setting settings[] = {
    HOST_SETTINGS(struct config, "127.0.0.1:0"),
    { .name = NULL },
};

static const struct host_program program = {
    .config = { .name = "hosttest", .summary = "A service for a test.", .settings = settings },
    .config_bytes = sizeof(struct config),
    .methods = methods,
    .start = start,
    .stop = stop,
    .destroy = destroy,
};

static int run(char *flag, char *value)
{
    char *argv[] = { "hosttest", flag, value, NULL };

    service.is_stopped = service.is_destroyed = false;
    return host_main(&program, flag == NULL ? 1 : value == NULL ? 2 : 3, argv);
}

static void runs_until_sigterm_and_closes_everything(void **state)
{
    (void)state;
    assert_int_equal(run(NULL, NULL), 0);
    assert_true(service.is_stopped);
    assert_true(service.is_destroyed);
}

static void serves_health_and_metrics_on_ports_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(run("--admin-listen=127.0.0.1:0", "--health-listen=127.0.0.1:0"), 0);
    assert_true(service.is_stopped);
}

static void listens_on_several_addresses(void **state)
{
    (void)state;
    assert_int_equal(run("--listen", "127.0.0.1:0, 127.0.0.1:0"), 0);
}

static void wrong_words_end_with_2(void **state)
{
    (void)state;
    assert_int_equal(run("--lisen", "127.0.0.1:0"), 2);
    assert_int_equal(run("--log-level", "loud"), 2);
    assert_int_equal(run("--listen", ","), 2);
    assert_int_equal(run("--listen", "nowhere"), 2);
    assert_int_equal(run("--tls-key", "key.pem"), 2);
    assert_false(service.is_stopped && !service.is_destroyed);
}

static void help_ends_with_0(void **state)
{
    (void)state;
    assert_int_equal(run("--help", NULL), 0);
    assert_false(service.is_stopped);
}

static void a_service_that_cannot_start_ends_with_1(void **state)
{
    (void)state;
    service.must_fail = true;
    assert_int_equal(run(NULL, NULL), 1);
    assert_false(service.is_stopped);
    service.must_fail = false;
}

static void a_taken_port_ends_with_1_and_stops_the_service(void **state)
{
    uv_tcp_t other;
    struct sockaddr_in at;
    char address[32];
    uv_loop_t uv;
    int size = sizeof(at);

    (void)state;
    uv_loop_init(&uv);
    uv_tcp_init(&uv, &other);
    uv_ip4_addr("127.0.0.1", 0, &at);
    assert_int_equal(uv_tcp_bind(&other, (struct sockaddr *)&at, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&other, 1, (uv_connection_cb)(void (*)(void))abort),
                     0);
    uv_tcp_getsockname(&other, (struct sockaddr *)&at, &size);
    snprintf(address, sizeof(address), "127.0.0.1:%d", ntohs(at.sin_port));
    assert_int_equal(run("--listen", address), 1);
    assert_true(service.is_stopped);
    assert_true(service.is_destroyed);
    assert_int_equal(run("--admin-listen", address), 1);
    assert_true(service.is_stopped);
    uv_close((uv_handle_t *)&other, NULL);
    uv_run(&uv, UV_RUN_DEFAULT);
    uv_loop_close(&uv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_until_sigterm_and_closes_everything),
        cmocka_unit_test(serves_health_and_metrics_on_ports_of_their_own),
        cmocka_unit_test(listens_on_several_addresses),
        cmocka_unit_test(wrong_words_end_with_2),
        cmocka_unit_test(help_ends_with_0),
        cmocka_unit_test(a_service_that_cannot_start_ends_with_1),
        cmocka_unit_test(a_taken_port_ends_with_1_and_stops_the_service),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
