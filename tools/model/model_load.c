#include "model_load.h"

#include "gguf/gguf.h"
#include "gguf/gguf_half.h"
#include "model_file.h"

#define Q8_0_VALUES 32
#define Q8_0_BYTES (2 + Q8_0_VALUES)

static bool get(const struct gguf *gguf, const char *key, uint32_t *value)
{
    uint64_t wide;

    if (!gguf_get_u64(gguf, key, &wide) || wide > UINT32_MAX)
        return false;
    *value = (uint32_t)wide;
    return true;
}

static enum status read_shape(const struct gguf *gguf, struct shape *shape, struct error *err)
{
    const struct gguf_tensor *embedding = gguf_tensor_find(gguf, "token_embd.weight");
    double rope_base, epsilon;
    struct slice architecture;

    if (!gguf_get_string(gguf, "general.architecture", &architecture)
        || !slice_is(architecture, "llama"))
        return error_set(err, STATUS_UNIMPLEMENTED, "only models of the Llama architecture");
    if (embedding == NULL || gguf_tensor_find(gguf, "output.weight") != NULL)
        return error_set(err, STATUS_UNIMPLEMENTED, "only models with a tied embedding");
    if (!get(gguf, "llama.context_length", &shape->context)
        || !get(gguf, "llama.embedding_length", &shape->width)
        || !get(gguf, "llama.block_count", &shape->layers)
        || !get(gguf, "llama.feed_forward_length", &shape->ffn)
        || !get(gguf, "llama.attention.head_count", &shape->heads)
        || !get(gguf, "llama.attention.head_count_kv", &shape->kv_heads)
        || !gguf_get_f64(gguf, "llama.rope.freq_base", &rope_base)
        || !gguf_get_f64(gguf, "llama.attention.layer_norm_rms_epsilon", &epsilon)
        || embedding->dimensions[1] > SHAPE_VOCABULARY_MAX)
        return error_set(err, STATUS_DATA_LOSS, "a number of the model's shape is missing");
    shape->vocabulary_size = (uint32_t)embedding->dimensions[1];
    shape->rope_base = (float)rope_base;
    shape->norm_epsilon = (float)epsilon;
    return weights_check_shape(shape, err);
}

static void read_q8_0(const unsigned char *block, size_t count, float *values)
{
    for (size_t i = 0; i < count; i += Q8_0_VALUES, block += Q8_0_BYTES) {
        uint16_t half;
        float scale;

        memcpy(&half, block, sizeof(half));
        scale = gguf_half_to_float(half);
        for (size_t j = 0; j < Q8_0_VALUES; j++)
            values[i + j] = scale * (float)(signed char)block[2 + j];
    }
}

static enum status read_values(const struct gguf_tensor *tensor, size_t count, float *values,
                               struct error *err)
{
    const unsigned char *bytes = tensor->data;

    if (tensor->type == GGUF_TENSOR_TYPE_F32)
        memcpy(values, bytes, count * sizeof(float));
    else if (tensor->type == GGUF_TENSOR_TYPE_Q8_0)
        read_q8_0(bytes, count, values);
    else if (tensor->type == GGUF_TENSOR_TYPE_F16)
        for (size_t i = 0; i < count; i++) {
            uint16_t half;

            memcpy(&half, bytes + 2 * i, sizeof(half));
            values[i] = gguf_half_to_float(half);
        }
    else
        return error_set(err, STATUS_UNIMPLEMENTED, "tensors of type %s",
                         gguf_tensor_type_name(tensor->type));
    return STATUS_OK;
}

static enum status read_tensors(const struct gguf *gguf, struct weights *weights, struct error *err)
{
    struct model_tensor list[MODEL_TENSORS_MAX];
    size_t count = model_file_tensors(weights, list);

    for (size_t i = 0; i < count; i++) {
        const struct gguf_tensor *tensor = gguf_tensor_find(gguf, list[i].name);

        if (tensor == NULL || tensor->dimensions[0] != list[i].columns
            || tensor->dimensions[1] != list[i].rows || tensor->dimensions[2] != 1)
            return error_set(err, STATUS_DATA_LOSS, "%s is missing or has another shape",
                             list[i].name);
        if (read_values(tensor, list[i].columns * list[i].rows,
                        weights->all + (list[i].values - weights->all), err)
            != STATUS_OK)
            return error_wrap(err, "%s", list[i].name);
    }
    return STATUS_OK;
}

enum status model_load(const char *path, struct arena *arena, struct weights *weights,
                       struct error *err)
{
    struct gguf *gguf = gguf_open(path, err);
    struct shape shape = { 0 };
    enum status status;
    float *memory;

    if (gguf == NULL)
        return err == NULL ? STATUS_NOT_FOUND : err->status;
    status = read_shape(gguf, &shape, err);
    if (status == STATUS_OK && (memory = ARENA_ARRAY(arena, float, weights_count(&shape))) == NULL)
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the weights");
    if (status == STATUS_OK) {
        weights_bind(weights, &shape, memory);
        status = read_tensors(gguf, weights, err);
    }
    gguf_close(gguf);
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "%s", path);
}
