/* A grammar while it is put together: rules, each a graph of states with one start and one end.
 * An edge takes a byte of a range, nothing, or whatever another rule takes. Who writes a grammar
 * (grammar_parse.h, grammar_schema.h) makes states and edges; grammar_compile.h makes of them what
 * runs.
 *
 * Every function that makes something takes the state to go on from and returns the one it leads
 * to. Failure is remembered: past a limit nothing more is made, and grammar_check says so at the
 * end. One thread. */
#ifndef INFERENCE_GRAMMAR_H
#define INFERENCE_GRAMMAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define GRAMMAR_NONE UINT32_MAX
#define GRAMMAR_FOREVER UINT32_MAX /* a repeat without an upper bound */

/* A grammar that a person writes has some thousand states, a large schema some ten thousand. */
#define GRAMMAR_RULES_MAX 8192
#define GRAMMAR_EDGES_MAX 262144

enum grammar_edge_kind {
    GRAMMAR_EDGE_EMPTY,
    GRAMMAR_EDGE_BYTES, /* low to high */
    GRAMMAR_EDGE_CALL,  /* of rule @low */
};

struct grammar_edge {
    uint32_t from, to;
    enum grammar_edge_kind kind;
    uint32_t low, high;
};

struct grammar_rule {
    struct slice name; /* of the program's own or checked by who made it: it goes into errors */
    uint32_t start, end;
    uint32_t item; /* GRAMMAR_NONE, or: this rule is @item, min to max times, and has no graph */
    uint32_t min, max;
    bool is_shared; /* stays a rule of its own, also where a copy in its callers would be small */
};

struct grammar {
    struct arena *arena;
    struct grammar_edge *edges;
    struct grammar_rule *rules;
    uint32_t edges_count, edges_capacity, rules_count, rules_capacity, states_count;
    bool is_full;
};

void grammar_init(struct grammar *grammar, struct arena *arena);

/* RESOURCE_EXHAUSTED when a limit was met. */
enum status grammar_check(const struct grammar *grammar, struct error *err);

uint32_t grammar_state(struct grammar *grammar);

/* A new rule with a start and an end of its own. @name lives as long as the grammar. */
uint32_t grammar_rule(struct grammar *grammar, struct slice name);

void grammar_join(struct grammar *grammar, uint32_t from, uint32_t to);
void grammar_bytes(struct grammar *grammar, uint32_t from, uint32_t to, uint8_t low, uint8_t high);
void grammar_call(struct grammar *grammar, uint32_t from, uint32_t to, uint32_t rule);

/* The code points @low to @high in UTF-8; surrogates are none. */
void grammar_points(struct grammar *grammar, uint32_t from, uint32_t to, uint32_t low,
                    uint32_t high);

/* These, and nothing else; returns where it leads. */
uint32_t grammar_literal(struct grammar *grammar, uint32_t from, struct slice bytes);

/* @item @min to @max times. However large the numbers are, it costs one rule: what runs counts. */
uint32_t grammar_repeat(struct grammar *grammar, uint32_t from, uint32_t item, uint32_t min,
                        uint32_t max);

#endif
