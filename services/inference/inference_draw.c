/* chances = softmax(logits / temperature), then
 *
 *     no cut but min_p   sums of blocks → the block → the id
 *     top_k, top_p       those that can be among the few → a histogram of their weights → its
 *                        buckets from the largest down, the last of them sorted → the id */
#include "inference_draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

#define LANES 16
#define BLOCK 256
/* Buckets are a 32nd of an octave wide: of weights up to 1, by the first bits of the float. */
#define BUCKET_SHIFT 18
#define BUCKETS ((0x3f800000u >> BUCKET_SHIFT) + 1)

struct bucket {
    double sum;
    uint32_t count;
};

struct inference_drawer {
    uint32_t vocabulary;
    float *chances;                                   /* [vocabulary] probabilities */
    double *sums;                                     /* of each block of them, */
    float *largest, *sorted;                          /* their largest, the same in order */
    struct inference_candidate *candidates, *sorting; /* [vocabulary] */
    struct bucket *buckets;                           /* [BUCKETS] */
};

struct inference_drawer *inference_drawer_create(uint32_t vocabulary)
{
    struct inference_drawer *drawer = calloc(1, sizeof(*drawer));

    if (drawer == NULL)
        return NULL;
    drawer->vocabulary = vocabulary;
    drawer->chances = calloc(vocabulary, sizeof(*drawer->chances));
    drawer->sums = calloc(vocabulary / BLOCK + 1, sizeof(*drawer->sums));
    drawer->largest = calloc(vocabulary / BLOCK + 1, sizeof(*drawer->largest));
    drawer->sorted = calloc(vocabulary / BLOCK + 1, sizeof(*drawer->sorted));
    drawer->candidates = calloc(vocabulary, sizeof(*drawer->candidates));
    drawer->sorting = calloc(vocabulary, sizeof(*drawer->sorting));
    drawer->buckets = calloc(BUCKETS, sizeof(*drawer->buckets));
    if (drawer->chances != NULL && drawer->sums != NULL && drawer->largest != NULL
        && drawer->sorted != NULL && drawer->candidates != NULL && drawer->sorting != NULL
        && drawer->buckets != NULL)
        return drawer;
    inference_drawer_destroy(drawer);
    return NULL;
}

void inference_drawer_destroy(struct inference_drawer *drawer)
{
    if (drawer == NULL)
        return;
    free(drawer->chances);
    free(drawer->sums);
    free(drawer->largest);
    free(drawer->sorted);
    free(drawer->candidates);
    free(drawer->sorting);
    free(drawer->buckets);
    free(drawer);
}

/* All of a vocabulary, in lanes
 * ---------------------------------------------------------------------------------------------- */

static float largest_of(const float *values, uint32_t count)
{
    float lanes[LANES], largest = -INFINITY;
    uint32_t whole = count - count % LANES;

    for (uint32_t i = 0; i < LANES; i++)
        lanes[i] = -INFINITY;
    for (uint32_t at = 0; at < whole; at += LANES) {
        for (uint32_t i = 0; i < LANES; i++)
            lanes[i] = values[at + i] > lanes[i] ? values[at + i] : lanes[i];
    }
    for (uint32_t i = 0; i < LANES; i++)
        largest = lanes[i] > largest ? lanes[i] : largest;
    for (uint32_t at = whole; at < count; at++)
        largest = values[at] > largest ? values[at] : largest;
    return largest;
}

uint32_t inference_draw_likeliest(const float *logits, uint32_t count)
{
    float largest = largest_of(logits, count);
    uint32_t id = 0;

    if (largest == -INFINITY) /* nothing, or no numbers */
        return 0;
    while (logits[id] != largest)
        id++;
    return id;
}

/* Of the values that are @least at least. */
static double sum_from(const float *values, uint32_t count, float least)
{
    double lanes[LANES] = { 0 }, sum = 0;
    uint32_t whole = count - count % LANES;

    for (uint32_t at = 0; at < whole; at += LANES) {
        for (uint32_t i = 0; i < LANES; i++)
            lanes[i] += (double)(values[at + i] >= least ? values[at + i] : 0);
    }
    for (uint32_t at = whole; at < count; at++)
        lanes[at - whole] += (double)(values[at] >= least ? values[at] : 0);
    for (uint32_t i = 0; i < LANES; i++)
        sum += lanes[i];
    return sum;
}

double inference_draw_sum(const float *values, uint32_t count)
{
    return sum_from(values, count, -INFINITY);
}

