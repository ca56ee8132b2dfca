#include "context_service_fixture.h"

#include "context_load.h"

/* What one call came to. */
struct outcome {
    bool is_done;
    enum status status;
    char error[240];
    Consilium__V1__PutReply put;
    uint64_t version;
    uint32_t facts, count;
    double number;
    bool from_memory, existed;
    char map[64], user[4096], page[64], first_reference[128];
};

/* ---- calls ---- */

static void keep(struct outcome *outcome, const struct error *err)
{
    outcome->is_done = true;
    outcome->status = err->status;
    snprintf(outcome->error, sizeof(outcome->error), "%s", err->text);
}

static void on_put(void *arg, const void *reply, const struct error *err)
{
    struct outcome *outcome = arg;

    keep(outcome, err);
    if (reply != NULL)
        outcome->put = *(const Consilium__V1__PutReply *)reply;
}

static void on_recall(void *arg, const void *reply, const struct error *err)
{
    const Consilium__V1__RecallReply *recall = reply;
    struct outcome *outcome = arg;

    keep(outcome, err);
    if (recall == NULL)
        return;
    outcome->version = recall->version;
    outcome->facts = recall->facts;
    outcome->from_memory = recall->from_memory;
    snprintf(outcome->map, sizeof(outcome->map), "%.*s", (int)recall->sealed_map.len,
             (const char *)recall->sealed_map.data);
}

static void on_assemble(void *arg, const void *reply, const struct error *err)
{
    const Consilium__V1__AssembleReply *assemble = reply;
    struct outcome *outcome = arg;

    keep(outcome, err);
    if (assemble == NULL)
        return;
    outcome->facts = (uint32_t)assemble->n_facts;
    outcome->version = assemble->version;
    snprintf(outcome->user, sizeof(outcome->user), "%s", assemble->user);
    if (assemble->n_facts > 0)
        snprintf(outcome->first_reference, sizeof(outcome->first_reference), "%s",
                 assemble->facts[0]->reference);
}

static void on_timeline(void *arg, const void *reply, const struct error *err)
{
    const Consilium__V1__TimelineReply *timeline = reply;
    struct outcome *outcome = arg;

    keep(outcome, err);
    if (timeline == NULL)
        return;
    outcome->facts = (uint32_t)timeline->n_facts;
    snprintf(outcome->page, sizeof(outcome->page), "%s", timeline->next_page_token);
}

static void on_timeline_answer(void *arg, const void *reply, const struct error *err)
{
    const Consilium__V1__TimelineReply *timeline = reply;
    struct outcome *outcome = arg;

    keep(outcome, err);
    if (timeline == NULL)
        return;
    assert_non_null(timeline->answer);
    assert_int_equal(timeline->answer->n_items, timeline->n_facts);
    outcome->facts = (uint32_t)timeline->n_facts;
    outcome->count = timeline->answer->count;
    if (timeline->n_facts > 0) {
        outcome->number = timeline->answer->items[timeline->n_facts - 1]->number;
        snprintf(outcome->first_reference, sizeof(outcome->first_reference), "%s",
                 timeline->facts[0]->reference);
    }
    if (timeline->answer->trend != NULL)
        snprintf(outcome->user, sizeof(outcome->user), "%s", timeline->answer->trend->direction);
}

static void on_forget(void *arg, const void *reply, const struct error *err)
{
    struct outcome *outcome = arg;

    keep(outcome, err);
    if (reply != NULL)
        outcome->existed = ((const Consilium__V1__ForgetContextReply *)reply)->existed;
}

static void start_call(struct bench *bench, const struct method *method, const void *request,
                       rpc_reply_cb on_reply, struct outcome *outcome)
{
    struct rpc_options options = { .deadline_ns = clock_now() + 20 * CLOCK_NS_PER_S,
                                   .attempts_max = 1 };
    struct error err;

    memset(outcome, 0, sizeof(*outcome));
    assert_int_equal(
        rpc_call(bench->channel, method, request, &options, on_reply, outcome, NULL, &err),
        STATUS_OK);
}

static void wait_for(struct bench *bench, const struct outcome *outcome)
{
    while (!outcome->is_done)
        uv_run(&bench->host.loop.uv, UV_RUN_ONCE);
}

