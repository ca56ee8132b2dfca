#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "inference_causal.h"
#include "model_run.h"

#define IDS 100
#define WIDTH MODEL_SAMPLE_EMBEDDING

enum pooling { POOLING_MEAN = 1, POOLING_CLS, POOLING_LAST };

static uint32_t ids[IDS];

struct embedding {
    char *bytes;
    struct inference_encoder *encoder;
    struct inference_crew *crew;
    struct inference_encode *encode;
};

static void open_embedding(struct embedding *embedding, enum pooling pooling, unsigned threads)
{
    struct error err = { 0 };
    size_t size;

    for (uint32_t i = 0; i < IDS; i++)
        ids[i] = i * 37 % MODEL_SAMPLE_VOCABULARY;
    embedding->bytes = model_sample_pooled(GGUF_TENSOR_TYPE_F32, false, pooling, &size);
    embedding->encoder =
        inference_encoder_create(gguf_open_bytes(slice_of(embedding->bytes, size), &err), &err);
    assert_string_equal(err.text, "");
    embedding->crew = inference_crew_create(threads, &err);
    embedding->encode = inference_encode_create(embedding->encoder, embedding->crew, IDS, &err);
    assert_non_null(embedding->encode);
}

static void close_embedding(struct embedding *embedding)
{
    inference_encode_destroy(embedding->encode);
    inference_crew_destroy(embedding->crew);
    inference_encoder_destroy(embedding->encoder);
    free(embedding->bytes);
}

static void embed(struct embedding *embedding, uint32_t first, uint32_t count, float *out)
{
    struct inference_encode_text text = { ids + first, count, out };

    inference_encode_run(embedding->encode, &text, 1);
}

static void assert_near(const float *a, const float *b, uint32_t count, double limit)
{
    double wrong = 0, all = 0;

    for (uint32_t i = 0; i < count; i++) {
        wrong += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
        all += (double)b[i] * (double)b[i];
    }
    assert_true(all > 0 && wrong <= limit * limit * all);
}

/* The output matrix says what the last vector has to be: it makes logits of it. */
static void the_last_vector_is_the_one_that_logits_are_made_of(void **state)
{
    struct embedding embedding;
    struct run run = { 0 };
    float vector[WIDTH], logits[MODEL_SAMPLE_VOCABULARY];
    const float *output;

    (void)state;
    open_embedding(&embedding, POOLING_LAST, 1);
    run_open_sample(&run, GGUF_TENSOR_TYPE_F32);
    output = gguf_tensor_find(run.model->gguf, "output.weight")->data;
    for (uint32_t count = 1; count <= 64; count += 21) {
        embed(&embedding, 0, count, vector);
        for (uint32_t row = 0; row < MODEL_SAMPLE_VOCABULARY; row++) {
            double sum = 0;

            for (uint32_t i = 0; i < WIDTH; i++)
                sum += (double)output[row * WIDTH + i] * (double)vector[i];
            logits[row] = (float)sum;
        }
        assert_near(logits, run_ids(&run, ids, count, 0), MODEL_SAMPLE_VOCABULARY, 1e-5);
    }
    run_close(&run);
    close_embedding(&embedding);
}

/* An id sees those before it alone: so the vectors of all ids are the last ones of all beginnings,
 * also beyond the first chunk. */
static void the_mean_is_that_of_the_last_vectors_of_all_beginnings(void **state)
{
    struct embedding mean, last;
    float vector[WIDTH], all[WIDTH] = { 0 };

    (void)state;
    open_embedding(&mean, POOLING_MEAN, 1);
    open_embedding(&last, POOLING_LAST, 1);
    for (uint32_t count = 1; count <= IDS; count++) {
        embed(&last, 0, count, vector);
        for (uint32_t i = 0; i < WIDTH; i++)
            all[i] += vector[i] / IDS;
    }
    embed(&mean, 0, IDS, vector);
    assert_near(vector, all, WIDTH, 1e-5);
    close_embedding(&last);
    close_embedding(&mean);
}

static void gives_the_same_bits_in_any_company_and_on_any_crew(void **state)
{
    float alone[3][WIDTH], together[3][WIDTH];
    const struct inference_encode_text texts[] = { { ids, 9, together[0] },
                                                   { ids + 9, 71, together[1] },
                                                   { ids + 80, 1, together[2] } };
    struct embedding embedding;

    (void)state;
    open_embedding(&embedding, POOLING_LAST, 1);
    for (int i = 0; i < 3; i++)
        embed(&embedding, (uint32_t)(texts[i].ids - ids), texts[i].count, alone[i]);
    close_embedding(&embedding);
    open_embedding(&embedding, POOLING_LAST, 3);
    inference_encode_run(embedding.encode, texts, 3);
    assert_memory_equal(alone, together, sizeof(alone));
    close_embedding(&embedding);
}

static void a_file_says_by_its_pooling_whether_it_embeds(void **state)
{
    static const struct {
        uint32_t pooling;
        bool embeds;
        enum status status;
    } files[] = { { 0, false, STATUS_OK },
                  { POOLING_MEAN, true, STATUS_OK },
                  { POOLING_CLS, true, STATUS_UNIMPLEMENTED },
                  { POOLING_LAST, true, STATUS_OK },
                  { 4, true, STATUS_UNIMPLEMENTED } };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct error err = { 0 };
        size_t size;
        char *bytes = model_sample_pooled(GGUF_TENSOR_TYPE_Q8_0, false, files[i].pooling, &size);
        struct gguf *gguf = gguf_open_bytes(slice_of(bytes, size), NULL);

        assert_int_equal(inference_encoder_is(gguf), files[i].embeds);
        if (files[i].embeds)
            inference_encoder_destroy(inference_encoder_create(gguf, &err));
        else
            gguf_close(gguf);
        assert_int_equal(err.status, files[i].status);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_vector_is_the_one_that_logits_are_made_of),
        cmocka_unit_test(the_mean_is_that_of_the_last_vectors_of_all_beginnings),
        cmocka_unit_test(gives_the_same_bits_in_any_company_and_on_any_crew),
        cmocka_unit_test(a_file_says_by_its_pooling_whether_it_embeds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
