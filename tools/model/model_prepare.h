/* From a population to training data: each question is put to the context core as the product
 * would, the chat template is applied, and the answer's citations are the ids that the facts have
 * in that very prompt.
 *
 * An example is one rendered record with the question that it was rendered for and others of the
 * same patient whose evidence happens to stand in it. A question whose own evidence was not
 * rendered is left out and counted. */
#ifndef MODEL_PREPARE_H
#define MODEL_PREPARE_H

#include "context_prompt.h"

#define PREPARE_BUDGETS_MAX 8

struct prepare_options {
    const char *population; /* synthpop's folder */
    const char *vocabulary; /* a GGUF; learnt and written when there is no such file */
    const char *out;
    const char *without; /* a population whose patients, held-out wordings and answers must not be
                            among them; NULL: none */
    const char *split;   /* "train", "heldout" or NULL for both: of the phrasings */
    uint32_t vocabulary_size; /* of a learnt one */
    uint32_t learn_patients;  /* it is learnt on the first so many */
    uint32_t patients_max;    /* 0: all */
    uint32_t leads;           /* renderings of a patient, each for another question */
    uint32_t segments;        /* questions on one rendering, at most */
    uint32_t budgets[PREPARE_BUDGETS_MAX],
        budgets_count; /* of tokens; one is drawn for each rendering */
    float chars_per_token;
    enum prompt_form form;
    uint32_t tokens_max;    /* longer examples lose questions, or are left out */
    double rename_share;    /* of renderings, those whose names are others (model_rename.h) */
    double single_share;    /* of questions whose answer is one claim from one fact */
    double not_found_share; /* of questions whose right answer is not what was found, in that form
                               of prompt */
    uint32_t show;          /* print so many prompts with their answers */
    uint64_t seed;
};

void prepare_options_default(struct prepare_options *options);

struct prepare_counts {
    uint64_t patients, questions;        /* read */
    uint64_t examples, segments, tokens; /* written */
    uint64_t not_rendered; /* leading questions without their evidence in the prompt */
    uint64_t not_found;    /* answers that were not what was found */
    uint64_t too_long;
    uint64_t overlapping; /* left out, each time that one was drawn: evaluation holds them too */
};

enum status prepare_run(const struct prepare_options *options, struct arena *arena,
                        struct prepare_counts *counts, struct error *err);

#endif