static void put_start_over(struct bench *bench, const char *patient, const char *bundle,
                           const char *map, uint64_t base_version, struct outcome *outcome)
{
    Consilium__V1__PutRequest request = CONSILIUM__V1__PUT_REQUEST__INIT;

    request.tenant = (char *)"t1";
    request.patient = (char *)patient;
    request.bundle = (ProtobufCBinaryData){ strlen(bundle), (uint8_t *)bundle };
    request.sealed_map = (ProtobufCBinaryData){ strlen(map), (uint8_t *)map };
    request.base_version = base_version;
    start_call(bench, &method_context_put, &request, on_put, outcome);
}

static void put_start(struct bench *bench, const char *patient, const char *bundle, const char *map,
                      struct outcome *outcome)
{
    put_start_over(bench, patient, bundle, map, 0, outcome);
}

static struct outcome put(struct bench *bench, const char *patient, const char *bundle,
                          const char *map)
{
    struct outcome outcome;

    put_start(bench, patient, bundle, map, &outcome);
    wait_for(bench, &outcome);
    return outcome;
}

static struct outcome put_over(struct bench *bench, const char *patient, const char *bundle,
                               const char *map, uint64_t base_version)
{
    struct outcome outcome;

    put_start_over(bench, patient, bundle, map, base_version, &outcome);
    wait_for(bench, &outcome);
    return outcome;
}

static struct outcome recall(struct bench *bench, const char *patient)
{
    Consilium__V1__RecallRequest request = CONSILIUM__V1__RECALL_REQUEST__INIT;
    struct outcome outcome;

    request.tenant = (char *)"t1";
    request.patient = (char *)patient;
    start_call(bench, &method_context_recall, &request, on_recall, &outcome);
    wait_for(bench, &outcome);
    return outcome;
}

static struct outcome assemble(struct bench *bench, const char *patient, const char *question,
                               uint32_t budget)
{
    Consilium__V1__AssembleRequest request = CONSILIUM__V1__ASSEMBLE_REQUEST__INIT;
    struct outcome outcome;

    request.tenant = (char *)"t1";
    request.patient = (char *)patient;
    request.question = (char *)question;
    request.budget_tokens = budget;
    start_call(bench, &method_context_assemble, &request, on_assemble, &outcome);
    wait_for(bench, &outcome);
    return outcome;
}

static struct outcome forget(struct bench *bench, const char *patient)
{
    Consilium__V1__ForgetContextRequest request = CONSILIUM__V1__FORGET_CONTEXT_REQUEST__INIT;
    struct outcome outcome;

    request.tenant = (char *)"t1";
    request.patient = (char *)patient;
    start_call(bench, &method_context_forget, &request, on_forget, &outcome);
    wait_for(bench, &outcome);
    return outcome;
}

#define BUNDLE(resources) "{\"resourceType\":\"Bundle\",\"entry\":[" resources "]}"
#define CONDITION(id, name)                                                                        \
    "{\"resource\":{\"resourceType\":\"Condition\",\"id\":\"" id                                   \
    "\",\"clinicalStatus\":{\"coding\":[{\"code\":\"active\"}]},\"code\":{\"text\":\"" name        \
    "\"}}}"

static const char asthma[] =
    BUNDLE(CONDITION("c1", "Asthma") ",{\"resource\":{\"resourceType\":\"Claim\"}}");
static const char gout[] = BUNDLE(CONDITION("c2", "Gout"));

/* ---- tests ---- */

static struct outcome ask_timeline(struct bench *bench, Consilium__V1__TimelineVerb verb,
                                   const char *what, const char *to, uint32_t page_size)
{
    Consilium__V1__TimelineRequest request = CONSILIUM__V1__TIMELINE_REQUEST__INIT;
    Consilium__V1__TimelineQuestion question = CONSILIUM__V1__TIMELINE_QUESTION__INIT;
    struct outcome outcome;

    question.verb = verb;
    question.what = (char *)what;
    question.to = (char *)to;
    request.tenant = (char *)"t1";
    request.patient = (char *)"p1";
    request.page_size = page_size;
    request.question = &question;
    start_call(bench, &method_context_timeline, &request, on_timeline_answer, &outcome);
    wait_for(bench, &outcome);
    return outcome;
}

#define GLUCOSE(id, date, value)                                                                   \
    "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"" id                                 \
    "\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":"     \
    "\"2345-7\"}],\"text\":\"Glucose\"},\"effectiveDateTime\":\"" date                             \
    "\",\"valueQuantity\":{\"value\":" value ",\"unit\":\"mg/dL\"}}}"

