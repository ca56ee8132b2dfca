/* The questions of a population, as synthpop writes them: questions.ndjson, one object a line,
 * those of a patient together. */
#ifndef MODEL_QUESTIONS_H
#define MODEL_QUESTIONS_H

#include "base/arena.h"
#include "base/error.h"

#define QUESTIONS_EVIDENCE_MAX 16
#define QUESTIONS_CLAIMS_MAX 16
#define QUESTIONS_OF_PATIENT_MAX 256

struct question_claim {
    struct slice text;
    struct slice evidence[QUESTIONS_EVIDENCE_MAX]; /* "Observation/o17" */
    size_t evidence_count;
};

struct question {
    struct slice text, kind, split; /* split: "train" or "heldout", of the phrasing */
    struct question_claim claims[QUESTIONS_CLAIMS_MAX];
    size_t claims_count;
};

/* A patient's bundle, read, with the questions about it. */
struct patient_questions {
    struct slice bundle;
    struct question *questions;
    size_t count;
};

struct questions;

/* NULL and @err when @folder has no questions.ndjson. */
struct questions *questions_open(const char *folder, struct arena *arena, struct error *err);

/* The next patient, in @arena; false at the end and on failure (then *status is not STATUS_OK). */
bool questions_next(struct questions *questions, struct arena *arena,
                    struct patient_questions *patient, enum status *status, struct error *err);

void questions_close(struct questions *questions);

#endif
