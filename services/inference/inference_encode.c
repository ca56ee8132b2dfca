/* For the n ids of all texts:
 *
 *     x = norm(tokens + types + positions)            [n][embedding]
 *     of each layer
 *         q, k, v = Wq x, Wk x, Wv x                  [n][heads · head]; q and k turned, or x knows
 *         x = norm(x + Wo softmax(q kᵀ · scale) v)    each id sees all ids of its text
 *         x = norm(x + Wdown gelu(Wup x))             or silu(Wgate x) ∘ Wup x inside
 *     of each text the mean of x, or its first
 *
 * with the biases that a model has. A text's ids are a stretch (inference_product.h), so that its
 * vector does not depend on its company. */
#include "inference_encode.h"

#include "inference_causal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "inference_product.h"

/* Rows of values that a member of the crew takes at a time. */
#define PART_ROWS 8

struct inference_encode {
    const struct inference_encoder *encoder;
    struct inference_crew *crew;
    struct inference_causal *causal; /* of a decoder; then the rest is not there */
    struct inference_products products;
    uint32_t ids_max;
    float *x, *a;     /* [ids_max][embedding] */
    float *q, *k, *v; /* [ids_max][embedding] */
    float *s;         /* [ids_max][embedding] */
    float *gate, *up; /* [ids_max][feed_forward] */
    float *scores;    /* [members][context] */

    /* The batch */
    const struct inference_encode_text *texts;
    uint32_t texts_count, n;
    uint32_t starts[INFERENCE_ENCODE_TEXTS_MAX]; /* the first id of each */
    struct inference_stretch stretches[INFERENCE_ENCODE_TEXTS_MAX];
};

static float *new_array(size_t rows, size_t columns)
{
    size_t count;

    return __builtin_mul_overflow(rows, columns, &count) ? NULL : calloc(count, sizeof(float));
}

static bool create_state(struct inference_encode *encode)
{
    const struct inference_encoder *encoder = encode->encoder;
    size_t n = encode->ids_max, width = encoder->embedding, inner = encoder->feed_forward;
    struct {
        float **values;
        size_t rows, columns;
    } arrays[] = {
        { &encode->x, n, width },
        { &encode->a, n, width },
        { &encode->q, n, width },
        { &encode->k, n, width },
        { &encode->v, n, width },
        { &encode->s, n, width },
        { &encode->up, n, inner },
        { &encode->gate, n, inner },
        { &encode->scores, inference_crew_size(encode->crew), n },
    };

    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
        *arrays[i].values = new_array(arrays[i].rows, arrays[i].columns);
        if (*arrays[i].values == NULL)
            return false;
    }
    return inference_products_init(&encode->products, encode->crew, n,
                                   width > inner ? width : inner, NULL)
           == STATUS_OK;
}

struct inference_encode *inference_encode_create(const struct inference_encoder *encoder,
                                                 struct inference_crew *crew, uint32_t ids_max,
                                                 struct error *err)
{
    struct inference_encode *encode = calloc(1, sizeof(*encode));
    uint32_t longest = ids_max < encoder->context ? ids_max : encoder->context;

    if (encode != NULL) {
        encode->encoder = encoder;
        encode->crew = crew;
        encode->ids_max = ids_max;
        if (encoder->decoder != NULL)
            encode->causal = inference_causal_create(encoder, crew, longest, err);
        if (encoder->decoder != NULL ? encode->causal != NULL : create_state(encode))
            return encode;
    }
    inference_encode_destroy(encode);
    error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for texts of %u ids", ids_max);
    return NULL;
}

void inference_encode_destroy(struct inference_encode *encode)
{
    if (encode == NULL)
        return;
    inference_causal_destroy(encode->causal);
    free(encode->x);
    free(encode->a);
    free(encode->q);
    free(encode->k);
    free(encode->v);
    free(encode->s);
    free(encode->up);
    free(encode->gate);
    free(encode->scores);
    inference_products_close(&encode->products);
    free(encode);
}

/* The parts of a layer
 * ---------------------------------------------------------------------------------------------- */

/* The text that an id of the batch belongs to. */
static uint32_t text_of(const struct inference_encode *encode, uint32_t row)
{
    uint32_t text = 0;

    while (text + 1 < encode->texts_count && encode->starts[text + 1] <= row)
        text++;
    return text;
}

struct rows {
    struct inference_encode *encode;
    void (*run)(struct inference_encode *encode, const void *detail, uint32_t row, unsigned member);
    const void *detail;
};

static void run_rows(void *task, uint32_t part, unsigned member)
{
    const struct rows *rows = task;
    uint32_t first = part * PART_ROWS, left = rows->encode->n - first;

    for (uint32_t i = first; i < first + (left < PART_ROWS ? left : PART_ROWS); i++)
        rows->run(rows->encode, rows->detail, i, member);
}

