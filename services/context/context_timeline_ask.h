/* Questions of a record that need no language model:
 *
 *     latest WHAT [as-of DATE]          the newest; several where they are of one moment
 *     first WHAT [since DATE]
 *     trend WHAT [from DATE] [to DATE] [in UNIT]
 *     active [WHAT] [at DATE]           what lasts and does so then; without a date by its status
 *     count WHAT [from DATE] [to DATE]
 *     between DATE DATE [WHAT]
 *
 * WHAT is a code ("4548-4", "http://loinc.org|4548-4"), a kind ("medications"), "all", or words
 * that the name has. DATE is ISO, with its own precision, and is inclusive: "to 2019" is all of
 * 2019.
 *
 * What was entered in error or refuted, what did not happen (fact_happened) and copies never count.
 * Dates are spans: "2019" may be any day of it. What could be so but need not be is told and is not
 * certain. A date without a time is a day of the calendar as it was written there and then. */
#ifndef CONTEXT_TIMELINE_ASK_H
#define CONTEXT_TIMELINE_ASK_H

#include "context_record.h"

enum timeline_verb {
    TIMELINE_LATEST,
    TIMELINE_FIRST,
    TIMELINE_TREND,
    TIMELINE_ACTIVE,
    TIMELINE_COUNT,
    TIMELINE_BETWEEN,
};

extern const char *const timeline_verb_names[];

/* A question's text, taken apart: empty parts were not said. */
struct timeline_parts {
    enum timeline_verb verb;
    struct slice what, from, to,
        unit; /* dates as they were written; of "active" both are the day */
};

struct timeline_question {
    enum timeline_verb verb;
    uint32_t kinds;            /* bit n is enum fact_kind n; 0: any */
    struct slice system, code; /* empty: any */
    struct slice words;        /* of the name; empty: any */
    struct fhir_date from, to; /* none: open; of "active" both are the day asked for */
    struct slice unit;         /* empty: that of the newest value */
};

/* One fact of an answer, and of an observation the number that was asked for. */
struct timeline_item {
    const struct fact *fact;
    const struct measure *measure; /* NULL: the fact as a whole */
    double number;                 /* in the answer's unit; NAN: none, or no way to that unit */
    bool is_certain;
};

struct timeline_trend {
    uint32_t points;          /* items that have a number */
    uint32_t low, high;       /* items; the first of equal ones */
    double least, most, last; /* numbers */
    double slope_a_year;      /* by least squares; of one moment alone 0 */
    double change;            /* that the line makes from the first to the last */
    const char *direction;    /* "rising", "falling", "steady"; "single": one moment alone */
};

struct timeline_answer {
    struct timeline_item *items; /* oldest first */
    uint32_t count, certain;
    uint32_t undated;     /* more of it, without a date, where a date was needed */
    uint32_t other_units; /* values that are in no unit that can be compared */
    struct slice unit;    /* of the numbers */
    struct timeline_trend trend;
};

/* Take @text apart. INVALID_ARGUMENT says what is wrong. The parts borrow from @text. */
enum status timeline_parts_parse(struct slice text, struct timeline_parts *parts,
                                 struct error *err);

/* The question of @parts, wherever they came from, and borrowing from them. INVALID_ARGUMENT. */
enum status timeline_question_make(const struct timeline_parts *parts,
                                   struct timeline_question *question, struct error *err);

/* Both: read @text. INVALID_ARGUMENT says what is wrong. The question borrows from @text. */
enum status timeline_question_parse(struct slice text, struct timeline_question *question,
                                    struct error *err);

/* The answer is in @arena and borrows from @record. RESOURCE_EXHAUSTED: no room. Any thread. */
enum status timeline_ask(const struct record *record, const struct timeline_question *question,
                         struct arena *arena, struct timeline_answer *answer, struct error *err);

#endif