/* From all of them
 * ---------------------------------------------------------------------------------------------- */

static uint32_t blocks_of(const struct inference_drawer *drawer)
{
    return (drawer->vocabulary + BLOCK - 1) / BLOCK;
}

static uint32_t block_end(const struct inference_drawer *drawer, uint32_t block)
{
    uint32_t end = (block + 1) * BLOCK;

    return end < drawer->vocabulary ? end : drawer->vocabulary;
}

/* Within ids @from to @end, at @at of what their chances sum up to. */
static uint32_t draw_within(const float *chances, uint32_t from, uint32_t end, float least,
                            double at, uint32_t best)
{
    uint32_t last = best;

    for (uint32_t id = from; id < end; id++) {
        if (!(chances[id] >= least) || chances[id] == 0)
            continue;
        last = id;
        at -= (double)chances[id];
        if (at < 0)
            break;
    }
    return last;
}

static uint32_t draw_from_all(struct inference_drawer *drawer, float least, double at,
                              uint32_t best)
{
    uint32_t blocks = blocks_of(drawer), block = 0;
    double total = 0;

    for (uint32_t i = 0; i < blocks; i++) {
        drawer->sums[i] =
            sum_from(drawer->chances + i * BLOCK, block_end(drawer, i) - i * BLOCK, least);
        total += drawer->sums[i];
    }
    at *= total;
    while (block + 1 < blocks && at >= drawer->sums[block])
        at -= drawer->sums[block++];
    return draw_within(drawer->chances, block * BLOCK, block_end(drawer, block), least, at, best);
}

/* From few of them
 * ---------------------------------------------------------------------------------------------- */

/* Likelier first; of equals the smaller id, so that the order is one. */
static int compare(const void *a, const void *b)
{
    const struct inference_candidate *x = a, *y = b;

    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static bool has_top_p(const struct inference_sampling *sampling)
{
    return sampling->top_p > 0 && sampling->top_p < 1;
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x < y) - (x > y);
}

/* A weight that the @most largest ones reach, where there are more: that of so many blocks'
 * largest.
 */
static float find_reached(struct inference_drawer *drawer, uint32_t most)
{
    uint32_t blocks = blocks_of(drawer);

    if (most > blocks)
        return 0;
    memcpy(drawer->sorted, drawer->largest, blocks * sizeof(*drawer->sorted));
    qsort(drawer->sorted, blocks, sizeof(*drawer->sorted), compare_floats);
    return drawer->sorted[most - 1];
}

/* What a candidate weighs at least. Those under (1 - top_p) / (count - 1) cannot be among the
 * fewest that reach top_p. */
static float find_least(struct inference_drawer *drawer, const struct inference_sampling *sampling)
{
    if (sampling->top_k > 0)
        return find_reached(drawer, sampling->top_k);
    if (drawer->vocabulary > 1) /* a little less: sums are rounded */
        return 0.99f * (1 - sampling->top_p) / (float)(drawer->vocabulary - 1);
    return 0;
}

/* The candidates that can be drawn at all. */
static uint32_t collect(struct inference_drawer *drawer, const struct inference_sampling *sampling)
{
    uint32_t blocks = blocks_of(drawer), kept = 0;
    float least;

    for (uint32_t i = 0; i < blocks; i++)
        drawer->largest[i] =
            largest_of(drawer->chances + i * BLOCK, block_end(drawer, i) - i * BLOCK);
    least = find_least(drawer, sampling);
    for (uint32_t i = 0; i < blocks; i++) {
        if (drawer->largest[i] < least)
            continue;
        for (uint32_t id = i * BLOCK; id < block_end(drawer, i); id++) {
            float chance = drawer->chances[id];

            if (chance >= least && chance > 0)
                drawer->candidates[kept++] = (struct inference_candidate){ chance, id };
        }
    }
    return kept;
}

static double sum_of(const struct inference_candidate *candidates, uint32_t count)
{
    double sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum += (double)candidates[i].weight;
    return sum;
}

static uint32_t bucket_of(float weight)
{
    uint32_t bits;

    memcpy(&bits, &weight, sizeof(bits));
    return bits >> BUCKET_SHIFT < BUCKETS ? bits >> BUCKET_SHIFT : BUCKETS - 1;
}

/* A cut: so many candidates at most, or the fewest whose weights reach a sum. */
struct cut {
    uint32_t most;
    double wanted;
    uint32_t bucket;                 /* those above are kept whole */
    struct inference_candidate last; /* that is kept of it; a weight above 1: none is */
};

