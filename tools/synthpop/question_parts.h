/* Parts of question: one question being made, the claims of its answer, and the functions that ask.
 */
#ifndef QUESTION_PARTS_H
#define QUESTION_PARTS_H

#include "base/buffer.h"
#include "bundle.h"
#include "phrasing.h"
#include "question.h"
#include "record.h"

#define SUBJECT_BYTES 96
#define QUESTION_JUDGEMENT_BYTES 64

/* Of the draws; some find nothing to ask. */
#define QUESTION_UNANSWERABLE_SHARE 0.23

/* One line being made. */
struct question {
    struct record *record;
    struct chance *chance;
    enum question_kind kind;
    char subject[SUBJECT_BYTES];
    bool is_unseen;       /* it, or what it rests on, is held out of training */
    struct buffer claims; /* JSON */
    unsigned claim_count;
};

/* Whom a question is about. */
struct question_about {
    const char *file;     /* the bundle's name */
    struct slice patient; /* their id */
    bool is_female;
};

/* ---- question.c ---- */

/* By how often each is asked. */
enum question_kind question_draw_kind(struct chance *chance);

/* Append the line of @question, in a phrasing that is drawn now. */
void question_write_line(struct question *question, const struct question_about *about,
                         bool is_answerable, struct arena *arena, struct buffer *out);

/* ---- question_claim.c ---- */

/* Begin a claim; then its evidence, one at a time, and the end. */
__attribute__((format(printf, 2, 3))) void question_claim_open(struct question *question,
                                                               const char *format, ...);
void question_claim_prove(struct question *question, char letter, unsigned index);
void question_claim_prove_by(struct question *question, struct slice reference);
void question_claim_close(struct question *question);

/* "Hypertension, active since 2019-05-24". */
void question_claim_condition(struct question *question, unsigned index);

/* The one claim of what the record does not say. True. */
bool question_decline(struct question *question);

/* What is asked about, as it is or as people write it within a sentence. */
void question_subject(struct question *question, const char *subject);
void question_subject_in_sentence(struct question *question, const char *subject);

/* "Lisinopril 10 mg tablet, stopped, 2022-01-03 to 2022-03-04, …"; "Allergy to …"; "Colonoscopy on
 * 2022-03-04, for …". */
void question_claim_order(struct question *question, unsigned index);
void question_claim_allergy(struct question *question, unsigned index);
void question_claim_operation(struct question *question, unsigned index);

/* The same drug in any strength, alone or in a combination. */
bool question_is_same_drug(enum drug a, enum drug b);

/* A condition whose disease stands once in the record, as the subject; -1: none this time. */
int question_draw_condition(struct question *question);

/* ---- question_unseen.c ---- */

/* Something to ask about, of all that the record might hold. */
enum disease question_draw_disease(struct question *question);
enum drug question_draw_drug(struct question *question);
enum procedure question_draw_procedure(struct question *question);
enum lab question_draw_lab(struct question *question);

/* Set is_unseen where resource @index of @letter is of what is held out. */
void question_note_unseen(struct question *question, char letter, unsigned index);

/* ---- question_lab.c ---- */

/* What is agreed on of a value: ", below the target of 7 %", ", stage G2", or nothing. */
void question_lab_judge(const struct measurement *measurement, char *out, size_t out_size);

/* ---- what can be asked ----
 * Each draws a subject and writes the claims; false when this record has nothing of the sort to
 * ask. With @is_answerable false the subject is one that the record does not hold. */

bool question_lab_latest(struct question *question, bool is_answerable);
bool question_lab_trend(struct question *question, bool is_answerable);
bool question_lab_range(struct question *question, bool is_answerable);
bool question_lab_first(struct question *question, bool is_answerable);
bool question_lab_target(struct question *question, bool is_answerable);
bool question_lab_series(struct question *question, bool is_answerable);
bool question_lab_stage(struct question *question, bool is_answerable);
bool question_drug_list(struct question *question, bool is_answerable);
bool question_drug_one(struct question *question, bool is_answerable);
bool question_drug_status(struct question *question, bool is_answerable);
bool question_drug_summary(struct question *question, bool is_answerable);
bool question_drug_treatment(struct question *question, bool is_answerable);
bool question_history_problems(struct question *question, bool is_answerable);
bool question_history_condition(struct question *question, bool is_answerable);
bool question_history_allergies(struct question *question, bool is_answerable);
bool question_history_allergy_to(struct question *question, bool is_answerable);
bool question_history_conflict(struct question *question, bool is_answerable);
bool question_history_procedure(struct question *question, bool is_answerable);
bool question_history_immunization(struct question *question, bool is_answerable);
bool question_timeline_period(struct question *question, bool is_answerable);
bool question_timeline_course(struct question *question, bool is_answerable);
bool question_why_stopped(struct question *question, bool is_answerable);
bool question_why_visit(struct question *question, bool is_answerable);
bool question_after_drug(struct question *question, bool is_answerable);
bool question_done_for(struct question *question, bool is_answerable);
bool question_findings(struct question *question, bool is_answerable);

#endif
