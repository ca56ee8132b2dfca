#include "inference_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "inference_family.h"

#define MODEL_BYTES_MAX (64 * MIB)
#define VOCABULARY_MAX (1u << 24)

void inference_model_embed(const struct inference_model *model, uint32_t id, float *x)
{
    if (!model->is_tied || !kernels_expand_packed_row(x, &model->output, id))
        kernels_expand_row(x, &model->token_embedding, id);
    for (uint32_t i = 0; model->embedding_scale != 1.0f && i < model->embedding; i++)
        x[i] *= model->embedding_scale;
}

/* Layers
 * ---------------------------------------------------------------------------------------------- */

void inference_model_parts(const struct inference_model *model, struct inference_layer *layer,
                           struct inference_part parts[INFERENCE_PARTS])
{
    uint32_t embedding = model->embedding, inner = model->feed_forward;
    uint32_t attention = model->heads * model->head, shared = model->kv_heads * model->head;
    const struct inference_part all[INFERENCE_PARTS] = {
        [INFERENCE_PART_QUERY] = { "attn_q", &layer->query, attention, embedding,
                                   &layer->query_bias },
        [INFERENCE_PART_KEY] = { "attn_k", &layer->key, shared, embedding, &layer->key_bias },
        [INFERENCE_PART_VALUE] = { "attn_v", &layer->value, shared, embedding, &layer->value_bias },
        [INFERENCE_PART_ATTENTION_OUTPUT] = { "attn_output", &layer->attention_output, embedding,
                                              attention, NULL },
        [INFERENCE_PART_GATE] = { "ffn_gate", &layer->gate, inner, embedding, NULL },
        [INFERENCE_PART_UP] = { "ffn_up", &layer->up, inner, embedding, NULL },
        [INFERENCE_PART_DOWN] = { "ffn_down", &layer->down, embedding, inner, NULL },
    };

    memcpy(parts, all, sizeof(all));
}

static enum status load_part(struct inference_model *model, uint32_t index,
                             const struct inference_part *part, struct error *err)
{
    char name[64];

    snprintf(name, sizeof(name), "blk.%u.%s.bias", index, part->name);
    if (part->bias == NULL && gguf_tensor_find(model->gguf, name) != NULL)
        return error_set(err, STATUS_UNIMPLEMENTED, "this bias is not computed: %s", name);
    if (part->bias != NULL
        && inference_tensors_vector_if(&model->tensors, name, part->rows, part->bias, err)
               != STATUS_OK)
        return err->status;
    snprintf(name, sizeof(name), "blk.%u.%s.weight", index, part->name);
    return inference_tensors_matrix(&model->tensors, name, part->rows, part->columns, part->matrix,
                                    err);
}

static enum status load_norms(struct inference_model *model, const struct inference_family *family,
                              uint32_t index, struct error *err)
{
    struct inference_layer *layer = &model->layers[index];
    const struct {
        const char *name;
        const float **values;
        uint32_t size;
        bool has;
    } norms[] = {
        { "attn_norm", &layer->attention_norm, model->embedding, true },
        { "ffn_norm", &layer->feed_forward_norm, model->embedding, true },
        { "attn_q_norm", &layer->query_norm, model->head, family->has_head_norms },
        { "attn_k_norm", &layer->key_norm, model->head, family->has_head_norms },
        { "post_attention_norm", &layer->attention_post_norm, model->embedding,
          family->has_post_norms },
        { "post_ffw_norm", &layer->feed_forward_post_norm, model->embedding,
          family->has_post_norms },
    };
    char name[64];

    for (size_t i = 0; i < sizeof(norms) / sizeof(norms[0]); i++) {
        snprintf(name, sizeof(name), "blk.%u.%s.weight", index, norms[i].name);
        if (norms[i].has
            && inference_tensors_vector(&model->tensors, name, norms[i].size, norms[i].values, err)
                   != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status load_layer(struct inference_model *model, const struct inference_family *family,
                              uint32_t index, struct error *err)
{
    struct inference_part parts[INFERENCE_PARTS];

    inference_model_parts(model, &model->layers[index], parts);
    for (size_t i = 0; i < INFERENCE_PARTS; i++) {
        if (load_part(model, index, &parts[i], err) != STATUS_OK)
            return err->status;
    }
    return load_norms(model, family, index, err);
}

static enum status load_ends(struct inference_model *model, struct error *err)
{
    const struct gguf_tensor *tokens = gguf_tensor_find(model->gguf, "token_embd.weight");
    bool has_output = gguf_tensor_find(model->gguf, "output.weight") != NULL;

    if (tokens == NULL)
        return error_set(err, STATUS_DATA_LOSS, "the file lacks the tensor token_embd.weight");
    if (tokens->dimensions[1] == 0 || tokens->dimensions[1] > VOCABULARY_MAX)
        return error_set(err, STATUS_DATA_LOSS, "a vocabulary of %llu",
                         (unsigned long long)tokens->dimensions[1]);
    model->vocabulary = (uint32_t)tokens->dimensions[1];
    model->is_tied = !has_output;
    if (inference_tensors_table(&model->tensors, "token_embd.weight", model->vocabulary,
                                model->embedding, &model->token_embedding, err)
            != STATUS_OK
        || inference_tensors_matrix(&model->tensors,
                                    has_output ? "output.weight" : "token_embd.weight",
                                    model->vocabulary, model->embedding, &model->output, err)
               != STATUS_OK)
        return err->status;
    return inference_tensors_vector(&model->tensors, "output_norm.weight", model->embedding,
                                    &model->output_norm, err);
}

static enum status load(struct inference_model *model, struct error *err)
{
    const struct inference_family *family = NULL;
    enum status status = inference_family_load(model, &family, err);

    if (status == STATUS_OK)
        status = load_ends(model, err);
    for (uint32_t i = 0; i < model->layers_count && status == STATUS_OK; i++)
        status = load_layer(model, family, i, err);
    if (status == STATUS_OK)
        status = inference_tensors_pack(&model->tensors, err);
    model->parameters = inference_tensors_parameters(model->gguf);
    return status;
}

static struct inference_model *create(struct gguf *gguf, bool is_mapped, struct error *err)
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
    inference_tensors_init(&model->tensors, gguf);
    model->tensors.is_mapped = is_mapped;
    arena_init(&model->arena, MODEL_BYTES_MAX);
    if (load(model, err) != STATUS_OK) {
        inference_model_destroy(model);
        return NULL;
    }
    return model;
}

struct inference_model *inference_model_create(struct gguf *gguf, struct error *err)
{
    return create(gguf, false, err);
}

struct inference_model *inference_model_map(struct gguf *gguf, struct error *err)
{
    return create(gguf, true, err);
}

void inference_model_wait(struct inference_model *model)
{
    inference_tensors_wait(&model->tensors);
}

void inference_model_destroy(struct inference_model *model)
{
    if (model == NULL)
        return;
    inference_tensors_close(&model->tensors);
    gguf_close(model->gguf);
    arena_close(&model->arena);
    free(model);
}
