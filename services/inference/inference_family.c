#include "inference_family.h"

#include <math.h>

#include "base/limits.h"
#include "inference_key.h"

/* Mistral's models are of the architecture "llama". */
static const struct inference_family families[] = {
    { .architecture = "llama" },
    { .architecture = "qwen2", .is_rope_halves = true },
    { .architecture = "qwen3", .is_rope_halves = true, .has_head_norms = true },
    { .architecture = "gemma2",
      .is_rope_halves = true,
      .has_post_norms = true,
      .has_scaled_embedding = true,
      .gate = INFERENCE_GATE_GELU,
      .attention_cap = 50,
      .logit_cap = 30,
      .window_period = 2,
      .window_default = 4096,
      .wide_layers = 46 },
    { .architecture = "gemma3",
      .is_rope_halves = true,
      .has_head_norms = true,
      .has_post_norms = true,
      .has_scaled_embedding = true,
      .gate = INFERENCE_GATE_GELU,
      .window_period = 6,
      .window_default = 1024,
      .window_rope_base = 10000,
      .wide_layers = 62 },
};

/* What is read
 * ---------------------------------------------------------------------------------------------- */

static struct inference_keys keys_of(const struct inference_model *model)
{
    return (struct inference_keys){ model->gguf, model->architecture };
}

static const struct inference_family *find_family(struct slice architecture)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (slice_is(architecture, families[i].architecture))
            return &families[i];
    }
    return NULL;
}

static enum status load_architecture(struct inference_model *model,
                                     const struct inference_family **family, struct error *err)
{
    struct slice architecture = { 0 }, name = { 0 }, scaling = { 0 };
    struct inference_keys keys;
    uint64_t experts = 0;

    if (!gguf_get_string(model->gguf, "general.architecture", &architecture))
        return error_set(err, STATUS_DATA_LOSS, "the file lacks general.architecture");
    *family = find_family(architecture);
    if (*family == NULL)
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "models of the architecture \"%.*s\" are not computed",
                         SLICE_FORMAT(slice_cut(architecture, 0, 40)));
    model->architecture = (*family)->architecture;
    keys = keys_of(model);
    if (gguf_get_u64(model->gguf, inference_key_of(&keys, "expert_count").text, &experts)
        && experts > 0)
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "mixtures of experts are not computed (%llu experts)",
                         (unsigned long long)experts);
    if (gguf_get_string(model->gguf, inference_key_of(&keys, "rope.scaling.type").text, &scaling)
        && !slice_is(scaling, "none") && !slice_is(scaling, "linear"))
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "the scaling of positions \"%.*s\" is not computed",
                         SLICE_FORMAT(slice_cut(scaling, 0, 40)));
    gguf_get_string(model->gguf, "general.name", &name);
    model->name = arena_string(&model->arena, name);
    if (model->name == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    return STATUS_OK;
}

static enum status load_heads(struct inference_model *model, struct error *err)
{
    struct inference_keys keys = keys_of(model);
    uint32_t value_length, rope_dimensions;

    model->kv_heads = model->heads;
    model->head = model->embedding / model->heads;
    if (inference_key_count_if(&keys, "attention.head_count_kv", INFERENCE_WIDTH_MAX,
                               &model->kv_heads, err)
            != STATUS_OK
        || inference_key_count_if(&keys, "attention.key_length", INFERENCE_WIDTH_MAX, &model->head,
                                  err)
               != STATUS_OK)
        return STATUS_DATA_LOSS;
    value_length = rope_dimensions = model->head;
    if (inference_key_count_if(&keys, "attention.value_length", INFERENCE_WIDTH_MAX, &value_length,
                               err)
            != STATUS_OK
        || inference_key_count_if(&keys, "rope.dimension_count", INFERENCE_WIDTH_MAX,
                                  &rope_dimensions, err)
               != STATUS_OK)
        return STATUS_DATA_LOSS;
    if (model->heads % model->kv_heads != 0)
        return error_set(err, STATUS_DATA_LOSS, "%u heads cannot share %u key heads", model->heads,
                         model->kv_heads);
    if (model->head == 0 || value_length != model->head || rope_dimensions > model->head
        || rope_dimensions % 2 != 0 || (uint64_t)model->heads * model->head > INFERENCE_WIDTH_MAX)
        return error_set(err, STATUS_DATA_LOSS,
                         "heads of %u keys, %u values and %u turned dimensions do not fit",
                         model->head, value_length, rope_dimensions);
    model->rope_pairs = rope_dimensions / 2;
    return STATUS_OK;
}

static enum status load_sizes(struct inference_model *model, struct error *err)
{
    struct inference_keys keys = keys_of(model);

