/* Two servers behind one list of addresses: a key's calls go to one of them while it is there. */
#include "client_handlers.h"

#include "rpc/replicas.h"

static struct replicas *open_replicas(const char *target)
{
    const struct replicas_options options = {
        .client = fixture.client, .loop = &fixture.loop, .service = "test", .target = target
    };
    struct error err = { 0 };
    struct replicas *replicas = replicas_create(&options, &err);

    if (replicas == NULL)
        fail_msg("%s", err.text);
    return replicas;
}

static void open_second(char *target, size_t size)
{
    fixture.second = fixture_server(&fixture, "127.0.0.1:0", methods, &fixture, NULL);
    snprintf(target, size, "%s,127.0.0.1:%d", fixture.address, server_port(fixture.second, 0));
}

/* Both connections are up: keys go to either. */
static void wait_for_both(struct replicas *replicas)
{
    struct channel *seen = NULL;

    for (unsigned tries = 0; tries < 400; tries++) {
        char key[16];
        struct replica *replica;

        snprintf(key, sizeof(key), "key-%u", tries);
        replica = replicas_take(replicas, slice_from(key));
        if (replica == NULL) {
            fixture_pause(&fixture, 10);
            continue;
        }
        if (seen == NULL)
            seen = replica_channel(replica);
        else if (seen != replica_channel(replica)) {
            replica_let_go(replica);
            return;
        }
        replica_let_go(replica);
        fixture_pause(&fixture, 5);
    }
    fail_msg("only one replica came");
}

static enum status call_for(struct replicas *replicas, const char *key, struct channel **used)
{
    struct replica *replica = replicas_take(replicas, slice_from(key));
    struct channel *own = fixture.channel;
    struct outcome outcome;

    assert_non_null(replica);
    *used = fixture.channel = replica_channel(replica);
    outcome = encode("three");
    fixture.channel = own;
    replica_let_go(replica);
    return outcome.err.status;
}

static void a_key_stays_with_its_replica_and_moves_when_that_goes(void **state)
{
    struct channel *first, *again;
    struct replicas *replicas;
    char target[128];

    (void)state;
    open_second(target, sizeof(target));
    replicas = open_replicas(target);
    wait_for_both(replicas);
    assert_int_equal(call_for(replicas, "tenant/p1", &first), STATUS_OK);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(call_for(replicas, "tenant/p1", &again), STATUS_OK);
        assert_ptr_equal(first, again);
    }
    fixture_stop_server(&fixture, fixture.server);
    fixture.server = NULL;
    while (channel_is_ready(fixture.channel))
        fixture_pause(&fixture, 10);
    for (unsigned i = 0; i < 8; i++) {
        char key[16];

        snprintf(key, sizeof(key), "key-%u", i);
        assert_int_equal(call_for(replicas, key, &again), STATUS_OK);
    }
    replicas_destroy(replicas);
}

static void one_replica_or_a_name_of_one_leaves_the_choice_to_the_channel(void **state)
{
    struct replicas *replicas = open_replicas(fixture.address);
    char name[64];

    (void)state;
    assert_null(replicas_take(replicas, SLICE("key")));
    replicas_destroy(replicas);
    snprintf(name, sizeof(name), "dns:///localhost.:%s", strchr(fixture.address, ':') + 1);
    replicas = open_replicas(name);
    fixture_pause(&fixture, 100);
    replicas_destroy(replicas);
}

static void a_target_that_cannot_be_read_is_refused(void **state)
{
    static const char *const targets[] = { "", "name", "127.0.0.1:7104,", "127.0.0.1:0" };

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        const struct replicas_options options = {
            .client = fixture.client, .loop = &fixture.loop, .service = "test", .target = targets[i]
        };
        struct error err;

        assert_null(replicas_create(&options, &err));
        assert_int_equal(err.status, STATUS_INVALID_ARGUMENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_stays_with_its_replica_and_moves_when_that_goes),
        TEST(one_replica_or_a_name_of_one_leaves_the_choice_to_the_channel),
        TEST(a_target_that_cannot_be_read_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
