#include "inference_cache.h"

#include <stdlib.h>

static bool size_of(const struct inference_model *model, uint32_t context, size_t *count)
{
    size_t width = (size_t)model->kv_heads * model->head, bytes;

    return !__builtin_mul_overflow(width, (size_t)context, count)
           && !__builtin_mul_overflow(*count, (size_t)model->layers_count, count)
           && !__builtin_mul_overflow(*count, sizeof(float) * 2, &bytes);
}

enum status inference_cache_init(struct inference_cache *cache, const struct inference_model *model,
                                 uint32_t context, struct error *err)
{
    size_t count = 0;

    *cache = (struct inference_cache){ .model = model, .context = context };
    if (size_of(model, context, &count)) {
        cache->keys = calloc(count, sizeof(float));
        cache->values = calloc(count, sizeof(float));
    }
    if (cache->keys != NULL && cache->values != NULL)
        return STATUS_OK;
    inference_cache_close(cache);
    return error_set(
        err, STATUS_RESOURCE_EXHAUSTED,
        "no memory for the keys and values of %u positions: lower --context or --sequences",
        context);
}

void inference_cache_close(struct inference_cache *cache)
{
    free(cache->keys);
    free(cache->values);
    cache->keys = cache->values = NULL;
}
