/* Questions that are answered by putting facts of the whole record together, not by telling those
 * of one name:
 *
 *     "What happened in 2019?"                  what began, ended and was done, day by day
 *     "When did what come in her asthma?"       the same, of one disease
 *     "Why was lisinopril stopped?"             the reason that the record gives
 *     "What led to the admission in May 2019?"  likewise
 *     "What followed after amlodipine began?"   what names the drug as its cause
 *     "What was done because of the gout?"      what names the disease as its reason
 *     "What could explain the low hemoglobin?"  findings that fit together (context_pattern.c)
 *
 * Cause and effect are only what a resource says of another: its reason, why its status changed,
 * what a reaction was to, what it is in place of. That one thing came after another is no link. */
#ifndef CONTEXT_JOB_H
#define CONTEXT_JOB_H

#include "context_ask.h"

/* Facts of one line, and lines of one answer. */
#define JOB_FACTS_MAX 6
#define JOB_LINES_MAX 48

enum job_form {
    JOB_FORM_FACT,     /* as it is told elsewhere */
    JOB_FORM_BEGAN,    /* "2012-05-01: Gout began" */
    JOB_FORM_ENDED,    /* "2012-05-20: Pneumonia ended" */
    JOB_FORM_HAPPENED, /* "2012-05-01: Colonoscopy" */
    JOB_FORM_FINDINGS, /* "Findings that fit X: Hemoglobin 9.8 g/dL on 2012-05-01, …" */
};

struct job_line {
    enum job_form form;
    const char *head;              /* of JOB_FORM_FINDINGS: what they fit */
    int64_t seconds;               /* to sort by */
    uint32_t facts[JOB_FACTS_MAX]; /* indices in the record */
    uint32_t facts_count;
};

struct job {
    bool is_asked; /* the question is of this sort: no lines mean that the record does not say */
    bool is_cut;   /* there were more than JOB_LINES_MAX */
    struct job_line lines[JOB_LINES_MAX];
    uint32_t count;
};

/* Read @question, which asks about @period, and find what answers it in @record. NULL: no room in
 * @arena. Any thread. */
const struct job *context_job(const struct record *record, const struct courses *courses,
                              struct slice question, const struct period *period,
                              struct arena *arena);

#endif
