#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "store/redis_where.h"

static void reads_one_address(void **state)
{
    struct redis_where where;

    (void)state;
    assert_int_equal(redis_where_parse("redis.hospital:6379", &where, NULL), STATUS_OK);
    assert_int_equal(where.kind, REDIS_WHERE_ONE);
    assert_int_equal(where.count, 1);
    assert_string_equal(where.addresses[0].host, "redis.hospital");
    assert_int_equal(redis_where_parse("unix:/run/redis,1.sock", &where, NULL), STATUS_OK);
    assert_string_equal(where.addresses[0].host, "/run/redis,1.sock");
}

static void reads_the_sentinels_and_the_name_they_give_the_primary(void **state)
{
    struct redis_where where;

    (void)state;
    assert_int_equal(redis_where_parse("sentinel:records@10.0.0.1:26379,[::1]:26380", &where, NULL),
                     STATUS_OK);
    assert_int_equal(where.kind, REDIS_WHERE_SENTINEL);
    assert_string_equal(where.name, "records");
    assert_int_equal(where.count, 2);
    assert_string_equal(where.addresses[1].host, "::1");
    assert_int_equal(where.addresses[1].port, 26380);
}

static void reads_the_nodes_of_a_cluster(void **state)
{
    struct redis_where where;

    (void)state;
    assert_int_equal(redis_where_parse("cluster:a:7000,b:7001,c:7002", &where, NULL), STATUS_OK);
    assert_int_equal(where.kind, REDIS_WHERE_CLUSTER);
    assert_int_equal(where.count, 3);
    assert_string_equal(where.addresses[2].host, "c");
}

static void refuses_what_is_none_of_these(void **state)
{
    static const char *const texts[] = {
        "",
        "redis",
        "sentinel:",
        "sentinel:name",
        "sentinel:@a:1",
        "sentinel:n@",
        "sentinel:n@a",
        "cluster:",
        "cluster:a:1,",
        "cluster:a:1,,b:2",
        "cluster:a",
        "a:1,b:2,c",
        "cluster:a:1 b:2:x",
        "sentinel:n@a:99999",
    };
    char many[REDIS_ADDRESSES_MAX * 4 + 32] = "cluster:a:1", name[256] = "sentinel:", host[512];
    struct redis_where where;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(redis_where_parse(texts[i], &where, &err), STATUS_INVALID_ARGUMENT);
    for (size_t i = 0; i < REDIS_ADDRESSES_MAX; i++)
        strcat(many, ",a:1");
    assert_int_equal(redis_where_parse(many, &where, &err), STATUS_INVALID_ARGUMENT);
    memset(name + 9, 'n', sizeof(where.name));
    strcpy(name + 9 + sizeof(where.name), "@a:1");
    assert_int_equal(redis_where_parse(name, &where, &err), STATUS_INVALID_ARGUMENT);
    memset(host, 'h', sizeof(host) - 1);
    host[sizeof(host) - 1] = '\0';
    assert_int_equal(redis_where_parse(host, &where, &err), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_one_address),
        cmocka_unit_test(reads_the_sentinels_and_the_name_they_give_the_primary),
        cmocka_unit_test(reads_the_nodes_of_a_cluster),
        cmocka_unit_test(refuses_what_is_none_of_these),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
