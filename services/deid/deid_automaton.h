/* One automaton for many expressions: all of them are tried at once, byte by byte, without ever
 * going back, so that a text cannot make the matching slow.
 *
 * An expression is made of: a byte; \d, \w (a letter or digit), \x41, \. and the like; [a-z0-9-]
 * and [^...]; groups with (...|...); ? * + {n} {n,} {n,m} after any of these. It is matched from
 * where it is asked for, against the longest it can take; what stands before and after is the
 * caller's to judge, as is what an expression cannot count (check digits). */
#ifndef DEID_AUTOMATON_H
#define DEID_AUTOMATON_H

#include "base/arena.h"
#include "base/error.h"

#define DEID_EXPRESSIONS_MAX 512
#define DEID_HITS_MAX 32

struct deid_expression {
    const char *text;
    bool is_any_case; /* ASCII letters match in either case */
};

struct deid_automaton {
    uint8_t class_of[256]; /* bytes that no expression tells apart are one class */
    const uint16_t *next;  /* by state and class; state 0 is the end */
    const uint16_t *sets;  /* by state: which list of @ids it accepts; 0: none */
    const uint16_t *ids;   /* lists of expressions, each ended by UINT16_MAX */
    unsigned classes, states;
};

/* A place where expressions end: @ids says which. */
struct deid_hit {
    uint32_t end;
    uint16_t set;
};

/* Built in @arena. INVALID_ARGUMENT for what is no expression, or is empty or matches nothing at
 * all; RESOURCE_EXHAUSTED for more than the automaton (or the arena) can hold. */
enum status deid_automaton_init(struct deid_automaton *automaton,
                                const struct deid_expression *expressions, unsigned count,
                                struct arena *arena, struct error *err);

/* Where expressions that begin at @at end, in order; of more than DEID_HITS_MAX the last. Looks at
 * @limit bytes at most. */
unsigned deid_automaton_run(const struct deid_automaton *automaton, struct slice text, size_t at,
                            size_t limit, struct deid_hit *hits);

#endif
