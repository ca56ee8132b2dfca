/* Questions with the answers that are right and what proves them, as JSON lines:
 *
 *     {"bundle":"00000.json","patient":"p1","question":"…","kind":"latest","split":"heldout",
 *      "answer":[{"text":"Hemoglobin A1c was 7.2 % on 2026-11-03","evidence":["Observation/o17"]}]}
 *
 * Those of a patient follow each other. A question whose answer has no evidence cannot be answered
 * from the record. synthpop writes such files. */
#ifndef CONSILIUM_EVAL_READ_H
#define CONSILIUM_EVAL_READ_H

#include "base/arena.h"
#include "base/error.h"

struct eval_claim {
    struct slice text;
    const struct slice *evidence; /* references */
    size_t evidence_count;
};

struct eval_question {
    const char *bundle, *patient, *text, *kind, *split; /* split: "" where none is said */
    const struct eval_claim *claims;
    size_t claims_count;
    bool has_unseen_conditions; /* it is about what no training has: "conditions":"heldout" */
};

struct eval_questions {
    struct eval_question *items;
    size_t count;
};

/* Read @bytes, those of @split only where it is not NULL, @count_max at most. All in @arena.
 * INVALID_ARGUMENT with the number of the line. */
enum status eval_read(struct slice bytes, const char *split, size_t count_max, struct arena *arena,
                      struct eval_questions *questions, struct error *err);

#endif
