#include "context_calls.h"

static void on_resources(void *arg, const void *reply, const struct error *err)
{
    const Consilium__V1__ResourcesReply *resources = reply;
    struct outcome *outcome = arg;

    keep(outcome, err);
    if (resources == NULL)
        return;
    outcome->count = resources->total;
    snprintf(outcome->user, sizeof(outcome->user), "%.*s", (int)resources->bundle.len,
             (const char *)resources->bundle.data);
}

static struct outcome resources(struct bench *bench, const char *patient)
{
    Consilium__V1__ResourcesRequest request = CONSILIUM__V1__RESOURCES_REQUEST__INIT;
    struct outcome outcome;

    request.tenant = (char *)"t1";
    request.patient = (char *)patient;
    start_call(bench, &method_context_resources, &request, on_resources, &outcome);
    wait_for(bench, &outcome);
    return outcome;
}

static void wait_until_saved(struct bench *bench)
{
    size_t records, bytes, unsaved = 1;

    while (unsaved > 0) {
        uv_run(&bench->host.loop.uv, UV_RUN_ONCE);
        cache_count(bench->context->cache, &records, &bytes, &unsaved);
    }
}

static void what_was_put_is_told_by_every_replica(void **state)
{
    struct bench *bench = *state, replica;
    struct outcome outcome;

    put(bench, "p1", asthma, "");
    put(bench, "p1", gout, "");
    replica_open(&replica, bench);
    outcome = resources(&replica, "p1");
    assert_int_equal(outcome.count, 3);
    assert_non_null(strstr(outcome.user, "Asthma"));
    assert_non_null(strstr(outcome.user, "\"resourceType\":\"Claim\""));
    assert_non_null(strstr(outcome.user, "Gout"));
    service_close(&replica);
    assert_int_equal(resources(bench, "p2").status, STATUS_NOT_FOUND);
}

static void what_is_forgotten_is_gone(void **state)
{
    struct bench *bench = *state;

    put(bench, "p1", asthma, "");
    assert_true(forget(bench, "p1").existed);
    assert_int_equal(resources(bench, "p1").status, STATUS_NOT_FOUND);
    put(bench, "p1", gout, "");
    assert_int_equal(resources(bench, "p1").count, 1);
}

static void puts_at_the_same_time_do_not_lose_resources(void **state)
{
    struct bench *bench = *state;
    struct outcome outcomes[4];
    static const char *const bundles[] = { BUNDLE(CONDITION("a", "A")), BUNDLE(CONDITION("b", "B")),
                                           BUNDLE(CONDITION("c", "C")),
                                           BUNDLE(CONDITION("d", "D")) };

    for (size_t i = 0; i < 4; i++)
        put_start(bench, "p1", bundles[i], "", &outcomes[i]);
    for (size_t i = 0; i < 4; i++) {
        wait_for(bench, &outcomes[i]);
        assert_int_equal(outcomes[i].status, STATUS_OK);
    }
    assert_int_equal(resources(bench, "p1").count, 4);
}

/* Without Redis a new patient's are whole in memory; an old one's are where Redis is. */
static void without_redis_what_memory_has_is_told_if_it_is_all(void **state)
{
    struct bench *bench = *state;

    put(bench, "old", asthma, "");
    redis_kill(bench);
    wait_for_redis(bench, false);
    assert_int_equal(resources(bench, "old").status, STATUS_UNAVAILABLE);
    put(bench, "new", gout, "");
    assert_int_equal(resources(bench, "new").count, 1);
    put(bench, "new", asthma, "");
    assert_int_equal(resources(bench, "new").count, 3);
    put(bench, "old", gout, "");
    assert_int_equal(resources(bench, "old").status, STATUS_UNAVAILABLE);
    redis_start(bench); /* it comes back empty */
    wait_until_saved(bench);
    assert_int_equal(resources(bench, "new").count, 3);
    assert_int_equal(resources(bench, "old").status, STATUS_FAILED_PRECONDITION);
}

static void what_was_put_while_redis_did_not_answer_joins_what_it_has(void **state)
{
    struct bench *bench = *state;

    put(bench, "p1", asthma, "");
    kill(bench->redis_process, SIGSTOP);
    wait_for_redis(bench, false);
    assert_false(put(bench, "p1", gout, "").put.durable);
    kill(bench->redis_process, SIGCONT);
    wait_until_saved(bench);
    assert_int_equal(resources(bench, "p1").count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_put_is_told_by_every_replica, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_forgotten_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(puts_at_the_same_time_do_not_lose_resources, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_redis_what_memory_has_is_told_if_it_is_all, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_put_while_redis_did_not_answer_joins_what_it_has,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
