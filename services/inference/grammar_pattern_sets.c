/* Sets of the graph's states become states: all that a text can lead to. */
#include <string.h>

#include "grammar_pattern_graph.h"

#define STEPS_MAX 20000000u
#define SET_WORDS (PATTERN_STATES_MAX / 64)

struct subsets {
    const struct pattern_graph *graph;
    uint32_t final, words, count;
    uint64_t *sets; /* [WORDS_STATES_MAX × words] */
    uint32_t *table;
    uint32_t *stack;
    uint64_t steps;
};

static bool has(const uint64_t *set, uint32_t state)
{
    return (set[state / 64] >> state % 64 & 1) != 0;
}

/* Everything that @set reaches by empty edges. */
static void close_set(struct subsets *subsets, uint64_t *set, bool is_begin, bool is_end)
{
    const struct pattern_graph *graph = subsets->graph;
    uint32_t depth = 0;

    for (uint32_t state = 0; state < graph->states_count; state++) {
        if (has(set, state))
            subsets->stack[depth++] = state;
    }
    while (depth > 0) {
        uint32_t state = subsets->stack[--depth];

        for (uint32_t e = graph->heads[state]; e != WORDS_NONE; e = graph->edges[e].next) {
            const struct pattern_edge *edge = &graph->edges[e];

            subsets->steps++;
            if (edge->kind == PATTERN_EDGE_POINTS || (edge->kind == PATTERN_EDGE_BEGIN && !is_begin)
                || (edge->kind == PATTERN_EDGE_END && !is_end) || has(set, edge->to))
                continue;
            set[edge->to / 64] |= UINT64_C(1) << edge->to % 64;
            subsets->stack[depth++] = edge->to;
        }
    }
}

static bool has_point(const struct pattern_ranges *ranges, uint32_t point)
{
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (point >= ranges->list[i].low && point <= ranges->list[i].high)
            return true;
    }
    return false;
}

/* False: nothing. */
static bool move_set(struct subsets *subsets, const uint64_t *from, uint32_t point, uint64_t *to)
{
    const struct pattern_graph *graph = subsets->graph;
    bool is_any = false;

    memset(to, 0, subsets->words * sizeof(*to));
    for (uint32_t state = 0; state < graph->states_count; state++) {
        if (!has(from, state))
            continue;
        for (uint32_t e = graph->heads[state]; e != WORDS_NONE; e = graph->edges[e].next) {
            const struct pattern_edge *edge = &graph->edges[e];

            subsets->steps++;
            if (edge->kind != PATTERN_EDGE_POINTS || !has_point(edge->points, point))
                continue;
            to[edge->to / 64] |= UINT64_C(1) << edge->to % 64;
            is_any = true;
        }
    }
    if (is_any)
        close_set(subsets, to, false, false);
    return is_any;
}

/* WORDS_NONE: too many. */
static uint32_t subset_of(struct subsets *subsets, const uint64_t *set)
{
    uint64_t hash = 0;

    for (uint32_t i = 0; i < subsets->words; i++)
        hash = (hash ^ set[i]) * 0x9e3779b97f4a7c15u + (hash >> 29);
    for (hash ^= hash >> 31;; hash++) {
        uint32_t *at = &subsets->table[hash % (4 * WORDS_STATES_MAX)];

        if (*at == 0 && subsets->count == WORDS_STATES_MAX)
            return WORDS_NONE;
        if (*at == 0) {
            memcpy(subsets->sets + (size_t)subsets->count * subsets->words, set,
                   subsets->words * sizeof(*set));
            *at = ++subsets->count;
        }
        if (memcmp(subsets->sets + (size_t)(*at - 1) * subsets->words, set,
                   subsets->words * sizeof(*set))
            == 0)
            return *at - 1;
    }
}

static bool is_final(struct subsets *subsets, uint32_t number)
{
    uint64_t set[SET_WORDS];

    memcpy(set, subsets->sets + (size_t)number * subsets->words, subsets->words * sizeof(set[0]));
    close_set(subsets, set, number == 0, true);
    return has(set, subsets->final);
}

