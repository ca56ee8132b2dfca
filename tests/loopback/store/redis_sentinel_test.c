/* A primary, two replicas and three Sentinels; the primary dies. */
#include "redis_group_fixture.h"

#define SERVER                                                                                     \
    "mkdir -p $DIR && exec redis-server --port $PORT --bind 127.0.0.1 --dir $DIR --save '' "       \
    "--appendonly no --repl-diskless-sync-delay 0 "
#define FAILOVER_MS 500

struct sentinels {
    struct group group;
    struct member *primary, *replicas[2], *watchers[3];
    char address[128];
};

static void start_servers(struct sentinels *all)
{
    char line[512];

    all->primary = member_add(&all->group, SERVER);
    for (size_t i = 0; i < 2; i++) {
        snprintf(line, sizeof(line), SERVER "--replicaof 127.0.0.1 %d", all->primary->port);
        all->replicas[i] = member_add(&all->group, line);
    }
    WAIT_UNTIL_SAYS(&all->group, "connected_slaves:2",
                    "redis-cli -p %d info replication 2>/dev/null", all->primary->port);
}

static void start_sentinels(struct sentinels *all)
{
    char line[1024];

    snprintf(line, sizeof(line),
             "mkdir -p $DIR && printf '%%s\n' 'port '$PORT 'bind 127.0.0.1' "
             "'sentinel monitor records 127.0.0.1 %d 2' "
             "'sentinel down-after-milliseconds records %d' "
             "'sentinel failover-timeout records 5000' > $DIR/sentinel.conf && "
             "exec redis-sentinel $DIR/sentinel.conf",
             all->primary->port, FAILOVER_MS);
    for (size_t i = 0; i < 3; i++)
        all->watchers[i] = member_add(&all->group, line);
    snprintf(all->address, sizeof(all->address),
             "sentinel:records@127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d", all->watchers[0]->port,
             all->watchers[1]->port, all->watchers[2]->port);
    for (size_t i = 0; i < 3; i++) {
        const char *const sees[] = { "slaves=2", "sentinels=3" };

        for (size_t j = 0; j < 2; j++)
            WAIT_UNTIL_SAYS(&all->group, sees[j], "redis-cli -p %d info sentinel 2>/dev/null",
                            all->watchers[i]->port);
    }
}

static void open_sentinels(struct sentinels *all, unsigned replicas)
{
    struct redis_options options;

    group_open(&all->group);
    start_servers(all);
    start_sentinels(all);
    options = default_options(&all->group.bench);
    options.address = all->address;
    options.replicas = replicas;
    options.command_timeout_ms = 1000;
    store_open(&all->group.bench, &options);
    RUN_UNTIL(&all->group.bench, all->group.bench.is_ready);
}

static enum status write_durably(struct bench *bench, const char *key, const char *value)
{
    const struct slice words[] = { SLICE("SET"), slice_from(key), slice_from(value) };
    unsigned before = bench->answers;
    struct error err;

    if (redis_command_durable(bench->redis, words, 3, on_done, bench, &err) != STATUS_OK)
        return err.status;
    RUN_UNTIL(bench, bench->answers > before);
    return bench->last_status;
}

/* Writes one after the other while the primary is killed; each that was told to be done is there
 * after the fail-over. */
static void loses_no_durable_write_when_the_primary_is_killed(void **state)
{
    struct sentinels all;
    struct bench *bench = &all.group.bench;
    unsigned done = 0, lost = 0, refused = 0;
    bool is_kept[400] = { false };
    char key[32];

    (void)state;
    open_sentinels(&all, 1);
    for (unsigned i = 0; i < 400; i++) {
        snprintf(key, sizeof(key), "key-%u", i);
        if (i == 100)
            member_kill(all.primary);
        is_kept[i] = write_durably(bench, key, "value") == STATUS_OK;
        if (!is_kept[i])
            run_for(bench, 50);
        is_kept[i] ? done++ : refused++;
    }
    assert_true(refused > 0);
    while (!redis_is_ready(bench->redis))
        run_for(bench, 20);
    for (unsigned i = 0; i < 400; i++) {
        snprintf(key, sizeof(key), "key-%u", i);
        if (is_kept[i]) {
            assert_int_equal(ask(bench, "GET", key, NULL), STATUS_OK);
            lost += bench->last.kind != REDIS_REPLY_KIND_STRING;
        }
    }
    assert_int_equal(lost, 0);
    assert_true(done > 100);
    group_close(&all.group);
}

static void says_that_a_write_is_not_durable_when_no_replica_has_it(void **state)
{
    struct sentinels all;
    struct bench *bench = &all.group.bench;

    (void)state;
    open_sentinels(&all, 2);
    assert_int_equal(write_durably(bench, "a", "1"), STATUS_OK);
    member_kill(all.replicas[0]);
    assert_int_equal(write_durably(bench, "b", "2"), STATUS_UNAVAILABLE);
    assert_string_equal(bench->last_error, "1 of 2 replicas of redis have the write");
    assert_int_equal(ask(bench, "GET", "b", NULL), STATUS_OK); /* the primary has it */
    assert_string_equal(bench->last_text, "2");
    group_close(&all.group);
}

/* CLIENT KILL TYPE normal comes with the change of role, so the store leaves of itself. */
static void follows_a_fail_over_that_is_asked_for(void **state)
{
    struct sentinels all;
    struct bench *bench = &all.group.bench;

    (void)state;
    open_sentinels(&all, 0);
    assert_int_equal(ask(bench, "SET", "key", "value"), STATUS_OK);
    WAIT_UNTIL_SAYS(&all.group, "OK", "redis-cli -p %d sentinel failover records",
                    all.watchers[0]->port);
    RUN_UNTIL(bench, !bench->is_ready);
    RUN_UNTIL(bench, bench->is_ready);
    assert_int_equal(ask(bench, "SET", "key", "other"), STATUS_OK);
    assert_true(says("role:slave", "redis-cli -p %d info replication", all.primary->port));
    group_close(&all.group);
}

static void is_not_ready_for_a_primary_that_nobody_knows(void **state)
{
    struct redis_options options;
    struct sentinels all;
    struct bench *bench = &all.group.bench;
    char address[160];

    (void)state;
    group_open(&all.group);
    start_servers(&all);
    start_sentinels(&all);
    snprintf(address, sizeof(address), "sentinel:others@%s", strchr(all.address, '@') + 1);
    options = default_options(bench);
    options.address = address;
    options.connect_timeout_ms = 100;
    store_open(bench, &options);
    run_for(bench, 500);
    assert_false(redis_is_ready(bench->redis));
    assert_int_equal(give(bench, "PING", NULL, NULL), STATUS_UNAVAILABLE);
    group_close(&all.group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_no_durable_write_when_the_primary_is_killed),
        cmocka_unit_test(says_that_a_write_is_not_durable_when_no_replica_has_it),
        cmocka_unit_test(follows_a_fail_over_that_is_asked_for),
        cmocka_unit_test(is_not_ready_for_a_primary_that_nobody_knows),
    };

    return run_with_redis(tests);
}
