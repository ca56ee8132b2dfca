/* Whether training text holds evaluation text. Of a population for evaluation three things must be
 * new to a model: its patients, the wording of questions that are held out, and what is asked and
 * answered: a question with its answer where the answer rests on a record. */
#ifndef MODEL_OVERLAP_H
#define MODEL_OVERLAP_H

#include "model_questions.h"

/* What must be new, as sorted hashes. */
struct overlap_set {
    uint64_t *hashes;
    size_t count, capacity;
};

enum overlap_kind {
    OVERLAP_PATIENT,
    OVERLAP_WORDING,
    OVERLAP_ANSWER,
    OVERLAP_KINDS,
};

struct overlap_counts {
    uint64_t patients, questions; /* of the population that is looked through */
    uint64_t found[OVERLAP_KINDS];
};

/* What must be new of the population in @folder. In @arena. */
enum status overlap_read(struct overlap_set *set, const char *folder, struct arena *arena,
                         struct error *err);

bool overlap_has_patient(const struct overlap_set *set, const struct patient_questions *patient);

/* Its wording, or it with its answer. */
bool overlap_has_question(const struct overlap_set *set, const struct question *question,
                          enum overlap_kind *kind);

/* Look through the population in @folder; questions of the training split alone count. */
enum status overlap_count(const struct overlap_set *set, const char *folder, struct arena *arena,
                          struct overlap_counts *counts, struct error *err);

#endif
