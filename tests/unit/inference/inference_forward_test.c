#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "data.h"
#include "gguf/gguf_half.h"
#include "inference_sample.h"
#include "model_run.h"

/* The piece of a SentencePiece vocabulary as text, straight from the file. */
static void append_piece(const struct gguf *gguf, uint32_t id, char *text)
{
    struct slice piece;
    size_t cursor = 0;

    for (uint32_t i = 0; i <= id; i++)
        assert_true(gguf_next_string(gguf, "tokenizer.ggml.tokens", &cursor, &piece));
    if (slice_is(piece, "<0x0A>"))
        piece = SLICE("\n");
    for (size_t i = 0; i < piece.size; i++) {
        if (slice_starts_with(slice_cut(piece, i, piece.size), SLICE("\xe2\x96\x81"))) {
            strcat(text, " ");
            i += 2;
        } else {
            strncat(text, piece.data + i, 1);
        }
    }
}

/* karpathy/llama2.c doc/stories260K.md, the run at temperature 0. */
static const char published[] =
    "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red "
    "ball. She wanted to play with it, but it was too high.\nLily's mom said, \"Lily, let's go to the park.\" Lily was sad and "
    "didn't know what to do. She said, \"I want to play with your ball, but I can't find it.\"\nLily was sad and didn't know what to "
    "do. She said, \"I'm sorry, Lily. I didn't know what to do.\"\nLily didn't want to help her mom, so she said, \"I'm sorry, mom. I "
    "didn't know what to do.\" Her mom said, \"Don't worry, Lily. We can help you.";

static void writes_the_story_that_its_author_published(void **state)
{
    const char *path = data_path("models/stories260K.gguf");
    struct inference_sampling greedy = { 0 };
    struct inference_sample sample = { .id = 1 }; /* beginning of text */
    struct inference_random random = { 0 };
    struct inference_sampler *sampler;
    char text[4096] = "";
    struct run run = { 0 };

    (void)state;
    if (path == NULL)
        skip();
    run_open(&run, gguf_open(path, NULL), 1);
    sampler = inference_sampler_create(run.model->vocabulary);
    assert_non_null(sampler);
    for (uint32_t at = 0; at < 256; at++) {
        const float *logits = run_ids(&run, &sample.id, 1, at);

        inference_sample(sampler, &greedy, &random, NULL, NULL, logits, &sample);
        append_piece(run.model->gguf, sample.id, text);
    }
    assert_memory_equal(text + 1, published, sizeof(published) - 1);
    inference_sampler_destroy(sampler);
    run_close(&run);
}

/* The reference: plain loops in double precision over weights that gguf_tensor_find gives, its own
 * rope and norm. */

static double weight_at(const struct gguf_tensor *tensor, size_t at)
{
    const unsigned char *block = (const unsigned char *)tensor->data + at / 32 * 34;
    uint16_t half;

    switch (tensor->type) {
    case GGUF_TENSOR_TYPE_F32:
        return (double)((const float *)tensor->data)[at];
    case GGUF_TENSOR_TYPE_F16:
        return (double)gguf_half_to_float(((const uint16_t *)tensor->data)[at]);
    case GGUF_TENSOR_TYPE_BF16:
        return (double)gguf_half_bf16_to_float(((const uint16_t *)tensor->data)[at]);
    default:
        memcpy(&half, block, 2);
        return (double)gguf_half_to_float(half) * (int8_t)block[2 + at % 32];
    }
}

static void reference_multiply(const struct gguf *gguf, const char *name, int layer, double *out,
                               const double *x)
{
    char full[64];
    const struct gguf_tensor *tensor;

    snprintf(full, sizeof(full), "blk.%d.%s.weight", layer, name);
    tensor = gguf_tensor_find(gguf, layer < 0 ? name : full);
    for (uint64_t r = 0; r < tensor->dimensions[1]; r++) {
        out[r] = 0;
        for (uint64_t c = 0; c < tensor->dimensions[0]; c++)
            out[r] += weight_at(tensor, r * tensor->dimensions[0] + c) * x[c];
    }
}

static void reference_norm(const struct gguf *gguf, const char *name, int layer, double *out,
                           const double *x)
{
    char full[64];
    const struct gguf_tensor *tensor;
    double sum = 0;

    snprintf(full, sizeof(full), "blk.%d.%s.weight", layer, name);
    tensor = gguf_tensor_find(gguf, layer < 0 ? name : full);
    for (int i = 0; i < 64; i++)
        sum += x[i] * x[i];
    for (int i = 0; i < 64; i++)
        out[i] = x[i] / sqrt(sum / 64 + (double)1e-5f) * weight_at(tensor, (size_t)i);
}

