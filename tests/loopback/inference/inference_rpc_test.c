/* What Generate and Score answer, over a real connection. */
#include "inference_service_fixture.h"

static void streams_ids_and_ends_with_usage_and_digest(void **state)
{
    Consilium__V1__GenerateRequest request = ask_for(30, 40);
    struct outcome outcome = { .read = read_reply };

    (void)state;
    open_service(2, 4);
    fixture_start_stream(&fixture, &outcome, &method_inference_generate, &request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.value, 40);
    assert_int_equal(finish, CONSILIUM__V1__FINISH_REASON__FINISH_REASON_LENGTH);
    assert_int_equal(prompt_tokens, 30);
    assert_int_equal(generated_tokens, 40);
    assert_string_equal(digest, inference_engine_digest(inference->current->engine));
    close_service();
}

static void serves_many_callers_on_few_sequences(void **state)
{
    Consilium__V1__GenerateRequest request = ask_for(20, 25);
    struct outcome outcomes[24] = { 0 };

    (void)state;
    open_service(3, 32);
    for (int i = 0; i < 24; i++) {
        outcomes[i].read = read_reply;
        fixture_start_stream(&fixture, &outcomes[i], &method_inference_generate, &request, 30000);
    }
    for (int i = 0; i < 24; i++) {
        fixture_wait(&fixture, &outcomes[i].is_done);
        assert_int_equal(outcomes[i].status, STATUS_OK);
        assert_int_equal(outcomes[i].value, 25);
    }
    close_service();
}

static void refuses_bad_prompts_with_invalid_argument(void **state)
{
    const uint32_t wrong[] = { MODEL_SAMPLE_VOCABULARY };
    Consilium__V1__GenerateRequest requests[] = { ask_for(0, 1), ask_for(MODEL_SAMPLE_CONTEXT, 1),
                                                  ask_for(1, 1) };

    (void)state;
    requests[2].ids = (uint32_t *)(uintptr_t)wrong;
    open_service(1, 0);
    for (int i = 0; i < 3; i++) {
        struct outcome outcome = { .read = read_reply };

        fixture_start_stream(&fixture, &outcome, &method_inference_generate, &requests[i], 30000);
        fixture_wait(&fixture, &outcome.is_done);
        assert_int_equal(outcome.status, STATUS_INVALID_ARGUMENT);
    }
    close_service();
}

static void cancel_on_first(struct outcome *outcome, const void *message)
{
    (void)message;
    outcome->is_paused = true;
    rpc_cancel(outcome->rpc);
}

/* One sequence and no queue: the second call can only run because the first has let go. */
static void frees_the_sequence_of_a_caller_who_goes(void **state)
{
    Consilium__V1__GenerateRequest endless = ask_for(10, 0), request = ask_for(10, 5);
    struct outcome gone = { .read = cancel_on_first }, after;
    unsigned attempts = 0;

    (void)state;
    open_service(1, 0);
    fixture_start_stream(&fixture, &gone, &method_inference_generate, &endless, 30000);
    fixture_wait(&fixture, &gone.is_done);
    assert_int_equal(gone.status, STATUS_CANCELLED);
    do {
        after = (struct outcome){ .read = read_reply };
        fixture_start_stream(&fixture, &after, &method_inference_generate, &request, 30000);
        fixture_wait(&fixture, &after.is_done);
    } while (after.status == STATUS_RESOURCE_EXHAUSTED && ++attempts < 1000);
    assert_int_equal(after.status, STATUS_OK);
    assert_int_equal(after.value, 5);
    close_service();
}

static uint32_t ids_of[3];

static void read_several(struct outcome *outcome, const void *message)
{
    const Consilium__V1__GenerateReply *reply = message;

    assert_true(reply->answer < 3);
    ids_of[reply->answer] += (uint32_t)reply->n_ids;
    assert_int_equal(reply->n_likeliest, reply->n_ids);
    assert_int_equal(strlen(reply->model_digest), 64);
    for (size_t i = 0; i < reply->n_ids; i++) {
        assert_int_equal(reply->likeliest[i]->n_ids, 4);
        /* Greedy: the first is the one that was taken. */
        assert_int_equal(reply->likeliest[i]->ids[0], reply->ids[i]);
        assert_true(reply->likeliest[i]->logprobs[0] == reply->logprobs[i]);
        assert_true(reply->likeliest[i]->logprobs[3] <= reply->likeliest[i]->logprobs[2]);
    }
    outcome->value += reply->finish_reason == CONSILIUM__V1__FINISH_REASON__FINISH_REASON_LENGTH;
}

