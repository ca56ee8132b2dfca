/* Phrasing: the ways in which each kind of question is asked. In a phrasing, # is what is asked
 * about, @ the patient as the subject
 * ("she", "the patient") and $ the possessive ("her", "the patient's"). Some phrasings are held out
 * of training. Any thread. */
#ifndef PHRASING_H
#define PHRASING_H

#include "base/buffer.h"
#include "chance.h"

enum question_kind {
    QUESTION_LATEST,
    QUESTION_TREND,
    QUESTION_RANGE,
    QUESTION_PROBLEMS,
    QUESTION_MEDICATIONS,
    QUESTION_WHY_MEDICATION,
    QUESTION_DOSE,
    QUESTION_MEDICATION_STATUS,
    QUESTION_ALLERGIES,
    QUESTION_ALLERGY_TO,
    QUESTION_PROCEDURE,
    QUESTION_IMMUNIZATION,
    QUESTION_WHEN_CONDITION,
    QUESTION_WHEN_MEDICATION,
    QUESTION_HAS_CONDITION,
    QUESTION_FIRST,
    QUESTION_TARGET,
    QUESTION_STAGE,
    QUESTION_TREATMENT,
    QUESTION_CONFLICT,
    QUESTION_SERIES,
    QUESTION_SUMMARY,
    QUESTION_WHY_PROCEDURE,
    QUESTION_INTERACTIONS,
    QUESTION_INTERACTION_WITH,
    QUESTION_INTERACTION_PAIR,
    QUESTION_RENAL,
    QUESTION_RENALS,
    QUESTION_SCREENING,
    QUESTION_SCREENINGS,
    QUESTION_TIMELINE,
    QUESTION_COURSE,
    QUESTION_WHY_STOPPED,
    QUESTION_WHY_VISIT,
    QUESTION_AFTER_DRUG,
    QUESTION_DONE_FOR,
    QUESTION_FINDINGS,
    QUESTION_KIND_COUNT,
};

/* "latest", "trend", …: what the kind is called in questions.ndjson. */
const char *phrasing_kind_name(enum question_kind kind);

/* Draw a phrasing of @kind about @subject (may be NULL) and append it. True when it is held out. */
bool phrasing_draw(enum question_kind kind, const char *subject, bool is_female,
                   struct chance *chance, struct buffer *out);

/* How many there are of @kind, and the @index-th as a pattern; the held-out ones come last. For
 * tests. */
unsigned phrasing_count(enum question_kind kind);
const char *phrasing_pattern(enum question_kind kind, unsigned index);

#endif