/* Those of the bucket in which the cut is, in order, as far as they are kept; @count and @sum are
 * those of the buckets above it. */
static void cut_bucket(struct inference_drawer *drawer, struct cut *cut, uint32_t candidates_count,
                       uint32_t count, double sum)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < candidates_count; i++) {
        if (bucket_of(drawer->candidates[i].weight) == cut->bucket)
            drawer->sorting[n++] = drawer->candidates[i];
    }
    qsort(drawer->sorting, n, sizeof(*drawer->sorting), compare);
    cut->last = (struct inference_candidate){ INFINITY, 0 };
    for (uint32_t i = 0; i < n && count < cut->most && sum < cut->wanted; i++, count++) {
        cut->last = drawer->sorting[i];
        sum += (double)cut->last.weight;
    }
}

/* False: all are kept. */
static bool find_cut(struct inference_drawer *drawer, struct cut *cut, uint32_t candidates_count)
{
    uint32_t bucket = BUCKETS, count = 0;
    double sum = 0;

    memset(drawer->buckets, 0, BUCKETS * sizeof(*drawer->buckets));
    for (uint32_t i = 0; i < candidates_count; i++) {
        struct bucket *its = &drawer->buckets[bucket_of(drawer->candidates[i].weight)];

        its->count++;
        its->sum += (double)drawer->candidates[i].weight;
    }
    while (bucket > 0 && count + drawer->buckets[bucket - 1].count <= cut->most
           && sum + drawer->buckets[bucket - 1].sum < cut->wanted) {
        bucket--;
        count += drawer->buckets[bucket].count;
        sum += drawer->buckets[bucket].sum;
    }
    if (bucket == 0)
        return false;
    cut->bucket = bucket - 1;
    cut_bucket(drawer, cut, candidates_count, count, sum);
    return true;
}

/* Those that are left are in the order that they were in. */
static uint32_t keep(struct inference_drawer *drawer, uint32_t count, uint32_t most, double wanted)
{
    struct cut cut = { .most = most, .wanted = wanted };
    uint32_t kept = 0;

    if (!find_cut(drawer, &cut, count))
        return count;
    for (uint32_t i = 0; i < count; i++) {
        struct inference_candidate candidate = drawer->candidates[i];
        uint32_t bucket = bucket_of(candidate.weight);

        if (bucket > cut.bucket || (bucket == cut.bucket && compare(&candidate, &cut.last) <= 0))
            drawer->candidates[kept++] = candidate;
    }
    return kept;
}

static uint32_t keep_min_p(struct inference_candidate *candidates, uint32_t count, float least)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (candidates[i].weight >= least)
            candidates[kept++] = candidates[i];
    }
    return kept;
}

static uint32_t draw_from_few(struct inference_drawer *drawer,
                              const struct inference_sampling *sampling, float least, double at,
                              uint32_t best)
{
    const struct inference_candidate *candidates = drawer->candidates;
    uint32_t count = collect(drawer, sampling);
    double share = 1;

    if (sampling->top_k > 0 && sampling->top_k < count) {
        count = keep(drawer, count, sampling->top_k, INFINITY);
        share = sum_of(candidates, count); /* top_p is of what top_k has left */
    }
    if (has_top_p(sampling))
        count = keep(drawer, count, UINT32_MAX, (double)sampling->top_p * share);
    count = keep_min_p(drawer->candidates, count, least);
    if (count == 0)
        return best;
    at *= sum_of(candidates, count);
    for (uint32_t i = 0; i + 1 < count; i++) {
        at -= (double)candidates[i].weight;
        if (at < 0)
            return candidates[i].id;
    }
    return candidates[count - 1].id;
}

uint32_t inference_draw(struct inference_drawer *drawer, const struct inference_sampling *sampling,
                        const float *logits, double at)
{
    uint32_t count = drawer->vocabulary, best = inference_draw_likeliest(logits, count);
    float largest = logits[best], least;

    if (!isfinite(largest)) /* nothing can be weighed by it */
        return best;
    for (uint32_t i = 0; i < count; i++)
        drawer->chances[i] = (logits[i] - largest) / sampling->temperature;
    kernels_softmax(drawer->chances, count);
    least = sampling->min_p * drawer->chances[best];
    if (sampling->top_k > 0 || has_top_p(sampling))
        return draw_from_few(drawer, sampling, least, at, best);
    return draw_from_all(drawer, least, at, best);
}
