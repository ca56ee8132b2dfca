#include "consilium_model.h"

#include <stdlib.h>

enum status consilium_model_adapt(const struct inference_model *model, const char *path,
                                  struct inference_adapters **adapters,
                                  const struct inference_adapter **adapter, struct error *err)
{
    struct gguf *gguf;
    enum status status;

    *adapter = NULL;
    *adapters = inference_adapters_load(model, NULL, err);
    if (*adapters == NULL || path == NULL)
        return *adapters == NULL ? err->status : STATUS_OK;
    gguf = gguf_open(path, err);
    if (gguf == NULL)
        return err->status;
    status = inference_adapters_add(*adapters, SLICE("adapter"), gguf, err);
    gguf_close(gguf);
    if (status != STATUS_OK)
        return error_wrap(err, "%s", path);
    *adapter = inference_adapters_at(*adapters, 0);
    return STATUS_OK;
}

static enum inference_cache_form form_of(const struct consilium_config *config)
{
    return config->cache_bits == 8 ? INFERENCE_CACHE_FORM_Q8 : INFERENCE_CACHE_FORM_F32;
}

enum status consilium_model_open(struct consilium_model *model,
                                 const struct consilium_config *config, const char *path,
                                 uint32_t sequences, uint32_t context, struct error *err)
{
    struct gguf *gguf = gguf_open(path, err);

    *model = (struct consilium_model){ .sequences = sequences };
    if (gguf == NULL)
        return err->status;
    model->model =
        config->mapped ? inference_model_map(gguf, err) : inference_model_create(gguf, err);
    if (model->model == NULL)
        return error_wrap(err, "%s", path);
    if (consilium_model_adapt(model->model, config->adapter, &model->adapters, &model->adapter, err)
        != STATUS_OK) {
        consilium_model_close(model);
        return err->status;
    }
    model->context =
        context == 0 || context > model->model->context ? model->model->context : context;
    model->pages_each = (model->context + INFERENCE_PAGE - 1) / INFERENCE_PAGE;
    model->crew = inference_crew_create((unsigned)config->threads, err);
    model->cache = model->crew == NULL
                       ? NULL
                       : inference_cache_create(model->model, model->pages_each * sequences,
                                                form_of(config), err);
    if (model->cache != NULL)
        model->forward = inference_forward_create(model->model, model->cache, model->crew,
                                                  model->context, INFERENCE_BATCH_MAX, err);
    model->pages = calloc((size_t)model->pages_each * sequences, sizeof(*model->pages));
    if (model->forward == NULL || model->pages == NULL) {
        consilium_model_close(model);
        return err->status == STATUS_OK ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory")
                                        : err->status;
    }
    for (uint32_t i = 0; i < model->pages_each * sequences; i++)
        model->pages[i] = inference_cache_take(model->cache);
    return STATUS_OK;
}

void consilium_model_close(struct consilium_model *model)
{
    inference_forward_destroy(model->forward);
    inference_cache_destroy(model->cache);
    inference_crew_destroy(model->crew);
    inference_adapters_destroy(model->adapters);
    inference_model_destroy(model->model);
    free(model->pages);
    *model = (struct consilium_model){ 0 };
}

struct inference_segment consilium_model_segment(const struct consilium_model *model,
                                                 uint32_t index, const uint32_t *ids,
                                                 uint32_t count, uint32_t position, bool has_logits)
{
    return (struct inference_segment){ .ids = ids,
                                       .count = count,
                                       .position = position,
                                       .pages = model->pages + (size_t)index * model->pages_each,
                                       .logits_count = has_logits,
                                       .adapter = model->adapter };
}

const float *consilium_model_prompt(struct consilium_model *model, uint32_t index,
                                    const uint32_t *ids, uint32_t count)
{
    const float *logits = NULL;
    uint32_t chunk;

    for (uint32_t at = 0; at < count; at += chunk) {
        struct inference_segment segment;

        chunk = count - at < INFERENCE_CHUNK_MAX ? count - at : INFERENCE_CHUNK_MAX;
        segment = consilium_model_segment(model, index, ids + at, chunk, at, at + chunk == count);
        logits = inference_forward_run(model->forward, &segment, 1);
    }
    return logits;
}
