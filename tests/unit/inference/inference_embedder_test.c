#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/list.h"
#include "encoder_sample.h"
#include "inference_embedder.h"

#define WIDTH ENCODER_SAMPLE_EMBEDDING
#define TEXTS 12

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_ready;
static uint32_t ids[512];

struct asked {
    struct inference_embed embed;
    struct inference_encode_text texts[INFERENCE_EMBED_TEXTS_MAX + 1];
    float values[TEXTS][WIDTH];
    bool is_over;
};

static void tell(bool *flag)
{
    pthread_mutex_lock(&lock);
    *flag = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void await(const bool *flag)
{
    pthread_mutex_lock(&lock);
    while (!*flag)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void on_ready(void *owner)
{
    (void)owner;
    tell(&is_ready);
}

static void on_end(struct inference_embed *embed)
{
    tell(&LIST_ITEM(embed, struct asked, embed)->is_over);
}

struct fixture {
    char *bytes;
    struct inference_embedder *embedder;
};

static void open_embedder(struct fixture *fixture, uint32_t queue_max)
{
    struct inference_embedder_options options = { .queue_max = queue_max,
                                                  .threads = 1,
                                                  .on_ready = on_ready };
    struct error err = { 0 };
    size_t size;

    for (uint32_t i = 0; i < 512; i++)
        ids[i] = i * 31 % ENCODER_SAMPLE_VOCABULARY;
    is_ready = false;
    fixture->bytes = encoder_sample(ENCODER_SAMPLE_BERT, GGUF_TENSOR_TYPE_F16, &size);
    fixture->embedder = inference_embedder_create(
        inference_encoder_create(gguf_open_bytes(slice_of(fixture->bytes, size), &err), &err),
        &options, &err);
    assert_string_equal(err.text, "");
    await(&is_ready);
    assert_int_equal(strlen(inference_embedder_digest(fixture->embedder)), 64);
}

static void close_embedder(struct fixture *fixture)
{
    inference_embedder_destroy(fixture->embedder);
    free(fixture->bytes);
}

/* @count texts of 1, 6, 11 … ids. */
static enum status ask(struct fixture *fixture, struct asked *asked, uint32_t count)
{
    memset(asked, 0, sizeof(*asked));
    for (uint32_t i = 0; i < count; i++)
        asked->texts[i] =
            (struct inference_encode_text){ ids + i, 1 + i * 5 % 60, asked->values[i % TEXTS] };
    asked->embed =
        (struct inference_embed){ .texts = asked->texts, .count = count, .on_end = on_end };
    return inference_embedder_submit(fixture->embedder, &asked->embed, NULL);
}

static double length_of(const float *values)
{
    double sum = 0;

    for (int i = 0; i < WIDTH; i++)
        sum += (double)values[i] * (double)values[i];
    return sum;
}

static void gives_many_callers_what_each_gets_alone(void **state)
{
    static struct asked alone, many[8];
    struct fixture fixture;

    (void)state;
    open_embedder(&fixture, 16);
    assert_int_equal(ask(&fixture, &alone, TEXTS), STATUS_OK);
    await(&alone.is_over);
    assert_int_equal(alone.embed.finish, INFERENCE_FINISH_LENGTH);
    for (int i = 0; i < TEXTS; i++)
        assert_true(length_of(alone.values[i]) > 0.9999 && length_of(alone.values[i]) < 1.0001);
    for (int i = 0; i < 8; i++)
        assert_int_equal(ask(&fixture, &many[i], TEXTS), STATUS_OK);
    for (int i = 0; i < 8; i++) {
        await(&many[i].is_over);
        assert_int_equal(many[i].embed.finish, INFERENCE_FINISH_LENGTH);
        assert_memory_equal(many[i].values, alone.values, sizeof(alone.values));
        assert_int_equal(many[i].embed.usage.prompt_tokens, alone.embed.usage.prompt_tokens);
        assert_true(many[i].embed.usage.prompt_us > 0);
    }
    assert_int_equal(inference_embedder_waiting(fixture.embedder), 0);
    close_embedder(&fixture);
}

static void refuses_what_cannot_be_embedded(void **state)
{
    static struct asked asked;
    struct fixture fixture;
    uint32_t wrong = ENCODER_SAMPLE_VOCABULARY;

    (void)state;
    open_embedder(&fixture, 4);
    assert_int_equal(ask(&fixture, &asked, 0), STATUS_INVALID_ARGUMENT);
    assert_int_equal(ask(&fixture, &asked, INFERENCE_EMBED_TEXTS_MAX + 1), STATUS_INVALID_ARGUMENT);
    asked.embed.count = 1;
    asked.texts[0].count = 0;
    assert_int_equal(inference_embedder_submit(fixture.embedder, &asked.embed, NULL),
                     STATUS_INVALID_ARGUMENT);
    asked.texts[0].count = ENCODER_SAMPLE_CONTEXT + 1;
    assert_int_equal(inference_embedder_submit(fixture.embedder, &asked.embed, NULL),
                     STATUS_INVALID_ARGUMENT);
    asked.texts[0] = (struct inference_encode_text){ &wrong, 1, asked.values[0] };
    assert_int_equal(inference_embedder_submit(fixture.embedder, &asked.embed, NULL),
                     STATUS_INVALID_ARGUMENT);
    close_embedder(&fixture);
}

static void refuses_more_than_the_queue_holds_and_ends_the_rest_when_it_stops(void **state)
{
    static struct asked many[64];
    struct fixture fixture;
    int taken = 0, refused = 0;
    enum status status;

    (void)state;
    open_embedder(&fixture, 2);
    for (int i = 0; i < 64; i++) {
        status = ask(&fixture, &many[i], TEXTS);
        assert_true(status == STATUS_OK || status == STATUS_RESOURCE_EXHAUSTED);
        if (status == STATUS_OK)
            taken++;
        else
            many[i].is_over = true, refused++;
    }
    assert_true(taken >= 3 && refused >= 1);
    assert_true(inference_embedder_retry_ms(fixture.embedder) > 0);
    inference_embedder_stop(fixture.embedder);
    for (int i = 0; i < 64; i++)
        assert_true(many[i].is_over);
    assert_int_equal(ask(&fixture, &many[0], 1), STATUS_UNAVAILABLE);
    close_embedder(&fixture);
}

static void ends_a_request_that_is_cancelled(void **state)
{
    static struct asked first, second;
    struct fixture fixture;

    (void)state;
    open_embedder(&fixture, 4);
    assert_int_equal(ask(&fixture, &first, INFERENCE_EMBED_TEXTS_MAX), STATUS_OK);
    assert_int_equal(ask(&fixture, &second, 1), STATUS_OK);
    inference_embedder_cancel(fixture.embedder, &first.embed);
    await(&first.is_over);
    await(&second.is_over);
    assert_int_equal(first.embed.finish, INFERENCE_FINISH_CANCELLED);
    assert_int_equal(second.embed.finish, INFERENCE_FINISH_LENGTH);
    close_embedder(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_many_callers_what_each_gets_alone),
        cmocka_unit_test(refuses_what_cannot_be_embedded),
        cmocka_unit_test(refuses_more_than_the_queue_holds_and_ends_the_rest_when_it_stops),
        cmocka_unit_test(ends_a_request_that_is_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
