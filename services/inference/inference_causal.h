/* Vectors of texts by a decoder: each id sees those before it, and what its last ids or all of them
 * have come to is the text's. What inference_encode.h does for encoders, of whose ids each sees
 * all. */
#ifndef INFERENCE_CAUSAL_H
#define INFERENCE_CAUSAL_H

#include "inference_encode.h"
#include "inference_forward.h"

/* Run state: written by every run, owned by one thread. */
struct inference_causal;

/* For texts of up to @context ids by @encoder's decoder. @encoder and @crew outlive it. NULL and
 * @err where there is no memory. */
struct inference_causal *inference_causal_create(const struct inference_encoder *encoder,
                                                 struct inference_crew *crew, uint32_t context,
                                                 struct error *err);
void inference_causal_destroy(struct inference_causal *causal);

/* One text, its embedding not scaled. */
void inference_causal_run(struct inference_causal *causal,
                          const struct inference_encode_text *text);

#endif