static void a_timeline_answers_questions(void **state)
{
    struct bench *bench = *state;
    struct outcome outcome;

    put(bench, "p1",
        BUNDLE(GLUCOSE("a", "2018-01-01", "90") "," GLUCOSE("b", "2019-01-01", "100") "," GLUCOSE(
            "c", "2020-01-01", "120") "," CONDITION("c1", "Asthma")),
        "");
    outcome = ask_timeline(bench, CONSILIUM__V1__TIMELINE_VERB__TIMELINE_VERB_LATEST, "2345-7",
                           "2019", 0);
    assert_int_equal(outcome.count, 1);
    assert_string_equal(outcome.first_reference, "Observation/b");
    assert_true(outcome.number == 100);
    outcome =
        ask_timeline(bench, CONSILIUM__V1__TIMELINE_VERB__TIMELINE_VERB_TREND, "glucose", "", 0);
    assert_string_equal(outcome.user, "rising");
    assert_int_equal(outcome.facts, 3);
    outcome = ask_timeline(bench, CONSILIUM__V1__TIMELINE_VERB__TIMELINE_VERB_COUNT, "all", "", 2);
    assert_int_equal(outcome.count, 4);
    assert_int_equal(outcome.facts, 2);
    outcome = ask_timeline(bench, CONSILIUM__V1__TIMELINE_VERB__TIMELINE_VERB_ACTIVE, "conditions",
                           "", 0);
    assert_string_equal(outcome.first_reference, "Condition/c1");
    assert_int_equal(
        ask_timeline(bench, CONSILIUM__V1__TIMELINE_VERB__TIMELINE_VERB_LATEST, "", "", 0).status,
        STATUS_INVALID_ARGUMENT);
    assert_int_equal(
        ask_timeline(bench, CONSILIUM__V1__TIMELINE_VERB__TIMELINE_VERB_UNSPECIFIED, "all", "", 0)
            .status,
        STATUS_INVALID_ARGUMENT);
    assert_int_equal(
        ask_timeline(bench, CONSILIUM__V1__TIMELINE_VERB__TIMELINE_VERB_COUNT, "all", "May", 0)
            .status,
        STATUS_INVALID_ARGUMENT);
}

static void a_record_is_put_recalled_asked_and_forgotten(void **state)
{
    struct bench *bench = *state;
    struct outcome outcome = put(bench, "p1", asthma, "sealed");
    Consilium__V1__TimelineRequest timeline = CONSILIUM__V1__TIMELINE_REQUEST__INIT;

    assert_int_equal(outcome.status, STATUS_OK);
    assert_true(outcome.put.durable);
    assert_int_equal(outcome.put.resources, 2);
    assert_int_equal(outcome.put.resources_as_facts, 1);
    assert_int_equal(outcome.put.n_not_facts, 1);
    outcome = recall(bench, "p1");
    assert_int_equal(outcome.facts, 1);
    assert_string_equal(outcome.map, "sealed");
    assert_false(outcome.from_memory);
    outcome = assemble(bench, "p1", "Any problems?", 500);
    assert_string_equal(outcome.user,
                        "Record:\n[1] condition: Asthma, active\n\nQuestion: Any problems?");
    assert_string_equal(outcome.first_reference, "Condition/c1");
    timeline.tenant = (char *)"t1";
    timeline.patient = (char *)"p1";
    start_call(bench, &method_context_timeline, &timeline, on_timeline, &outcome);
    wait_for(bench, &outcome);
    assert_int_equal(outcome.facts, 1);
    assert_true(forget(bench, "p1").existed);
    assert_false(forget(bench, "p1").existed);
    assert_int_equal(recall(bench, "p1").status, STATUS_NOT_FOUND);
    assert_int_equal(assemble(bench, "p1", "Any problems?", 500).status, STATUS_NOT_FOUND);
}

static void a_later_bundle_is_merged_and_the_version_grows(void **state)
{
    struct bench *bench = *state;
    uint64_t version = put(bench, "p1", asthma, "one").put.version;
    struct outcome outcome = put(bench, "p1", gout, "");

    assert_int_equal(outcome.put.facts, 2);
    assert_true(outcome.put.version > version);
    assert_string_equal(recall(bench, "p1").map, "one");
}

static void another_process_with_the_key_finds_the_record(void **state)
{
    struct bench *bench = *state;
    struct outcome outcome;

    put(bench, "p1", asthma, "sealed");
    service_close(bench);
    service_open(bench);
    wait_for_redis(bench, true);
    outcome = recall(bench, "p1");
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.facts, 1);
    assert_string_equal(outcome.map, "sealed");
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

/* ---- AssembleMany ---- */

#define COHORT 40

