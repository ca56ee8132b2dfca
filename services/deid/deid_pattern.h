/* The pattern set: shapes of identifiers that begin with a digit, '+', '(' or a capital, all of
 * them in one automaton, each with what must stand after it and a validator (check digits, plans,
 * ranges). Asked only where a scan says that one may begin, so the cost is a few steps for each
 * number and nothing for a word of prose. */
#ifndef DEID_PATTERN_H
#define DEID_PATTERN_H

#include "base/error.h"
#include "deid_automaton.h"
#include "deid_span.h"

struct deid_patterns {
    struct deid_automaton automaton;
};

/* In @arena. INTERNAL for a pattern that does not compile: our own mistake. */
enum status deid_patterns_init(struct deid_patterns *patterns, struct arena *arena,
                               struct error *err);

/* The strongest shape that begins at @at, its longest reading, checked by its validator; false when
 * none does. @at is the start of a word or of a sign before a number; what stands before it is the
 * caller's to judge. */
bool deid_patterns_find(const struct deid_patterns *patterns, struct slice text, size_t at,
                        struct deid_span *span);

/* The expression of pattern @index, for comparisons with other matchers; NULL past the last. */
const char *deid_patterns_expression(unsigned index, bool *is_any_case);

#endif
