/* A model that is run one sequence at a time, over pages of its own. */
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include "inference_forward.h"
#include "model_sample.h"

#define MODEL_RUN_PAGES 64

struct run {
    char *bytes;
    struct inference_model *model;
    struct inference_crew *crew;
    bool is_mapped;                       /* as it is before run_open */
    enum inference_cache_form cache_form; /* likewise */
    struct inference_cache *cache;
    struct inference_forward *forward;
    uint32_t pages[MODEL_RUN_PAGES];
};

static inline void run_open(struct run *run, struct gguf *gguf, unsigned threads)
{
    struct error err = { 0 };
    uint32_t pages;

    run->model =
        run->is_mapped ? inference_model_map(gguf, &err) : inference_model_create(gguf, &err);
    assert_string_equal(err.text, "");
    pages = (run->model->context + INFERENCE_PAGE - 1) / INFERENCE_PAGE;
    assert_true(pages <= MODEL_RUN_PAGES);
    run->crew = inference_crew_create(threads, &err);
    run->cache = inference_cache_create(run->model, pages, run->cache_form, &err);
    run->forward = inference_forward_create(run->model, run->cache, run->crew, run->model->context,
                                            INFERENCE_BATCH_MAX, &err);
    assert_non_null(run->forward);
    /* Not in order, as they come when others have pages too. */
    for (uint32_t i = pages; i-- > 0;)
        run->pages[i] = inference_cache_take(run->cache);
}

static inline void run_open_sample(struct run *run, enum gguf_tensor_type type)
{
    size_t size;

    run->bytes = model_sample(type, &size);
    run_open(run, gguf_open_bytes(slice_of(run->bytes, size), NULL), 1);
}

static inline void run_close(struct run *run)
{
    inference_forward_destroy(run->forward);
    inference_cache_destroy(run->cache);
    inference_crew_destroy(run->crew);
    inference_model_destroy(run->model);
    free(run->bytes);
}

/* The logits after the last of @ids. */
static inline const float *run_ids(struct run *run, const uint32_t *ids, uint32_t count,
                                   uint32_t position)
{
    struct inference_segment segment = {
        .ids = ids, .count = count, .position = position, .pages = run->pages, .logits_count = 1
    };

    return inference_forward_run(run->forward, &segment, 1);
}

#endif
