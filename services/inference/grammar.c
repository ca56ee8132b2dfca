#include "grammar.h"

#include <string.h>

#include "base/utf8.h"

#define POINT_MAX 0x10ffffu

void grammar_init(struct grammar *grammar, struct arena *arena)
{
    *grammar = (struct grammar){ .arena = arena };
}

enum status grammar_check(const struct grammar *grammar, struct error *err)
{
    if (!grammar->is_full)
        return STATUS_OK;
    return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                     "the grammar is too large: over %d rules, %d edges or %zu bytes",
                     GRAMMAR_RULES_MAX, GRAMMAR_EDGES_MAX, grammar->arena->limit_bytes);
}

/* Room for one more of @size bytes; NULL: full. */
static void *grow(struct grammar *grammar, void *items, uint32_t count, uint32_t *capacity,
                  uint32_t count_max, size_t size)
{
    uint32_t wanted = *capacity == 0 ? 64 : *capacity * 2;
    void *grown;

    if (grammar->is_full || count >= count_max) {
        grammar->is_full = true;
        return NULL;
    }
    if (count < *capacity)
        return items;
    grown = arena_alloc(grammar->arena, wanted * size);
    grammar->is_full = grown == NULL;
    if (grown == NULL)
        return NULL;
    if (count > 0)
        memcpy(grown, items, count * size);
    *capacity = wanted;
    return grown;
}

uint32_t grammar_state(struct grammar *grammar)
{
    return grammar->states_count++;
}

static uint32_t put_rule(struct grammar *grammar, const struct grammar_rule *rule)
{
    struct grammar_rule *rules = grow(grammar, grammar->rules, grammar->rules_count,
                                      &grammar->rules_capacity, GRAMMAR_RULES_MAX, sizeof(*rules));

    if (rules == NULL)
        return 0;
    grammar->rules = rules;
    rules[grammar->rules_count] = *rule;
    return grammar->rules_count++;
}

uint32_t grammar_rule(struct grammar *grammar, struct slice name)
{
    struct grammar_rule rule = { .name = name, .item = GRAMMAR_NONE };

    rule.start = grammar_state(grammar);
    rule.end = grammar_state(grammar);
    return put_rule(grammar, &rule);
}

static void put_edge(struct grammar *grammar, const struct grammar_edge *edge)
{
    struct grammar_edge *edges = grow(grammar, grammar->edges, grammar->edges_count,
                                      &grammar->edges_capacity, GRAMMAR_EDGES_MAX, sizeof(*edges));

    if (edges == NULL)
        return;
    grammar->edges = edges;
    edges[grammar->edges_count++] = *edge;
}

void grammar_join(struct grammar *grammar, uint32_t from, uint32_t to)
{
    put_edge(grammar, &(struct grammar_edge){ from, to, GRAMMAR_EDGE_EMPTY, 0, 0 });
}

void grammar_bytes(struct grammar *grammar, uint32_t from, uint32_t to, uint8_t low, uint8_t high)
{
    put_edge(grammar, &(struct grammar_edge){ from, to, GRAMMAR_EDGE_BYTES, low, high });
}

void grammar_call(struct grammar *grammar, uint32_t from, uint32_t to, uint32_t rule)
{
    put_edge(grammar, &(struct grammar_edge){ from, to, GRAMMAR_EDGE_CALL, rule, 0 });
}

uint32_t grammar_literal(struct grammar *grammar, uint32_t from, struct slice bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        uint32_t to = grammar_state(grammar);
        uint8_t byte = (uint8_t)bytes.data[i];

        grammar_bytes(grammar, from, to, byte, byte);
        from = to;
    }
    return from;
}

uint32_t grammar_repeat(struct grammar *grammar, uint32_t from, uint32_t item, uint32_t min,
                        uint32_t max)
{
    struct grammar_rule rule = { .name = SLICE("repeat"), .item = item, .min = min, .max = max };
    uint32_t to = grammar_state(grammar);

    grammar_call(grammar, from, to, put_rule(grammar, &rule));
    return to;
}

/* Code points whose encodings are one product of ranges of bytes. */
static void put_range(struct grammar *grammar, uint32_t from, uint32_t to, uint32_t low,
                      uint32_t high)
{
    char first[4], last[4];
    size_t size = utf8_encode(low, first);

    utf8_encode(high, last);
    for (size_t i = 0; i < size; i++) {
        uint32_t next = i + 1 == size ? to : grammar_state(grammar);

        grammar_bytes(grammar, from, next, (uint8_t)first[i], (uint8_t)last[i]);
        from = next;
    }
}

/* Cut [low, high] after @at, when it lies inside. */
static bool cut_after(struct grammar *grammar, uint32_t from, uint32_t to, uint32_t low,
                      uint32_t high, uint32_t at)
{
    if (at < low || at >= high)
        return false;
    grammar_points(grammar, from, to, low, at);
    grammar_points(grammar, from, to, at + 1, high);
    return true;
}

void grammar_points(struct grammar *grammar, uint32_t from, uint32_t to, uint32_t low,
                    uint32_t high)
{
    static const uint32_t lengths[] = { 0x7f, 0x7ff, 0xd7ff, 0xdfff, 0xffff };

    if (high > POINT_MAX)
        high = POINT_MAX;
    if (low > high || (low >= 0xd800 && high <= 0xdfff))
        return;
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        if (cut_after(grammar, from, to, low, high, lengths[i]))
            return;
    }
    for (uint32_t mask = 0x3f; high > 0x7f && mask < POINT_MAX; mask = mask << 6 | 0x3f) {
        if ((low & ~mask) == (high & ~mask))
            continue;
        if ((low & mask) != 0 && cut_after(grammar, from, to, low, high, low | mask))
            return;
        if ((high & mask) != mask && cut_after(grammar, from, to, low, high, (high & ~mask) - 1))
            return;
    }
    put_range(grammar, from, to, low, high);
}
