#include "train_weights.h"

#include <math.h>
#include <string.h>

#include "train_random.h"

#define INIT_DEVIATION 0.05
/* The first column of every embedding starts at a constant, so that a head can have a fixed query and key although the
 * architecture has no biases. */
#define INIT_CONSTANT 0.25
#define INIT_LOOK_BACK_HEADS 3
#define INIT_LOOK_BACK_SCORE 30.0

enum status weights_check_shape(const struct shape *s, struct error *err)
{
    if (s->vocabulary_size == 0 || s->vocabulary_size > SHAPE_VOCABULARY_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a vocabulary of %u", s->vocabulary_size);
    if (s->layers == 0 || s->layers > SHAPE_LAYERS_MAX || s->width == 0 || s->width > SHAPE_WIDTH_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%u layers of width %u", s->layers, s->width);
    if (s->heads == 0 || s->width % s->heads != 0 || shape_head_size(s) % 2 != 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%u heads in a width of %u", s->heads, s->width);
    if (s->kv_heads == 0 || s->heads % s->kv_heads != 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%u key heads for %u heads", s->kv_heads, s->heads);
    if (s->ffn == 0 || s->ffn > 8 * SHAPE_WIDTH_MAX || s->context == 0 || s->context > SHAPE_CONTEXT_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "inner size %u, context %u", s->ffn, s->context);
    return STATUS_OK;
}

static size_t layer_count(const struct shape *s)
{
    size_t d = s->width;

    return 2 * d + (size_t)shape_qkv(s) * d + d * d + 3 * (size_t)s->ffn * d;
}

size_t weights_count(const struct shape *s)
{
    return (size_t)s->vocabulary_size * s->width + s->layers * layer_count(s) + s->width;
}

static float *take(float **at, size_t count)
{
    float *part = *at;

    *at += count;
    return part;
}

void weights_bind(struct weights *weights, const struct shape *s, float *memory)
{
    size_t d = s->width;
    float *at = memory;

    *weights = (struct weights){ .shape = *s, .all = memory, .count = weights_count(s) };
    weights->embedding = take(&at, s->vocabulary_size * d);
    for (uint32_t i = 0; i < s->layers; i++) {
        struct layer_weights *layer = &weights->layers[i];

        layer->attention_norm = take(&at, d);
        layer->qkv = take(&at, shape_qkv(s) * d);
        layer->output = take(&at, d * d);
        layer->ffn_norm = take(&at, d);
        layer->gate_up = take(&at, 2 * (size_t)s->ffn * d);
        layer->down = take(&at, (size_t)s->ffn * d);
    }
    weights->output_norm = take(&at, d);
}

bool weights_part_at(const struct weights *weights, size_t index, struct weights_part *part)
{
    const struct shape *s = &weights->shape;
    size_t d = s->width, rows[6] = { 1, shape_qkv(s), d, 1, 2 * (size_t)s->ffn, d };
    size_t columns[6] = { d, d, d, d, d, s->ffn }, layer = (index - 1) / 6, step = (index - 1) % 6;

    if (index == 0) {
        *part = (struct weights_part){ 0, s->vocabulary_size, d, false };
        return true;
    }
    if (layer > s->layers || (layer == s->layers && step > 0))
        return false;
    *part = (struct weights_part){ s->vocabulary_size * d + layer * layer_count(s), 1, d, true };
    if (layer == s->layers)
        return true;
    for (size_t i = 0; i < step; i++)
        part->offset += rows[i] * columns[i];
    part->rows = rows[step];
    part->columns = columns[step];
    part->is_norm = rows[step] == 1;
    return true;
}

static void draw(float *out, size_t count, double deviation, struct random *random)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (float)(deviation * random_normal(random));
}

static void fill(float *out, size_t count, float value)
{
    for (size_t i = 0; i < count; i++)
        out[i] = value;
}

/* Finding a value and copying it needs a head that tells each token what stood before it. Training finds such heads by
 * itself, after some millions of tokens; we begin with them instead. Head @head of the first layer gets a query and a key
 * that depend only on the constant column. Rotation by position makes their product sum cos(f (i - j - distance)) over the
 * frequencies f, which is largest at the token @distance back. All of it stays trainable. */
static void look_back(struct weights *weights, uint32_t head, uint32_t distance)
{
    const struct shape *s = &weights->shape;
    uint32_t size = shape_head_size(s), d = s->width, kv = head / (s->heads / s->kv_heads);
    double deviation = INIT_DEVIATION;
    double normed = INIT_CONSTANT / sqrt(deviation * deviation + INIT_CONSTANT * INIT_CONSTANT / d);
    float *query = weights->layers[0].qkv + (size_t)head * size * d;
    float *key = weights->layers[0].qkv + (size_t)(s->heads + kv) * size * d;

    for (uint32_t pair = 0; pair < size / 2 && pair < 5; pair++) {
        double frequency = pow(s->rope_base, -2.0 * pair / size);
        double length = sqrt(INIT_LOOK_BACK_SCORE * sqrt(size) / 5) / normed, angle = frequency * distance;

        query[2 * pair * d] = (float)length;
        query[(2 * pair + 1) * d] = 0;
        key[2 * pair * d] = (float)(length * cos(angle));
        key[(2 * pair + 1) * d] = (float)(length * sin(angle));
    }
}

void weights_init(struct weights *weights, uint64_t seed)
{
    const struct shape *s = &weights->shape;
    size_t d = s->width;
    struct random random = { seed };
    /* Small beside the embeddings, so that the stream starts as the tokens themselves. */
    double into_residual = 0.25 / sqrt(2.0 * s->layers);

    draw(weights->embedding, s->vocabulary_size * d, INIT_DEVIATION, &random);
    for (size_t i = 0; i < s->vocabulary_size; i++)
        weights->embedding[i * d] = (float)INIT_CONSTANT;
    for (uint32_t i = 0; i < s->layers; i++) {
        struct layer_weights *layer = &weights->layers[i];
        double deviation = 1 / sqrt((double)d);

        fill(layer->attention_norm, d, 1);
        draw(layer->qkv, shape_qkv(s) * d, deviation, &random);
        draw(layer->output, d * d, deviation * into_residual, &random);
        fill(layer->ffn_norm, d, 1);
        draw(layer->gate_up, 2 * (size_t)s->ffn * d, deviation, &random);
        draw(layer->down, d * s->ffn, into_residual / sqrt(s->ffn), &random);
    }
    fill(weights->output_norm, d, 1);
    if (s->heads == s->kv_heads)
        for (uint32_t head = 0; head < INIT_LOOK_BACK_HEADS && head + 1 < s->heads; head++)
            look_back(weights, head, head + 1);
}
