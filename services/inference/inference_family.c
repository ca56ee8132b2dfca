#include "inference_family.h"

#include <math.h>
#include <stdio.h>

#include "base/limits.h"

/* Bounds that no published model comes near; they keep products of them inside 64 bits. */
#define LAYERS_MAX 4096
#define WIDTH_MAX (1u << 20)
#define CONTEXT_MAX (1u << 24)

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

/* Keys
 * ---------------------------------------------------------------------------------------------- */

struct key {
    char text[96];
};

static struct key key_of(const struct inference_model *model, const char *part)
{
    struct key key;

    snprintf(key.text, sizeof(key.text), "%s.%s", model->architecture, part);
    return key;
}

static enum status get_count(const struct inference_model *model, const char *part, uint64_t max,
                             uint32_t *value, struct error *err)
{
    struct key key = key_of(model, part);
    uint64_t number;

    if (!gguf_get_u64(model->gguf, key.text, &number))
        return error_set(err, STATUS_DATA_LOSS, "the file lacks %s, or it is no number", key.text);
    if (number == 0 || number > max)
        return error_set(err, STATUS_DATA_LOSS, "%s is %llu: 1 to %llu can be", key.text,
                         (unsigned long long)number, (unsigned long long)max);
    *value = (uint32_t)number;
    return STATUS_OK;
}

/* The same; @value keeps its default where the key is absent. */
static enum status get_optional(const struct inference_model *model, const char *part, uint64_t max,
                                uint32_t *value, struct error *err)
{
    uint64_t number;

    return gguf_get_u64(model->gguf, key_of(model, part).text, &number)
               ? get_count(model, part, max, value, err)
               : STATUS_OK;
}

/* A finite number above 0; @value keeps its default where the key is absent. */
static enum status get_positive(const struct inference_model *model, const char *part,
                                double *value, struct error *err)
{
    struct key key = key_of(model, part);
    double number;

    if (!gguf_get_f64(model->gguf, key.text, &number))
        return STATUS_OK;
    if (!(number > 0) || !isfinite(number))
        return error_set(err, STATUS_DATA_LOSS, "%s is out of range", key.text);
    *value = number;
    return STATUS_OK;
}

/* What is read
 * ---------------------------------------------------------------------------------------------- */

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
    uint64_t experts = 0;

    if (!gguf_get_string(model->gguf, "general.architecture", &architecture))
        return error_set(err, STATUS_DATA_LOSS, "the file lacks general.architecture");
    *family = find_family(architecture);
    if (*family == NULL)
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "models of the architecture \"%.*s\" are not computed",
                         SLICE_FORMAT(slice_cut(architecture, 0, 40)));
    model->architecture = (*family)->architecture;
    if (gguf_get_u64(model->gguf, key_of(model, "expert_count").text, &experts) && experts > 0)
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "mixtures of experts are not computed (%llu experts)",
                         (unsigned long long)experts);
    if (gguf_get_string(model->gguf, key_of(model, "rope.scaling.type").text, &scaling)
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
    uint32_t value_length, rope_dimensions;

    model->kv_heads = model->heads;
    model->head = model->embedding / model->heads;
    if (get_optional(model, "attention.head_count_kv", WIDTH_MAX, &model->kv_heads, err)
            != STATUS_OK
        || get_optional(model, "attention.key_length", WIDTH_MAX, &model->head, err) != STATUS_OK)
        return STATUS_DATA_LOSS;
    value_length = rope_dimensions = model->head;
    if (get_optional(model, "attention.value_length", WIDTH_MAX, &value_length, err) != STATUS_OK
        || get_optional(model, "rope.dimension_count", WIDTH_MAX, &rope_dimensions, err)
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
    model->rope_pairs = rope_dimensions / 2;
    return STATUS_OK;
}

static enum status load_sizes(struct inference_model *model, struct error *err)
{
    struct key epsilon_key = key_of(model, "attention.layer_norm_rms_epsilon");
    double epsilon;

    if (get_count(model, "block_count", LAYERS_MAX, &model->layers_count, err) != STATUS_OK
        || get_count(model, "embedding_length", WIDTH_MAX, &model->embedding, err) != STATUS_OK
        || get_count(model, "feed_forward_length", WIDTH_MAX, &model->feed_forward, err)
               != STATUS_OK
        || get_count(model, "attention.head_count", WIDTH_MAX, &model->heads, err) != STATUS_OK
        || get_count(model, "context_length", CONTEXT_MAX, &model->context, err) != STATUS_OK
        || load_heads(model, err) != STATUS_OK)
        return STATUS_DATA_LOSS;
    if (!gguf_get_f64(model->gguf, epsilon_key.text, &epsilon) || !(epsilon >= 0) || !(epsilon < 1))
        return error_set(err, STATUS_DATA_LOSS, "%s is missing or out of range", epsilon_key.text);
    model->norm_epsilon = (float)epsilon;
    return STATUS_OK;
}

static enum status load_scales(struct inference_model *model, const struct inference_family *family,
                               struct error *err)
{
    double attention_cap = family->attention_cap, logit_cap = family->logit_cap;
    double width = model->head;

    if (get_positive(model, "attn_logit_softcapping", &attention_cap, err) != STATUS_OK
        || get_positive(model, "final_logit_softcapping", &logit_cap, err) != STATUS_OK)
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
    double base = 10000, factor = 1, local_base;
    uint32_t window = family->window_default;
    const float *factors = NULL, *frequencies, *local;
    struct slice scaling = { 0 };

    gguf_get_string(model->gguf, key_of(model, "rope.scaling.type").text, &scaling);
    if (get_positive(model, "rope.freq_base", &base, err) != STATUS_OK
        || (slice_is(scaling, "linear")
            && get_positive(model, "rope.scaling.factor", &factor, err) != STATUS_OK)
        || get_optional(model, "attention.sliding_window", CONTEXT_MAX, &window, err) != STATUS_OK
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
