/* The slice of a record that bears on a question, in a budget: courses, best first, each as one
 * line that is dense and resolves.
 *
 *     Conditions
 *     [3] Diabetes mellitus type 2, active since 2012-05-01
 *     [4] Acute bronchitis x3, resolved: 2011-01-03 to 2011-01-20, 2014-02-11
 *     Observations
 *     [9] Hemoglobin A1c x143, 1990-01-02 to 2026-11-03: last 7.2 %, before 7.0 6.9; low 5.1
 *         (2001-02-03), high 9.8 (2010-07-01)
 *     Encounters
 *     [12] Check up (outpatient) x442: 2026-12-30 2026-12-12, and 440 since 1951-04-02
 *
 * (One line each in the text.) A line cites the facts whose dates or values it shows; the line of a
 * measurement cites all that it sums up. */
#ifndef CONTEXT_SLICE_H
#define CONTEXT_SLICE_H

#include "context_rank.h"

/* What the tokens of a text are counted by. */
struct slice_measure {
    /* At most this many bytes, where a token is at least so many; 0: @count is asked. */
    float bytes_per_token;
    /* Tokens of @text, for a model's own tokens. */
    size_t (*count)(void *arg, struct slice text);
    void *arg;
};

struct slice_line {
    uint32_t id;           /* "[id]" in the text, from 1 */
    struct slice text;     /* behind it, without the line's end */
    const uint32_t *facts; /* that it cites: indices in the record */
    uint32_t count;
    uint32_t told; /* the first of them: those whose value or date the line tells */
    bool bears;    /* on the question: evidence. Other lines are what one should know with it */
};

struct slice_text {
    struct slice text; /* ends with a line's end, or is empty */
    struct slice_line *lines;
    uint32_t count;
    size_t tokens;
};

/* Everything in @out is in @arena and borrows nothing from @record but indices. @without: see
 * context_rank.h. RESOURCE_EXHAUSTED: no room. A budget that holds no line gives an empty text. Any
 * thread. */
enum status context_slice(const struct record *record, const struct courses *courses,
                          struct slice question, uint32_t budget_tokens,
                          const struct slice_measure *measure, uint32_t without,
                          struct arena *arena, struct slice_text *out, struct error *err);

/* The same with what a model that embeds says of the record's names. */
enum status context_slice_near(const struct record *record, const struct courses *courses,
                               struct slice question, const struct rank_nearness *near,
                               uint32_t budget_tokens, const struct slice_measure *measure,
                               uint32_t without, struct arena *arena, struct slice_text *out,
                               struct error *err);

#endif
