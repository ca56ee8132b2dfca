#include "context_calls.h"

#define COHORT 40

struct cohort {
    struct bench *bench;
    struct rpc *rpc;
    unsigned replies, slices, missing, invalid;
    unsigned cancel_after; /* replies; 0: never */
    bool is_one;           /* patient 7, again and again */
    bool seen[COHORT + 3];
    struct outcome outcome;
};

static void on_slice(void *arg, const void *message)
{
    const Consilium__V1__AssembleManyReply *reply = message;
    struct cohort *cohort = arg;
    char wanted[64];

    assert_true(reply->index < COHORT + 3 && !cohort->seen[reply->index]);
    cohort->seen[reply->index] = true;
    cohort->replies++;
    cohort->missing += reply->status == STATUS_NOT_FOUND;
    cohort->invalid += reply->status == STATUS_INVALID_ARGUMENT;
    assert_int_equal(reply->slice != NULL, reply->status == STATUS_OK);
    if (reply->slice != NULL) {
        snprintf(wanted, sizeof(wanted), "Disease %u,", cohort->is_one ? 7u : reply->index);
        assert_non_null(strstr(reply->slice->user, wanted));
        assert_non_null(strstr(reply->slice->user, reply->index == 3 && !cohort->is_one
                                                       ? "Question: Its own?"
                                                       : "Question: Any problems?"));
        cohort->slices++;
    }
    if (cohort->cancel_after > 0 && cohort->replies == cohort->cancel_after)
        rpc_cancel(cohort->rpc);
    else
        rpc_proceed(cohort->rpc);
}

static void on_cohort_end(void *arg, const struct error *err)
{
    keep(&((struct cohort *)arg)->outcome, err);
}

/* Patients 0 to COHORT - 1 are there, then one who is not, one who cannot be, and a question that
 * is none. */
static void ask_cohort(struct bench *bench, unsigned cancel_after, struct cohort *cohort)
{
    static const struct rpc_stream_callbacks callbacks = { on_slice, on_cohort_end };
    Consilium__V1__AssembleManyRequest request = CONSILIUM__V1__ASSEMBLE_MANY_REQUEST__INIT;
    Consilium__V1__AssembleOne ones[COHORT + 3], *list[COHORT + 3];
    struct rpc_options options = { .deadline_ns = clock_now() + 20 * CLOCK_NS_PER_S };
    char names[COHORT + 3][16];
    struct error err;

    *cohort = (struct cohort){ .bench = bench, .cancel_after = cancel_after };
    for (unsigned i = 0; i < COHORT + 3; i++) {
        consilium__v1__assemble_one__init(&ones[i]);
        snprintf(names[i], sizeof(names[i]), i == COHORT + 1 ? "p}%u" : "p%u", i % (COHORT + 2));
        ones[i].patient = names[i];
        list[i] = &ones[i];
    }
    ones[3].question = (char *)"Its own?";
    ones[COHORT + 2].question = (char *)"  ";
    request.tenant = (char *)"t1";
    request.question = (char *)"Any problems?";
    request.budget_tokens = 300;
    request.patients = list;
    request.n_patients = COHORT + 3;
    assert_int_equal(rpc_stream(bench->channel, &method_context_assemble_many, &request, &options,
                                &callbacks, cohort, &cohort->rpc, &err),
                     STATUS_OK);
    wait_for(bench, &cohort->outcome);
}

static void put_cohort(struct bench *bench)
{
    for (unsigned i = 0; i < COHORT; i++) {
        char name[16], bundle[512];

        snprintf(name, sizeof(name), "p%u", i);
        snprintf(bundle, sizeof(bundle), BUNDLE(CONDITION("c%u", "Disease %u")), i, i);
        assert_int_equal(put(bench, name, bundle, "").status, STATUS_OK);
    }
}

