/* Keys and values, in pages of 64 positions from one pool with a fixed number of them. A page that
 * holds a whole stretch of a prompt can be found again by what it holds and by the page before it,
 * so a prompt that begins like an earlier one shares its pages. Pages that nobody uses stay
 * findable until they are needed for something else, the longest unused first.
 *
 * One thread. */
#ifndef INFERENCE_CACHE_H
#define INFERENCE_CACHE_H

#include "inference_model.h"

#define INFERENCE_PAGE 64 /* positions */
#define INFERENCE_PAGE_NONE UINT32_MAX

/* What comes before the first page of a prompt: of kind 0, or of another whose keys and values are
 * others for the same ids. Prompts of two kinds share nothing. */
#define INFERENCE_PAGE_STARTS 256
#define INFERENCE_PAGE_START(kind) (INFERENCE_PAGE_NONE - (kind))

struct inference_cache;

/* What a value is kept in. */
enum inference_cache_form {
    INFERENCE_CACHE_FORM_F32,
    INFERENCE_CACHE_FORM_Q8, /* 8 bits, and a scale for each 32: 9 bits in all */
};

/* Room for @pages of @model's keys and values; memory is touched as pages are written.
 * RESOURCE_EXHAUSTED (NULL) where there is no address space for them. */
struct inference_cache *inference_cache_create(const struct inference_model *model, uint32_t pages,
                                               enum inference_cache_form form, struct error *err);
void inference_cache_destroy(struct inference_cache *cache);

/* Bytes of a page. */
size_t inference_cache_page_bytes(const struct inference_cache *cache);

/* Pages that can be taken now: those that nobody uses, findable or not. */
uint32_t inference_cache_available(const struct inference_cache *cache);
uint32_t inference_cache_pages(const struct inference_cache *cache);

/* A page with nothing in it, or INFERENCE_PAGE_NONE when all are in use. */
uint32_t inference_cache_take(struct inference_cache *cache);

/* The page that holds @ids [INFERENCE_PAGE] after the page @before (or INFERENCE_PAGE_START), in
 * use by one more; or INFERENCE_PAGE_NONE. */
uint32_t inference_cache_find(struct inference_cache *cache, uint32_t before, const uint32_t *ids);

/* @page is full and holds @ids after @before, which is findable itself: from now on it is found. */
void inference_cache_keep(struct inference_cache *cache, uint32_t page, uint32_t before,
                          const uint32_t *ids);

/* A page that is in use is used by one more. */
void inference_cache_share(struct inference_cache *cache, uint32_t page);

/* What @from holds, to @page, which was taken and is not findable. */
void inference_cache_copy(struct inference_cache *cache, uint32_t page, uint32_t from);

/* Used by one less. */
void inference_cache_release(struct inference_cache *cache, uint32_t page);

/* Keep the keys and values [kv_heads · head] of position @at of a page, in a layer. */
void inference_cache_put(struct inference_cache *cache, uint32_t page, uint32_t layer, uint32_t at,
                         const float *keys, const float *values);

/* Positions of a page, as a head of a layer has them. */
struct inference_cache_stretch {
    uint32_t page, layer, head; /* of keys and values */
    uint32_t first, count;
};

/* out[t] = scale · q · key of position first + t */
void inference_cache_score(const struct inference_cache *cache,
                           const struct inference_cache_stretch *stretch, float *out,
                           const float *q, float scale);

/* out += Σ weights[t] · value of position first + t */
void inference_cache_mix(const struct inference_cache *cache,
                         const struct inference_cache_stretch *stretch, float *out,
                         const float *weights);

#endif
