#include "train_weights.h"

enum status weights_check_shape(const struct shape *s, struct error *err)
{
    if (s->vocabulary_size == 0 || s->vocabulary_size > SHAPE_VOCABULARY_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a vocabulary of %u", s->vocabulary_size);
    if (s->layers == 0 || s->layers > SHAPE_LAYERS_MAX || s->width == 0
        || s->width > SHAPE_WIDTH_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%u layers of width %u", s->layers,
                         s->width);
    if (s->heads == 0 || s->width % s->heads != 0 || shape_head_size(s) % 2 != 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%u heads in a width of %u", s->heads,
                         s->width);
    if (s->kv_heads == 0 || s->heads % s->kv_heads != 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%u key heads for %u heads", s->kv_heads,
                         s->heads);
    if (s->ffn == 0 || s->ffn > 8 * SHAPE_WIDTH_MAX || s->context == 0
        || s->context > SHAPE_CONTEXT_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "inner size %u, context %u", s->ffn,
                         s->context);
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
