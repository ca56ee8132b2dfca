#include "context_calls.h"

static void a_later_bundle_is_merged_and_the_version_grows(void **state)
{
    struct bench *bench = *state;
    uint64_t version = put(bench, "p1", asthma, "one").put.version;
    struct outcome outcome = put(bench, "p1", gout, "");

    assert_int_equal(outcome.put.facts, 2);
    assert_true(outcome.put.version > version);
    assert_string_equal(recall(bench, "p1").map, "one");
}

static void a_map_that_grew_from_an_older_record_is_refused(void **state)
{
    struct bench *bench = *state;
    uint64_t first = put(bench, "p1", asthma, "one").put.version, second;

    assert_int_equal(put(bench, "p1", gout, "from nothing").status, STATUS_ABORTED);
    assert_string_equal(recall(bench, "p1").map, "one");
    second = put_over(bench, "p1", gout, "two", first).put.version;
    assert_true(second > first);
    assert_int_equal(put_over(bench, "p1", gout, "late", first).status, STATUS_ABORTED);
    assert_string_equal(recall(bench, "p1").map, "two");
}

static void what_is_deleted_is_gone_and_the_rest_stays(void **state)
{
    static const char deletion[] =
        BUNDLE("{\"request\":{\"method\":\"DELETE\",\"url\":\"Condition/c1\"}}");
    struct bench *bench = *state;
    struct outcome outcome;

    put(bench, "p1", BUNDLE(CONDITION("c1", "Asthma") "," CONDITION("c2", "Gout")), "");
    outcome = put(bench, "p1", deletion, "");
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.put.facts, 1);
    service_close(bench);
    service_open(bench);
    wait_for_redis(bench, true);
    outcome = assemble(bench, "p1", "Any problems?", 500);
    assert_string_equal(outcome.user,
                        "Record:\n[1] condition: Gout, active\n\nQuestion: Any problems?");
}

static void puts_at_the_same_time_do_not_lose_each_other(void **state)
{
    struct bench *bench = *state;
    struct outcome outcomes[6];
    static const char *const bundles[] = {
        BUNDLE(CONDITION("a", "A")), BUNDLE(CONDITION("b", "B")), BUNDLE(CONDITION("c", "C")),
        BUNDLE(CONDITION("d", "D")), BUNDLE(CONDITION("e", "E")), BUNDLE(CONDITION("f", "F"))
    };

    for (size_t i = 0; i < 6; i++)
        put_start(bench, "p1", bundles[i], "", &outcomes[i]);
    for (size_t i = 0; i < 6; i++) {
        wait_for(bench, &outcomes[i]);
        assert_int_equal(outcomes[i].status, STATUS_OK);
        assert_true(outcomes[i].put.durable);
    }
    assert_int_equal(recall(bench, "p1").facts, 6);
}

static void without_redis_memory_serves_and_is_written_when_it_is_back(void **state)
{
    struct bench *bench = *state;
    struct outcome outcome;
    size_t records, bytes, unsaved = 1;

    put(bench, "p1", asthma, "sealed");
    redis_kill(bench);
    wait_for_redis(bench, false);
    outcome = put(bench, "p1", gout, "");
    assert_int_equal(outcome.status, STATUS_OK);
    assert_false(outcome.put.durable);
    assert_int_equal(outcome.put.facts, 2);
    outcome = recall(bench, "p1");
    assert_true(outcome.from_memory);
    assert_int_equal(outcome.facts, 2);
    assert_int_equal(assemble(bench, "p1", "Any problems?", 500).status, STATUS_OK);
    assert_int_equal(recall(bench, "p2").status, STATUS_UNAVAILABLE);
    assert_int_equal(put(bench, "p3", gout, "").put.durable, false);
    redis_start(bench);
    while (unsaved > 0) {
        uv_run(&bench->host.loop.uv, UV_RUN_ONCE);
        cache_count(bench->context->cache, &records, &bytes, &unsaved);
    }
    service_close(bench);
    service_open(bench);
    wait_for_redis(bench, true);
    assert_int_equal(recall(bench, "p1").facts, 2);
    assert_string_equal(recall(bench, "p1").map, "sealed");
    assert_int_equal(recall(bench, "p3").facts, 1);
}

static void what_was_put_without_redis_never_replaces_the_map_that_redis_has(void **state)
{
    struct bench *bench = *state;
    size_t records, bytes, unsaved = 1;

    put(bench, "p1", asthma, "first");
    service_close(bench);
    kill(bench->redis_process, SIGSTOP);
    service_open(bench);
    wait_for_redis(bench, false);
    assert_int_equal(put(bench, "p1", gout, "another").put.durable, false);
    kill(bench->redis_process, SIGCONT);
    while (unsaved > 0) {
        uv_run(&bench->host.loop.uv, UV_RUN_ONCE);
        cache_count(bench->context->cache, &records, &bytes, &unsaved);
    }
    assert_string_equal(recall(bench, "p1").map, "first");
    assert_int_equal(recall(bench, "p1").facts, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_later_bundle_is_merged_and_the_version_grows, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_map_that_grew_from_an_older_record_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_deleted_is_gone_and_the_rest_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(puts_at_the_same_time_do_not_lose_each_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_redis_memory_serves_and_is_written_when_it_is_back,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_was_put_without_redis_never_replaces_the_map_that_redis_has, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
