#include "inference_encoder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "inference_key.h"

#define ENCODER_BYTES_MAX (64 * MIB)
#define VOCABULARY_MAX (1u << 24)
#define TYPES_MAX 4096

/* Pooling as files number it. */
enum file_pooling {
    FILE_POOLING_NONE,
    FILE_POOLING_MEAN,
    FILE_POOLING_CLS,
    FILE_POOLING_LAST,
};

static const struct inference_encoder_family {
    const char *architecture;
    bool is_gated, has_turned_positions;
} families[] = {
    { "bert", false, false },
    { "nomic-bert", true, true },
};

static const struct inference_encoder_family *find_family(const struct gguf *gguf)
{
    struct slice architecture = { 0 };

    gguf_get_string(gguf, "general.architecture", &architecture);
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (slice_is(architecture, families[i].architecture))
            return &families[i];
    }
    return NULL;
}

/* What a decoder's file says of pooling. */
static uint64_t find_pooling(const struct gguf *gguf)
{
    struct slice architecture = { 0 };
    uint64_t pooling = FILE_POOLING_NONE;
    char key[96];

    gguf_get_string(gguf, "general.architecture", &architecture);
    snprintf(key, sizeof(key), "%.*s.pooling_type", SLICE_FORMAT(architecture));
    gguf_get_u64(gguf, key, &pooling);
    return pooling;
}

bool inference_encoder_is(const struct gguf *gguf)
{
    return find_family(gguf) != NULL || find_pooling(gguf) != FILE_POOLING_NONE;
}

/* Keys
 * ---------------------------------------------------------------------------------------------- */

static enum status load_pooling(struct inference_encoder *encoder,
                                const struct inference_keys *keys, struct error *err)
{
    uint64_t pooling = FILE_POOLING_MEAN;
    bool is_causal = false;

    gguf_get_u64(encoder->gguf, inference_key_of(keys, "pooling_type").text, &pooling);
    gguf_get_bool(encoder->gguf, inference_key_of(keys, "attention.causal").text, &is_causal);
    if (pooling > FILE_POOLING_CLS)
        return error_set(err, STATUS_UNIMPLEMENTED, "the pooling %llu is not computed",
                         (unsigned long long)pooling);
    if (is_causal)
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "encoders whose ids see only those before are not computed");
    encoder->pooling =
        pooling == FILE_POOLING_CLS ? INFERENCE_POOLING_FIRST : INFERENCE_POOLING_MEAN;
    return STATUS_OK;
}

static enum status load_sizes(struct inference_encoder *encoder, const struct inference_keys *keys,
                              struct error *err)
{
    if (inference_key_count(keys, "block_count", INFERENCE_LAYERS_MAX, &encoder->layers_count, err)
            != STATUS_OK
        || inference_key_count(keys, "embedding_length", INFERENCE_WIDTH_MAX, &encoder->embedding,
                               err)
               != STATUS_OK
        || inference_key_count(keys, "feed_forward_length", INFERENCE_WIDTH_MAX,
                               &encoder->feed_forward, err)
               != STATUS_OK
        || inference_key_count(keys, "attention.head_count", INFERENCE_WIDTH_MAX, &encoder->heads,
                               err)
               != STATUS_OK
        || inference_key_count(keys, "context_length", INFERENCE_CONTEXT_MAX, &encoder->context,
                               err)
               != STATUS_OK
        || inference_key_epsilon(keys, "attention.layer_norm_epsilon", &encoder->norm_epsilon, err)
               != STATUS_OK)
        return err->status;
    if (encoder->embedding % encoder->heads != 0)
        return error_set(err, STATUS_DATA_LOSS, "%u values cannot be shared by %u heads",
                         encoder->embedding, encoder->heads);
    encoder->head = encoder->embedding / encoder->heads;
    return STATUS_OK;
}

