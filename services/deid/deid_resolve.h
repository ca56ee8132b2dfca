/* From what the finders found, in any order and overlapping, to spans in order and disjoint. */
#ifndef DEID_RESOLVE_H
#define DEID_RESOLVE_H

#include "deid_span.h"

/* Sort, join what overlaps (the surest, then the longest, says what the whole is), join the parts
 * of one name, and widen each span that is no date to whole words, so that nothing of an identifier
 * is left beside its surrogate. */
void deid_resolve(struct deid_spans *spans, struct slice folded);

#endif
