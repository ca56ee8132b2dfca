/* Finders that go over the words of a text together: at each word they are asked in turn, until one
 * has found something and says where to go on. Each says of what words it needs to be asked: most
 * words are nothing to any of them. */
#ifndef DEID_FINDER_H
#define DEID_FINDER_H

#include "deid_span.h"
#include "deid_token.h"

/* The shapes of words, as bits. */
#define DEID_SHAPES(shape) (1u << DEID_SHAPE_##shape)
#define DEID_SHAPES_CAPITAL /* and of those that may begin with one: not ASCII */                  \
    (DEID_SHAPES(CAPITAL) | DEID_SHAPES(UPPER) | DEID_SHAPES(INITIAL) | DEID_SHAPES(DIGITAL)       \
     | DEID_SHAPES(OTHER))
#define DEID_SHAPES_ALL (DEID_SHAPES_CAPITAL | DEID_SHAPES(LOWER) | DEID_SHAPES(NUMBER))

struct deid_finder {
    /* Add what begins or ends at token @index to @spans. The token behind it; @index where there is
     * nothing. */
    unsigned (*find)(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned index);
    unsigned shapes;       /* asked of words of these shapes alone, */
    uint32_t flags, hints; /* and, where one of these is not 0, of words with one of them */
};

#define DEID_FINDERS_MAX 12

/* @tokens as deid_like_read left them; at most DEID_FINDERS_MAX finders. */
void deid_finder_run(const struct deid_finder *finders, unsigned count,
                     const struct deid_tokens *tokens, struct deid_spans *spans);

#endif
