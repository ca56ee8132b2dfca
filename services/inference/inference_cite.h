/* Citations: where an answer opens a bracket, the only numbers that may follow are ids of facts
 * that were in the prompt, "[3]", "[3, 7]"; anything that is no number may stand there as before.
 * So a citation of what was not there cannot be said. */
#ifndef INFERENCE_CITE_H
#define INFERENCE_CITE_H

#include "grammar_vocab.h"
#include "inference_mask.h"

/* Facts of one prompt: more are refused. */
#define INFERENCE_CITE_FACTS_MAX 65536

/* What a vocabulary is to citations: made once for a model; any thread reads. */
struct inference_cite_vocab;

/* @vocab outlives it. NULL: RESOURCE_EXHAUSTED. */
struct inference_cite_vocab *inference_cite_vocab_create(const struct grammar_vocab *vocab,
                                                         struct error *err);
void inference_cite_vocab_destroy(struct inference_cite_vocab *vocab);

/* A mask for one answer whose prompt has the facts @ids, which are copied; none of them: no number
 * can follow a bracket. @vocab outlives it. INVALID_ARGUMENT: the id 0, or too many.
 * RESOURCE_EXHAUSTED. */
enum status inference_cite_init(struct inference_mask *mask,
                                const struct inference_cite_vocab *vocab, const uint32_t *ids,
                                size_t count, struct error *err);

#endif
