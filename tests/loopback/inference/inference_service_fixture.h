/* The service on a small model of random weights, behind a real connection. Each test opens it and
 * closes it. */
#ifndef INFERENCE_SERVICE_FIXTURE_H
#define INFERENCE_SERVICE_FIXTURE_H

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

static inline void on_ready(struct inference *ready, const struct error *err)
{
    (void)ready;
    is_ready = true;
    is_refused = err != NULL;
}

/* fixture_open, with a service that lives on the fixture's loop. */
static inline void open_service(uint32_t sequences, uint32_t queue_max)
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

static inline void close_service(void)
{
    fixture_drain(&fixture, 5000);
    inference_stop(inference);
    fixture_close(&fixture);
    inference_destroy(inference);
}

/* As a person should: another file, renamed over the old one. */
static inline void replace_model_by(enum gguf_tensor_type type, bool has_vocabulary)
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

static inline void replace_model(enum gguf_tensor_type type)
{
    replace_model_by(type, false);
}

static inline Consilium__V1__GenerateRequest ask_for(uint32_t count, uint32_t tokens_max)
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

static inline void read_reply(struct outcome *outcome, const void *message)
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

static inline int write_model(void **state)
{
    int file;

    (void)state;
    snprintf(path, sizeof(path), "/tmp/inference_rpc_XXXXXX");
    file = mkstemp(path);
    close(file);
    replace_model(GGUF_TENSOR_TYPE_Q8_0);
    return 0;
}

static inline int remove_model(void **state)
{
    (void)state;
    return unlink(path);
}

#endif
