#include "inference_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

#define MODEL_BYTES_MAX (64 * MIB)
/* Bounds that no published model comes near; they keep products of them inside 64 bits. */
#define LAYERS_MAX 4096
#define WIDTH_MAX (1u << 20)
#define CONTEXT_MAX (1u << 24)
#define VOCABULARY_MAX (1u << 24)

/* Keys
 * ---------------------------------------------------------------------------------------------- */

static enum status get_count(const struct gguf *gguf, const char *key, uint64_t max,
                             uint32_t *value, struct error *err)
{
    uint64_t number;

    if (!gguf_get_u64(gguf, key, &number))
        return error_set(err, STATUS_DATA_LOSS, "the file lacks %s, or it is no number", key);
    if (number == 0 || number > max)
        return error_set(err, STATUS_DATA_LOSS, "%s is %llu: 1 to %llu can be", key,
                         (unsigned long long)number, (unsigned long long)max);
    *value = (uint32_t)number;
    return STATUS_OK;
}

/* The same; @value keeps its default where the key is absent. */
static enum status get_optional(const struct gguf *gguf, const char *key, uint64_t max,
                                uint32_t *value, struct error *err)
{
    uint64_t number;

    return gguf_get_u64(gguf, key, &number) ? get_count(gguf, key, max, value, err) : STATUS_OK;
}

static enum status load_architecture(struct inference_model *model, struct error *err)
{
    struct slice architecture = { 0 }, name = { 0 }, scaling = { 0 };
    uint64_t experts = 0;

    if (!gguf_get_string(model->gguf, "general.architecture", &architecture))
        return error_set(err, STATUS_DATA_LOSS, "the file lacks general.architecture");
    if (!slice_is(architecture, "llama"))
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "models of the architecture \"%.*s\" are not computed",
                         SLICE_FORMAT(slice_cut(architecture, 0, 40)));
    if (gguf_get_u64(model->gguf, "llama.expert_count", &experts) && experts > 0)
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "mixtures of experts are not computed (%llu experts)",
                         (unsigned long long)experts);
    if (gguf_get_string(model->gguf, "llama.rope.scaling.type", &scaling)
        && !slice_is(scaling, "none") && !slice_is(scaling, "linear"))
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "the scaling of positions \"%.*s\" is not computed",
                         SLICE_FORMAT(slice_cut(scaling, 0, 40)));
    gguf_get_string(model->gguf, "general.name", &name);
    model->name = arena_string(&model->arena, name);
    model->architecture = "llama";
    if (model->name == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    return STATUS_OK;
}

static enum status load_sizes(struct inference_model *model, struct error *err)
{
    const struct gguf *gguf = model->gguf;
    uint32_t value_length, rope_dimensions;
    double epsilon;

    if (get_count(gguf, "llama.block_count", LAYERS_MAX, &model->layers_count, err) != STATUS_OK
        || get_count(gguf, "llama.embedding_length", WIDTH_MAX, &model->embedding, err) != STATUS_OK
        || get_count(gguf, "llama.feed_forward_length", WIDTH_MAX, &model->feed_forward, err)
               != STATUS_OK
        || get_count(gguf, "llama.attention.head_count", WIDTH_MAX, &model->heads, err) != STATUS_OK
        || get_count(gguf, "llama.context_length", CONTEXT_MAX, &model->context, err) != STATUS_OK)
        return STATUS_DATA_LOSS;
    model->kv_heads = model->heads;
    model->head = model->embedding / model->heads;
    if (get_optional(gguf, "llama.attention.head_count_kv", WIDTH_MAX, &model->kv_heads, err)
            != STATUS_OK
        || get_optional(gguf, "llama.attention.key_length", WIDTH_MAX, &model->head, err)
               != STATUS_OK)
        return STATUS_DATA_LOSS;
    value_length = rope_dimensions = model->head;
    if (get_optional(gguf, "llama.attention.value_length", WIDTH_MAX, &value_length, err)
            != STATUS_OK
        || get_optional(gguf, "llama.rope.dimension_count", WIDTH_MAX, &rope_dimensions, err)
               != STATUS_OK)
        return STATUS_DATA_LOSS;
    if (model->heads % model->kv_heads != 0)
        return error_set(err, STATUS_DATA_LOSS, "%u heads cannot share %u key heads", model->heads,
                         model->kv_heads);
    if (model->head == 0 || value_length != model->head || rope_dimensions > model->head
        || rope_dimensions % 2 != 0 || (uint64_t)model->heads * model->head > WIDTH_MAX)
        return error_set(err, STATUS_DATA_LOSS,
                         "heads of %u keys, %u values and %u turned dimensions do not fit",
                         model->head, value_length, rope_dimensions);
    if (!gguf_get_f64(gguf, "llama.attention.layer_norm_rms_epsilon", &epsilon) || !(epsilon >= 0)
        || !(epsilon < 1))
        return error_set(err, STATUS_DATA_LOSS,
                         "llama.attention.layer_norm_rms_epsilon is missing or out of range");
    model->norm_epsilon = (float)epsilon;
    model->rope_pairs = rope_dimensions / 2;
    return STATUS_OK;
}

