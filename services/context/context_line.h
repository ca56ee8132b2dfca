/* One course as one line: what it is, when it was, what was found. */
#ifndef CONTEXT_LINE_H
#define CONTEXT_LINE_H

#include "context_rank.h"

struct line {
    uint32_t *facts; /* that the line shows or sums up, those that it tells first; in the arena */
    uint32_t count;
    uint32_t told; /* of them, those whose value or date it tells */
};

/* "Conditions". */
const char *line_heading(enum fact_kind kind);

/* Append the line of @course with at most @shown_max of its facts told one by one, newest first,
 * without an id; of notes those that @ranking says have to do with the question, with their
 * sentences. False: no room. */
bool line_of_course(const struct record *record, const struct course *course,
                    const struct ranking *ranking, uint32_t shown_max, struct buffer *buffer,
                    struct arena *arena, struct line *line);

#endif