struct cohort {
    struct bench *bench;
    struct rpc *rpc;
    unsigned replies, slices, missing, invalid;
    unsigned cancel_after; /* replies; 0: never */
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
        snprintf(wanted, sizeof(wanted), "Disease %u,", reply->index);
        assert_non_null(strstr(reply->slice->user, wanted));
        assert_non_null(strstr(reply->slice->user, reply->index == 3 ? "Question: Its own?"
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

static void on_names(void *arg, const void *reply, const struct error *err)
{
    const Consilium__V1__NamesReply *names = reply;
    struct outcome *outcome = arg;

    keep(outcome, err);
    for (size_t i = 0; names != NULL && i < names->n_names; i++) {
        size_t size = strlen(outcome->user);

        snprintf(outcome->user + size, sizeof(outcome->user) - size, "%s;", names->names[i]);
    }
}

static void a_records_names_are_told_each_once_and_one_that_is_near_is_chosen(void **state)
{
    struct bench *bench = *state;
    Consilium__V1__NamesRequest names = CONSILIUM__V1__NAMES_REQUEST__INIT;
    Consilium__V1__AssembleRequest asked = CONSILIUM__V1__ASSEMBLE_REQUEST__INIT;
    Consilium__V1__NameNear near = CONSILIUM__V1__NAME_NEAR__INIT, *list[257];
    struct outcome outcome;

    put(bench, "p1",
        BUNDLE(CONDITION("a", "Zorbitis") "," CONDITION("b", "Quibosis") "," CONDITION("c",
                                                                                       "Zorbitis")),
        "");
    names.tenant = (char *)"t1";
    names.patient = (char *)"p1";
    start_call(bench, &method_context_names, &names, on_names, &outcome);
    wait_for(bench, &outcome);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_string_equal(outcome.user, "Zorbitis;Quibosis;");
    near.name = (char *)"Quibosis";
    near.near = 1;
    for (size_t i = 0; i < 257; i++)
        list[i] = &near;
    asked.tenant = names.tenant;
    asked.patient = names.patient;
    asked.question = (char *)"Anything of note?";
    asked.budget_tokens = 40;
    asked.near = list;
    asked.n_near = 1;
    start_call(bench, &method_context_assemble, &asked, on_assemble, &outcome);
    wait_for(bench, &outcome);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_non_null(strstr(outcome.user, "Quibosis"));
    asked.n_near = 257;
    start_call(bench, &method_context_assemble, &asked, on_assemble, &outcome);
    wait_for(bench, &outcome);
    assert_int_equal(outcome.status, STATUS_INVALID_ARGUMENT);
}

/* What Redis counts of a command, as "calls=1,…"; empty: none. */
static void redis_calls(const struct bench *bench, const char *command, char calls[64])
{
    char line[256], shell[256], name[32];
    FILE *cli;

    snprintf(shell, sizeof(shell), "redis-cli -s %s/redis.sock info commandstats", bench->folder);
    snprintf(name, sizeof(name), "cmdstat_%s:", command);
    cli = popen(shell, "r");
    assert_non_null(cli);
    calls[0] = '\0';
    while (fgets(line, sizeof(line), cli) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            snprintf(calls, 64, "%.*s", (int)strcspn(line + strlen(name), ","),
                     line + strlen(name));
    assert_int_equal(pclose(cli), 0);
}

static void a_question_about_a_record_that_is_not_in_memory_takes_one_round_trip(void **state)
{
    struct bench *bench = *state;
    struct outcome outcome;
    char shell[256], calls[64];

    put(bench, "p1", BUNDLE(CONDITION("a", "Asthma")), "map");
    service_close(bench);
    service_open(bench);
    wait_for_redis(bench, true);
    snprintf(shell, sizeof(shell), "redis-cli -s %s/redis.sock config resetstat > /dev/null",
             bench->folder);
    assert_int_equal(system(shell), 0);
    outcome = assemble(bench, "p1", "Has she got asthma?", 300);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_non_null(strstr(outcome.user, "Asthma"));
    redis_calls(bench, "eval", calls);
    assert_string_equal(calls, "calls=1");
    /* Now it is in memory. */
    assemble(bench, "p1", "Has she got asthma?", 300);
    redis_calls(bench, "eval", calls);
    assert_string_equal(calls, "calls=1");
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

struct peek {
    bool is_done, has_text;
    size_t bytes;
};

static void on_peek(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct peek *peek = arg;

    (void)err;
    peek->is_done = true;
    if (reply != NULL && reply->kind == REDIS_REPLY_KIND_STRING) {
        peek->bytes = reply->string.size;
        peek->has_text = memmem(reply->string.data, reply->string.size, "Asthma", 6) != NULL;
    }
}

static void what_redis_holds_cannot_be_read_or_moved(void **state)
{
    struct bench *bench = *state;
    const struct slice get[] = { SLICE("GET"), SLICE("ctx:{t1:p1}:record") };
    const struct slice copy_record[] = { SLICE("COPY"), SLICE("ctx:{t1:p1}:record"),
                                         SLICE("ctx:{t1:p2}:record") };
    const struct slice copy_map[] = { SLICE("COPY"), SLICE("ctx:{t1:p1}:map"),
                                      SLICE("ctx:{t1:p2}:map") };
    const struct slice copy_version[] = { SLICE("COPY"), SLICE("ctx:{t1:p1}:version"),
                                          SLICE("ctx:{t1:p2}:version") };
    struct peek peek = { 0 };
    struct error err;

    put(bench, "p1", asthma, "sealed");
    assert_int_equal(
        redis_command(bench->context->store.redis, copy_record, 3, on_peek, &peek, &err),
        STATUS_OK);
    assert_int_equal(redis_command(bench->context->store.redis, copy_map, 3, on_peek, &peek, &err),
                     STATUS_OK);
    assert_int_equal(
        redis_command(bench->context->store.redis, copy_version, 3, on_peek, &peek, &err),
        STATUS_OK);
    peek.is_done = false;
    assert_int_equal(recall(bench, "p2").status, STATUS_DATA_LOSS);
    peek.is_done = false;
    assert_int_equal(redis_command(bench->context->store.redis, get, 2, on_peek, &peek, &err),
                     STATUS_OK);
    while (!peek.is_done)
        uv_run(&bench->host.loop.uv, UV_RUN_ONCE);
    assert_true(peek.bytes > 50);
    assert_false(peek.has_text);
}

static void the_key_file_is_for_its_owner_alone(void **state)
{
    struct bench *bench = *state;
    struct stat about;

    assert_int_equal(stat(bench->key_file, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void refuses_what_is_wrong_with_the_right_status(void **state)
{
    struct bench *bench = *state;
    static char long_question[QUESTION_BYTES_MAX + 2];

    assert_int_equal(put(bench, "", asthma, "").status, STATUS_INVALID_ARGUMENT);
    assert_int_equal(put(bench, "p}1", asthma, "").status, STATUS_INVALID_ARGUMENT);
    assert_int_equal(put(bench, "p1", "", "").status, STATUS_INVALID_ARGUMENT);
    assert_int_equal(put(bench, "p1", "{\"resourceType\":", "").status, STATUS_INVALID_ARGUMENT);
    assert_int_equal(put(bench, "p1", "{\"resourceType\":\"Patient\"}", "").status,
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(recall(bench, "nobody").status, STATUS_NOT_FOUND);
    put(bench, "p1", asthma, "");
    memset(long_question, 'a', sizeof(long_question) - 1);
    assert_int_equal(assemble(bench, "p1", long_question, 500).status, STATUS_INVALID_ARGUMENT);
    assert_int_equal(assemble(bench, "p1", "", 500).status, STATUS_INVALID_ARGUMENT);
    assert_int_equal(assemble(bench, "p1", "Any problems?", 2).status, STATUS_INVALID_ARGUMENT);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_records_names_are_told_each_once_and_one_that_is_near_is_chosen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_question_about_a_record_that_is_not_in_memory_takes_one_round_trip, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(a_record_is_put_recalled_asked_and_forgotten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_later_bundle_is_merged_and_the_version_grows, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_map_that_grew_from_an_older_record_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_process_with_the_key_finds_the_record, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_timeline_answers_questions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_deleted_is_gone_and_the_rest_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_replica_forgets_and_none_remembers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_sees_a_forget_elsewhere_within_a_second, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_record_ends_with_its_time_in_memory_and_in_redis,
                                        set_up_fleeting, tear_down),
        cmocka_unit_test_setup_teardown(a_cohort_is_told_one_by_one_and_a_failure_ends_no_other,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cohort_that_is_cancelled_leaves_nothing_behind, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_cohort_of_none_or_too_many_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(puts_at_the_same_time_do_not_lose_each_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_redis_memory_serves_and_is_written_when_it_is_back,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_was_put_without_redis_never_replaces_the_map_that_redis_has, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_redis_holds_cannot_be_read_or_moved, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_key_file_is_for_its_owner_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_wrong_with_the_right_status, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
