/* From the messages of consilium.v1.Inference to requests of the engine. What a request refers to
 * lives in the call's arena. */
#ifndef INFERENCE_READ_RPC_H
#define INFERENCE_READ_RPC_H

#include "base/arena.h"
#include "consilium/v1/inference.pb-c.h"
#include "inference_constraint.h"
#include "inference_engine.h"

/* INVALID_ARGUMENT: what does not fit. FAILED_PRECONDITION: stop texts where @text is NULL.
 * RESOURCE_EXHAUSTED. */
enum status inference_read_generate(const Consilium__V1__GenerateRequest *from,
                                    const struct inference_text *text, struct arena *arena,
                                    struct inference_request *to, struct error *err);

/* What the answers are held to; NONE where @from is NULL or says nothing. It has views into @from.
 * FAILED_PRECONDITION where @is_possible is false: the model has no vocabulary. */
enum status inference_read_constraint(const Consilium__V1__Constraint *from, bool is_possible,
                                      struct inference_constraint *to, struct error *err);

enum status inference_read_score(const Consilium__V1__ScoreRequest *from, struct arena *arena,
                                 struct inference_request *to, struct error *err);

#endif
