/* The forward pass: some ids of one sequence in, the logits after the last of them out. */
#ifndef INFERENCE_FORWARD_H
#define INFERENCE_FORWARD_H

#include "inference_cache.h"

/* Ids that one step takes at most: long enough for matrix products to pay, short enough that other
 * sequences do not wait. */
#define INFERENCE_CHUNK_MAX 64

/* Run state: written by every step, owned by one thread. */
struct inference_forward;

/* @context: the longest sequence that will be run. NULL and @err where there is no memory. */
struct inference_forward *inference_forward_create(const struct inference_model *model,
                                                   uint32_t context, struct error *err);
void inference_forward_destroy(struct inference_forward *forward);

/* Run @ids (1 to INFERENCE_CHUNK_MAX of them, each < vocabulary) at the positions from @position,
 * which with them fit into @cache; the positions before are in it. Returns the logits [vocabulary]
 * after the last id, valid until the next run, or NULL when !@has_logits. */
const float *inference_forward_run(struct inference_forward *forward, struct inference_cache *cache,
                                   const uint32_t *ids, uint32_t count, uint32_t position,
                                   bool has_logits);

#endif
