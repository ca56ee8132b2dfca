/* An engine over the sample model, and requests to it of which one thread waits for all. */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include <pthread.h>
#include <string.h>

#include "inference_engine.h"
#include "model_run.h"

/* What the callbacks of all requests tell to the one thread that waits. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

struct asked {
    struct inference_request request;
    struct inference_answer answer;
    bool has_output, is_taken;
    uint32_t ids[MODEL_SAMPLE_CONTEXT];
    float logprobs[MODEL_SAMPLE_CONTEXT];
    uint32_t count;
    enum inference_finish finish;
    struct inference_usage usage;
};

static inline void on_output(struct inference_request *request)
{
    pthread_mutex_lock(&lock);
    ((struct asked *)request)->has_output = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static bool is_ready;

static inline void on_ready(void *owner)
{
    (void)owner;
    pthread_mutex_lock(&lock);
    is_ready = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static inline void await(bool *flag)
{
    pthread_mutex_lock(&lock);
    while (!*flag)
        pthread_cond_wait(&changed, &lock);
    *flag = false;
    pthread_mutex_unlock(&lock);
}

struct fixture {
    char *bytes;
    struct inference_engine *engine;
};

/* @bytes is a model's file, which the fixture takes. */
static inline void open_engine_file(struct fixture *fixture, char *bytes, size_t size,
                                    uint32_t sequences, uint32_t queue_max)
{
    struct inference_engine_options options = {
        .sequences = sequences, .queue_max = queue_max, .threads = 1, .on_ready = on_ready
    };
    struct error err = { 0 };

    fixture->bytes = bytes;
    fixture->engine = inference_engine_create(
        inference_model_create(gguf_open_bytes(slice_of(fixture->bytes, size), &err), &err),
        &options, &err);
    assert_string_equal(err.text, "");
    await(&is_ready);
    assert_int_equal(strlen(inference_engine_digest(fixture->engine)), 64);
}

static inline void open_engine_of(struct fixture *fixture, enum gguf_tensor_type type,
                                  uint32_t sequences, uint32_t queue_max)
{
    size_t size;
    char *bytes = model_sample(type, &size);

    open_engine_file(fixture, bytes, size, sequences, queue_max);
}

static inline void open_engine(struct fixture *fixture, uint32_t sequences, uint32_t queue_max)
{
    open_engine_of(fixture, GGUF_TENSOR_TYPE_F16, sequences, queue_max);
}

static inline void close_engine(struct fixture *fixture)
{
    inference_engine_destroy(fixture->engine);
    free(fixture->bytes);
}

static uint32_t prompt[MODEL_SAMPLE_CONTEXT];

/* What is asked is set; the rest of @asked is 0. */
static inline enum status submit(struct fixture *fixture, struct asked *asked)
{
    asked->request.on_output = on_output;
    asked->request.answers = &asked->answer;
    asked->request.answers_count = 1;
    return inference_engine_submit(fixture->engine, &asked->request, NULL);
}

static inline enum status ask(struct fixture *fixture, struct asked *asked, uint32_t count,
                              uint32_t tokens_max, uint64_t seed)
{
    /* Only what is another: the engine may be reading it for the request before. */
    for (uint32_t i = 0; i < MODEL_SAMPLE_CONTEXT; i++) {
        if (prompt[i] != i * 31 % MODEL_SAMPLE_VOCABULARY)
            prompt[i] = i * 31 % MODEL_SAMPLE_VOCABULARY;
    }
    memset(asked, 0, sizeof(*asked));
    asked->request.ids = prompt;
    asked->request.count = count;
    asked->request.tokens_max = tokens_max;
    asked->request.sampling = (struct inference_sampling){ .temperature = seed == 0 ? 0 : 1.5f,
                                                           .top_p = 0.95f,
                                                           .seed = seed };
    return submit(fixture, asked);
}

static inline void take(struct fixture *fixture, struct asked *asked)
{
    static struct inference_output output;

    await(&asked->has_output);
    while (!asked->is_taken && inference_engine_take(fixture->engine, &asked->request, &output)) {
        memcpy(asked->ids + asked->count, output.ids, output.count * sizeof(output.ids[0]));
        memcpy(asked->logprobs + asked->count, output.logprobs,
               output.count * sizeof(output.logprobs[0]));
        asked->count += output.count;
        asked->finish = output.finish;
        asked->usage = output.usage;
        asked->is_taken = output.is_last;
    }
}

static inline void take_all(struct fixture *fixture, struct asked *asked)
{
    while (asked->finish == INFERENCE_FINISH_NONE)
        take(fixture, asked);
}

#endif
