/* The forward pass: ids of some sequences in, logits out. What comes out for a sequence depends on
 * its own ids and on how its prompt was cut into segments; not on what else is in the batch. */
#ifndef INFERENCE_FORWARD_H
#define INFERENCE_FORWARD_H

#include "inference_adapter.h"
#include "inference_cache.h"
#include "inference_crew.h"

/* Ids that one run takes at most. */
#define INFERENCE_BATCH_MAX 128
/* Ids of a prompt that go together at most: long enough for matrix products to pay, and a page, so
 * that a prompt is cut at the same places whether or not its beginning was found in the cache. */
#define INFERENCE_CHUNK_MAX INFERENCE_PAGE

/* Successive ids of one sequence. */
struct inference_segment {
    const uint32_t *ids;   /* [count], each < vocabulary */
    uint32_t count;        /* 1 to INFERENCE_CHUNK_MAX */
    uint32_t position;     /* of the first; those before are in the pages */
    const uint32_t *pages; /* of the sequence from its start, enough for these too */
    uint32_t logits_count; /* logits are wanted after the last so many ids */
    const struct inference_adapter *adapter; /* NULL: the model as it is */
    bool is_single; /* give what the ids one by one would give, to the last bit */
};

/* Run state: written by every run, owned by one thread. */
struct inference_forward;

/* @context: the longest sequence that will be run. @logits_max: the most logits that a run gives.
 * @crew and @cache outlive it. NULL and @err where there is no memory. */
struct inference_forward *inference_forward_create(const struct inference_model *model,
                                                   struct inference_cache *cache,
                                                   struct inference_crew *crew, uint32_t context,
                                                   uint32_t logits_max, struct error *err);
void inference_forward_destroy(struct inference_forward *forward);

/* Run @segments (INFERENCE_BATCH_MAX ids at most, each sequence once). Returns the logits that were
 * wanted, [vocabulary] each, in the order of the segments and their ids, valid until the next run.
 */
const float *inference_forward_run(struct inference_forward *forward,
                                   const struct inference_segment *segments, uint32_t count);

/* The same, but what the output matrix would multiply: [embedding] after every id. */
const float *inference_forward_vectors(struct inference_forward *forward,
                                       const struct inference_segment *segments, uint32_t count);

#endif
