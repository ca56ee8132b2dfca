#include "grammar_flatten.h"

#include <string.h>

/* A rule of so few states is copied, and what is copied into it is counted too. */
#define COPIED_STATES_MAX 24
#define LEVELS_MAX 8

struct flatten {
    const struct grammar *grammar;
    struct grammar_edge *edges; /* by from */
    uint32_t *edges_start;      /* [states + 1] */
    uint8_t *sizes;             /* [rules] of what is copied; 0: not copied */
    uint32_t *numbers;          /* [rules] + 1; 0: none yet */
    uint32_t *rules;            /* [count] by number */
    uint32_t count;
    uint32_t *local, *stamps; /* [states] the local state of this copy */
    uint32_t *stack;          /* [states] */
    uint32_t stamp;
};

static bool sort_edges(struct flatten *flatten, const struct grammar *grammar, struct arena *arena)
{
    uint32_t states = grammar->states_count, *at;

    flatten->edges = ARENA_ARRAY(arena, struct grammar_edge, grammar->edges_count + 1);
    flatten->edges_start = ARENA_ARRAY(arena, uint32_t, states + 2);
    if (flatten->edges == NULL || flatten->edges_start == NULL)
        return false;
    at = flatten->edges_start + 1;
    for (uint32_t i = 0; i < grammar->edges_count; i++)
        at[grammar->edges[i].from + 1]++;
    for (uint32_t i = 0; i < states; i++)
        at[i + 1] += at[i];
    for (uint32_t i = 0; i < grammar->edges_count; i++)
        flatten->edges[at[grammar->edges[i].from]++] = grammar->edges[i];
    return true;
}

/* Copying
 * ---------------------------------------------------------------------------------------- */

/* States of @rule and of what would be copied into it; over the limit for one that is not copied.
 */
static uint32_t measure(struct flatten *flatten, const struct grammar_rule *rule)
{
    uint32_t found = 0, size = 1;

    flatten->stamp++;
    flatten->stack[found++] = rule->start;
    flatten->stamps[rule->start] = flatten->stamp;
    for (uint32_t done = 0; done < found && size <= COPIED_STATES_MAX; done++) {
        uint32_t state = flatten->stack[done];

        for (uint32_t e = flatten->edges_start[state]; e < flatten->edges_start[state + 1]; e++) {
            const struct grammar_edge *edge = &flatten->edges[e];

            if (edge->kind == GRAMMAR_EDGE_CALL)
                size +=
                    flatten->sizes[edge->low] > 0 ? flatten->sizes[edge->low] : COPIED_STATES_MAX;
            if (flatten->stamps[edge->to] == flatten->stamp)
                continue;
            flatten->stamps[edge->to] = flatten->stamp;
            flatten->stack[found++] = edge->to;
            size++;
        }
    }
    return size;
}

/* By levels: what is copied calls only what was copied on a level before, so nothing is copied into
 * itself. */
static void choose_copies(struct flatten *flatten)
{
    const struct grammar *grammar = flatten->grammar;
    bool is_more = true;

    for (unsigned level = 0; level < LEVELS_MAX && is_more; level++) {
        is_more = false;
        for (uint32_t i = 0; i < grammar->rules_count; i++) {
            const struct grammar_rule *rule = &grammar->rules[i];
            uint32_t size;

            if (flatten->sizes[i] > 0 || rule->item != GRAMMAR_NONE || rule->is_shared)
                continue;
            size = measure(flatten, rule);
            if (size > COPIED_STATES_MAX)
                continue;
            flatten->sizes[i] = (uint8_t)size;
            is_more = true;
        }
    }
}

static uint32_t number_of(struct flatten *flatten, uint32_t rule)
{
    if (flatten->numbers[rule] == 0) {
        flatten->rules[flatten->count++] = rule;
        flatten->numbers[rule] = flatten->count;
    }
    return flatten->numbers[rule] - 1;
}

struct flatten *flatten_create(const struct grammar *grammar, uint32_t root, struct arena *arena)
{
    struct flatten *flatten = ARENA_NEW(arena, struct flatten);
    uint32_t states = grammar->states_count, rules = grammar->rules_count;

    if (flatten == NULL || !sort_edges(flatten, grammar, arena))
        return NULL;
    flatten->grammar = grammar;
    flatten->sizes = ARENA_ARRAY(arena, uint8_t, rules);
    flatten->numbers = ARENA_ARRAY(arena, uint32_t, rules);
    flatten->rules = ARENA_ARRAY(arena, uint32_t, rules);
    flatten->local = ARENA_ARRAY(arena, uint32_t, states);
    flatten->stamps = ARENA_ARRAY(arena, uint32_t, states);
    flatten->stack = ARENA_ARRAY(arena, uint32_t, states);
    if (flatten->sizes == NULL || flatten->numbers == NULL || flatten->rules == NULL
        || flatten->local == NULL || flatten->stamps == NULL || flatten->stack == NULL)
        return NULL;
    choose_copies(flatten);
    number_of(flatten, root);
    return flatten;
}

uint32_t flatten_count(const struct flatten *flatten)
{
    return flatten->count;
}