/* Call @run for each id of the batch, by the crew. */
static void each_id(struct inference_encode *encode,
                    void (*run)(struct inference_encode *, const void *, uint32_t, unsigned),
                    const void *detail)
{
    struct rows rows = { encode, run, detail };

    inference_crew_run(encode->crew, (encode->n + PART_ROWS - 1) / PART_ROWS, run_rows, &rows);
}

/* (x - mean) / √(variance + epsilon) · weight + bias */
static void normalise(const struct inference_encode *encode, float *x,
                      const struct inference_layer_norm *norm)
{
    uint32_t width = encode->encoder->embedding;
    double sum = 0, squares = 0;
    float mean, scale;

    for (uint32_t i = 0; i < width; i++)
        sum += (double)x[i];
    mean = (float)(sum / width);
    for (uint32_t i = 0; i < width; i++)
        squares += (double)((x[i] - mean) * (x[i] - mean));
    scale = (float)(1 / sqrt(squares / width + (double)encode->encoder->norm_epsilon));
    for (uint32_t i = 0; i < width; i++)
        x[i] = (x[i] - mean) * scale * norm->weight[i] + norm->bias[i];
}

static void run_begin(struct inference_encode *encode, const void *detail, uint32_t row,
                      unsigned member)
{
    const struct inference_encoder *encoder = encode->encoder;
    uint32_t width = encoder->embedding, text = text_of(encode, row);
    float *x = encode->x + (size_t)row * width, *position = encode->a + (size_t)row * width;

    (void)detail;
    (void)member;
    row -= encode->starts[text];
    kernels_expand_row(x, &encoder->token_embedding, encode->texts[text].ids[row]);
    if (encoder->type_embedding != NULL)
        kernels_add_scaled(x, encoder->type_embedding, 1.0f, width);
    if (encoder->position_embedding.rows > 0) {
        kernels_expand_row(position, &encoder->position_embedding, row);
        kernels_add_scaled(x, position, 1.0f, width);
    }
    normalise(encode, x, &encoder->embedding_norm);
}

static void add_bias(float *x, const float *bias, uint32_t row, uint32_t width)
{
    if (bias != NULL)
        kernels_add_scaled(x + (size_t)row * width, bias, 1.0f, width);
}

/* Biases of queries, keys and values, and their positions where those are turned. */
static void run_turn(struct inference_encode *encode, const void *detail, uint32_t row,
                     unsigned member)
{
    const struct inference_encoder *encoder = encode->encoder;
    const struct inference_encoder_layer *layer = detail;
    uint32_t width = encoder->embedding, text = text_of(encode, row);

    (void)member;
    add_bias(encode->q, layer->query_bias, row, width);
    add_bias(encode->k, layer->key_bias, row, width);
    add_bias(encode->v, layer->value_bias, row, width);
    if (encoder->rope_frequencies == NULL)
        return;
    for (uint32_t h = 0; h < encoder->heads; h++) {
        size_t at = (size_t)row * width + (size_t)h * encoder->head;

        kernels_rotate_halves(encode->q + at, encoder->rope_frequencies, encoder->head / 2,
                              row - encode->starts[text]);
        kernels_rotate_halves(encode->k + at, encoder->rope_frequencies, encoder->head / 2,
                              row - encode->starts[text]);
    }
}

/* s = softmax(q kᵀ · scale) v of one id over all ids of its text */
static void run_attention(struct inference_encode *encode, const void *detail, uint32_t row,
                          unsigned member)
{
    const struct inference_encoder *encoder = encode->encoder;
    uint32_t width = encoder->embedding, text = text_of(encode, row), count;
    float *scores = encode->scores + (size_t)member * encode->ids_max;
    size_t first;

    (void)detail;
    count = encode->texts[text].count;
    first = (size_t)encode->starts[text] * width;
    memset(encode->s + (size_t)row * width, 0, width * sizeof(*encode->s));
    for (uint32_t h = 0; h < encoder->heads; h++) {
        size_t head = (size_t)h * encoder->head, own = (size_t)row * width + head;

        kernels_score(scores, encode->q + own, encode->k + first + head, width, encoder->head,
                      count, 1 / sqrtf((float)encoder->head));
        kernels_softmax(scores, count);
        kernels_mix(encode->s + own, scores, encode->v + first + head, width, encoder->head, count);
    }
}

struct addition {
    const float *bias;
    const struct inference_layer_norm *norm;
};

