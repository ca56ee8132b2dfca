/* Parts of context_job: a question while its answer is being put together. */
#ifndef CONTEXT_JOB_PARTS_H
#define CONTEXT_JOB_PARTS_H

#include "context_job.h"

/* More names of conditions are not looked at. */
#define JOB_CONDITIONS_MAX 32

/* What a question's words say that it wants. */
enum job_want {
    JOB_WANT_HAPPENED = 1,
    JOB_WANT_COURSE = 2,
    JOB_WANT_WHY = 4,
    JOB_WANT_STOPPED = 8,
    JOB_WANT_VISIT = 16,
    JOB_WANT_EFFECT = 32,
    JOB_WANT_AFTER = 64,
    JOB_WANT_BEGUN = 128,
    JOB_WANT_DONE_FOR = 256,
    JOB_WANT_EXPLAIN = 512,
    JOB_WANT_FINDINGS = 1024,
    JOB_WANT_WHEN = 2048, /* names a month, a year: nothing by itself */
};

struct job_reading {
    const struct record *record;
    const struct courses *courses;
    struct slice question;
    const struct period *period;
    struct ask_question asked;
    unsigned wants;                              /* enum job_want */
    struct slice conditions[JOB_CONDITIONS_MAX]; /* names of the record's that are asked about */
    uint32_t conditions_count;
    bool is_called; /* the question says the name of one in full: it alone is meant */
    struct arena *arena;
    struct job job;
};

/* Fact @index with its values; an empty one where there is no room, and the arena says so. */
const struct fact *job_fact(const struct job_reading *reading, uint32_t index);

/* Append a line about one fact. */
void job_add(struct job_reading *reading, enum job_form form, uint32_t fact,
             const struct fhir_date *date);

/* Append an empty line to be filled; NULL: there are too many. */
struct job_line *job_add_line(struct job_reading *reading);

/* Whether something of @kinds (bits of enum thing_kind) is named in @text that is asked about. */
bool job_names(const struct job_reading *reading, struct slice text, uint32_t kinds);

/* Whether @text, a medication's name, is of a drug that is asked about, known or not. */
bool job_names_drug(const struct job_reading *reading, struct slice text);

/* What stands in a fact's details behind @word ("because "), up to its end; empty: nothing. */
struct slice job_detail(const struct fact *fact, const char *word);

/* Whether @fact is said to be for the condition that is asked about. */
bool job_is_for(const struct job_reading *reading, const struct fact *fact);

/* Whether @fact is the condition that is asked about. */
bool job_is_condition(const struct job_reading *reading, const struct fact *fact);

/* ---- context_job_timeline.c ---- */

void job_tell_period(struct job_reading *reading);
void job_tell_course(struct job_reading *reading);

/* ---- context_job_cause.c ---- */

void job_tell_stopped(struct job_reading *reading);
void job_tell_visit(struct job_reading *reading);
void job_tell_effects(struct job_reading *reading);
void job_tell_done_for(struct job_reading *reading);

/* ---- context_pattern.c ---- */

/* Whether the question names a finding of a pattern, or what such a finding is called. */
bool job_names_finding(const struct job_reading *reading);

void job_tell_patterns(struct job_reading *reading);

#endif
