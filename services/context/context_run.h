/* What is said of a course's facts in one line: of a run of measurements the newest values, the
 * extremes and what else there was; of any course, which of its facts are told. */
#ifndef CONTEXT_RUN_H
#define CONTEXT_RUN_H

#include "context_course.h"
#include "context_unit.h"

/* Words of a run that are told, each once; and what else of it is: its first, low and high. */
#define RUN_WORDS_MAX 8
#define RUN_OTHERS_MAX (RUN_WORDS_MAX + 3)

/* Zero but for the record, the course and newest = 1. */
struct run {
    const struct record *record;
    const struct course *course;
    struct slice unit_text; /* of the newest value; others are told in it, where they can be */
    struct unit unit;
    bool has_unit;
    uint32_t low, high;              /* places in the course; UINT32_MAX: no numbers */
    uint32_t newest;                 /* so many at its end are told */
    uint32_t others[RUN_OTHERS_MAX]; /* places that are told besides */
    uint32_t others_count;
};

/* The fact at @place tells something besides the newest: keep it in others, once. */
void run_tell(struct run *run, uint32_t place);

/* As record_fact. */
const struct fact *run_fact(const struct run *run, uint32_t place, struct fact *room);

/* Append "Hemoglobin A1c x143, 1990-01-02 to 2026-11-03: last 7.2 %; before 7.0 6.9; low …, high …"
 * with at most @shown_max values one by one, and note what is told. */
void run_put(struct run *run, uint32_t shown_max, struct buffer *buffer);

#endif
