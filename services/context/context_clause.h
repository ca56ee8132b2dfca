/* The clauses of a question: those that ask, and those that only tell why it is asked.
 *
 *     He is having a knee replaced next week;  |  is he on blood thinners?
 *     beside                                      asks
 *
 * Clauses end at marks, and at a comma or a conjunction behind which a question begins. */
#ifndef CONTEXT_CLAUSE_H
#define CONTEXT_CLAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define CLAUSES_MAX 32
#define CLAUSE_WORDS_MAX 256 /* those that follow are of the last clause */

struct clause {
    uint32_t first, end; /* words, as words_next counts them */
    bool is_question;    /* it ends with a question mark, or begins as a question does */
    bool is_beside;      /* by its first words it tells only the circumstances */
    bool is_attached;    /* it is part of a sentence that asks, or a heading: "Allergies: …" */
    bool is_told;        /* somebody does or has something in it: more than the name of a thing */
};

struct clauses {
    struct clause items[CLAUSES_MAX];
    uint32_t count;
};

/* Any thread. */
void clauses_read(struct slice text, struct clauses *clauses);

/* The clause that @word is of. */
uint32_t clause_of(const struct clauses *clauses, uint32_t word);

#endif