static void reference_rotate(double *x, int heads, int position)
{
    for (int h = 0; h < heads; h++) {
        for (int i = 0; i < 16; i += 2) {
            double angle = position * pow(10000, -i / 16.0), *p = x + h * 16 + i, a = p[0],
                   b = p[1];

            p[0] = a * cos(angle) - b * sin(angle);
            p[1] = a * sin(angle) + b * cos(angle);
        }
    }
}

static double reference_keys[2][MODEL_SAMPLE_CONTEXT][32],
    reference_values[2][MODEL_SAMPLE_CONTEXT][32];

static void reference_step(const struct gguf *gguf, uint32_t id, int at, double *logits)
{
    double x[64], a[64], q[64], s[64], gate[96], up[96], scores[MODEL_SAMPLE_CONTEXT];
    const struct gguf_tensor *embedding = gguf_tensor_find(gguf, "token_embd.weight");

    for (size_t i = 0; i < 64; i++)
        x[i] = weight_at(embedding, id * 64 + i);
    for (int layer = 0; layer < 2; layer++) {
        reference_norm(gguf, "attn_norm", layer, a, x);
        reference_multiply(gguf, "attn_q", layer, q, a);
        reference_multiply(gguf, "attn_k", layer, reference_keys[layer][at], a);
        reference_multiply(gguf, "attn_v", layer, reference_values[layer][at], a);
        reference_rotate(q, 4, at);
        reference_rotate(reference_keys[layer][at], 2, at);
        memset(s, 0, sizeof(s));
        for (int h = 0; h < 4; h++) {
            double sum = 0;

            for (int t = 0; t <= at; t++) {
                scores[t] = 0;
                for (int i = 0; i < 16; i++)
                    scores[t] += q[h * 16 + i] * reference_keys[layer][t][h / 2 * 16 + i];
                scores[t] = exp(scores[t] / 4);
                sum += scores[t];
            }
            for (int t = 0; t <= at; t++) {
                for (int i = 0; i < 16; i++)
                    s[h * 16 + i] += scores[t] / sum * reference_values[layer][t][h / 2 * 16 + i];
            }
        }
        reference_multiply(gguf, "attn_output", layer, a, s);
        for (int i = 0; i < 64; i++)
            x[i] += a[i];
        reference_norm(gguf, "ffn_norm", layer, a, x);
        reference_multiply(gguf, "ffn_gate", layer, gate, a);
        reference_multiply(gguf, "ffn_up", layer, up, a);
        for (int i = 0; i < 96; i++)
            gate[i] = gate[i] / (1 + exp(-gate[i])) * up[i];
        reference_multiply(gguf, "ffn_down", layer, a, gate);
        for (int i = 0; i < 64; i++)
            x[i] += a[i];
    }
    reference_norm(gguf, "output_norm.weight", -1, a, x);
    reference_multiply(gguf, "output.weight", -1, logits, a);
}

/* √Σ(a-b)² / √Σb² */
static double error_of(const float *logits, const double *reference)
{
    double wrong = 0, all = 0;

    for (int i = 0; i < MODEL_SAMPLE_VOCABULARY; i++) {
        wrong += (logits[i] - reference[i]) * (logits[i] - reference[i]);
        all += reference[i] * reference[i];
    }
    return sqrt(wrong / all);
}

#define LENGTH 150

/* @limit: what the rounding of what is multiplied costs, to 24 bits with floats and 16 with Q8_0.
 */
static void assert_equal_to_reference(enum gguf_tensor_type type, double limit)
{
    double reference[MODEL_SAMPLE_VOCABULARY];
    uint32_t ids[LENGTH];
    struct run run = { 0 };

    run_open_sample(&run, type);
    for (uint32_t i = 0; i < LENGTH; i++)
        ids[i] = i * 37 % MODEL_SAMPLE_VOCABULARY;
    for (uint32_t at = 0; at < LENGTH; at++) {
        const float *logits = run_ids(&run, ids + at, 1, at);

        reference_step(run.model->gguf, ids[at], (int)at, reference);
        assert_true(error_of(logits, reference) < limit);
    }
    /* Chunks of every size in turn, over the same cache from the start. */
    for (uint32_t at = 0, chunk = 1; at < LENGTH; at += chunk, chunk = chunk * 3 % 67 % 64 + 1) {
        const float *logits;

        chunk = chunk < LENGTH - at ? chunk : LENGTH - at;
        logits = run_ids(&run, ids + at, chunk, at);
        if (at + chunk == LENGTH)
            assert_true(error_of(logits, reference) < limit);
    }
    run_close(&run);
}

static void equals_a_double_precision_reference_with_f32(void **state)
{
    (void)state;
    assert_equal_to_reference(GGUF_TENSOR_TYPE_F32, 1e-5);
}

