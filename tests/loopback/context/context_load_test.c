#include "context_calls.h"
#include "context_load.h"

/* The service as if it had just been started: memory holds nothing, and Redis has counted nothing.
 */
static void start_afresh(struct bench *bench)
{
    service_close(bench);
    service_open(bench);
    wait_for_redis(bench, true);
    redis_count_anew(bench);
}

static void a_question_about_a_record_that_is_not_in_memory_takes_one_round_trip(void **state)
{
    struct bench *bench = *state;
    struct outcome outcome;

    put(bench, "p1", asthma, "map");
    start_afresh(bench);
    outcome = assemble(bench, "p1", "Has she got asthma?", 300);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_non_null(strstr(outcome.user, "Asthma"));
    assert_int_equal(redis_calls(bench, "eval"), 1);
    /* Now it is in memory. */
    assemble(bench, "p1", "Has she got asthma?", 300);
    assert_int_equal(redis_calls(bench, "eval"), 1);
}

/* ---- many at once ---- */

#define MANY 300 /* of the 320 that a server takes at once */

static void assemble_start(struct bench *bench, const char *patient, uint64_t deadline_ms,
                           struct rpc **rpc, struct outcome *outcome)
{
    Consilium__V1__AssembleRequest request = CONSILIUM__V1__ASSEMBLE_REQUEST__INIT;
    struct rpc_options options = { .deadline_ns = clock_now() + deadline_ms * CLOCK_NS_PER_MS,
                                   .attempts_max = 1 };
    struct error err;

    request.tenant = (char *)"t1";
    request.patient = (char *)patient;
    request.question = (char *)"Any problems?";
    request.budget_tokens = 300;
    memset(outcome, 0, sizeof(*outcome));
    assert_int_equal(rpc_call(bench->channel, &method_context_assemble, &request, &options,
                              on_assemble, outcome, rpc, &err),
                     STATUS_OK);
}

static void recall_start(struct bench *bench, const char *patient, struct outcome *outcome)
{
    Consilium__V1__RecallRequest request = CONSILIUM__V1__RECALL_REQUEST__INIT;

    request.tenant = (char *)"t1";
    request.patient = (char *)patient;
    start_call(bench, &method_context_recall, &request, on_recall, outcome);
}

/* Run the loop until a record is, or is not, being read. */
static void wait_for_reading(struct bench *bench, bool is_reading)
{
    while (list_is_empty(&bench->context->readings) == is_reading)
        uv_run(&bench->host.loop.uv, UV_RUN_ONCE);
}

static void many_questions_at_once_read_a_record_once(void **state)
{
    static struct outcome outcomes[MANY];
    struct bench *bench = *state;
    int64_t shared;

    put(bench, "p1", asthma, "map");
    start_afresh(bench);
    shared = metric_value(bench->context->metrics.shared);
    kill(bench->redis_process, SIGSTOP);
    for (size_t i = 0; i < MANY; i++)
        assemble_start(bench, "p1", 20000, NULL, &outcomes[i]);
    wait_for_reading(bench, true);
    kill(bench->redis_process, SIGCONT);
    for (size_t i = 0; i < MANY; i++) {
        wait_for(bench, &outcomes[i]);
        assert_int_equal(outcomes[i].status, STATUS_OK);
        assert_non_null(strstr(outcomes[i].user, "Asthma"));
    }
    assert_int_equal(redis_calls(bench, "eval"), 1);
    assert_int_equal(redis_calls(bench, "get"), 3); /* version, record, map */
    assert_true(metric_value(bench->context->metrics.shared) > shared);
}

/* A Recall must see what was written before it came: so those that come while the record is read
 * share one more look at its version. */