    if (inference_key_count(&keys, "block_count", INFERENCE_LAYERS_MAX, &model->layers_count, err)
            != STATUS_OK
        || inference_key_count(&keys, "embedding_length", INFERENCE_WIDTH_MAX, &model->embedding,
                               err)
               != STATUS_OK
        || inference_key_count(&keys, "feed_forward_length", INFERENCE_WIDTH_MAX,
                               &model->feed_forward, err)
               != STATUS_OK
        || inference_key_count(&keys, "attention.head_count", INFERENCE_WIDTH_MAX, &model->heads,
                               err)
               != STATUS_OK
        || inference_key_count(&keys, "context_length", INFERENCE_CONTEXT_MAX, &model->context, err)
               != STATUS_OK
        || load_heads(model, err) != STATUS_OK)
        return STATUS_DATA_LOSS;
    return inference_key_epsilon(&keys, "attention.layer_norm_rms_epsilon", &model->norm_epsilon,
                                 err);
}

static enum status load_scales(struct inference_model *model, const struct inference_family *family,
                               struct error *err)
{
    struct inference_keys keys = keys_of(model);
    double attention_cap = family->attention_cap, logit_cap = family->logit_cap;
    double width = model->head;

    if (inference_key_positive_if(&keys, "attn_logit_softcapping", &attention_cap, err) != STATUS_OK
        || inference_key_positive_if(&keys, "final_logit_softcapping", &logit_cap, err)
               != STATUS_OK)
        return STATUS_DATA_LOSS;
    if (family->wide_layers != 0 && model->layers_count == family->wide_layers)
        width = (double)model->embedding / model->heads;
    model->attention_scale = (float)(1 / sqrt(width));
    model->attention_cap = (float)attention_cap;
    model->logit_cap = (float)logit_cap;
    model->embedding_scale = family->has_scaled_embedding ? sqrtf((float)model->embedding) : 1.0f;
    model->gate = family->gate;
    model->is_rope_halves = family->is_rope_halves;
    return STATUS_OK;
}

/* base^(-2i / dimensions), slowed by a linear factor and, in Llama 3.1 and later, by a factor for
 * each pair. */
static const float *new_frequencies(struct inference_model *model, double base, double slower,
                                    const float *factors, struct error *err)
{
    float *frequencies = ARENA_ARRAY(&model->arena, float, model->rope_pairs);

    if (frequencies == NULL)
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    for (uint32_t i = 0; frequencies != NULL && i < model->rope_pairs; i++)
        frequencies[i] = (float)(pow(base, -(double)i / model->rope_pairs) / slower
                                 / (factors == NULL ? 1.0 : (double)factors[i]));
    return frequencies;
}

static enum status load_factors(const struct inference_model *model, const float **factors,
                                struct error *err)
{
    const struct gguf_tensor *tensor = gguf_tensor_find(model->gguf, "rope_freqs.weight");

    if (tensor == NULL)
        return STATUS_OK;
    if (tensor->type != GGUF_TENSOR_TYPE_F32 || tensor->dimensions_count != 1
        || tensor->dimensions[0] != model->rope_pairs)
        return error_set(err, STATUS_DATA_LOSS,
                         "the tensor rope_freqs.weight is not %u values of F32", model->rope_pairs);
    *factors = tensor->data;
    return STATUS_OK;
}

static enum status load_layers(struct inference_model *model, const struct inference_family *family,
                               struct error *err)
{
    struct inference_keys keys = keys_of(model);
    double base = 10000, factor = 1, local_base;
    uint32_t window = family->window_default;
    const float *factors = NULL, *frequencies, *local;
    struct slice scaling = { 0 };

    gguf_get_string(model->gguf, inference_key_of(&keys, "rope.scaling.type").text, &scaling);
    if (inference_key_positive_if(&keys, "rope.freq_base", &base, err) != STATUS_OK
        || (slice_is(scaling, "linear")
            && inference_key_positive_if(&keys, "rope.scaling.factor", &factor, err) != STATUS_OK)
        || inference_key_count_if(&keys, "attention.sliding_window", INFERENCE_CONTEXT_MAX, &window,
                                  err)
               != STATUS_OK
        || load_factors(model, &factors, err) != STATUS_OK)
        return err->status;
    local_base = family->window_rope_base != 0 ? family->window_rope_base : base;
    model->layers = ARENA_ARRAY(&model->arena, struct inference_layer, model->layers_count);
    if (model->layers == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %u layers",
                         model->layers_count);
    frequencies = local = new_frequencies(model, base, factor, factors, err);
    if (family->window_rope_base != 0)
        local = new_frequencies(model, local_base, 1, NULL, err);
    if (frequencies == NULL || local == NULL)
        return err->status;
    for (uint32_t i = 0; i < model->layers_count; i++) {
        bool is_local =
            family->window_period != 0 && i % family->window_period != family->window_period - 1;

        model->layers[i] = (struct inference_layer){
            .window = is_local ? window : 0,
            .rope_frequencies = is_local ? local : frequencies,
        };
    }
    return STATUS_OK;
}

enum status inference_family_load(struct inference_model *model,
                                  const struct inference_family **family, struct error *err)
{
    enum status status = load_architecture(model, family, err);

    if (status == STATUS_OK)
        status = load_sizes(model, err);
    if (status == STATUS_OK)
        status = load_scales(model, *family, err);
    if (status == STATUS_OK)
        status = load_layers(model, *family, err);
    return status;
}
