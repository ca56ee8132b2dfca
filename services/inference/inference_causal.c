#include "inference_causal.h"

#include <stdlib.h>
#include <string.h>

struct inference_causal {
    const struct inference_encoder *encoder;
    struct inference_cache *cache;
    struct inference_forward *forward;
    uint32_t *pages; /* of the text that is run, from its start */
};

struct inference_causal *inference_causal_create(const struct inference_encoder *encoder,
                                                 struct inference_crew *crew, uint32_t context,
                                                 struct error *err)
{
    struct inference_causal *causal = calloc(1, sizeof(*causal));
    uint32_t pages = (context + INFERENCE_PAGE - 1) / INFERENCE_PAGE;

    if (causal != NULL) {
        causal->encoder = encoder;
        causal->pages = calloc(pages, sizeof(*causal->pages));
        causal->cache =
            inference_cache_create(encoder->decoder, pages, INFERENCE_CACHE_FORM_F32, err);
        if (causal->cache != NULL && causal->pages != NULL)
            causal->forward =
                inference_forward_create(encoder->decoder, causal->cache, crew, context, 1, err);
    }
    if (causal == NULL || causal->forward == NULL) {
        inference_causal_destroy(causal);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for texts of %u ids", context);
        return NULL;
    }
    for (uint32_t i = 0; i < pages; i++)
        causal->pages[i] = inference_cache_take(causal->cache);
    return causal;
}

void inference_causal_destroy(struct inference_causal *causal)
{
    if (causal == NULL)
        return;
    inference_forward_destroy(causal->forward);
    inference_cache_destroy(causal->cache);
    free(causal->pages);
    free(causal);
}

/* The vectors of @count ids to the text's. */
static void pool(const struct inference_causal *causal, const struct inference_encode_text *text,
                 const float *vectors, uint32_t count, bool is_end)
{
    uint32_t width = causal->encoder->embedding;

    if (causal->encoder->pooling == INFERENCE_POOLING_LAST && is_end)
        memcpy(text->embedding, vectors + (size_t)(count - 1) * width,
               width * sizeof(*text->embedding));
    for (uint32_t i = 0; causal->encoder->pooling == INFERENCE_POOLING_MEAN && i < count; i++)
        kernels_add_scaled(text->embedding, vectors + (size_t)i * width, 1.0f / (float)text->count,
                           width);
}

void inference_causal_run(struct inference_causal *causal, const struct inference_encode_text *text)
{
    memset(text->embedding, 0, causal->encoder->embedding * sizeof(*text->embedding));
    for (uint32_t at = 0; at < text->count; at += INFERENCE_CHUNK_MAX) {
        uint32_t left = text->count - at;
        struct inference_segment segment = {
            .ids = text->ids + at,
            .count = left < INFERENCE_CHUNK_MAX ? left : INFERENCE_CHUNK_MAX,
            .position = at,
            .pages = causal->pages,
        };
        const float *vectors = inference_forward_vectors(causal->forward, &segment, 1);

        pool(causal, text, vectors, segment.count, segment.count == left);
    }
}
