/* The compiled pattern set: shapes that begin at a digit, '+' or '(', and shapes that begin at a
 * letter. Matched only where a scan says that one may begin, so the cost is a few tries for each
 * number and not for each byte. */
#ifndef DEID_PATTERN_H
#define DEID_PATTERN_H

#include "base/error.h"
#include "deid_span.h"

struct deid_patterns;

/* Compiled for this processor. NULL with INTERNAL for a pattern that does not compile. */
struct deid_patterns *deid_patterns_create(struct error *err);
void deid_patterns_destroy(struct deid_patterns *patterns);

/* Room for one thread's matching. NULL when there is no memory. */
struct deid_match;
struct deid_match *deid_match_create(void);
void deid_match_destroy(struct deid_match *match);

/* The strongest shape that begins at @at, checked by its validator; false when none does. @at is
 * the start of a word or of a sign before a number. */
bool deid_patterns_find(const struct deid_patterns *patterns, struct deid_match *match,
                        struct slice text, size_t at, struct deid_span *span);

#endif