static void equals_a_double_precision_reference_with_f16(void **state)
{
    (void)state;
    assert_equal_to_reference(GGUF_TENSOR_TYPE_F16, 1e-5);
}

static void equals_a_double_precision_reference_with_bf16(void **state)
{
    (void)state;
    assert_equal_to_reference(GGUF_TENSOR_TYPE_BF16, 1e-5);
}

static void equals_a_double_precision_reference_with_q8_0(void **state)
{
    (void)state;
    assert_equal_to_reference(GGUF_TENSOR_TYPE_Q8_0, 3e-4);
}

/* Of 150 ids, whose keys and values are in 8 bits, alone and in chunks: the same, and not far from
 * what floats give. */
static void stays_near_the_reference_with_keys_and_values_in_8_bits(void **state)
{
    double reference[MODEL_SAMPLE_VOCABULARY], error;
    float one_by_one[MODEL_SAMPLE_VOCABULARY];
    uint32_t ids[LENGTH];
    struct run run = { .cache_form = INFERENCE_CACHE_FORM_Q8 };

    (void)state;
    run_open_sample(&run, GGUF_TENSOR_TYPE_Q8_0);
    for (uint32_t at = 0; at < LENGTH; at++) {
        ids[at] = at * 37 % MODEL_SAMPLE_VOCABULARY;
        reference_step(run.model->gguf, ids[at], (int)at, reference);
        memcpy(one_by_one, run_ids(&run, ids + at, 1, at), sizeof(one_by_one));
    }
    error = error_of(one_by_one, reference);
    assert_true(error > 1e-4 && error < 2e-2);
    for (uint32_t at = 0; at < LENGTH; at += 50) {
        const float *logits = run_ids(&run, ids + at, 50, at);

        if (at == 100)
            assert_memory_equal(logits, one_by_one, sizeof(one_by_one));
    }
    run_close(&run);
}

/* How far the rounding of the weights moves the logits: a few thousandths for 16 bits, a few
 * hundredths for 8. */
static void stays_near_f32_with_smaller_types(void **state)
{
    static const struct {
        enum gguf_tensor_type type;
        double limit;
    } cases[] = { { GGUF_TENSOR_TYPE_F16, 2e-3 },
                  { GGUF_TENSOR_TYPE_BF16, 2e-2 },
                  { GGUF_TENSOR_TYPE_Q8_0, 5e-2 } };
    struct run exact = { 0 };
    const uint32_t ids[] = { 3, 1, 4, 1, 5, 9, 2, 6 };
    double reference[MODEL_SAMPLE_VOCABULARY];
    const float *logits;

    (void)state;
    run_open_sample(&exact, GGUF_TENSOR_TYPE_F32);
    logits = run_ids(&exact, ids, 8, 0);
    for (int i = 0; i < MODEL_SAMPLE_VOCABULARY; i++)
        reference[i] = logits[i];
    for (size_t i = 0; i < 3; i++) {
        struct run run = { 0 };

        run_open_sample(&run, cases[i].type);
        logits = run_ids(&run, ids, 8, 0);
        assert_true(error_of(logits, reference) < cases[i].limit);
        run_close(&run);
    }
    run_close(&exact);
}

/* A chunk and a single id. */
static void gives_the_same_bits_from_weights_that_stay_mapped(void **state)
{
    const enum gguf_tensor_type types[] = { GGUF_TENSOR_TYPE_F32, GGUF_TENSOR_TYPE_Q8_0 };
    const uint32_t ids[] = { 3, 1, 4, 1, 5, 9, 2, 6 };

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct run packed = { 0 }, mapped = { .is_mapped = true };

        run_open_sample(&packed, types[i]);
        run_open_sample(&mapped, types[i]);
        for (uint32_t at = 0; at < 8; at += 7) {
            uint32_t count = at == 0 ? 7 : 1;
            const float *logits = run_ids(&packed, ids + at, count, at);

            assert_memory_equal(run_ids(&mapped, ids + at, count, at), logits,
                                MODEL_SAMPLE_VOCABULARY * sizeof(*logits));
        }
        run_close(&mapped);
        run_close(&packed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_story_that_its_author_published),
        cmocka_unit_test(equals_a_double_precision_reference_with_f32),
        cmocka_unit_test(equals_a_double_precision_reference_with_f16),
        cmocka_unit_test(equals_a_double_precision_reference_with_bf16),
        cmocka_unit_test(equals_a_double_precision_reference_with_q8_0),
        cmocka_unit_test(stays_near_the_reference_with_keys_and_values_in_8_bits),
        cmocka_unit_test(gives_the_same_bits_from_weights_that_stay_mapped),
        cmocka_unit_test(stays_near_f32_with_smaller_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
