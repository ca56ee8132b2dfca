/* A page is in one place at a time: on the list of unused pages (oldest first), or with its users.
 * Findable pages are also in the table, by a hash of their ids and of the page before; what is
 * found is compared id by id, so a hash that meets another costs time and nothing else. A page is
 * told from what was in its place earlier by its serial number. */
#include "inference_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/list.h"

struct page {
    struct list unused; /* in cache->unused while users is 0 */
    uint32_t users;
    bool is_findable;
    uint64_t serial;        /* of what it holds; never the same again */
    uint64_t before_serial; /* below INFERENCE_PAGE_STARTS: a start */
    uint64_t hash;
    uint32_t next; /* in the chain of its bucket */
    uint32_t ids[INFERENCE_PAGE];
};

struct inference_cache {
    const struct inference_model *model;
    enum inference_cache_form form;
    char *memory;
    size_t memory_bytes, page_bytes, half_bytes; /* of a page; of a layer's keys in it */
    uint32_t pages_count, available, buckets_mask;
    struct page *pages;
    uint32_t *buckets;
    struct list unused;
    uint64_t serial;
};

/* Of the keys or the values of a layer in a page. */
static size_t half_bytes(const struct inference_cache *cache)
{
    const struct inference_model *model = cache->model;
    size_t heads = (size_t)INFERENCE_PAGE * model->kv_heads;

    if (cache->form == INFERENCE_CACHE_FORM_F32)
        return heads * model->head * sizeof(float);
    return heads * (model->head + kernels_kept_scales(model->head) * sizeof(float));
}

size_t inference_cache_page_bytes(const struct inference_cache *cache)
{
    return cache->page_bytes;
}

static bool create_index(struct inference_cache *cache)
{
    uint32_t buckets = 1;

    while (buckets < cache->pages_count)
        buckets *= 2;
    cache->buckets_mask = buckets - 1;
    cache->pages = calloc(cache->pages_count, sizeof(*cache->pages));
    cache->buckets = malloc(buckets * sizeof(*cache->buckets));
    if (cache->pages == NULL || cache->buckets == NULL)
        return false;
    memset(cache->buckets, 0xff, buckets * sizeof(*cache->buckets));
    list_init(&cache->unused);
    for (uint32_t i = 0; i < cache->pages_count; i++)
        list_push_back(&cache->unused, &cache->pages[i].unused);
    cache->available = cache->pages_count;
    return true;
}

struct inference_cache *inference_cache_create(const struct inference_model *model, uint32_t pages,
                                               enum inference_cache_form form, struct error *err)
{
    struct inference_cache *cache = calloc(1, sizeof(*cache));

