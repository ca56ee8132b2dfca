#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "encoder_sample.h"
#include "gguf/gguf_half.h"
#include "inference_encode.h"

#define WIDTH ENCODER_SAMPLE_EMBEDDING
#define LENGTH 70

struct run {
    char *bytes;
    struct inference_encoder *encoder;
    struct inference_crew *crew;
    struct inference_encode *encode;
};

static void open_run(struct run *run, enum encoder_sample_kind kind, enum gguf_tensor_type type,
                     unsigned threads)
{
    struct error err = { 0 };
    size_t size;

    run->bytes = encoder_sample(kind, type, &size);
    run->encoder =
        inference_encoder_create(gguf_open_bytes(slice_of(run->bytes, size), &err), &err);
    assert_string_equal(err.text, "");
    run->crew = inference_crew_create(threads, &err);
    run->encode = inference_encode_create(run->encoder, run->crew, 3 * LENGTH, &err);
    assert_non_null(run->encode);
}

static void close_run(struct run *run)
{
    inference_encode_destroy(run->encode);
    inference_crew_destroy(run->crew);
    inference_encoder_destroy(run->encoder);
    free(run->bytes);
}

/* The reference: plain loops in double precision over the file's tensors. */

static double weight_at(const struct gguf_tensor *tensor, size_t at)
{
    const unsigned char *block = (const unsigned char *)tensor->data + at / 32 * 34;
    uint16_t half;

    if (tensor->type == GGUF_TENSOR_TYPE_F32)
        return (double)((const float *)tensor->data)[at];
    if (tensor->type == GGUF_TENSOR_TYPE_F16)
        return (double)gguf_half_to_float(((const uint16_t *)tensor->data)[at]);
    memcpy(&half, block, 2);
    return (double)gguf_half_to_float(half) * (int8_t)block[2 + at % 32];
}

static const struct gguf_tensor *tensor_of(const struct gguf *gguf, int layer, const char *name)
{
    char full[64];

    snprintf(full, sizeof(full), "blk.%d.%s", layer, name);
    return gguf_tensor_find(gguf, layer < 0 ? name : full);
}

/* out[@rows] = rows from @first of the matrix · x + bias */
static void reference_multiply(const struct gguf *gguf, int layer, const char *name, size_t first,
                               size_t rows, double *out, const double *x)
{
    char full[32];
    const struct gguf_tensor *matrix, *bias;

    snprintf(full, sizeof(full), "%s.weight", name);
    matrix = tensor_of(gguf, layer, full);
    snprintf(full, sizeof(full), "%s.bias", name);
    bias = tensor_of(gguf, layer, full);
    for (size_t r = 0; r < rows; r++) {
        out[r] = bias == NULL ? 0 : weight_at(bias, first + r);
        for (size_t c = 0; c < matrix->dimensions[0]; c++)
            out[r] += weight_at(matrix, (first + r) * matrix->dimensions[0] + c) * x[c];
    }
}

static void reference_norm(const struct gguf *gguf, int layer, const char *name, double *x)
{
    double mean = 0, variance = 0;
    char full[32];
    const struct gguf_tensor *weight, *bias;

    snprintf(full, sizeof(full), "%s.weight", name);
    weight = tensor_of(gguf, layer, full);
    snprintf(full, sizeof(full), "%s.bias", name);
    bias = tensor_of(gguf, layer, full);
    for (int i = 0; i < WIDTH; i++)
        mean += x[i] / WIDTH;
    for (int i = 0; i < WIDTH; i++)
        variance += (x[i] - mean) * (x[i] - mean) / WIDTH;
    for (size_t i = 0; i < WIDTH; i++)
        x[i] = (x[i] - mean) / sqrt(variance + (double)1e-5f) * weight_at(weight, i)
               + weight_at(bias, i);
}

static void reference_turn(double *x, int position)
{
    for (int h = 0; h < ENCODER_SAMPLE_HEADS; h++) {
        for (int i = 0; i < 8; i++) {
            double angle = position * pow(1000, -i / 8.0), *p = x + h * 16 + i, a = p[0], b = p[8];

            p[0] = a * cos(angle) - b * sin(angle);
            p[8] = a * sin(angle) + b * cos(angle);
        }
    }
}

static void reference_attend(const double (*q)[WIDTH], const double (*k)[WIDTH],
                             const double (*v)[WIDTH], int n, int at, double *out)
{
    memset(out, 0, WIDTH * sizeof(*out));
    for (int h = 0; h < ENCODER_SAMPLE_HEADS; h++) {
        double scores[LENGTH], sum = 0;

        for (int t = 0; t < n; t++) {
            scores[t] = 0;
            for (int i = h * 16; i < h * 16 + 16; i++)
                scores[t] += q[at][i] * k[t][i] / 4;
            sum += scores[t] = exp(scores[t]);
        }
        for (int t = 0; t < n; t++) {
            for (int i = h * 16; i < h * 16 + 16; i++)
                out[i] += scores[t] / sum * v[t][i];
        }
    }
}

