/* Parts of context_found: sentences that a published list and the record make together. They say
 * what both say, each with the lines that it rests on, and no advice.
 *
 *     Ibuprofen and warfarin interact: bleeding [3][9].
 *     No listed interaction is found among the active medications [3][4].
 *     No listed interaction of ibuprofen is found among the active medications [3][4].
 *     No listed interaction of amlodipine and lisinopril is found [3][4].
 *
 *     Metformin, with eGFR 24 mL/min/1.73 m2 on 2025-03-04: contraindicated below 30 (FDA) [3][12].
 *     Metformin, with eGFR 78 mL/min/1.73 m2 on 2025-03-04: no listed renal limit reached [3][12].
 *     No listed renal limit is reached, with eGFR 78 mL/min/1.73 m2 on 2025-03-04 [3][12].
 *
 *     Mammography on 2021-05-06, due every 2 years (USPSTF): overdue on 2025-06-20 [12].
 *     Mammography on 2024-05-06, due every 2 years (USPSTF): not overdue on 2025-06-20 [12].
 *     No mammography is on record by 2025-06-20, due every 2 years (USPSTF) [1].
 *
 * Two drugs stand in the order of the alphabet. "On 2025-06-20": a record's today is the day of the
 * newest thing in it, or the last day of the time that the question names. What the lists do not
 * have is not told, and so not declared safe. */
#ifndef CONTEXT_FOUND_SAFETY_H
#define CONTEXT_FOUND_SAFETY_H

#include "context_found_parts.h"
#include "context_safety.h"

#define FOUND_CITED_MAX 32

/* A sentence that is being written, and the facts it rests on. */
struct found_sentence {
    struct finding *finding;
    size_t start; /* in finding->out */
    uint32_t facts[FOUND_CITED_MAX];
    uint32_t count;
};

/* Append the sentences that answer @asked, or "nothing". */
void found_tell_safety(struct finding *finding, const struct safety_question *asked);

/* ---- for those that write them ---- */

void found_sentence_begin(struct found_sentence *sentence, struct finding *finding);

/* Lines are cited in their order. */
void found_sentence_rest_on(struct found_sentence *sentence, uint32_t fact);

/* The citations and the end; away with it where there is no room. */
void found_sentence_end(struct found_sentence *sentence);

/* The name of @drug as it begins a sentence (@is_first) or stands in it. */
void found_put_drug(struct buffer *out, uint32_t drug, bool is_first);

/* The newest fact of @course that has a line, of what lasts one that does so now where there is
 * one. UINT32_MAX: none. */
uint32_t found_newest(const struct finding *finding, const struct course *course);

void found_put_day(struct buffer *out, const char *before, const struct fhir_date *date);

void found_tell_interactions(struct finding *finding, const struct safety_question *asked);
void found_tell_renal(struct finding *finding, const struct safety_question *asked);
void found_tell_screenings(struct finding *finding, const struct safety_question *asked);

#endif
