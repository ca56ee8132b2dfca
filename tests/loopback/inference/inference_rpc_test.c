/* Generate and GetModel over a real connection, on a small model of random weights. */
#include "../rpc/server_fixture.h"

#include <string.h>
#include <unistd.h>

#include "../../unit/inference/adapter_sample.h"
#include "inference.h"
#include "inference_rpc.h"

static char path[64];
static const char *adapters; /* of the next service */
static struct fixture fixture;
static struct inference *inference;
static uint32_t prompt[MODEL_SAMPLE_CONTEXT];
static bool is_ready, is_refused;

static void on_ready(struct inference *ready, const struct error *err)
{
    (void)ready;
    is_ready = true;
    is_refused = err != NULL;
}

/* fixture_open, with a service that lives on the fixture's loop. */
static void open_service(uint32_t sequences, uint32_t queue_max)
{
    static const char *const addresses[] = { "127.0.0.1:0", NULL };
    struct inference_options options = { .model = path,
                                         .adapters = adapters,
                                         .sequences = sequences,
                                         .queue_max = queue_max,
                                         .threads = 1 };
    struct server_options server = {
        .name = "test", .addresses = addresses, .methods = inference_methods, .loop = &fixture.loop
    };
    struct channel_options channel = { .service = "test", .target = fixture.target };
    struct error err;

    memset(&fixture, 0, sizeof(fixture));
    is_ready = false;
    assert_int_equal(loop_init(&fixture.loop, &fixture, NULL, &err), STATUS_OK);
    fixture.workers = workers_create(1, 16, &err);
    options.workers = fixture.workers;
    inference = inference_start(&options, &fixture.loop, on_ready, NULL, &err);
    assert_non_null(inference);
    assert_null(inference_hold(inference, &err)); /* the loop has not heard that it is read yet */
    assert_int_equal(err.status, STATUS_UNAVAILABLE);
    server.service = inference;
    fixture.server = server_create(&server, &err);
    assert_non_null(fixture.server);
    fixture_wait(&fixture, &is_ready);
    server_set_serving(fixture.server, true);
    snprintf(fixture.target, sizeof(fixture.target), "127.0.0.1:%d",
             server_port(fixture.server, 0));
    fixture.client = client_create(&fixture.loop, CLIENT_PLACE_LOOP, 1, &err);
    fixture.channel = channel_create(fixture.client, &channel, &err);
    assert_non_null(fixture.channel);
}

static void close_service(void)
{
    fixture_drain(&fixture, 5000);
    inference_stop(inference);
    fixture_close(&fixture);
    inference_destroy(inference);
}