static void gives_several_answers_with_the_likeliest_ids(void **state)
{
    Consilium__V1__GenerateRequest request = ask_for(30, 20);
    struct outcome outcome = { .read = read_several };

    (void)state;
    request.answers = 3;
    request.top_logprobs = 4;
    open_service(2, 0);
    fixture_start_stream(&fixture, &outcome, &method_inference_generate, &request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.value, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ids_of[i], 20);
    close_service();
}

static void read_scores(struct outcome *outcome, const void *message)
{
    const Consilium__V1__ScoreReply *reply = message;

    outcome->value = reply->n_scores;
    assert_int_equal(reply->scores[0]->n_logprobs, 1);
    assert_int_equal(reply->scores[1]->n_logprobs, 3);
    assert_true(reply->scores[0]->logprobs[0] == reply->scores[1]->logprobs[0]);
    assert_true(reply->scores[1]->sum < reply->scores[0]->sum);
    assert_int_equal(reply->usage->prompt_tokens, 30);
    assert_int_equal(strlen(reply->model_digest), 64);
}

static void scores_continuations_and_refuses_empty_ones(void **state)
{
    uint32_t ids[] = { 5, 6, 7 };
    Consilium__V1__Continuation first = CONSILIUM__V1__CONTINUATION__INIT, second = first;
    Consilium__V1__Continuation *both[] = { &first, &second };
    Consilium__V1__ScoreRequest request = CONSILIUM__V1__SCORE_REQUEST__INIT;
    struct outcome outcome = { .read = read_scores }, refused = { .read = read_scores };

    (void)state;
    ask_for(0, 0);
    request.ids = prompt;
    request.n_ids = 30;
    request.continuations = both;
    request.n_continuations = 2;
    first.ids = second.ids = ids;
    first.n_ids = 1;
    second.n_ids = 3;
    open_service(2, 4);
    fixture_start_call(&fixture, &outcome, &method_inference_score, &request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.value, 2);
    first.n_ids = 0;
    fixture_start_call(&fixture, &refused, &method_inference_score, &request, 30000);
    fixture_wait(&fixture, &refused.is_done);
    assert_int_equal(refused.status, STATUS_INVALID_ARGUMENT);
    close_service();
}

static void refuses_stop_texts_where_the_file_has_no_vocabulary(void **state)
{
    Consilium__V1__GenerateRequest request = ask_for(30, 20);
    ProtobufCBinaryData stop = { 1, (uint8_t *)(uintptr_t) "x" };
    struct outcome outcome = { .read = read_reply };

    (void)state;
    request.stop_texts = &stop;
    request.n_stop_texts = 1;
    open_service(1, 0);
    fixture_start_stream(&fixture, &outcome, &method_inference_generate, &request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_FAILED_PRECONDITION);
    close_service();
}

static char told_text[MODEL_SAMPLE_CONTEXT + 1];

static void read_text(struct outcome *outcome, const void *message)
{
    const Consilium__V1__GenerateReply *reply = message;

    for (size_t i = 0; i < reply->n_ids; i++)
        told_text[outcome->value++] = model_sample_letter(reply->ids[i]);
    told_text[outcome->value] = '\0';
}

/* What the model says under @constraint, or the status. */
static enum status generate_within(Consilium__V1__Constraint *constraint)
{
    Consilium__V1__GenerateRequest request = ask_for(30, 60);
    Consilium__V1__Sampling sampling = CONSILIUM__V1__SAMPLING__INIT;
    uint32_t end = 0;
    struct outcome outcome = { .read = read_text };

    sampling.temperature = 1;
    sampling.seed = 3;
    request.sampling = &sampling;
    request.stop_ids = &end;
    request.n_stop_ids = 1;
    request.constraint = constraint;
    fixture_start_stream(&fixture, &outcome, &method_inference_generate, &request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    return outcome.status;
}

static enum status generate_by_grammar(const char *grammar)
{
    Consilium__V1__Constraint constraint = CONSILIUM__V1__CONSTRAINT__INIT;

