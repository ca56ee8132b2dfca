/* Questions that a published list answers together with the record: whether drugs interact
 * (context_interaction.h), whether one stands against the kidneys (context_renal.h), whether a
 * screening is late (context_screening.h). What is asked of is read from the words; the lists, not
 * the words, say what bears on it. */
#ifndef CONTEXT_SAFETY_H
#define CONTEXT_SAFETY_H

#include "context_course.h"

#define SAFETY_DRUGS_MAX 8

enum safety {
    SAFETY_NONE,
    SAFETY_INTERACTION, /* "does anything she takes interact with ibuprofen?" */
    SAFETY_RENAL,       /* "is the metformin dose right for her kidneys?" */
    SAFETY_SCREENING,   /* "is a mammogram overdue?" */
};

struct safety_question {
    enum safety asks;
    uint32_t drugs[SAFETY_DRUGS_MAX]; /* ingredients that are named, or classes */
    uint32_t drugs_count;
    uint32_t screenings; /* bits of rows of context_screening.h that are named; 0: all */
};

/* Any thread. */
void safety_read(struct slice question, struct safety_question *asked);

/* Whether @course is needed for the answer. */
bool safety_bears(const struct safety_question *asked, const struct course *course);

/* Whether @course is of @thing. */
bool safety_is(const struct course *course, uint32_t thing);

/* Diabetes, lasting now, and not of a pregnancy. */
bool safety_is_diabetes(const struct course *course);

/* Measured glomerular filtration rates. */
bool safety_is_egfr(const struct course *course);

#endif