const struct grammar_rule *flatten_rule(const struct flatten *flatten, uint32_t number)
{
    return &flatten->grammar->rules[flatten->rules[number]];
}

uint32_t flatten_item(struct flatten *flatten, uint32_t number)
{
    return number_of(flatten, flatten_rule(flatten, number)->item);
}

/* The graph
 * -------------------------------------------------------------------------------------- */

struct copy {
    struct flatten *flatten;
    struct arena *arena;
    struct flat_edge *edges;
    uint32_t edges_count, edges_capacity, states_count;
    bool is_full;
};

static void put_edge(struct copy *copy, struct flat_edge edge)
{
    if (copy->edges_count == copy->edges_capacity) {
        uint32_t capacity = copy->edges_capacity == 0 ? 64 : copy->edges_capacity * 2;
        struct flat_edge *grown = arena_alloc(copy->arena, capacity * sizeof(*grown));

        copy->is_full = grown == NULL;
        if (grown == NULL)
            return;
        if (copy->edges_count > 0)
            memcpy(grown, copy->edges, copy->edges_count * sizeof(*grown));
        copy->edges = grown;
        copy->edges_capacity = capacity;
    }
    copy->edges[copy->edges_count++] = edge;
}

/* Each copy has a number of its own. Copies that are open at one time are of different rules, and
 * so of different states: one table of states serves them all. */
static uint32_t local_of(struct copy *copy, uint32_t stamp, uint32_t state, uint32_t *stack,
                         uint32_t *found)
{
    struct flatten *flatten = copy->flatten;

    if (flatten->stamps[state] != stamp) {
        flatten->stamps[state] = stamp;
        flatten->local[state] = copy->states_count++;
        stack[(*found)++] = state;
    }
    return flatten->local[state];
}

static uint32_t copy_rule(struct copy *copy, uint32_t rule, uint32_t *stack, uint32_t *end);

static void copy_edge(struct copy *copy, const struct grammar_edge *edge, uint32_t from,
                      uint32_t to, uint32_t *stack)
{
    struct flatten *flatten = copy->flatten;
    uint32_t start, end;

    if (edge->kind != GRAMMAR_EDGE_CALL) {
        put_edge(copy, (struct flat_edge){ from, to, edge->kind, edge->low, edge->high });
    } else if (flatten->sizes[edge->low] == 0) {
        put_edge(copy, (struct flat_edge){ from, to, GRAMMAR_EDGE_CALL,
                                           number_of(flatten, edge->low), 0 });
    } else {
        start = copy_rule(copy, edge->low, stack, &end);
        put_edge(copy, (struct flat_edge){ from, start, GRAMMAR_EDGE_EMPTY, 0, 0 });
        put_edge(copy, (struct flat_edge){ end, to, GRAMMAR_EDGE_EMPTY, 0, 0 });
    }
}

/* @stack has room for the states of this rule and of those copied into it. */
static uint32_t copy_rule(struct copy *copy, uint32_t rule, uint32_t *stack, uint32_t *end)
{
    struct flatten *flatten = copy->flatten;
    const struct grammar_rule *of = &flatten->grammar->rules[rule];
    uint32_t stamp = ++flatten->stamp, found = 0, start;

    start = local_of(copy, stamp, of->start, stack, &found);
    *end = local_of(copy, stamp, of->end, stack, &found);
    for (uint32_t done = 0; done < found && !copy->is_full; done++) {
        uint32_t state = stack[done], from = flatten->local[state];

        for (uint32_t e = flatten->edges_start[state]; e < flatten->edges_start[state + 1]; e++) {
            const struct grammar_edge *edge = &flatten->edges[e];
            uint32_t to = local_of(copy, stamp, edge->to, stack, &found);

            copy_edge(copy, edge, from, to, stack + found);
        }
    }
    return start;
}

static bool index_edges(struct copy *copy, struct flat_rule *flat)
{
    uint32_t *at;

    flat->edges = ARENA_ARRAY(copy->arena, struct flat_edge, copy->edges_count + 1);
    flat->edges_start = ARENA_ARRAY(copy->arena, uint32_t, copy->states_count + 2);
    if (flat->edges == NULL || flat->edges_start == NULL)
        return false;
    at = flat->edges_start + 1;
    for (uint32_t i = 0; i < copy->edges_count; i++)
        at[copy->edges[i].from + 1]++;
    for (uint32_t i = 0; i < copy->states_count; i++)
        at[i + 1] += at[i];
    for (uint32_t i = 0; i < copy->edges_count; i++)
        flat->edges[at[copy->edges[i].from]++] = copy->edges[i];
    flat->edges_count = copy->edges_count;
    flat->states_count = copy->states_count;
    return true;
}

enum status flatten_graph(struct flatten *flatten, uint32_t number, struct arena *arena,
                          struct flat_rule *flat, struct error *err)
{
    struct copy copy = { .flatten = flatten, .arena = arena };

    flat->start = copy_rule(&copy, flatten->rules[number], flatten->stack, &flat->end);
    if (copy.is_full || !index_edges(&copy, flat))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the grammar is too large: over %zu bytes",
                         arena->limit_bytes);
    return STATUS_OK;
}
