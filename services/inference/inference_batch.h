/* What one forward pass computes: the next id of every answer, then chunks of prompts. Engine
 * thread. */
#ifndef INFERENCE_BATCH_H
#define INFERENCE_BATCH_H

#include "inference_sequence.h"

struct inference_batch {
    uint32_t count, ids; /* segments, and ids in all of them */
    struct inference_segment segments[INFERENCE_BATCH_MAX];
    struct inference_sequence *sequences[INFERENCE_BATCH_MAX];
};

/* Fill @batch from @sequences [count]. @room: the outputs that each one's caller has room for; 0:
 * it rests. *turn counts the chunks of prompts: whether the oldest prompt is next or the nearest to
 * its end. */
void inference_batch_compose(struct inference_batch *batch, struct inference_sequence *sequences,
                             uint32_t count, const uint32_t *room, uint32_t *turn);

#endif