    constraint.form_case = CONSILIUM__V1__CONSTRAINT__FORM_GRAMMAR;
    constraint.grammar = (char *)(uintptr_t)grammar;
    return generate_within(&constraint);
}

static enum status generate_by_schema(const char *schema)
{
    Consilium__V1__Constraint constraint = CONSILIUM__V1__CONSTRAINT__INIT;

    constraint.form_case = CONSILIUM__V1__CONSTRAINT__FORM_JSON_SCHEMA;
    constraint.json_schema = (char *)(uintptr_t)schema;
    return generate_within(&constraint);
}

static enum status generate_citing(uint32_t *facts, size_t count)
{
    Consilium__V1__Constraint constraint = CONSILIUM__V1__CONSTRAINT__INIT;
    Consilium__V1__Citations citations = CONSILIUM__V1__CITATIONS__INIT;

    constraint.form_case = CONSILIUM__V1__CONSTRAINT__FORM_CITATIONS;
    constraint.citations = &citations;
    citations.fact_ids = facts;
    citations.n_fact_ids = count;
    return generate_within(&constraint);
}

static bool takes_constraints;

static void read_what_it_takes(struct outcome *outcome, const void *message)
{
    (void)outcome;
    takes_constraints = ((const Consilium__V1__GetModelReply *)message)->takes_constraints;
}

static void ask_model(void)
{
    Consilium__V1__GetModelRequest request = CONSILIUM__V1__GET_MODEL_REQUEST__INIT;
    struct outcome outcome = { .read = read_what_it_takes };

    fixture_start_call(&fixture, &outcome, &method_inference_get_model, &request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_OK);
}

static void holds_answers_to_a_form_or_says_what_is_wrong_with_it(void **state)
{
    uint32_t facts[] = { 7, 0 };

    (void)state;
    replace_model_by(GGUF_TENSOR_TYPE_Q8_0, true);
    open_service(2, 4);
    ask_model();
    assert_true(takes_constraints);
    for (int i = 0; i < 2; i++) { /* compiled, and kept */
        assert_int_equal(generate_by_grammar("root ::= \"ab\" [0-9]{5} \"cd\""), STATUS_OK);
        assert_int_equal(strlen(told_text), 9);
        assert_memory_equal(told_text, "ab", 2);
        assert_int_equal(strspn(told_text + 2, "0123456789"), 5);
        assert_string_equal(told_text + 7, "cd");
    }
    assert_int_equal(generate_by_grammar("root ::= nothing"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(generate_by_grammar("root ::= \"a\" root"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(generate_by_schema("{\"enum\":[\"yes\",\"no\"]}"), STATUS_OK);
    assert_true(strcmp(told_text, "\"yes\"") == 0 || strcmp(told_text, "\"no\"") == 0);
    assert_int_equal(generate_by_schema("{\"type\":\"array\",\"contains\":{}}"),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(generate_citing(facts, 1), STATUS_OK);
    assert_int_equal(generate_citing(facts, 2), STATUS_INVALID_ARGUMENT);
    close_service();

    replace_model(GGUF_TENSOR_TYPE_Q8_0);
    open_service(1, 1);
    ask_model();
    assert_false(takes_constraints);
    assert_int_equal(generate_by_grammar("root ::= [a-z]"), STATUS_FAILED_PRECONDITION);
    assert_int_equal(generate_within(NULL), STATUS_OK);
    close_service();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_ids_and_ends_with_usage_and_digest),
        cmocka_unit_test(serves_many_callers_on_few_sequences),
        cmocka_unit_test(refuses_bad_prompts_with_invalid_argument),
        cmocka_unit_test(frees_the_sequence_of_a_caller_who_goes),
        cmocka_unit_test(gives_several_answers_with_the_likeliest_ids),
        cmocka_unit_test(scores_continuations_and_refuses_empty_ones),
        cmocka_unit_test(refuses_stop_texts_where_the_file_has_no_vocabulary),
        cmocka_unit_test(holds_answers_to_a_form_or_says_what_is_wrong_with_it),
    };

    return cmocka_run_group_tests(tests, write_model, remove_model);
}
