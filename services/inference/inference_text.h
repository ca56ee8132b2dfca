/* The text of each id, by the vocabulary in the model's own file: what the engine needs to know
 * where a text ends, or may go on. Reading texts into ids and whole answers into text is the
 * tokenizer's trade. Never changes; any thread reads. */
#ifndef INFERENCE_TEXT_H
#define INFERENCE_TEXT_H

#include <stdbool.h>

#include "base/error.h"
#include "base/slice.h"
#include "gguf/gguf.h"

struct inference_text;

/* For a model of @vocabulary ids. FAILED_PRECONDITION (NULL): the file has no vocabulary of a kind
 * that is known ("llama", "gpt2"), or one of more pieces than there are ids; ids that are no pieces
 * have no text. The file may be closed afterwards. */
struct inference_text *inference_text_create(const struct gguf *gguf, uint32_t vocabulary,
                                             struct error *err);
void inference_text_destroy(struct inference_text *text);

/* The bytes that @id adds to an answer, often not whole characters; none for one that has no text
 * of its own (the beginning or end of a turn). */
struct slice inference_text_of(const struct inference_text *text, uint32_t id);

/* Ids of the model. */
uint32_t inference_text_count(const struct inference_text *text);

/* Whether a blank at the very beginning of an answer is not given out. */
bool inference_text_drops_first_blank(const struct inference_text *text);

/* Whether @id marks something rather than saying it, however it is spelled. */
bool inference_text_is_control(const struct inference_text *text, uint32_t id);

#endif