/* Tensors
 * ------------------------------------------------------------------------------------------- */

static enum status get_vector(const struct inference_model *model, const char *name, uint32_t size,
                              const float **values, struct error *err)
{
    const struct gguf_tensor *tensor = gguf_tensor_find(model->gguf, name);

    if (tensor == NULL)
        return error_set(err, STATUS_DATA_LOSS, "the file lacks the tensor %s", name);
    if (tensor->type != GGUF_TENSOR_TYPE_F32)
        return error_set(err, STATUS_UNIMPLEMENTED, "the tensor %s is of type %s: F32 is expected",
                         name, gguf_tensor_type_name(tensor->type));
    if (tensor->dimensions_count != 1 || tensor->dimensions[0] != size)
        return error_set(err, STATUS_DATA_LOSS, "the tensor %s has %llu values: %u are expected",
                         name, (unsigned long long)tensor->dimensions[0], size);
    *values = tensor->data;
    return STATUS_OK;
}

static enum status take_matrix(const struct gguf_tensor *tensor, const char *name, uint32_t rows,
                               uint32_t columns, struct matrix *matrix, struct error *err)
{
    if (!kernels_has_type(tensor->type))
        return error_set(
            err, STATUS_UNIMPLEMENTED,
            "the tensor %s is of type %s, which is not computed: F32, F16, BF16 and Q8_0 are", name,
            gguf_tensor_type_name(tensor->type));
    if (tensor->dimensions_count != 2 || tensor->dimensions[0] != columns
        || tensor->dimensions[1] != rows)
        return error_set(err, STATUS_DATA_LOSS, "the tensor %s is %llu × %llu: %u × %u is expected",
                         name, (unsigned long long)tensor->dimensions[1],
                         (unsigned long long)tensor->dimensions[0], rows, columns);
    *matrix =
        (struct matrix){ tensor->type, rows, columns, tensor->size_bytes / rows, tensor->data };
    return STATUS_OK;
}

static enum status get_matrix(const struct inference_model *model, const char *name, uint32_t rows,
                              uint32_t columns, struct matrix *matrix, struct error *err)
{
    const struct gguf_tensor *tensor = gguf_tensor_find(model->gguf, name);

    if (tensor == NULL)
        return error_set(err, STATUS_DATA_LOSS, "the file lacks the tensor %s", name);
    return take_matrix(tensor, name, rows, columns, matrix, err);
}

static enum status load_layer(struct inference_model *model, uint32_t index, struct error *err)
{
    struct inference_layer *layer = &model->layers[index];
    uint32_t embedding = model->embedding, inner = model->feed_forward;
    uint32_t attention = model->heads * model->head, shared = model->kv_heads * model->head;
    const struct {
        const char *part;
        struct matrix *matrix;
        uint32_t rows, columns;
    } matrices[] = {
        { "attn_q", &layer->query, attention, embedding },
        { "attn_k", &layer->key, shared, embedding },
        { "attn_v", &layer->value, shared, embedding },
        { "attn_output", &layer->attention_output, embedding, attention },
        { "ffn_gate", &layer->gate, inner, embedding },
        { "ffn_up", &layer->up, inner, embedding },
        { "ffn_down", &layer->down, embedding, inner },
    };
    char name[64];

    for (size_t i = 0; i < sizeof(matrices) / sizeof(matrices[0]); i++) {
        snprintf(name, sizeof(name), "blk.%u.%s.bias", index, matrices[i].part);
        if (gguf_tensor_find(model->gguf, name) != NULL)
            return error_set(err, STATUS_UNIMPLEMENTED, "biases are not computed: %s", name);
        snprintf(name, sizeof(name), "blk.%u.%s.weight", index, matrices[i].part);
        if (get_matrix(model, name, matrices[i].rows, matrices[i].columns, matrices[i].matrix, err)
            != STATUS_OK)
            return err->status;
    }
    snprintf(name, sizeof(name), "blk.%u.attn_norm.weight", index);
    if (get_vector(model, name, embedding, &layer->attention_norm, err) != STATUS_OK)
        return err->status;
    snprintf(name, sizeof(name), "blk.%u.ffn_norm.weight", index);
    return get_vector(model, name, embedding, &layer->feed_forward_norm, err);
}