static void reference_feed(const struct gguf *gguf, enum encoder_sample_kind kind, int layer,
                           const double *x, double *out)
{
    double up[ENCODER_SAMPLE_INNER], gate[ENCODER_SAMPLE_INNER];

    reference_multiply(gguf, layer, "ffn_up", 0, ENCODER_SAMPLE_INNER, up, x);
    if (kind == ENCODER_SAMPLE_NOMIC)
        reference_multiply(gguf, layer, "ffn_gate", 0, ENCODER_SAMPLE_INNER, gate, x);
    for (int i = 0; i < ENCODER_SAMPLE_INNER; i++)
        up[i] = kind == ENCODER_SAMPLE_NOMIC ? gate[i] / (1 + exp(-gate[i])) * up[i]
                                             : up[i] * (1 + erf(up[i] / sqrt(2))) / 2;
    reference_multiply(gguf, layer, "ffn_down", 0, WIDTH, out, up);
}

static void reference_layer(const struct gguf *gguf, enum encoder_sample_kind kind, int layer,
                            double (*x)[WIDTH], int n)
{
    static double q[LENGTH][WIDTH], k[LENGTH][WIDTH], v[LENGTH][WIDTH];
    bool is_joint = kind != ENCODER_SAMPLE_BERT;
    double s[WIDTH], a[WIDTH];

    for (int t = 0; t < n; t++) {
        reference_multiply(gguf, layer, is_joint ? "attn_qkv" : "attn_q", 0, WIDTH, q[t], x[t]);
        reference_multiply(gguf, layer, is_joint ? "attn_qkv" : "attn_k", is_joint ? WIDTH : 0,
                           WIDTH, k[t], x[t]);
        reference_multiply(gguf, layer, is_joint ? "attn_qkv" : "attn_v", is_joint ? 2 * WIDTH : 0,
                           WIDTH, v[t], x[t]);
        if (kind == ENCODER_SAMPLE_NOMIC) {
            reference_turn(q[t], t);
            reference_turn(k[t], t);
        }
    }
    for (int t = 0; t < n; t++) {
        reference_attend(q, k, v, n, t, s);
        reference_multiply(gguf, layer, "attn_output", 0, WIDTH, a, s);
        for (int i = 0; i < WIDTH; i++)
            x[t][i] += a[i];
        reference_norm(gguf, layer, "attn_output_norm", x[t]);
        reference_feed(gguf, kind, layer, x[t], a);
        for (int i = 0; i < WIDTH; i++)
            x[t][i] += a[i];
        reference_norm(gguf, layer, "layer_output_norm", x[t]);
    }
}

static void reference(const struct gguf *gguf, enum encoder_sample_kind kind, const uint32_t *ids,
                      int n, double *out)
{
    static double x[LENGTH][WIDTH];
    int pooled = kind == ENCODER_SAMPLE_BERT ? 1 : n;

    for (size_t t = 0; t < (size_t)n; t++) {
        for (size_t i = 0; i < WIDTH; i++) {
            x[t][i] = weight_at(tensor_of(gguf, -1, "token_embd.weight"), ids[t] * WIDTH + i)
                      + weight_at(tensor_of(gguf, -1, "token_types.weight"), i);
            if (kind != ENCODER_SAMPLE_NOMIC)
                x[t][i] += weight_at(tensor_of(gguf, -1, "position_embd.weight"), t * WIDTH + i);
        }
        reference_norm(gguf, -1, "token_embd_norm", x[t]);
    }
    for (int layer = 0; layer < ENCODER_SAMPLE_LAYERS; layer++)
        reference_layer(gguf, kind, layer, x, n);
    memset(out, 0, WIDTH * sizeof(*out));
    for (int t = 0; t < pooled; t++) {
        for (int i = 0; i < WIDTH; i++)
            out[i] += x[t][i] / pooled;
    }
}

/* √Σ(a-b)² / √Σb² */
static double error_of(const float *values, const double *reference)
{
    double wrong = 0, all = 0;

    for (int i = 0; i < WIDTH; i++) {
        wrong += (values[i] - reference[i]) * (values[i] - reference[i]);
        all += reference[i] * reference[i];
    }
    return sqrt(wrong / all);
}

static uint32_t ids[3 * LENGTH];

static void fill_ids(void)
{
    for (uint32_t i = 0; i < 3 * LENGTH; i++)
        ids[i] = i * 37 % ENCODER_SAMPLE_VOCABULARY;
}

static void assert_equal_to_reference(enum encoder_sample_kind kind, enum gguf_tensor_type type,
                                      double limit)
{
    static const uint32_t counts[] = { 1, 2, 33, LENGTH };
    double wanted[WIDTH];
    float values[WIDTH];
    struct run run = { 0 };

    fill_ids();
    open_run(&run, kind, type, 1);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct inference_encode_text text = { ids + i, counts[i], values };

        reference(run.encoder->gguf, kind, text.ids, (int)text.count, wanted);
        inference_encode_run(run.encode, &text, 1);
        assert_true(error_of(values, wanted) < limit);
    }
    close_run(&run);
}