/* As a person should: another file, renamed over the old one. */
static void replace_model_by(enum gguf_tensor_type type, bool has_vocabulary)
{
    char other[80];
    size_t size;
    char *bytes = model_sample_of(type, has_vocabulary, &size);
    FILE *file;

    snprintf(other, sizeof(other), "%s.new", path);
    file = fopen(other, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    free(bytes);
    assert_int_equal(rename(other, path), 0);
}

static void replace_model(enum gguf_tensor_type type)
{
    replace_model_by(type, false);
}

static Consilium__V1__GenerateRequest ask_for(uint32_t count, uint32_t tokens_max)
{
    Consilium__V1__GenerateRequest request = CONSILIUM__V1__GENERATE_REQUEST__INIT;

    for (uint32_t i = 0; i < MODEL_SAMPLE_CONTEXT; i++)
        prompt[i] = i % MODEL_SAMPLE_VOCABULARY;
    request.ids = prompt;
    request.n_ids = count;
    request.tokens_max = tokens_max;
    return request;
}

static Consilium__V1__FinishReason finish;
static uint32_t prompt_tokens, generated_tokens;
static char digest[65];

static void read_reply(struct outcome *outcome, const void *message)
{
    const Consilium__V1__GenerateReply *reply = message;

    assert_int_equal(reply->n_ids, reply->n_logprobs);
    for (size_t i = 0; i < reply->n_ids; i++)
        assert_true(reply->ids[i] < MODEL_SAMPLE_VOCABULARY && reply->logprobs[i] <= 0);
    outcome->value += reply->n_ids;
    finish = reply->finish_reason;
    if (reply->usage == NULL)
        return;
    prompt_tokens = reply->usage->prompt_tokens;
    generated_tokens = reply->usage->generated_tokens;
    snprintf(digest, sizeof(digest), "%s", reply->model_digest);
}

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

static void read_model(struct outcome *outcome, const void *message)
{
    const Consilium__V1__GetModelReply *reply = message;

    assert_string_equal(reply->name, "sample");
    assert_string_equal(reply->architecture, "llama");
    assert_int_equal(strlen(reply->digest), 64);
    assert_int_equal(reply->context_length, MODEL_SAMPLE_CONTEXT);
    assert_int_equal(reply->vocabulary_size, MODEL_SAMPLE_VOCABULARY);
    outcome->value = reply->parameters;
}

static void tells_what_it_serves(void **state)
{
    Consilium__V1__GetModelRequest request = CONSILIUM__V1__GET_MODEL_REQUEST__INIT;
    struct outcome outcome = { .read = read_model };

    (void)state;
    open_service(1, 0);
    fixture_start_call(&fixture, &outcome, &method_inference_get_model, &request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_true(outcome.value > 50000);
    close_service();
}

struct told {
    uint32_t count;
    char digest[65];
};

static struct told told_of[2];

static void remember_told(struct told *told, const Consilium__V1__GenerateReply *reply)
{
    told->count += (uint32_t)reply->n_ids;
    assert_true(told->digest[0] == '\0' || strcmp(told->digest, reply->model_digest) == 0);
    snprintf(told->digest, sizeof(told->digest), "%s", reply->model_digest);
}

static void read_old(struct outcome *outcome, const void *message)
{
    remember_told(&told_of[0], message);
    outcome->value = told_of[0].count;
}

static void read_new(struct outcome *outcome, const void *message)
{
    (void)outcome;
    remember_told(&told_of[1], message);
}

static void ignore_output(struct inference_request *request)
{
    (void)request;
}

/* Has the engine's only sequence, and rests when nobody takes what it says. */
static void block(struct inference_engine *engine, struct inference_request *request,
                  struct inference_answer *answer)
{
    *answer = (struct inference_answer){ 0 };
    *request = (struct inference_request){ .ids = prompt,
                                           .count = 10,
                                           .on_output = ignore_output,
                                           .answers = answer,
                                           .answers_count = 1 };
    assert_int_equal(inference_engine_submit(engine, request, NULL), STATUS_OK);
}

/* A stream that waits for the old weights gets them, while the next goes to the new. */
static void swaps_the_model_without_dropping_a_stream(void **state)
{
    Consilium__V1__GenerateRequest request = ask_for(10, 0);
    struct outcome old = { .read = read_old }, new = { .read = read_new };
    struct inference_engine *engine;
    struct inference_request blocking;
    struct inference_answer answer;
    char first[65], second[65];

    (void)state;
    open_service(1, 4);
    engine = inference->current->engine;
    snprintf(first, sizeof(first), "%s", inference_engine_digest(engine));
    block(engine, &blocking, &answer);
    fixture_start_stream(&fixture, &old, &method_inference_generate, &request, 30000);
    while (inference->current->streams == 0)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);

    replace_model(GGUF_TENSOR_TYPE_F16);
    is_ready = false;
    assert_int_equal(inference_reload(inference, NULL), STATUS_OK);
    assert_int_equal(inference_reload(inference, NULL), STATUS_FAILED_PRECONDITION);
    fixture_wait(&fixture, &is_ready);
    assert_false(is_refused);
    assert_ptr_not_equal(inference->current->engine, engine);
    assert_ptr_equal(inference->leaving->engine, engine);
    snprintf(second, sizeof(second), "%s", inference_engine_digest(inference->current->engine));
    assert_string_not_equal(first, second);

    fixture_start_stream(&fixture, &new, &method_inference_generate, &request, 30000);
    fixture_wait(&fixture, &new.is_done);
    assert_int_equal(new.status, STATUS_OK);
    assert_false(old.is_done);
    inference_engine_cancel(engine, &blocking);
    fixture_wait(&fixture, &old.is_done);
    assert_int_equal(old.status, STATUS_OK);
    assert_null(inference->leaving);
    assert_string_equal(told_of[0].digest, first);
    assert_string_equal(told_of[1].digest, second);
    assert_int_equal(told_of[0].count, MODEL_SAMPLE_CONTEXT - 10);
    assert_int_equal(told_of[1].count, MODEL_SAMPLE_CONTEXT - 10);
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

static void write_card(const char *digest)
{
    char card[80];
    FILE *file;

    snprintf(card, sizeof(card), "%s.sha256", path);
    file = fopen(card, "w");
    assert_non_null(file);
    fprintf(file, "%s  model\n", digest);
    fclose(file);
}

static void remove_card(void)
{
    char card[80];

    snprintf(card, sizeof(card), "%s.sha256", path);
    unlink(card);
}

static void serves_nothing_that_is_not_on_its_card(void **state)
{
    Consilium__V1__GetModelRequest request = CONSILIUM__V1__GET_MODEL_REQUEST__INIT;
    struct outcome outcome = { 0 }, still = { 0 };
    char digest[65];

    (void)state;
    write_card("0000000000000000000000000000000000000000000000000000000000000000");
    open_service(1, 0);
    assert_true(is_refused);
    fixture_start_call(&fixture, &outcome, &method_inference_get_model, &request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_DATA_LOSS);
    close_service();

    remove_card();
    open_service(1, 0);
    assert_false(is_refused);
    snprintf(digest, sizeof(digest), "%s", inference_engine_digest(inference->current->engine));
    write_card(digest);
    replace_model(GGUF_TENSOR_TYPE_F32);
    is_ready = false;
    assert_int_equal(inference_reload(inference, NULL), STATUS_OK);
    fixture_wait(&fixture, &is_ready);
    assert_true(is_refused);
    fixture_start_call(&fixture, &still, &method_inference_get_model, &request, 30000);
    fixture_wait(&fixture, &still.is_done);
    assert_int_equal(still.status, STATUS_OK);
    assert_string_equal(digest, inference_engine_digest(inference->current->engine));
    close_service();
    remove_card();
}

static void says_what_is_wrong_with_a_file(void **state)
{
    struct inference_options options = { .model = "/nowhere.gguf", .sequences = 1, .threads = 1 };
    struct error err;

    (void)state;
    assert_null(inference_start(&options, NULL, NULL, NULL, &err));
    assert_int_equal(err.status, STATUS_NOT_FOUND);
    options.model = "/etc/passwd";
    assert_null(inference_start(&options, NULL, NULL, NULL, &err));
    assert_int_equal(err.status, STATUS_DATA_LOSS);
    assert_non_null(strstr(err.text, "/etc/passwd"));
}

static void write_adapter(char *list, size_t size)
{
    struct adapter_sample sample = { .seed = 5, .type = GGUF_TENSOR_TYPE_F16 };
    size_t bytes_size;
    char *bytes = adapter_sample(&sample, &bytes_size);
    FILE *file;

    snprintf(list, size, "ours=%s.adapter", path);
    file = fopen(list + strlen("ours="), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, bytes_size, file), bytes_size);
    fclose(file);
    free(bytes);
}

static char adapter_digest[65];

static void read_adapter_digest(struct outcome *outcome, const void *message)
{
    const Consilium__V1__GenerateReply *reply = message;

    outcome->value += reply->n_ids;
    snprintf(adapter_digest, sizeof(adapter_digest), "%s", reply->adapter_digest);
}

static void read_adapters(struct outcome *outcome, const void *message)
{
    const Consilium__V1__GetModelReply *reply = message;

    outcome->value = reply->n_adapters;
    assert_string_equal(reply->adapters[0], "ours");
}

static void answers_by_the_adapter_that_a_request_names(void **state)
{
    Consilium__V1__GenerateRequest request = ask_for(30, 5);
    Consilium__V1__GetModelRequest which = CONSILIUM__V1__GET_MODEL_REQUEST__INIT;
    struct outcome outcome = { .read = read_adapter_digest }, unknown = { .read = read_reply },
                   told = { .read = read_adapters };
    char list[96], ours[] = "ours", theirs[] = "theirs";

    (void)state;
    write_adapter(list, sizeof(list));
    adapters = list;
    open_service(1, 4);
    adapters = NULL;
    request.adapter = ours;
    fixture_start_stream(&fixture, &outcome, &method_inference_generate, &request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.value, 5);
    assert_int_equal(strlen(adapter_digest), 64);
    request.adapter = theirs;
    fixture_start_stream(&fixture, &unknown, &method_inference_generate, &request, 30000);
    fixture_wait(&fixture, &unknown.is_done);
    assert_int_equal(unknown.status, STATUS_NOT_FOUND);
    fixture_start_call(&fixture, &told, &method_inference_get_model, &which, 30000);
    fixture_wait(&fixture, &told.is_done);
    assert_int_equal(told.value, 1);
    close_service();
    unlink(list + strlen("ours="));
}

static int64_t value_of(enum metric_kind kind, const char *name)
{
    return metric_value(metric_register(kind, name, "", ""));
}

/* One sequence and no queue: the second of two calls is refused. Metrics are the process's: what
 * counts is what is more than before. */
static void counts_what_it_does_and_refuses(void **state)
{
    Consilium__V1__GenerateRequest request = ask_for(100, 20);
    struct outcome outcomes[2] = { { .read = read_reply }, { .read = read_reply } };
    int64_t prompts = value_of(METRIC_KIND_COUNTER, "inference_prompt_tokens_total");
    int64_t reused = value_of(METRIC_KIND_COUNTER, "inference_reused_tokens_total");
    int64_t generated = value_of(METRIC_KIND_COUNTER, "inference_generated_tokens_total");
    int64_t refused = value_of(METRIC_KIND_COUNTER, "inference_refused_total");
    int64_t firsts = value_of(METRIC_KIND_HISTOGRAM, "inference_first_token_seconds");
    int64_t queued = value_of(METRIC_KIND_HISTOGRAM, "inference_queue_seconds");

    (void)state;
    open_service(1, 0);
    assert_int_equal(value_of(METRIC_KIND_GAUGE, "inference_pages"),
                     (MODEL_SAMPLE_CONTEXT + INFERENCE_PAGE - 1) / INFERENCE_PAGE);
    for (int i = 0; i < 2; i++)
        fixture_start_stream(&fixture, &outcomes[i], &method_inference_generate, &request, 30000);
    for (int i = 0; i < 2; i++)
        fixture_wait(&fixture, &outcomes[i].is_done);
    assert_int_equal(value_of(METRIC_KIND_COUNTER, "inference_refused_total") - refused, 1);
    outcomes[0] = (struct outcome){ .read = read_reply };
    fixture_start_stream(&fixture, &outcomes[0], &method_inference_generate, &request, 30000);
    fixture_wait(&fixture, &outcomes[0].is_done);
    assert_int_equal(outcomes[0].status, STATUS_OK);
    assert_int_equal(value_of(METRIC_KIND_COUNTER, "inference_prompt_tokens_total") - prompts, 200);
    assert_int_equal(value_of(METRIC_KIND_COUNTER, "inference_reused_tokens_total") - reused,
                     INFERENCE_PAGE);
    assert_int_equal(value_of(METRIC_KIND_COUNTER, "inference_generated_tokens_total") - generated,
                     40);
    assert_int_equal(value_of(METRIC_KIND_HISTOGRAM, "inference_first_token_seconds") - firsts, 2);
    assert_int_equal(value_of(METRIC_KIND_HISTOGRAM, "inference_queue_seconds") - queued, 2);
    assert_int_equal(value_of(METRIC_KIND_GAUGE, "inference_pages_used"), 0);
    assert_int_equal(value_of(METRIC_KIND_GAUGE, "inference_requests_running"), 0);
    assert_int_equal(value_of(METRIC_KIND_GAUGE, "inference_requests_waiting"), 0);
    close_service();
}

static int write_model(void **state)
{
    int file;

    (void)state;
    snprintf(path, sizeof(path), "/tmp/inference_rpc_XXXXXX");
    file = mkstemp(path);
    close(file);
    replace_model(GGUF_TENSOR_TYPE_Q8_0);
    return 0;
}

static int remove_model(void **state)
{
    (void)state;
    return unlink(path);
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
        cmocka_unit_test(tells_what_it_serves),
        cmocka_unit_test(swaps_the_model_without_dropping_a_stream),
        cmocka_unit_test(holds_answers_to_a_form_or_says_what_is_wrong_with_it),
        cmocka_unit_test(answers_by_the_adapter_that_a_request_names),
        cmocka_unit_test(counts_what_it_does_and_refuses),
        cmocka_unit_test(serves_nothing_that_is_not_on_its_card),
        cmocka_unit_test(says_what_is_wrong_with_a_file),
    };

    return cmocka_run_group_tests(tests, write_model, remove_model);
}