static void many_recalls_at_once_read_a_record_once_and_look_once_more(void **state)
{
    static struct outcome outcomes[MANY];
    struct bench *bench = *state;

    put(bench, "p1", asthma, "map");
    start_afresh(bench);
    kill(bench->redis_process, SIGSTOP);
    recall_start(bench, "p1", &outcomes[0]);
    wait_for_reading(bench, true);
    for (size_t i = 1; i < MANY; i++)
        recall_start(bench, "p1", &outcomes[i]);
    uv_run(&bench->host.loop.uv, UV_RUN_ONCE);
    kill(bench->redis_process, SIGCONT);
    for (size_t i = 0; i < MANY; i++) {
        wait_for(bench, &outcomes[i]);
        assert_int_equal(outcomes[i].status, STATUS_OK);
        assert_string_equal(outcomes[i].map, "map");
    }
    assert_in_range(redis_calls(bench, "eval"), 2, MANY / 2);
    assert_int_equal(redis_calls(bench, "get") - redis_calls(bench, "eval"), 2);
}

static void who_waits_no_more_ends_alone(void **state)
{
    struct outcome patient[2], hasty, gone;
    struct bench *bench = *state;
    struct rpc *rpc;

    put(bench, "p1", asthma, "map");
    start_afresh(bench);
    kill(bench->redis_process, SIGSTOP);
    assemble_start(bench, "p1", 20000, NULL, &patient[0]);
    assemble_start(bench, "p1", 50, NULL, &hasty);
    assemble_start(bench, "p1", 20000, &rpc, &gone);
    assemble_start(bench, "p1", 20000, NULL, &patient[1]);
    wait_for_reading(bench, true);
    wait_for(bench, &hasty);
    assert_int_equal(hasty.status, STATUS_DEADLINE_EXCEEDED);
    rpc_cancel(rpc);
    wait_for(bench, &gone);
    assert_false(patient[0].is_done || patient[1].is_done);
    kill(bench->redis_process, SIGCONT);
    for (size_t i = 0; i < 2; i++) {
        wait_for(bench, &patient[i]);
        assert_int_equal(patient[i].status, STATUS_OK);
    }
    assert_int_equal(redis_calls(bench, "eval"), 1);
}

static void a_record_that_nobody_waits_for_is_not_opened(void **state)
{
    struct bench *bench = *state;
    struct outcome outcome;
    struct rpc *rpc;

    put(bench, "p1", asthma, "map");
    start_afresh(bench);
    kill(bench->redis_process, SIGSTOP);
    assemble_start(bench, "p1", 20000, &rpc, &outcome);
    wait_for_reading(bench, true);
    rpc_cancel(rpc);
    for (uint64_t until = clock_now() + 200 * CLOCK_NS_PER_MS; clock_now() < until;)
        uv_run(&bench->host.loop.uv, UV_RUN_NOWAIT);
    kill(bench->redis_process, SIGCONT);
    wait_for_reading(bench, false);
    assert_null(
        cache_find(bench->context->cache, slice_from("t1"), slice_from("p1"), clock_wall_ms()));
    /* And one that is being read when the service stops leaves nothing behind. */
    kill(bench->redis_process, SIGSTOP);
    assemble_start(bench, "p1", 20000, &rpc, &outcome);
    wait_for_reading(bench, true);
    rpc_cancel(rpc);
    service_close(bench);
    kill(bench->redis_process, SIGCONT);
    service_open(bench);
}

static void a_failure_reaches_all_who_wait(void **state)
{
    static struct outcome outcomes[MANY];
    struct bench *bench = *state;

    put(bench, "p1", asthma, "map");
    start_afresh(bench);
    kill(bench->redis_process, SIGSTOP);
    for (size_t i = 0; i < MANY; i++)
        assemble_start(bench, "p1", 20000, NULL, &outcomes[i]);
    wait_for_reading(bench, true);
    redis_kill(bench);
    for (size_t i = 0; i < MANY; i++) {
        wait_for(bench, &outcomes[i]);
        assert_int_equal(outcomes[i].status, STATUS_UNAVAILABLE);
    }
}