static enum status load_frequencies(struct inference_encoder *encoder,
                                    const struct inference_keys *keys, struct error *err)
{
    float *frequencies = ARENA_ARRAY(&encoder->arena, float, encoder->head / 2 + 1);
    double base = 10000;

    if (inference_key_positive_if(keys, "rope.freq_base", &base, err) != STATUS_OK)
        return err->status;
    if (encoder->head % 2 != 0)
        return error_set(err, STATUS_DATA_LOSS, "heads of %u values cannot be turned",
                         encoder->head);
    if (frequencies == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    for (uint32_t i = 0; i < encoder->head / 2; i++)
        frequencies[i] = (float)pow(base, -2.0 * i / encoder->head);
    encoder->rope_frequencies = frequencies;
    return STATUS_OK;
}

static enum status load_keys(struct inference_encoder *encoder,
                             const struct inference_encoder_family *family, struct error *err)
{
    struct inference_keys keys = { encoder->gguf, family->architecture };
    struct slice name = { 0 };

    encoder->architecture = family->architecture;
    gguf_get_string(encoder->gguf, "general.name", &name);
    encoder->name = arena_string(&encoder->arena, name);
    if (encoder->name == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    if (load_pooling(encoder, &keys, err) != STATUS_OK
        || load_sizes(encoder, &keys, err) != STATUS_OK)
        return err->status;
    return family->has_turned_positions ? load_frequencies(encoder, &keys, err) : STATUS_OK;
}

/* Tensors
 * ---------------------------------------------------------------------------------------------- */

static enum status load_norm(struct inference_encoder *encoder, const char *name,
                             struct inference_layer_norm *norm, struct error *err)
{
    char full[64];

    snprintf(full, sizeof(full), "%s.weight", name);
    if (inference_tensors_vector(&encoder->tensors, full, encoder->embedding, &norm->weight, err)
        != STATUS_OK)
        return err->status;
    snprintf(full, sizeof(full), "%s.bias", name);
    return inference_tensors_vector(&encoder->tensors, full, encoder->embedding, &norm->bias, err);
}

/* The embedding of the first type of segment, to which every id belongs. */
static enum status load_type(struct inference_encoder *encoder, struct error *err)
{
    const struct gguf_tensor *tensor = gguf_tensor_find(encoder->gguf, "token_types.weight");
    struct table table = { 0 };
    float *values;

    if (tensor == NULL)
        return STATUS_OK;
    if (tensor->dimensions[1] < 1 || tensor->dimensions[1] > TYPES_MAX)
        return error_set(err, STATUS_DATA_LOSS, "%llu types of segments",
                         (unsigned long long)tensor->dimensions[1]);
    /* One type alone may have been written as a vector. */
    if (tensor->dimensions_count == 1)
        return inference_tensors_vector(&encoder->tensors, "token_types.weight", encoder->embedding,
                                        &encoder->type_embedding, err);
    if (inference_tensors_table(&encoder->tensors, "token_types.weight",
                                (uint32_t)tensor->dimensions[1], encoder->embedding, &table, err)
        != STATUS_OK)
        return err->status;
    values = ARENA_ARRAY(&encoder->arena, float, encoder->embedding);
    if (values == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    kernels_expand_row(values, &table, 0);
    encoder->type_embedding = values;
    return STATUS_OK;
}

static enum status load_embeddings(struct inference_encoder *encoder, struct error *err)
{
    const struct gguf_tensor *tokens = gguf_tensor_find(encoder->gguf, "token_embd.weight");

    if (tokens == NULL)
        return error_set(err, STATUS_DATA_LOSS, "the file lacks the tensor token_embd.weight");
    if (tokens->dimensions[1] == 0 || tokens->dimensions[1] > VOCABULARY_MAX)
        return error_set(err, STATUS_DATA_LOSS, "a vocabulary of %llu",
                         (unsigned long long)tokens->dimensions[1]);
    encoder->vocabulary = (uint32_t)tokens->dimensions[1];
    if (inference_tensors_table(&encoder->tensors, "token_embd.weight", encoder->vocabulary,
                                encoder->embedding, &encoder->token_embedding, err)
            != STATUS_OK
        || load_type(encoder, err) != STATUS_OK
        || load_norm(encoder, "token_embd_norm", &encoder->embedding_norm, err) != STATUS_OK)
        return err->status;
    if (encoder->rope_frequencies != NULL)
        return STATUS_OK;
    return inference_tensors_table(&encoder->tensors, "position_embd.weight", encoder->context,
                                   encoder->embedding, &encoder->position_embedding, err);
}

struct part {
    const char *name;
    uint32_t rows, columns;
    struct matrix *matrix;
    const float **bias; /* NULL: must have none */
};

static enum status load_part(struct inference_encoder *encoder, uint32_t index,
                             const struct part *part, struct error *err)
{
    char name[64];

    snprintf(name, sizeof(name), "blk.%u.%s.bias", index, part->name);
    if (part->bias == NULL && gguf_tensor_find(encoder->gguf, name) != NULL)
        return error_set(err, STATUS_UNIMPLEMENTED, "this bias is not computed: %s", name);
    if (part->bias != NULL
        && inference_tensors_vector_if(&encoder->tensors, name, part->rows, part->bias, err)
               != STATUS_OK)
        return err->status;
    snprintf(name, sizeof(name), "blk.%u.%s.weight", index, part->name);
    return inference_tensors_matrix(&encoder->tensors, name, part->rows, part->columns,
                                    part->matrix, err);
}

/* Queries, keys and values in one tensor, as some files have them. */
static enum status load_joined(struct inference_encoder *encoder, uint32_t index, struct error *err)
{
    struct inference_encoder_layer *layer = &encoder->layers[index];
    struct matrix *matrices[] = { &layer->query, &layer->key, &layer->value };
    uint32_t width = encoder->embedding;
    const float *bias = NULL;
    char name[64];

    snprintf(name, sizeof(name), "blk.%u.attn_qkv.bias", index);
    if (inference_tensors_vector_if(&encoder->tensors, name, 3 * width, &bias, err) != STATUS_OK)
        return err->status;
    if (bias != NULL) {
        layer->query_bias = bias;
        layer->key_bias = bias + width;
        layer->value_bias = bias + 2 * (size_t)width;
    }
    snprintf(name, sizeof(name), "blk.%u.attn_qkv.weight", index);
    for (uint32_t i = 0; i < 3; i++) {
        if (inference_tensors_rows(&encoder->tensors, name, 3 * width, i * width, width, width,
                                   matrices[i], err)
            != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status load_attention(struct inference_encoder *encoder, uint32_t index,
                                  struct error *err)
{
    struct inference_encoder_layer *layer = &encoder->layers[index];
    uint32_t width = encoder->embedding;
    const struct part parts[] = {
        { "attn_q", width, width, &layer->query, &layer->query_bias },
        { "attn_k", width, width, &layer->key, &layer->key_bias },
        { "attn_v", width, width, &layer->value, &layer->value_bias },
    };
    char name[64];

    snprintf(name, sizeof(name), "blk.%u.attn_qkv.weight", index);
    if (gguf_tensor_find(encoder->gguf, name) != NULL)
        return load_joined(encoder, index, err);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (load_part(encoder, index, &parts[i], err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status load_layer(struct inference_encoder *encoder, bool is_gated, uint32_t index,
                              struct error *err)
{
    struct inference_encoder_layer *layer = &encoder->layers[index];
    uint32_t width = encoder->embedding, inner = encoder->feed_forward;
    const struct part parts[] = {
        { "attn_output", width, width, &layer->attention_output, &layer->attention_output_bias },
        { "ffn_up", inner, width, &layer->up, &layer->up_bias },
        { "ffn_down", width, inner, &layer->down, &layer->down_bias },
        { "ffn_gate", inner, width, &layer->gate, NULL },
    };
    char name[64];

    if (load_attention(encoder, index, err) != STATUS_OK)
        return err->status;
    for (size_t i = 0; i < (is_gated ? 4 : 3); i++) {
        if (load_part(encoder, index, &parts[i], err) != STATUS_OK)
            return err->status;
    }
    snprintf(name, sizeof(name), "blk.%u.attn_output_norm", index);
    if (load_norm(encoder, name, &layer->attention_norm, err) != STATUS_OK)
        return err->status;
    snprintf(name, sizeof(name), "blk.%u.layer_output_norm", index);
    return load_norm(encoder, name, &layer->output_norm, err);
}

static enum status load(struct inference_encoder *encoder, struct error *err)
{
    const struct inference_encoder_family *family = find_family(encoder->gguf);

    if (family == NULL)
        return error_set(err, STATUS_UNIMPLEMENTED, "the file is not that of an encoder");
    if (load_keys(encoder, family, err) != STATUS_OK || load_embeddings(encoder, err) != STATUS_OK)
        return err->status;
    encoder->layers =
        ARENA_ARRAY(&encoder->arena, struct inference_encoder_layer, encoder->layers_count);
    if (encoder->layers == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %u layers",
                         encoder->layers_count);
    for (uint32_t i = 0; i < encoder->layers_count; i++) {
        encoder->layers[i] = (struct inference_encoder_layer){ 0 };
        if (load_layer(encoder, family->is_gated, i, err) != STATUS_OK)
            return err->status;
    }
    encoder->parameters = inference_tensors_parameters(encoder->gguf);
    return inference_tensors_pack(&encoder->tensors, err);
}

/* Takes ownership of @gguf. */
static enum status load_decoder(struct inference_encoder *encoder, struct gguf *gguf,
                                struct error *err)
{
    uint64_t pooling = find_pooling(gguf);
    struct inference_model *model = inference_model_create(gguf, err);
    struct inference_keys keys;
    bool is_causal = true;

    if (model == NULL)
        return err->status;
    encoder->decoder = model;
    encoder->gguf = model->gguf;
    keys = (struct inference_keys){ model->gguf, model->architecture };
    gguf_get_bool(model->gguf, inference_key_of(&keys, "attention.causal").text, &is_causal);
    if (!is_causal)
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "decoders whose ids see those behind them are not computed");
    if (pooling != FILE_POOLING_MEAN && pooling != FILE_POOLING_LAST)
        return error_set(err, STATUS_UNIMPLEMENTED, "a decoder's pooling %llu is not computed",
                         (unsigned long long)pooling);
    encoder->pooling =
        pooling == FILE_POOLING_LAST ? INFERENCE_POOLING_LAST : INFERENCE_POOLING_MEAN;
    encoder->name = model->name;
    encoder->architecture = model->architecture;
    encoder->embedding = model->embedding;
    encoder->context = model->context;
    encoder->vocabulary = model->vocabulary;
    encoder->parameters = model->parameters;
    return STATUS_OK;
}

static enum status load_any(struct inference_encoder *encoder, struct gguf *gguf, struct error *err)
{
    if (find_family(gguf) == NULL && find_pooling(gguf) != FILE_POOLING_NONE)
        return load_decoder(encoder, gguf, err);
    encoder->gguf = gguf;
    inference_tensors_init(&encoder->tensors, gguf);
    return load(encoder, err);
}

struct inference_encoder *inference_encoder_create(struct gguf *gguf, struct error *err)
{
    struct inference_encoder *encoder = calloc(1, sizeof(*encoder));
    struct error local;

    if (err == NULL)
        err = &local;
    if (encoder == NULL) {
        gguf_close(gguf);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    arena_init(&encoder->arena, ENCODER_BYTES_MAX);
    if (load_any(encoder, gguf, err) == STATUS_OK)
        return encoder;
    inference_encoder_destroy(encoder);
    return NULL;
}

void inference_encoder_destroy(struct inference_encoder *encoder)
{
    if (encoder == NULL)
        return;
    inference_tensors_close(&encoder->tensors);
    if (encoder->decoder != NULL)
        inference_model_destroy(encoder->decoder); /* its file with it */
    else
        gguf_close(encoder->gguf);
    arena_close(&encoder->arena);
    free(encoder);
}
