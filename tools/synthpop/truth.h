/* Truth: what a bundle from elsewhere says, as far as questions can be made of it. Read from the
 * resources alone, by rules of its own: nothing of services/context decides what is last, active or
 * absent. How names and quantities are written is common/fhir's. One thread at a time. */
#ifndef TRUTH_H
#define TRUTH_H

#include "base/buffer.h"
#include "base/error.h"
#include "catalogue.h"
#include "chance.h"

#define TRUTH_DATE_BYTES 11

enum truth_kind {
    TRUTH_MEASURED,
    TRUTH_CONDITION,
    TRUTH_DRUG,
    TRUTH_ALLERGY,
    TRUTH_PROCEDURE,
    TRUTH_VACCINE,
};

struct truth_item {
    enum truth_kind kind;
    struct slice label, reference, status;
    struct slice reason;                                /* empty: none is given */
    struct slice value;                                 /* "7.2 %" */
    double number;                                      /* of a measurement */
    enum lab lab;                                       /* by its LOINC code; LAB_NONE: no row */
    char date[TRUTH_DATE_BYTES], end[TRUTH_DATE_BYTES]; /* "2026-11-03"; empty: not given */
    bool is_active;
};

struct truth {
    struct arena *arena;
    struct slice patient; /* its id */
    bool is_female, is_dead;
    bool has_other_drugs; /* named in resources of their own, which are not read */
    char birth_date[TRUTH_DATE_BYTES], last_date[TRUTH_DATE_BYTES]; /* last: of all that happened */
    struct truth_item *items;
    unsigned count;
};

/* Read @bundle into @arena. INVALID_ARGUMENT: no JSON, or without a Patient. */
enum status truth_read(struct slice bundle, struct arena *arena, struct truth *truth,
                       struct error *err);

/* Append up to @count questions about @truth, drawn from @chance, in the form of question.h; @file
 * is the bundle's name. */
void truth_write_questions(const struct truth *truth, struct chance *chance, const char *file,
                           unsigned count, struct buffer *out);

#endif