static void a_record_that_is_forgotten_while_it_is_read_is_not_kept(void **state)
{
    Consilium__V1__ForgetContextRequest request = CONSILIUM__V1__FORGET_CONTEXT_REQUEST__INIT;
    struct outcome asked, forgotten;
    struct bench *bench = *state;

    put(bench, "p1", asthma, "map");
    start_afresh(bench);
    request.tenant = (char *)"t1";
    request.patient = (char *)"p1";
    kill(bench->redis_process, SIGSTOP);
    assemble_start(bench, "p1", 20000, NULL, &asked);
    wait_for_reading(bench, true);
    start_call(bench, &method_context_forget, &request, on_forget, &forgotten);
    for (uint64_t until = clock_now() + 200 * CLOCK_NS_PER_MS; clock_now() < until;)
        uv_run(&bench->host.loop.uv, UV_RUN_NOWAIT);
    kill(bench->redis_process, SIGCONT);
    wait_for(bench, &asked);
    wait_for(bench, &forgotten);
    assert_int_equal(asked.status, STATUS_OK);
    assert_true(forgotten.existed);
    assert_int_equal(assemble(bench, "p1", "Any problems?", 300).status, STATUS_NOT_FOUND);
}

/* ---- what other replicas do ---- */

static void one_replica_forgets_and_none_remembers(void **state)
{
    struct bench *bench = *state, replica;

    replica_open(&replica, bench);
    put(bench, "p1", asthma, "sealed");
    assert_int_equal(recall(&replica, "p1").facts, 1);
    put(bench, "p1", gout, "");
    assert_int_equal(recall(&replica, "p1").facts, 2);
    assert_true(forget(bench, "p1").existed);
    assert_int_equal(recall(&replica, "p1").status, STATUS_NOT_FOUND);
    assert_int_equal(assemble(&replica, "p1", "Any problems?", 500).status, STATUS_NOT_FOUND);
    assert_int_equal(recall(bench, "p1").status, STATUS_NOT_FOUND);
    service_close(&replica);
}

static void a_question_sees_a_forget_elsewhere_within_a_second(void **state)
{
    struct bench *bench = *state, replica;
    uint64_t until;

    replica_open(&replica, bench);
    put(bench, "p1", asthma, "sealed");
    assert_int_equal(assemble(&replica, "p1", "Any problems?", 500).status, STATUS_OK);
    forget(bench, "p1");
    until = clock_now() + (LOAD_FRESH_MS + 100) * CLOCK_NS_PER_MS;
    while (clock_now() < until)
        uv_run(&replica.host.loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(assemble(&replica, "p1", "Any problems?", 500).status, STATUS_NOT_FOUND);
    service_close(&replica);
}

static int set_up_fleeting(void **state)
{
    return set_up_with(state, 64 * MIB, 2000);
}

static void a_record_ends_with_its_time_in_memory_and_in_redis(void **state)
{
    struct bench *bench = *state;
    uint64_t until;

    put(bench, "p1", asthma, "sealed");
    assert_int_equal(recall(bench, "p1").status, STATUS_OK);
    until = clock_now() + 2400 * CLOCK_NS_PER_MS;
    while (clock_now() < until)
        uv_run(&bench->host.loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(assemble(bench, "p1", "Any problems?", 500).status, STATUS_NOT_FOUND);
    assert_int_equal(recall(bench, "p1").status, STATUS_NOT_FOUND);
    assert_false(forget(bench, "p1").existed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_questions_at_once_read_a_record_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_recalls_at_once_read_a_record_once_and_look_once_more,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_waits_no_more_ends_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_that_nobody_waits_for_is_not_opened, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_failure_reaches_all_who_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_that_is_forgotten_while_it_is_read_is_not_kept,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_question_about_a_record_that_is_not_in_memory_takes_one_round_trip, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(one_replica_forgets_and_none_remembers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_sees_a_forget_elsewhere_within_a_second, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_record_ends_with_its_time_in_memory_and_in_redis,
                                        set_up_fleeting, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
