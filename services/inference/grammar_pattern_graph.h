/* A pattern as a graph, between those who read it and those who make an automaton of it. Only
 * grammar_pattern*.c include this. */
#ifndef INFERENCE_GRAMMAR_PATTERN_GRAPH_H
#define INFERENCE_GRAMMAR_PATTERN_GRAPH_H

#include "grammar_words.h"

#define PATTERN_STATES_MAX 4096
#define PATTERN_EDGES_MAX (4 * PATTERN_STATES_MAX)
#define PATTERN_RANGES_MAX 256

struct pattern_range {
    uint32_t low, high;
};

struct pattern_ranges {
    struct pattern_range list[PATTERN_RANGES_MAX];
    uint32_t count;
};

enum pattern_edge_kind {
    PATTERN_EDGE_EMPTY,
    PATTERN_EDGE_BEGIN, /* only where the text begins */
    PATTERN_EDGE_END,   /* only where it ends */
    PATTERN_EDGE_POINTS,
};

struct pattern_edge {
    enum pattern_edge_kind kind;
    uint32_t to, next; /* of the same state; WORDS_NONE: the last */
    const struct pattern_ranges *points;
};

struct pattern_graph {
    struct arena *arena;        /* of the work */
    struct pattern_edge *edges; /* [PATTERN_EDGES_MAX] */
    uint32_t *heads;            /* [PATTERN_STATES_MAX] of each state's edges */
    uint32_t edges_count, states_count;
};

/* The texts that lead from the first state to @final, in @arena. NULL: there are too many states.
 */
const struct words *pattern_words(const struct pattern_graph *graph, uint32_t final,
                                  struct arena *arena);

#endif