static void bert_equals_a_double_precision_reference(void **state)
{
    (void)state;
    assert_equal_to_reference(ENCODER_SAMPLE_BERT, GGUF_TENSOR_TYPE_F32, 1e-5);
    assert_equal_to_reference(ENCODER_SAMPLE_BERT, GGUF_TENSOR_TYPE_F16, 1e-5);
    assert_equal_to_reference(ENCODER_SAMPLE_BERT, GGUF_TENSOR_TYPE_Q8_0, 3e-4);
}

static void bert_with_joined_tensors_equals_a_double_precision_reference(void **state)
{
    (void)state;
    assert_equal_to_reference(ENCODER_SAMPLE_BERT_JOINT, GGUF_TENSOR_TYPE_F32, 1e-5);
    assert_equal_to_reference(ENCODER_SAMPLE_BERT_JOINT, GGUF_TENSOR_TYPE_Q8_0, 3e-4);
}

static void nomic_bert_equals_a_double_precision_reference(void **state)
{
    (void)state;
    assert_equal_to_reference(ENCODER_SAMPLE_NOMIC, GGUF_TENSOR_TYPE_F32, 1e-5);
    assert_equal_to_reference(ENCODER_SAMPLE_NOMIC, GGUF_TENSOR_TYPE_F16, 1e-5);
    assert_equal_to_reference(ENCODER_SAMPLE_NOMIC, GGUF_TENSOR_TYPE_Q8_0, 3e-4);
}

static void gives_the_same_bits_in_any_company_and_on_any_crew(void **state)
{
    static const enum gguf_tensor_type types[] = { GGUF_TENSOR_TYPE_F32, GGUF_TENSOR_TYPE_Q8_0 };
    float alone[3][WIDTH], together[3][WIDTH];

    (void)state;
    fill_ids();
    for (size_t t = 0; t < 2; t++) {
        struct inference_encode_text texts[3];
        struct run one = { 0 }, two = { 0 };

        open_run(&one, ENCODER_SAMPLE_BERT, types[t], 1);
        open_run(&two, ENCODER_SAMPLE_BERT, types[t], 2);
        for (uint32_t i = 0; i < 3; i++) {
            texts[i] = (struct inference_encode_text){ ids + i, 5 + 30 * i, alone[i] };
            inference_encode_run(one.encode, &texts[i], 1);
            texts[i].embedding = together[i];
        }
        inference_encode_run(two.encode, texts, 3);
        assert_memory_equal(alone, together, sizeof(alone));
        close_run(&one);
        close_run(&two);
    }
}

static void scales_to_the_length_1(void **state)
{
    float values[] = { 3, 0, -4 }, zeros[] = { 0, 0, 0 };

    (void)state;
    inference_encode_scale(values, 3);
    inference_encode_scale(zeros, 3);
    assert_true(values[0] == 0.6f && values[1] == 0 && values[2] == -0.8f);
    assert_true(zeros[0] == 0 && zeros[1] == 0 && zeros[2] == 0);
}

/* A key or name in the file becomes another of the same length. */
static enum status create_changed(const char *from, const char *to)
{
    struct error err = { 0 };
    struct inference_encoder *encoder;
    size_t size;
    char *bytes = encoder_sample(ENCODER_SAMPLE_BERT, GGUF_TENSOR_TYPE_F32, &size);
    char *at = memmem(bytes, size, from, strlen(from));

    assert_non_null(at);
    memcpy(at, to, strlen(to));
    encoder = inference_encoder_create(gguf_open_bytes(slice_of(bytes, size), &err), &err);
    assert_true((encoder == NULL) == (err.status != STATUS_OK));
    inference_encoder_destroy(encoder);
    free(bytes);
    return err.status;
}

static void refuses_files_that_lack_something(void **state)
{
    (void)state;
    assert_int_equal(create_changed("token_embd.weight", "token_embd.weighs"), STATUS_DATA_LOSS);
    assert_int_equal(create_changed("position_embd", "position_embx"), STATUS_DATA_LOSS);
    assert_int_equal(create_changed("blk.1.attn_k.weight", "blk.9.attn_k.weight"),
                     STATUS_DATA_LOSS);
    assert_int_equal(create_changed("layer_output_norm.bias", "layer_output_norm.bios"),
                     STATUS_DATA_LOSS);
    assert_int_equal(create_changed("bert.block_count", "bert.block_cound"), STATUS_DATA_LOSS);
    assert_int_equal(create_changed("attention.head_count", "attention.head_counx"),
                     STATUS_DATA_LOSS);
    assert_int_equal(create_changed("general.name", "general.nome"), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bert_equals_a_double_precision_reference),
        cmocka_unit_test(bert_with_joined_tensors_equals_a_double_precision_reference),
        cmocka_unit_test(nomic_bert_equals_a_double_precision_reference),
        cmocka_unit_test(gives_the_same_bits_in_any_company_and_on_any_crew),
        cmocka_unit_test(scales_to_the_length_1),
        cmocka_unit_test(refuses_files_that_lack_something),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
