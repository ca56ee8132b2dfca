/* From a batch's logits to the ids that the answers go on with. Engine thread, without its lock: of
 * a request only what is the engine's own is written. */
#ifndef INFERENCE_CHOOSE_H
#define INFERENCE_CHOOSE_H

#include "inference_batch.h"
#include "inference_request.h"

/* Room for the work. */
struct inference_chooser {
    struct inference_sampler *sampler;
    uint32_t vocabulary;
    uint32_t *allowed; /* a bit for each id */
};

/* RESOURCE_EXHAUSTED. */
enum status inference_chooser_init(struct inference_chooser *chooser, uint32_t vocabulary,
                                   struct error *err);
void inference_chooser_close(struct inference_chooser *chooser);

/* The prompt is through: the first id of every answer, or what the model makes of the first given
 * one. @logits: after the prompt's last id. */
void inference_choose_first(struct inference_chooser *chooser, struct inference_request *request,
                            const float *logits);

/* The given ids after those of @segment; @logits: after each of them. */
void inference_choose_given(struct inference_chooser *chooser, struct inference_answer *answer,
                            const struct inference_segment *segment, const float *logits);

/* Samples as long as they are what was guessed, and the first that is not. @logits: after each of
 * @segment's ids. *is_over: the answer ends after them. Returns how many. */
uint32_t inference_choose_next(struct inference_chooser *chooser,
                               struct inference_sequence *sequence,
                               const struct inference_segment *segment, const float *logits,
                               struct inference_sample *samples, bool *is_over);

#endif
