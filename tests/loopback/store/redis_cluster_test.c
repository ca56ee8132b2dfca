/* Three primaries of Redis Cluster, with replicas where one of them dies. */
#include "redis_group_fixture.h"
#include "store/redis_slot.h"

#define NODE                                                                                       \
    "mkdir -p $DIR && exec redis-server --port $PORT --bind 127.0.0.1 --dir $DIR --save '' "       \
    "--appendonly no --cluster-enabled yes --cluster-node-timeout 3000 "                           \
    "--repl-diskless-sync-delay 0"

struct cluster {
    struct group group;
    char address[128];
};

static void open_cluster(struct cluster *cluster, size_t nodes, unsigned replicas)
{
    struct group *group = &cluster->group;
    struct redis_options options;
    char members[256] = "";

    group_open(group);
    for (size_t i = 0; i < nodes; i++) {
        struct member *member = member_add(group, NODE);

        WAIT_UNTIL_SAYS(group, "PONG", "redis-cli -p %d ping 2>/dev/null", member->port);
        snprintf(members + strlen(members), sizeof(members) - strlen(members), " 127.0.0.1:%d",
                 member->port);
    }
    assert_true(says("[OK] All 16384 slots covered",
                     "redis-cli --cluster create%s --cluster-replicas %zu --cluster-yes", members,
                     nodes / 3 - 1));
    for (size_t i = 0; i < nodes; i++)
        WAIT_UNTIL_SAYS(group, "cluster_state:ok", "redis-cli -p %d cluster info",
                        group->members[i].port);
    snprintf(cluster->address, sizeof(cluster->address), "cluster:127.0.0.1:1,127.0.0.1:%d",
             group->members[0].port); /* the first of them is nobody */
    options = default_options(&group->bench);
    options.address = cluster->address;
    options.replicas = replicas;
    options.command_timeout_ms = 1000;
    store_open(&group->bench, &options);
    RUN_UNTIL(&group->bench, group->bench.ready_count == 3);
}

static void keeps_each_key_at_its_node(void **state)
{
    struct cluster cluster;
    struct bench *bench = &cluster.group.bench;
    char key[32];

    (void)state;
    open_cluster(&cluster, 3, 0);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(key, sizeof(key), "ctx:{t:%u}:%u", i / 3, i);
        assert_int_equal(ask(bench, "SET", key, key), STATUS_OK);
    }
    for (unsigned i = 0; i < 300; i++) {
        snprintf(key, sizeof(key), "ctx:{t:%u}:%u", i / 3, i);
        assert_int_equal(ask(bench, "GET", key, NULL), STATUS_OK);
        assert_string_equal(bench->last_text, key);
        assert_int_equal(ask(bench, "CLUSTER", "KEYSLOT", key), STATUS_OK);
        assert_int_equal(bench->last.integer, redis_slot(slice_from(key)));
    }
    for (size_t i = 0; i < 3; i++)
        assert_false(says("none", "redis-cli -p %d dbsize | sed s/^0$/none/",
                          cluster.group.members[i].port));
    assert_int_equal(ask(bench, "PING", NULL, NULL), STATUS_OK);
    group_close(&cluster.group);
}

static void runs_a_script_over_the_keys_of_one_patient(void **state)
{
    const struct slice words[] = { SLICE("EVAL"),
                                   SLICE("redis.call('SET', KEYS[1], '1') return "
                                         "redis.call('INCRBY', KEYS[2], 41)"),
                                   SLICE("2"), SLICE("ctx:{t:p}:version"),
                                   SLICE("ctx:{t:p}:record") };
    struct cluster cluster;
    struct bench *bench = &cluster.group.bench;
    struct error err;

    (void)state;
    open_cluster(&cluster, 3, 0);
    assert_int_equal(redis_command(bench->redis, words, 5, on_done, bench, &err), STATUS_OK);
    RUN_UNTIL(bench, bench->answers == 1);
    assert_int_equal(bench->last_status, STATUS_OK);
    assert_int_equal(bench->last.integer, 41);
    group_close(&cluster.group);
}

