/* What words mean in medicine: concepts, the phrases that name them (a record's, a colleague's, a
 * lay person's, abbreviations), and what a question about one of them needs to be answered.
 *
 * A concept's phrases are matched against questions and against the names of facts alike. Its needs
 * are other concepts: of a condition its tests, its medications and what speaks against them, its
 * procedures; of a medication what it is given for and what must be watched. */
#ifndef CONTEXT_CONCEPT_H
#define CONTEXT_CONCEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* One row of the table (context_concept_table.c). Phrases stand between bars; a word that ends in *
 * stands for all words that begin so, one that begins with * for all that end so (names of drugs
 * carry their class in a stem: "*pril"). Needs are names of rows, between blanks. */
struct concept_row {
    const char *name;
    const char *phrases;
    const char *needs;
};

extern const struct concept_row concept_rows[];
extern const uint32_t concept_rows_count;

#define CONCEPTS_MAX 384
#define CONCEPT_WORDS (CONCEPTS_MAX / 64)

/* A set of concepts. */
struct concepts {
    uint64_t bits[CONCEPT_WORDS];
};

static inline bool concepts_has(const struct concepts *set, uint32_t concept)
{
    return set->bits[concept / 64] >> (concept % 64) & 1;
}

static inline void concepts_add(struct concepts *set, uint32_t concept)
{
    set->bits[concept / 64] |= (uint64_t)1 << (concept % 64);
}

static inline void concepts_join(struct concepts *set, const struct concepts *other)
{
    for (int i = 0; i < CONCEPT_WORDS; i++)
        set->bits[i] |= other->bits[i];
}

/* Add to @set what @text names. Any thread; the first call builds the tables. */
void concepts_find(struct slice text, struct concepts *set);

/* What @concept needs; its own bit is not in it. */
const struct concepts *concept_needs(uint32_t concept);

/* The concept called @name, or CONCEPTS_MAX. */
uint32_t concept_named(const char *name);

#endif