static uint32_t *find_lows(const struct pattern_graph *graph, uint32_t *count)
{
    uint32_t *lows = ARENA_ARRAY(graph->arena, uint32_t, WORDS_CLASSES_MAX + 2);
    bool is_full = lows == NULL;

    *count = 1;
    for (uint32_t e = 0; !is_full && e < graph->edges_count; e++) {
        const struct pattern_ranges *points = graph->edges[e].points;

        for (uint32_t i = 0; points != NULL && i < points->count && !is_full; i++) {
            is_full = *count + 2 > WORDS_CLASSES_MAX;
            words_add_low(lows, count, points->list[i].low);
            words_add_low(lows, count, points->list[i].high + 1);
        }
    }
    return is_full ? NULL : lows;
}

/* @moves [WORDS_STATES_MAX × classes]. False: too many. */
static bool walk(struct subsets *subsets, uint32_t *moves, const uint32_t *lows, uint32_t classes)
{
    for (uint32_t at = 0; at < subsets->count; at++) {
        for (uint32_t class = 0; class < classes; class ++) {
            uint64_t set[SET_WORDS];
            uint32_t to = WORDS_NONE;

            if (move_set(subsets, subsets->sets + (size_t)at * subsets->words, lows[class], set)) {
                to = subset_of(subsets, set);
                if (to == WORDS_NONE)
                    return false;
            }
            moves[(size_t)at * classes + class] = to;
        }
        if (subsets->steps > STEPS_MAX)
            return false;
    }
    return true;
}

static void *copy(struct arena *arena, const void *items, size_t size)
{
    void *copied = arena_alloc(arena, size);

    return copied == NULL ? NULL : memcpy(copied, items, size);
}

/* What was found, for good. */
static const struct words *keep(struct subsets *subsets, const uint32_t *moves,
                                const uint32_t *lows, uint32_t classes, struct arena *arena)
{
    struct words *words = ARENA_NEW(arena, struct words);

    if (words == NULL)
        return NULL;
    words->states_count = subsets->count;
    words->classes_count = classes;
    words->lows = copy(arena, lows, classes * sizeof(*lows));
    words->moves = copy(arena, moves, (size_t)subsets->count * classes * sizeof(*moves));
    words->is_final = ARENA_ARRAY(arena, bool, subsets->count);
    if (words->lows == NULL || words->moves == NULL || words->is_final == NULL)
        return NULL;
    for (uint32_t at = 0; at < subsets->count; at++)
        words->is_final[at] = is_final(subsets, at);
    return words;
}

const struct words *pattern_words(const struct pattern_graph *graph, uint32_t final,
                                  struct arena *arena)
{
    struct subsets subsets = { .graph = graph, .final = final };
    uint32_t classes, *lows = find_lows(graph, &classes), *moves;
    uint64_t first[SET_WORDS] = { 1 };

    subsets.words = (graph->states_count + 63) / 64;
    subsets.sets =
        arena_alloc(graph->arena, (size_t)WORDS_STATES_MAX * subsets.words * sizeof(*subsets.sets));
    subsets.table = ARENA_ARRAY(graph->arena, uint32_t, 4 * WORDS_STATES_MAX);
    subsets.stack = ARENA_ARRAY(graph->arena, uint32_t, PATTERN_STATES_MAX);
    moves = arena_alloc(graph->arena, (size_t)WORDS_STATES_MAX * classes * sizeof(*moves));
    if (lows == NULL || subsets.sets == NULL || subsets.table == NULL || subsets.stack == NULL
        || moves == NULL)
        return NULL;
    close_set(&subsets, first, true, false);
    subset_of(&subsets, first);
    if (!walk(&subsets, moves, lows, classes))
        return NULL;
    return keep(&subsets, moves, lows, classes, arena);
}
