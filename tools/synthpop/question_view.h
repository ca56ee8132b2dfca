/* View: of a record that was made here, or of one from elsewhere, what interactions, kidney limits
 * and screenings are asked of. Both are asked the same, by the lists of question_interaction.c,
 * question_renal.c and question_screening.c, which know nothing of those of services/context. One
 * thread at a time. */
#ifndef QUESTION_VIEW_H
#define QUESTION_VIEW_H

#include "question_parts.h"
#include "truth.h"

#define VIEW_DRUGS_MAX 64
#define VIEW_SCREENINGS 7

/* The newest order of one name. */
struct view_drug {
    struct slice name; /* as the record writes it, or as people call it */
    struct slice reference;
    bool is_active;
};

/* The last of it. */
struct view_event {
    bool is_done;
    struct slice label, reference;
    int day;
};

struct view {
    struct arena *arena;
    struct slice patient;                /* reference */
    bool is_female, is_dead, is_undated; /* undated: without a day of birth */
    int birth_day, today;                /* today: the day of the newest thing in the record */
    struct view_drug drugs[VIEW_DRUGS_MAX];
    unsigned drug_count;
    bool has_rate; /* eGFR */
    struct slice rate_text, rate_reference;
    double rate;
    int rate_day;
    bool has_diabetes;
    struct slice diabetes; /* reference */
    struct view_event screenings[VIEW_SCREENINGS];
    unsigned unsure; /* bits of screenings of which the record may hold more than is known here */
    bool is_crowded; /* more drugs than are held here */
};

void view_of_record(const struct record *record, struct view *view);
void view_of_truth(const struct truth *truth, struct view *view);

/* Whether @name is, or has in it as a word of its own, the drug @drug. */
bool view_is_drug(struct slice name, const char *drug);

/* The order of @drug, or NULL. */
const struct view_drug *view_find_drug(const struct view *view, const char *drug);

/* ---- what can be asked ----
 * As the functions of question_parts.h. */

bool question_interaction(struct question *question, const struct view *view, bool is_answerable);
bool question_renal(struct question *question, const struct view *view, bool is_answerable);
bool question_screening(struct question *question, const struct view *view, bool is_answerable);

/* One of them, by the question's kind. */
bool question_listed(struct question *question, const struct view *view, bool is_answerable);

/* Which screening something of the name @label is; -1: none. */
int question_screening_row(struct slice label);

#endif