/* The slot of "key" goes from node to node while it is written: MIGRATING answers ASK, and then
 * MOVED. */
static void follows_a_slot_that_moves(void **state)
{
    struct cluster cluster;
    struct group *group = &cluster.group;
    struct bench *bench = &group->bench;
    unsigned slot = redis_slot(SLICE("key"));
    int from = 0, to;
    char id[2][64] = { "", "" };

    (void)state;
    open_cluster(&cluster, 3, 0);
    assert_int_equal(ask(bench, "SET", "key", "1"), STATUS_OK);
    for (size_t i = 0; i < 3; i++)
        if (says("1", "redis-cli -p %d cluster countkeysinslot %u", group->members[i].port, slot))
            from = group->members[i].port;
    to = group->members[0].port == from ? group->members[1].port : group->members[0].port;
    for (size_t i = 0; i < 2; i++) {
        char command[64];
        FILE *pipe;

        snprintf(command, sizeof(command), "redis-cli -p %d cluster myid", i == 0 ? from : to);
        pipe = popen(command, "r");
        assert_non_null(fgets(id[i], 41, pipe));
        pclose(pipe);
    }
    assert_true(says("OK", "redis-cli -p %d cluster setslot %u importing %s", to, slot, id[0]));
    assert_true(says("OK", "redis-cli -p %d cluster setslot %u migrating %s", from, slot, id[1]));
    assert_int_equal(ask(bench, "GET", "key", NULL), STATUS_OK); /* still there */
    assert_true(says("OK", "redis-cli -p %d migrate 127.0.0.1 %d key 0 1000", from, to));
    assert_int_equal(ask(bench, "INCR", "key", NULL), STATUS_OK); /* ASK */
    assert_int_equal(bench->last.integer, 2);
    for (size_t i = 0; i < 3; i++)
        says("OK", "redis-cli -p %d cluster setslot %u node %s", group->members[i].port, slot,
             id[1]);
    assert_int_equal(ask(bench, "INCR", "key", NULL), STATUS_OK); /* MOVED */
    assert_int_equal(bench->last.integer, 3);
    assert_int_equal(ask(bench, "INCR", "key", NULL), STATUS_OK);
    assert_int_equal(bench->last.integer, 4);
    group_close(group);
}

static void goes_on_with_the_replica_of_a_primary_that_was_killed(void **state)
{
    struct cluster cluster;
    struct bench *bench = &cluster.group.bench;
    bool is_kept[300] = { false };
    unsigned refused = 0;
    char key[32];

    (void)state;
    open_cluster(&cluster, 6, 1);
    for (unsigned i = 0; i < 300; i++) {
        struct slice words[] = { SLICE("SET"), { NULL, 0 }, SLICE("1") };
        unsigned before = bench->answers;
        struct error err;

        snprintf(key, sizeof(key), "key-%u", i);
        words[1] = slice_from(key);
        if (i == 100)
            member_kill(&cluster.group.members[0]);
        if (redis_command_durable(bench->redis, words, 3, on_done, bench, &err) == STATUS_OK) {
            RUN_UNTIL(bench, bench->answers > before);
            is_kept[i] = bench->last_status == STATUS_OK;
        }
        if (!is_kept[i]) {
            refused++;
            run_for(bench, 50);
        }
    }
    assert_true(refused > 0);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(key, sizeof(key), "key-%u", i);
        while (ask(bench, "GET", key, NULL) != STATUS_OK)
            run_for(bench, 50);
        if (is_kept[i])
            assert_string_equal(bench->last_text, "1");
    }
    group_close(&cluster.group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_each_key_at_its_node),
        cmocka_unit_test(runs_a_script_over_the_keys_of_one_patient),
        cmocka_unit_test(follows_a_slot_that_moves),
        cmocka_unit_test(goes_on_with_the_replica_of_a_primary_that_was_killed),
    };

    return run_with_redis(tests);
}
