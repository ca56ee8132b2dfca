/* A grammar as a mask: compiled once, it constrains any number of answers. */
#ifndef INFERENCE_INFERENCE_GRAMMAR_H
#define INFERENCE_INFERENCE_GRAMMAR_H

#include "grammar_vocab.h"
#include "inference_mask.h"

struct inference_grammar;

/* Compile @text (grammar_parse.h; @is_schema: grammar_schema.h). It belongs to the caller, who
 * drops it, and to each answer.
 * @vocab outlives it. NULL: INVALID_ARGUMENT with what is wrong with the grammar,
 * RESOURCE_EXHAUSTED. Takes some hundred milliseconds. Any thread. */
struct inference_grammar *inference_grammar_create(bool is_schema, struct slice text,
                                                   const struct grammar_vocab *vocab,
                                                   struct error *err);
void inference_grammar_drop(struct inference_grammar *grammar);

/* Memory that is held, about: it grows while the grammar is used. Any thread. */
size_t inference_grammar_bytes(const struct inference_grammar *grammar);

/* A mask for one answer. RESOURCE_EXHAUSTED. Any thread. */
enum status inference_grammar_mask(struct inference_grammar *grammar, struct inference_mask *mask,
                                   struct error *err);

#endif
