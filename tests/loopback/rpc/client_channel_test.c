/* Several servers behind one channel. */
#include "client_handlers.h"

static void calls_go_round_robin(void **state)
{
    struct channel *own = fixture.channel;
    char target[160];
    unsigned i;

    (void)state;
    fixture.second = fixture_server(&fixture, "127.0.0.1:0", second_methods, &fixture, NULL);
    snprintf(target, sizeof(target), "%s,127.0.0.1:%d", fixture.address,
             server_port(fixture.second, 0));
    fixture.channel = fixture_channel(&fixture, target, NULL, NULL);
    /* Once both connections are up, calls alternate. */
    while (fixture.calls == 0 || fixture.second_calls == 0)
        encode("x");
    fixture.calls = fixture.second_calls = 0;
    for (i = 0; i < 20; i++)
        assert_int_equal(encode("x").err.status, STATUS_OK);
    assert_int_equal(fixture.calls, 10);
    assert_int_equal(fixture.second_calls, 10);
    channel_destroy(fixture.channel);
    fixture.channel = own;
}

static void one_of_two_servers_gone_is_not_noticed(void **state)
{
    struct channel *own = fixture.channel;
    char target[160];
    unsigned i;

    (void)state;
    fixture.second = fixture_server(&fixture, "127.0.0.1:0", second_methods, &fixture, NULL);
    snprintf(target, sizeof(target), "%s,127.0.0.1:%d", fixture.address,
             server_port(fixture.second, 0));
    fixture.channel = fixture_channel(&fixture, target, NULL, NULL);
    while (fixture.calls == 0 || fixture.second_calls == 0)
        encode("x");
    fixture_stop_server(&fixture, fixture.second);
    fixture.second = NULL;
    for (i = 0; i < 20; i++)
        assert_int_equal(encode("x").err.status, STATUS_OK);
    channel_destroy(fixture.channel);
    fixture.channel = own;
}

static void a_channel_heals_when_its_server_comes_back(void **state)
{
    unsigned i;

    (void)state;
    assert_int_equal(encode("three").err.status, STATUS_OK);
    assert_true(channel_is_ready(fixture.channel));
    fixture_stop_server(&fixture, fixture.server);
    fixture.server = NULL;
    assert_int_equal(encode("three").err.status, STATUS_UNAVAILABLE);
    assert_false(channel_is_ready(fixture.channel));
    fixture.server = fixture_server(&fixture, fixture.address, methods, &fixture, NULL);
    for (i = 0; i < 100 && !channel_is_ready(fixture.channel); i++)
        fixture_pause(&fixture, 50);
    assert_int_equal(encode("three").err.status, STATUS_OK);
}

/* Callbacks on the polling thread */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_go_round_robin),
        TEST(one_of_two_servers_gone_is_not_noticed),
        TEST(a_channel_heals_when_its_server_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
