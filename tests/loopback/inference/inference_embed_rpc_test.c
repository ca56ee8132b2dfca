/* Embed over a real connection, on a small encoder of random weights. */
#include "../rpc/server_fixture.h"

#include <string.h>
#include <unistd.h>

#include "../../unit/inference/encoder_sample.h"
#include "inference.h"
#include "inference_rpc.h"

static char path[64];
static struct fixture fixture;
static struct inference *inference;
static bool is_ready;
static uint32_t ids[ENCODER_SAMPLE_CONTEXT + 1];

static void on_ready(struct inference *ready, const struct error *err)
{
    (void)ready;
    assert_null(err);
    is_ready = true;
}

static void open_service(uint32_t queue_max)
{
    static const char *const addresses[] = { "127.0.0.1:0", NULL };
    struct inference_options options = {
        .model = path, .sequences = 1, .queue_max = queue_max, .threads = 1
    };
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
    for (uint32_t i = 0; i <= ENCODER_SAMPLE_CONTEXT; i++)
        ids[i] = i * 7 % ENCODER_SAMPLE_VOCABULARY;
}

static void close_service(void)
{
    fixture_drain(&fixture, 5000);
    inference_stop(inference);
    fixture_close(&fixture);
    inference_destroy(inference);
}

static float embeddings[3][ENCODER_SAMPLE_EMBEDDING];

static void read_embeddings(struct outcome *outcome, const void *message)
{
    const Consilium__V1__EmbedReply *reply = message;

    assert_true(reply->n_embeddings <= 3);
    for (size_t i = 0; i < reply->n_embeddings; i++) {
        assert_int_equal(reply->embeddings[i]->n_values, ENCODER_SAMPLE_EMBEDDING);
        memcpy(embeddings[i], reply->embeddings[i]->values, sizeof(embeddings[i]));
    }
    assert_int_equal(strlen(reply->model_digest), 64);
    outcome->value = reply->usage->prompt_tokens;
}

static enum status embed(Consilium__V1__EmbedRequest *request, uint64_t *value)
{
    struct outcome outcome = { .read = read_embeddings };

    fixture_start_call(&fixture, &outcome, &method_inference_embed, request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    *value = (uint64_t)outcome.value;
    return outcome.status;
}

static double product_of(const float *a, const float *b)
{
    double sum = 0;

    for (int i = 0; i < ENCODER_SAMPLE_EMBEDDING; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static void embeds_texts_to_the_length_1_and_tells_the_size(void **state)
{
    Consilium__V1__EmbedText texts[3], *pointers[3];
    Consilium__V1__EmbedRequest request = CONSILIUM__V1__EMBED_REQUEST__INIT;
    uint64_t prompt_tokens;

    (void)state;
    open_service(4);
    for (uint32_t i = 0; i < 3; i++) {
        consilium__v1__embed_text__init(&texts[i]);
        texts[i].ids = ids + (i == 2 ? 0 : i);
        texts[i].n_ids = i == 2 ? 5 : 5 + 10 * i;
        pointers[i] = &texts[i];
    }
    request.texts = pointers;
    request.n_texts = 3;
    assert_int_equal(embed(&request, &prompt_tokens), STATUS_OK);
    assert_int_equal(prompt_tokens, 25);
    assert_memory_equal(embeddings[0], embeddings[2], sizeof(embeddings[0]));
    assert_true(product_of(embeddings[0], embeddings[0]) > 0.9999);
    assert_true(product_of(embeddings[0], embeddings[1]) < 0.999);
    request.is_raw = true;
    assert_int_equal(embed(&request, &prompt_tokens), STATUS_OK);
    assert_true(product_of(embeddings[0], embeddings[0]) > 1.5);
    close_service();
}

static void refuses_texts_of_no_ids_and_of_too_many(void **state)
{
    Consilium__V1__EmbedText text = CONSILIUM__V1__EMBED_TEXT__INIT, *pointer = &text;
    Consilium__V1__EmbedRequest request = CONSILIUM__V1__EMBED_REQUEST__INIT;
    uint64_t value;

    (void)state;
    open_service(4);
    assert_int_equal(embed(&request, &value), STATUS_INVALID_ARGUMENT);
    request.texts = &pointer;
    request.n_texts = 1;
    assert_int_equal(embed(&request, &value), STATUS_INVALID_ARGUMENT);
    text.ids = ids;
    text.n_ids = ENCODER_SAMPLE_CONTEXT + 1;
    assert_int_equal(embed(&request, &value), STATUS_INVALID_ARGUMENT);
    text.n_ids = ENCODER_SAMPLE_CONTEXT;
    assert_int_equal(embed(&request, &value), STATUS_OK);
    close_service();
}

static void ignore(struct outcome *outcome, const void *message)
{
    (void)outcome;
    (void)message;
}

static void refuses_to_generate(void **state)
{
    Consilium__V1__GenerateRequest request = CONSILIUM__V1__GENERATE_REQUEST__INIT;
    struct outcome outcome = { .read = ignore };

    (void)state;
    open_service(4);
    request.ids = ids;
    request.n_ids = 3;
    fixture_start_stream(&fixture, &outcome, &method_inference_generate, &request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_FAILED_PRECONDITION);
    close_service();
}

static void read_model(struct outcome *outcome, const void *message)
{
    const Consilium__V1__GetModelReply *reply = message;

    assert_string_equal(reply->architecture, "bert");
    assert_int_equal(reply->context_length, ENCODER_SAMPLE_CONTEXT);
    assert_int_equal(reply->vocabulary_size, ENCODER_SAMPLE_VOCABULARY);
    outcome->value = reply->embedding_size;
}

static void says_what_it_is(void **state)
{
    Consilium__V1__GetModelRequest request = CONSILIUM__V1__GET_MODEL_REQUEST__INIT;
    struct outcome outcome = { .read = read_model };

    (void)state;
    open_service(4);
    fixture_start_call(&fixture, &outcome, &method_inference_get_model, &request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.value, ENCODER_SAMPLE_EMBEDDING);
    close_service();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(embeds_texts_to_the_length_1_and_tells_the_size),
        cmocka_unit_test(refuses_texts_of_no_ids_and_of_too_many),
        cmocka_unit_test(refuses_to_generate),
        cmocka_unit_test(says_what_it_is),
    };
    FILE *file;
    size_t size;
    char *bytes;
    int failed;

    snprintf(path, sizeof(path), "/tmp/inference_embed_rpc_test.%d.gguf", getpid());
    bytes = encoder_sample(ENCODER_SAMPLE_BERT, GGUF_TENSOR_TYPE_F16, &size);
    file = fopen(path, "w");
    if (file == NULL || fwrite(bytes, 1, size, file) != size)
        return 1;
    fclose(file);
    free(bytes);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
