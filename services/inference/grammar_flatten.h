/* A rule as one graph without empty calls to others where that is cheap: rules that are small and
 * call nothing that is not small are copied into those that call them. What is left of calls goes
 * by the numbers that rules have in the machine. */
#ifndef INFERENCE_GRAMMAR_FLATTEN_H
#define INFERENCE_GRAMMAR_FLATTEN_H

#include "grammar.h"

struct flat_edge {
    uint32_t from, to;
    enum grammar_edge_kind kind;
    uint32_t low, high; /* of a call: the rule's number in the machine */
};

/* Of one rule; its states are 0 … states_count - 1. */
struct flat_rule {
    struct flat_edge *edges; /* by from */
    uint32_t *edges_start;   /* [states_count + 1] */
    uint32_t edges_count, states_count, start, end;
};

struct flatten;

/* NULL: no memory in @arena. The root gets the number 0. */
struct flatten *flatten_create(const struct grammar *grammar, uint32_t root, struct arena *arena);

/* How many rules have a number by now: flattening one gives numbers to those it calls. */
uint32_t flatten_count(const struct flatten *flatten);
const struct grammar_rule *flatten_rule(const struct flatten *flatten, uint32_t number);

/* The number of the rule that counted rule @number repeats. */
uint32_t flatten_item(struct flatten *flatten, uint32_t number);

/* The graph of rule @number, which is not a counted one, valid until @arena is rewound.
 * RESOURCE_EXHAUSTED. */
enum status flatten_graph(struct flatten *flatten, uint32_t number, struct arena *arena,
                          struct flat_rule *flat, struct error *err);

#endif