/* x = norm(x + a + bias) */
static void run_add(struct inference_encode *encode, const void *detail, uint32_t row,
                    unsigned member)
{
    const struct addition *addition = detail;
    uint32_t width = encode->encoder->embedding;
    float *x = encode->x + (size_t)row * width;

    (void)member;
    add_bias(encode->a, addition->bias, row, width);
    kernels_add_scaled(x, encode->a + (size_t)row * width, 1.0f, width);
    normalise(encode, x, addition->norm);
}

/* By the error function, as these models were trained. */
static void gelu(float *x, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        x[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678f));
}

static void run_gate(struct inference_encode *encode, const void *detail, uint32_t row,
                     unsigned member)
{
    const struct inference_encoder_layer *layer = detail;
    uint32_t inner = encode->encoder->feed_forward;
    size_t at = (size_t)row * inner;

    (void)member;
    add_bias(encode->up, layer->up_bias, row, inner);
    if (layer->gate.rows == 0)
        return gelu(encode->up + at, inner);
    kernels_gate_silu(encode->gate + at, encode->up + at, inner);
}

static void multiply(struct inference_encode *encode, float *out, const struct matrix *matrix)
{
    inference_products_run(&encode->products, out, matrix, encode->stretches, encode->texts_count);
}

static void run_layer(struct inference_encode *encode, const struct inference_encoder_layer *layer)
{
    struct addition attended = { layer->attention_output_bias, &layer->attention_norm };
    struct addition fed = { layer->down_bias, &layer->output_norm };
    uint32_t width = encode->encoder->embedding;

    inference_products_set(&encode->products, encode->x, encode->n, width);
    multiply(encode, encode->q, &layer->query);
    multiply(encode, encode->k, &layer->key);
    multiply(encode, encode->v, &layer->value);
    each_id(encode, run_turn, layer);
    each_id(encode, run_attention, NULL);
    inference_products_set(&encode->products, encode->s, encode->n, width);
    multiply(encode, encode->a, &layer->attention_output);
    each_id(encode, run_add, &attended);

    inference_products_set(&encode->products, encode->x, encode->n, width);
    multiply(encode, encode->up, &layer->up);
    if (layer->gate.rows > 0)
        multiply(encode, encode->gate, &layer->gate);
    each_id(encode, run_gate, layer);
    inference_products_set(&encode->products, layer->gate.rows > 0 ? encode->gate : encode->up,
                           encode->n, encode->encoder->feed_forward);
    multiply(encode, encode->a, &layer->down);
    each_id(encode, run_add, &fed);
}

/* The batch
 * ---------------------------------------------------------------------------------------------- */

static void begin(struct inference_encode *encode, const struct inference_encode_text *texts,
                  uint32_t count)
{
    CHECK(count <= INFERENCE_ENCODE_TEXTS_MAX);
    encode->texts = texts;
    encode->texts_count = count;
    encode->n = 0;
    for (uint32_t i = 0; i < count; i++) {
        CHECK(texts[i].count >= 1 && texts[i].count <= encode->encoder->context);
        CHECK(texts[i].count <= encode->ids_max - encode->n);
        encode->starts[i] = encode->n;
        encode->stretches[i] = (struct inference_stretch){ texts[i].count, false };
        encode->n += texts[i].count;
    }
    each_id(encode, run_begin, NULL);
}

static void pool(const struct inference_encode *encode, uint32_t text)
{
    uint32_t width = encode->encoder->embedding, count = encode->texts[text].count;
    const float *x = encode->x + (size_t)encode->starts[text] * width;
    float *out = encode->texts[text].embedding;

    if (encode->encoder->pooling == INFERENCE_POOLING_FIRST)
        count = 1;
    memset(out, 0, width * sizeof(*out));
    for (uint32_t i = 0; i < count; i++)
        kernels_add_scaled(out, x + (size_t)i * width, 1.0f / (float)count, width);
}

void inference_encode_run(struct inference_encode *encode,
                          const struct inference_encode_text *texts, uint32_t count)
{
    for (uint32_t i = 0; encode->causal != NULL && i < count; i++)
        inference_causal_run(encode->causal, &texts[i]);
    if (encode->causal != NULL)
        return;
    begin(encode, texts, count);
    for (uint32_t i = 0; i < encode->encoder->layers_count; i++)
        run_layer(encode, &encode->encoder->layers[i]);
    for (uint32_t i = 0; i < count; i++)
        pool(encode, i);
}

void inference_encode_scale(float *values, uint32_t count)
{
    double squares = 0;

    for (uint32_t i = 0; i < count; i++)
        squares += (double)values[i] * (double)values[i];
    for (uint32_t i = 0; squares > 0 && i < count; i++)
        values[i] = (float)((double)values[i] / sqrt(squares));
}
