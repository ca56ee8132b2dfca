/* The keys and values of one sequence's positions, for every layer. Memory is asked for once and
 * touched as the sequence grows. */
#ifndef INFERENCE_CACHE_H
#define INFERENCE_CACHE_H

#include "inference_model.h"

struct inference_cache {
    const struct inference_model *model;
    uint32_t context; /* positions it has room for */
    float *keys;      /* [layers][context][kv_heads · head] */
    float *values;
};

/* RESOURCE_EXHAUSTED where there is no address space for it. */
enum status inference_cache_init(struct inference_cache *cache, const struct inference_model *model,
                                 uint32_t context, struct error *err);
void inference_cache_close(struct inference_cache *cache);

static inline size_t inference_cache_at(const struct inference_cache *cache, uint32_t layer,
                                        uint32_t position)
{
    size_t width = (size_t)cache->model->kv_heads * cache->model->head;

    return ((size_t)layer * cache->context + position) * width;
}

#endif