static void a_cohort_is_told_one_by_one_and_a_failure_ends_no_other(void **state)
{
    struct bench *bench = *state;
    struct cohort cohort;

    put_cohort(bench);
    ask_cohort(bench, 0, &cohort);
    assert_int_equal(cohort.outcome.status, STATUS_OK);
    assert_int_equal(cohort.replies, COHORT + 3);
    assert_int_equal(cohort.slices, COHORT);
    assert_int_equal(cohort.missing, 1);
    assert_int_equal(cohort.invalid, 2);
    service_close(bench);
    service_open(bench);
    wait_for_redis(bench, true);
    ask_cohort(bench, 0, &cohort); /* now from Redis */
    assert_int_equal(cohort.slices, COHORT);
}

static void a_patient_who_is_there_many_times_is_read_once(void **state)
{
    static const struct rpc_stream_callbacks callbacks = { on_slice, on_cohort_end };
    struct bench *bench = *state;
    Consilium__V1__AssembleManyRequest request = CONSILIUM__V1__ASSEMBLE_MANY_REQUEST__INIT;
    Consilium__V1__AssembleOne one = CONSILIUM__V1__ASSEMBLE_ONE__INIT, *list[8];
    struct rpc_options options = { .deadline_ns = clock_now() + 20 * CLOCK_NS_PER_S };
    struct cohort cohort = { .bench = bench, .is_one = true };
    struct error err;

    put_cohort(bench);
    service_close(bench);
    service_open(bench);
    wait_for_redis(bench, true);
    redis_count_anew(bench);
    one.patient = (char *)"p7";
    for (size_t i = 0; i < 8; i++)
        list[i] = &one;
    request.tenant = (char *)"t1";
    request.question = (char *)"Any problems?";
    request.budget_tokens = 300;
    request.patients = list;
    request.n_patients = 8;
    assert_int_equal(rpc_stream(bench->channel, &method_context_assemble_many, &request, &options,
                                &callbacks, &cohort, &cohort.rpc, &err),
                     STATUS_OK);
    wait_for(bench, &cohort.outcome);
    assert_int_equal(cohort.slices, 8);
    assert_int_equal(redis_calls(bench, "eval"), 1);
}

static void a_cohort_that_is_cancelled_leaves_nothing_behind(void **state)
{
    struct bench *bench = *state;
    struct cohort cohort;

    put_cohort(bench);
    service_close(bench);
    service_open(bench);
    wait_for_redis(bench, true);
    ask_cohort(bench, 5, &cohort);
    assert_int_equal(cohort.outcome.status, STATUS_CANCELLED);
    assert_int_equal(recall(bench, "p1").status, STATUS_OK);
}

static void a_cohort_of_none_or_too_many_is_refused(void **state)
{
    static const struct rpc_stream_callbacks callbacks = { on_slice, on_cohort_end };
    struct bench *bench = *state;
    Consilium__V1__AssembleManyRequest request = CONSILIUM__V1__ASSEMBLE_MANY_REQUEST__INIT;
    Consilium__V1__AssembleOne one = CONSILIUM__V1__ASSEMBLE_ONE__INIT, *list[1025];
    struct rpc_options options = { .deadline_ns = clock_now() + 20 * CLOCK_NS_PER_S };
    struct error err;

    request.tenant = (char *)"t1";
    request.patients = list;
    for (size_t i = 0; i < 1025; i++)
        list[i] = &one;
    for (size_t count = 0; count < 1026; count += 1025) {
        struct cohort cohort = { .bench = bench };

        request.n_patients = count;
        assert_int_equal(rpc_stream(bench->channel, &method_context_assemble_many, &request,
                                    &options, &callbacks, &cohort, &cohort.rpc, &err),
                         STATUS_OK);
        wait_for(bench, &cohort.outcome);
        assert_int_equal(cohort.outcome.status, STATUS_INVALID_ARGUMENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cohort_is_told_one_by_one_and_a_failure_ends_no_other,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_patient_who_is_there_many_times_is_read_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_cohort_that_is_cancelled_leaves_nothing_behind, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_cohort_of_none_or_too_many_is_refused, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
