/* What happens to the answers of a request: ids come, they end, they are taken. Every function with
 * the engine's lock held. */
#ifndef INFERENCE_ANSWER_H
#define INFERENCE_ANSWER_H

#include "inference_request.h"

/* Before the request is queued. */
void inference_answer_init_all(struct inference_request *request);

/* The answer goes on with @sample; it may end so, at a stop id or text or with its last id, which
 * @is_full says this one is. True: it goes on. */
bool inference_answer_put(struct inference_request *request, struct inference_answer *answer,
                          const struct inference_sample *sample, bool is_full);

/* Nothing more comes. What was held back as a part of a stop text that never came is given out. */
void inference_answer_finish(struct inference_request *request, struct inference_answer *answer,
                             enum inference_finish finish);

/* Finish all that have not ended. */
void inference_answer_finish_all(struct inference_request *request, enum inference_finish finish);

/* The next answer's news. False: there are none, and the next will be told. */
bool inference_answer_take(struct inference_request *request, struct inference_output *output);

bool inference_answer_is_stop(const struct inference_request *request, uint32_t id);

#endif
