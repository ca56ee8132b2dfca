/* What is served: GetModel, another model in the place of the first, cards, adapters, metrics. */
#include "inference_service_fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_it_serves),
        cmocka_unit_test(swaps_the_model_without_dropping_a_stream),
        cmocka_unit_test(answers_by_the_adapter_that_a_request_names),
        cmocka_unit_test(counts_what_it_does_and_refuses),
        cmocka_unit_test(serves_nothing_that_is_not_on_its_card),
        cmocka_unit_test(says_what_is_wrong_with_a_file),
    };

    return cmocka_run_group_tests(tests, write_model, remove_model);
}
