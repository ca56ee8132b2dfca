/* Parts of context_found: what was found while it is being told. */
#ifndef CONTEXT_FOUND_PARTS_H
#define CONTEXT_FOUND_PARTS_H

#include "context_ask.h"
#include "context_found.h"
#include "context_job.h"
#include "context_time.h"

#define FOUND_MAX 256

enum found_group {
    FOUND_NOW,   /* lasts, and does so now */
    FOUND_EVENT, /* happened */
    FOUND_FRAME, /* a visit, a report, a note */
    FOUND_PAST,  /* lasted */
};

struct found {
    enum found_group group;
    uint32_t course;
    uint32_t fact;     /* the one to sort by: the newest that is told */
    bool is_given_for; /* a medication, for what is asked about */
    bool answers;
};

/* Bytes of a question that name one thing. */
struct found_span {
    size_t begin, end;
};

struct finding {
    const struct prompt *prompt;
    const struct courses *courses;
    const uint32_t *ids;       /* of the line that tells each fact of the record, 0: none */
    const struct fact **facts; /* those that were looked at; NULL: not yet */
    struct period period;
    unsigned times;   /* enum words_time */
    unsigned intents; /* enum intent */
    const struct ask_question *asked;
    struct found_span spans[THINGS_FOUND_MAX];
    uint32_t spans_count;
    struct found *items;
    size_t count;
    struct arena *arena;
    struct buffer *out;
    size_t end_max; /* of out */
};

/* ---- context_found.c ---- */

/* Fact @index of the record; where there is no room for it an empty one, and the arena says so. */
const struct fact *found_fact(const struct finding *finding, uint32_t index);

/* The course of @found as the question's time leaves it. */
struct course found_course(const struct finding *finding, const struct found *found);

/* Where @name stands in @text, the question or what is left of it at its place, as whole words, in
 * whatever case, and is not part of the name of something else: "hemoglobin" is none in
 * "hemoglobin A1c". text.size: nowhere. */
size_t found_name_at(const struct finding *finding, struct slice text, struct slice name);

/* ---- context_found_choose.c ---- */

/* Say of each item whether it answers @question. */
void found_choose(struct finding *finding, struct slice question);

/* ---- context_found_tell.c ---- */

/* Append the lines, of each section its head before it. */
void found_tell(struct finding *finding);

/* Append the sentence of fact @index, of what lasts or happened, with its citation. */
void found_put_fact(struct finding *finding, uint32_t index);

/* Append "Allergy to ", unless the name of @fact says so itself. */
void found_put_allergy(struct finding *finding, const struct fact *fact);

/* ---- context_found_job.c ---- */

/* Append the lines of @job. */
void found_tell_job(struct finding *finding, const struct job *job);

#endif
