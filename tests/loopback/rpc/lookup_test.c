/* A name's addresses, asked of the system's resolver. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "rpc/lookup.h"

struct bench {
    struct loop loop;
    struct lookup *lookup;
    struct timer late;
    unsigned answers, answers_wanted;
    bool has_loopback;
};

static void stop(struct bench *bench)
{
    lookup_destroy(bench->lookup);
    timer_close(&bench->late, NULL);
    loop_stop(&bench->loop);
}

static void on_late(struct timer *timer)
{
    stop((struct bench *)((char *)timer - offsetof(struct bench, late)));
}

static void on_found(void *arg, const struct addrinfo *found)
{
    struct bench *bench = arg;

    for (; found != NULL; found = found->ai_next)
        if (found->ai_family == AF_INET)
            bench->has_loopback |=
                ((struct sockaddr_in *)found->ai_addr)->sin_addr.s_addr == htonl(INADDR_LOOPBACK);
    if (++bench->answers == bench->answers_wanted)
        stop(bench);
}

/* Look @host up every 5 ms until there were @answers, or for @ms. */
static void look_up(struct bench *bench, const char *host, unsigned answers, uint64_t ms)
{
    struct address name;
    struct error err;

    *bench = (struct bench){ .answers_wanted = answers };
    assert_true(lookup_reads_name(host, &name));
    assert_int_equal(loop_init(&bench->loop, NULL, NULL, &err), STATUS_OK);
    timer_init(&bench->late, &bench->loop, on_late);
    timer_start(&bench->late, ms, 0);
    bench->lookup = lookup_create(&bench->loop, &name, 1, 5, on_found, bench);
    assert_non_null(bench->lookup);
    loop_run(&bench->loop);
    loop_close(&bench->loop);
}

static void knows_names_from_addresses(void **state)
{
    const char *no_names[] = { "127.0.0.1:80",
                               "[::1]:80",
                               "unix:/run/x",
                               "a:1,b:2",
                               "a",
                               "dns:///1.2.3.4:5",
                               "ipv4:1.2.3.4:5,6.7.8.9:5" };
    struct address name;

    (void)state;
    assert_true(lookup_reads_name("deid:7101", &name));
    assert_string_equal(name.host, "deid");
    assert_true(lookup_reads_name("dns:///deid.consilium.svc:7101", &name));
    assert_string_equal(name.host, "deid.consilium.svc");
    assert_int_equal(name.port, 7101);
    for (unsigned i = 0; i < sizeof(no_names) / sizeof(*no_names); i++)
        assert_false(lookup_reads_name(no_names[i], &name));
}

static void asks_again_and_again(void **state)
{
    struct bench bench;

    (void)state;
    look_up(&bench, "localhost:80", 3, 30000);
    assert_int_equal(bench.answers, 3);
    assert_true(bench.has_loopback);
}

static void says_nothing_of_a_name_that_nobody_has(void **state)
{
    struct bench bench;

    (void)state;
    look_up(&bench, "no-such-host.invalid:80", 1, 200);
    assert_int_equal(bench.answers, 0);
}

static void may_be_destroyed_while_it_asks(void **state)
{
    struct bench bench;

    (void)state;
    look_up(&bench, "localhost:80", 0, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_names_from_addresses),
        cmocka_unit_test(asks_again_and_again),
        cmocka_unit_test(says_nothing_of_a_name_that_nobody_has),
        cmocka_unit_test(may_be_destroyed_while_it_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
