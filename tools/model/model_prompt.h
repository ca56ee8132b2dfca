/* One question as the model sees it: the prompt that context renders and the template frames, and
 * the right answer with citations. */
#ifndef MODEL_PROMPT_H
#define MODEL_PROMPT_H

#include "context_prompt.h"
#include "model_questions.h"
#include "tokenizer_template.h"

/* What writes prompts: a vocabulary with its template. */
struct prompt_writer {
    struct tokenizer_vocab *vocab;
    struct tokenizer_template template;
};

/* FAILED_PRECONDITION when the vocabulary has no chat template that is known. */
enum status prompt_writer_open(struct prompt_writer *writer, const char *vocabulary_path,
                               struct error *err);
void prompt_writer_close(struct prompt_writer *writer);

/* The id of the line of @prompt that tells the fact of @reference, 0 when none does. */
uint32_t prompt_find(const struct prompt *prompt, struct slice reference);

/* "text [id]. text [id][id].", in the order of the first ids. Empty when some evidence is not in
 * @prompt. */
struct slice prompt_answer(const struct prompt *prompt, const struct question *question,
                           struct arena *arena);

/* Whether @answer is what @user, a turn of PROMPT_FORM_FOUND, tells behind "Found:"; then *as_found
 * is it in that order. A turn that tells nothing of what was found is so for every answer, and
 * "nothing" for one that declines. */
bool prompt_is_found(struct slice user, struct slice answer, struct slice *as_found);

/* The ids of the prompt, up to where the answer begins. */
enum status prompt_encode(const struct prompt_writer *writer, const struct prompt *prompt,
                          struct slice user, struct arena *arena, struct tokenizer_ids *ids,
                          struct error *err);

/* The ids of the answer, the end of the turn with it. */
enum status prompt_encode_answer(const struct prompt_writer *writer, struct slice answer,
                                 struct arena *arena, struct tokenizer_ids *ids, struct error *err);

#endif