    CHECK(pages > 0);
    if (cache == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    cache->model = model;
    cache->pages_count = pages;
    cache->serial = INFERENCE_PAGE_STARTS;
    cache->form = form;
    cache->half_bytes = half_bytes(cache);
    cache->page_bytes = cache->half_bytes * 2 * model->layers_count;
    cache->memory = MAP_FAILED;
    if (!__builtin_mul_overflow(cache->page_bytes, (size_t)pages, &cache->memory_bytes))
        cache->memory = mmap(NULL, cache->memory_bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (cache->memory != MAP_FAILED && create_index(cache))
        return cache;
    inference_cache_destroy(cache);
    error_set(err, STATUS_RESOURCE_EXHAUSTED,
              "no memory for the keys and values of %llu positions: lower --context or --sequences",
              (unsigned long long)pages * INFERENCE_PAGE);
    return NULL;
}

void inference_cache_destroy(struct inference_cache *cache)
{
    if (cache == NULL)
        return;
    if (cache->memory != MAP_FAILED)
        munmap(cache->memory, cache->memory_bytes);
    free(cache->pages);
    free(cache->buckets);
    free(cache);
}

uint32_t inference_cache_available(const struct inference_cache *cache)
{
    return cache->available;
}

uint32_t inference_cache_pages(const struct inference_cache *cache)
{
    return cache->pages_count;
}

static uint64_t hash_of(uint64_t before_serial, const uint32_t *ids)
{
    uint64_t hash = before_serial * 0x9e3779b97f4a7c15u;

    for (unsigned i = 0; i < INFERENCE_PAGE; i++) {
        hash = (hash ^ ids[i]) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    return hash;
}

static void forget(struct inference_cache *cache, uint32_t page)
{
    uint32_t *at = &cache->buckets[cache->pages[page].hash & cache->buckets_mask];

    while (*at != page)
        at = &cache->pages[*at].next;
    *at = cache->pages[page].next;
    cache->pages[page].is_findable = false;
}

static void use(struct inference_cache *cache, struct page *page)
{
    if (page->users++ == 0) {
        list_remove(&page->unused);
        cache->available--;
    }
}

uint32_t inference_cache_take(struct inference_cache *cache)
{
    struct page *page;
    uint32_t index;

    if (cache->available == 0)
        return INFERENCE_PAGE_NONE;
    page = LIST_ITEM(cache->unused.next, struct page, unused);
    index = (uint32_t)(page - cache->pages);
    if (page->is_findable)
        forget(cache, index);
    page->serial = ++cache->serial;
    use(cache, page);
    return index;
}

static uint64_t serial_of(const struct inference_cache *cache, uint32_t page)
{
    return page < cache->pages_count ? cache->pages[page].serial : INFERENCE_PAGE_NONE - page;
}

uint32_t inference_cache_find(struct inference_cache *cache, uint32_t before, const uint32_t *ids)
{
    uint64_t before_serial = serial_of(cache, before), hash = hash_of(before_serial, ids);
    uint32_t at = cache->buckets[hash & cache->buckets_mask];

    for (; at != INFERENCE_PAGE_NONE; at = cache->pages[at].next) {
        struct page *page = &cache->pages[at];

        if (page->hash == hash && page->before_serial == before_serial
            && memcmp(page->ids, ids, sizeof(page->ids)) == 0) {
            use(cache, page);
            return at;
        }
    }
    return INFERENCE_PAGE_NONE;
}

void inference_cache_keep(struct inference_cache *cache, uint32_t page, uint32_t before,
                          const uint32_t *ids)
{
    struct page *kept = &cache->pages[page];
    uint32_t *bucket;

    CHECK(kept->users > 0);
    if (kept->is_findable)
        return;
    kept->before_serial = serial_of(cache, before);
    kept->hash = hash_of(kept->before_serial, ids);
    memcpy(kept->ids, ids, sizeof(kept->ids));
    bucket = &cache->buckets[kept->hash & cache->buckets_mask];
    kept->next = *bucket;
    *bucket = page;
    kept->is_findable = true;
}

void inference_cache_share(struct inference_cache *cache, uint32_t page)
{
    CHECK(cache->pages[page].users > 0);
    cache->pages[page].users++;
}

void inference_cache_copy(struct inference_cache *cache, uint32_t page, uint32_t from)
{
    CHECK(cache->pages[page].users == 1 && !cache->pages[page].is_findable);
    memcpy(cache->memory + (size_t)page * cache->page_bytes,
           cache->memory + (size_t)from * cache->page_bytes, cache->page_bytes);
}

void inference_cache_release(struct inference_cache *cache, uint32_t page)
{
    struct page *released = &cache->pages[page];

    CHECK(released->users > 0);
    if (--released->users > 0)
        return;
    /* What cannot be found is the first to be taken. */
    if (released->is_findable)
        list_push_back(&cache->unused, &released->unused);
    else
        list_push_front(&cache->unused, &released->unused);
    cache->available++;
}

/* Keys and values
 * ---------------------------------------------------------------------------------------------- */

static char *half_at(const struct inference_cache *cache, uint32_t page, uint32_t layer,
                     bool is_values)
{
    return cache->memory + (size_t)page * cache->page_bytes
           + ((size_t)layer * 2 + is_values) * cache->half_bytes;
}

/* The rows of @head from position @first on, of a cache of floats: [INFERENCE_PAGE][kv_heads ·
 * head].
 */
static float *floats_at(const struct inference_cache *cache, char *half, uint32_t head,
                        uint32_t first)
{
    const struct inference_model *model = cache->model;

    return (float *)(void *)half + ((size_t)first * model->kv_heads + head) * model->head;
}

/* The same of a cache of 8 bits: the values of all positions, then the scales. */
static struct kept_rows kept_at(const struct inference_cache *cache, char *half, uint32_t head,
                                uint32_t first)
{
    const struct inference_model *model = cache->model;
    size_t scales = kernels_kept_scales(model->head), at = (size_t)first * model->kv_heads + head;
    float *all = (float *)(void *)(half + (size_t)INFERENCE_PAGE * model->kv_heads * model->head);

    return (struct kept_rows){ (int8_t *)half + at * model->head, all + at * scales,
                               (size_t)model->kv_heads * model->head, model->kv_heads * scales };
}

static void put_half(struct inference_cache *cache, char *half, uint32_t at, const float *x)
{
    const struct inference_model *model = cache->model;

    if (cache->form == INFERENCE_CACHE_FORM_F32) {
        memcpy(floats_at(cache, half, 0, at), x,
               (size_t)model->kv_heads * model->head * sizeof(*x));
        return;
    }
    for (uint32_t h = 0; h < model->kv_heads; h++) {
        struct kept_rows rows = kept_at(cache, half, h, at);

        kernels_keep(&rows, 0, x + (size_t)h * model->head, model->head);
    }
}

void inference_cache_put(struct inference_cache *cache, uint32_t page, uint32_t layer, uint32_t at,
                         const float *keys, const float *values)
{
    put_half(cache, half_at(cache, page, layer, false), at, keys);
    put_half(cache, half_at(cache, page, layer, true), at, values);
}

void inference_cache_score(const struct inference_cache *cache,
                           const struct inference_cache_stretch *stretch, float *out,
                           const float *q, float scale)
{
    const struct inference_model *model = cache->model;
    char *half = half_at(cache, stretch->page, stretch->layer, false);
    struct kept_rows rows;

    if (cache->form == INFERENCE_CACHE_FORM_F32) {
        kernels_score(out, q, floats_at(cache, half, stretch->head, stretch->first),
                      (size_t)model->kv_heads * model->head, model->head, stretch->count, scale);
        return;
    }
    rows = kept_at(cache, half, stretch->head, stretch->first);
    kernels_score_kept(out, q, &rows, model->head, stretch->count, scale);
}

void inference_cache_mix(const struct inference_cache *cache,
                         const struct inference_cache_stretch *stretch, float *out,
                         const float *weights)
{
    const struct inference_model *model = cache->model;
    char *half = half_at(cache, stretch->page, stretch->layer, true);
    struct kept_rows rows;

    if (cache->form == INFERENCE_CACHE_FORM_F32) {
        kernels_mix(out, weights, floats_at(cache, half, stretch->head, stretch->first),
                    (size_t)model->kv_heads * model->head, model->head, stretch->count);
        return;
    }
    rows = kept_at(cache, half, stretch->head, stretch->first);
    kernels_mix_kept(out, weights, &rows, model->head, stretch->count);
}