static enum status load_tensors(struct inference_model *model, struct error *err)
{
    const struct gguf_tensor *tokens = gguf_tensor_find(model->gguf, "token_embd.weight");
    enum status status;

    if (tokens == NULL)
        return error_set(err, STATUS_DATA_LOSS, "the file lacks the tensor token_embd.weight");
    if (tokens->dimensions[1] == 0 || tokens->dimensions[1] > VOCABULARY_MAX)
        return error_set(err, STATUS_DATA_LOSS, "a vocabulary of %llu",
                         (unsigned long long)tokens->dimensions[1]);
    model->vocabulary = (uint32_t)tokens->dimensions[1];
    status = take_matrix(tokens, "token_embd.weight", model->vocabulary, model->embedding,
                         &model->token_embedding, err);
    if (status != STATUS_OK)
        return status;
    model->output = model->token_embedding;
    if (gguf_tensor_find(model->gguf, "output.weight") != NULL)
        status = get_matrix(model, "output.weight", model->vocabulary, model->embedding,
                            &model->output, err);
    if (status == STATUS_OK)
        status =
            get_vector(model, "output_norm.weight", model->embedding, &model->output_norm, err);
    model->layers = ARENA_ARRAY(&model->arena, struct inference_layer, model->layers_count);
    if (status == STATUS_OK && model->layers == NULL)
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %u layers",
                           model->layers_count);
    for (uint32_t i = 0; i < model->layers_count && status == STATUS_OK; i++)
        status = load_layer(model, i, err);
    for (uint64_t i = 0; i < gguf_tensor_count(model->gguf); i++) {
        const struct gguf_tensor *tensor = gguf_tensor_at(model->gguf, i);

        model->parameters += tensor->dimensions[0] * tensor->dimensions[1] * tensor->dimensions[2]
                             * tensor->dimensions[3];
    }
    return status;
}

/* base^(-2i / dimensions), slowed by a linear factor and, in Llama 3.1 and later, by a factor for
 * each pair. */
static enum status load_rope(struct inference_model *model, struct error *err)
{
    double base = 10000, factor = 1;
    const float *factors = NULL;
    struct slice scaling;
    float *frequencies;

    gguf_get_f64(model->gguf, "llama.rope.freq_base", &base);
    if (gguf_get_string(model->gguf, "llama.rope.scaling.type", &scaling)
        && slice_is(scaling, "linear"))
        gguf_get_f64(model->gguf, "llama.rope.scaling.factor", &factor);
    if (!(base > 0) || !isfinite(base) || !(factor > 0) || !isfinite(factor))
        return error_set(err, STATUS_DATA_LOSS,
                         "llama.rope.freq_base or its factor is out of range");
    if (gguf_tensor_find(model->gguf, "rope_freqs.weight") != NULL
        && get_vector(model, "rope_freqs.weight", model->rope_pairs, &factors, err) != STATUS_OK)
        return err->status;
    frequencies = ARENA_ARRAY(&model->arena, float, model->rope_pairs);
    if (frequencies == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    for (uint32_t i = 0; i < model->rope_pairs; i++)
        frequencies[i] = (float)(pow(base, -(double)i / model->rope_pairs) / factor
                                 / (factors == NULL ? 1.0 : (double)factors[i]));
    model->rope_frequencies = frequencies;
    return STATUS_OK;
}

static enum status load(struct inference_model *model, struct error *err)
{
    enum status status = load_architecture(model, err);

    if (status == STATUS_OK)
        status = load_sizes(model, err);
    if (status == STATUS_OK)
        status = load_tensors(model, err);
    if (status == STATUS_OK)
        status = load_rope(model, err);
    return status;
}

struct inference_model *inference_model_create(struct gguf *gguf, struct error *err)
{
    struct inference_model *model = calloc(1, sizeof(*model));
    struct error local;

    if (err == NULL)
        err = &local;
    if (model == NULL) {
        gguf_close(gguf);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    model->gguf = gguf;
    arena_init(&model->arena, MODEL_BYTES_MAX);
    if (load(model, err) != STATUS_OK) {
        inference_model_destroy(model);
        return NULL;
    }
    return model;
}

void inference_model_destroy(struct inference_model *model)
{
    if (model == NULL)
        return;
    gguf_close(model->gguf);
    arena_close(&model->arena);
    free(model);
}
