#include "context_calls.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_is_put_recalled_asked_and_forgotten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_process_with_the_key_finds_the_record, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_timeline_answers_questions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_records_names_are_told_each_once_and_one_that_is_near_is_chosen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_redis_holds_cannot_be_read_or_moved, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_key_file_is_for_its_owner_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_wrong_with_the_right_status, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
