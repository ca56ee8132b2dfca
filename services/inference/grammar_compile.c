/*     flatten → for each rule: sets of states become states → grammar_trim → copied to the arena
 *
 * The subsets of a rule can be exponentially many; the limits on states and on steps are what a
 * hostile grammar meets. */
#include "grammar_compile.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "grammar_flatten.h"
#include "grammar_trim.h"

#define STEPS_MAX 30000000u
#define SLOTS 131072 /* of the table of sets */

struct slot {
    uint32_t stamp, state;
};

struct compiler {
    struct arena *arena; /* scratch */
    struct grammar_draft *draft;
    const struct flat_rule *flat;
    uint32_t first;              /* state of this rule */
    uint32_t *sets, *sets_start; /* of this rule's states: states of flat, sorted */
    uint32_t sets_capacity;
    struct slot *slots;
    uint32_t stamp;
    uint32_t *marks, mark; /* [flat states] */
    uint32_t *members;     /* [flat states] the set that is put together */
    uint32_t steps;
    bool is_full;
};

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* Sets
 * ------------------------------------------------------------------------------------------- */

static void begin_set(struct compiler *compiler)
{
    compiler->mark++;
}

static void add_member(struct compiler *compiler, uint32_t state, uint32_t *count)
{
    if (compiler->marks[state] == compiler->mark)
        return;
    compiler->marks[state] = compiler->mark;
    compiler->members[(*count)++] = state;
}

/* Everything that is reached without a byte. */
static void close_set(struct compiler *compiler, uint32_t *count)
{
    const struct flat_rule *flat = compiler->flat;

    for (uint32_t done = 0; done < *count; done++) {
        uint32_t state = compiler->members[done];

        for (uint32_t e = flat->edges_start[state]; e < flat->edges_start[state + 1]; e++) {
            compiler->steps++;
            if (flat->edges[e].kind == GRAMMAR_EDGE_EMPTY)
                add_member(compiler, flat->edges[e].to, count);
        }
    }
    qsort(compiler->members, *count, sizeof(uint32_t), compare_numbers);
}

static bool is_set(const struct compiler *compiler, uint32_t state, uint32_t count)
{
    uint32_t at = state - compiler->first, start = compiler->sets_start[at];

    return compiler->sets_start[at + 1] - start == count
           && memcmp(compiler->sets + start, compiler->members, count * sizeof(uint32_t)) == 0;
}

static bool reserve_set(struct compiler *compiler, uint32_t used, uint32_t count)
{
    uint32_t capacity = compiler->sets_capacity, *grown;

    if (capacity - used >= count)
        return true;
    while (capacity - used < count)
        capacity = capacity == 0 ? 4096 : capacity * 2;
    grown = arena_alloc(compiler->arena, capacity * sizeof(*grown));
    if (grown == NULL)
        return false;
    if (used > 0)
        memcpy(grown, compiler->sets, used * sizeof(*grown));
    compiler->sets = grown;
    compiler->sets_capacity = capacity;
    return true;
}

/* The state for the closed set in members. */
static uint32_t state_of_set(struct compiler *compiler, uint32_t rule, uint32_t count)
{
    struct grammar_draft *draft = compiler->draft;
    uint64_t hash =
        hash_bytes(slice_of(compiler->members, count * sizeof(uint32_t)), compiler->stamp);
    uint32_t own = draft->states_count - compiler->first, used = compiler->sets_start[own];
    struct slot *slot;

    for (;; hash++) {
        slot = &compiler->slots[hash % SLOTS];
        if (slot->stamp != compiler->stamp)
            break;
        if (is_set(compiler, slot->state, count))
            return slot->state;
    }
    if (compiler->is_full || !reserve_set(compiler, used, count) || !draft_put_state(draft, rule)) {
        compiler->is_full = true;
        return compiler->first;
    }
    *slot = (struct slot){ compiler->stamp, draft->states_count - 1 };
    memcpy(compiler->sets + used, compiler->members, count * sizeof(uint32_t));
    compiler->sets_start[own + 1] = used + count;
    return slot->state;
}

/* Where it goes
 * ------------------------------------------------------------------------------------ */

static bool takes(const struct grammar_draft *draft, const struct flat_edge *edge, uint32_t class)
{
    return edge->kind == GRAMMAR_EDGE_BYTES && draft->lows[class] >= edge->low
           && draft->lows[class] <= edge->high;
}

/* Edges of the set of @state that @class takes, or that call @rule where @class is GRAMMAR_NONE:
 * the set of where they lead to. */
static uint32_t lead(struct compiler *compiler, uint32_t state, uint32_t class, uint32_t rule)
{
    const struct flat_rule *flat = compiler->flat;
    uint32_t at = state - compiler->first, count = 0;

    begin_set(compiler);
    for (uint32_t i = compiler->sets_start[at]; i < compiler->sets_start[at + 1]; i++) {
        uint32_t from = compiler->sets[i];

        for (uint32_t e = flat->edges_start[from]; e < flat->edges_start[from + 1]; e++) {
            const struct flat_edge *edge = &flat->edges[e];

            compiler->steps++;
            if (class == GRAMMAR_NONE ? edge->kind == GRAMMAR_EDGE_CALL && edge->low == rule
                                      : takes(compiler->draft, edge, class))
                add_member(compiler, edge->to, &count);
        }
    }
    close_set(compiler, &count);
    return count;
}

static bool is_spent(struct compiler *compiler)
{
    if (compiler->steps > STEPS_MAX)
        compiler->is_full = true;
    return compiler->is_full;
}

/* Which classes and rules the set of @state goes by at all. */
static void collect(const struct compiler *compiler, uint32_t state, bool *classes, uint32_t *rules,
                    uint32_t *rules_count)
{
    const struct flat_rule *flat = compiler->flat;
    uint32_t at = state - compiler->first;

    memset(classes, 0, 256 * sizeof(*classes));
    *rules_count = 0;
    for (uint32_t i = compiler->sets_start[at]; i < compiler->sets_start[at + 1]; i++) {
        uint32_t from = compiler->sets[i];

        for (uint32_t e = flat->edges_start[from]; e < flat->edges_start[from + 1]; e++) {
            const struct flat_edge *edge = &flat->edges[e];

            if (edge->kind == GRAMMAR_EDGE_CALL)
                rules[(*rules_count)++] = edge->low;
            if (edge->kind != GRAMMAR_EDGE_BYTES)
                continue;
            for (uint32_t class = compiler->draft->classes[edge->low];
                 class <= compiler->draft->classes[edge->high]; class ++)
                classes[class] = true;
        }
    }
    qsort(rules, *rules_count, sizeof(*rules), compare_numbers);
}

static void put_moves(struct compiler *compiler, uint32_t rule, uint32_t state, uint32_t *rules)
{
    struct grammar_draft *draft = compiler->draft;
    uint32_t rules_count, count, to;
    bool classes[256];

    collect(compiler, state, classes, rules, &rules_count);
    for (uint32_t class = 0; class < draft->classes_count && !is_spent(compiler); class ++) {
        if (!classes[class])
            continue;
        count = lead(compiler, state, class, 0);
        to = state_of_set(compiler, rule, count);
        draft->moves[(size_t)state * draft->classes_count + class] = (uint16_t)to;
    }
    for (uint32_t i = 0; i < rules_count && !is_spent(compiler); i++) {
        if (i > 0 && rules[i] == rules[i - 1])
            continue;
        count = lead(compiler, state, GRAMMAR_NONE, rules[i]);
        to = state_of_set(compiler, rule, count);
        if (!draft_put_call(draft, state, rules[i], to))
            compiler->is_full = true;
    }
}

static bool has_end(const struct compiler *compiler, uint32_t state)
{
    uint32_t at = state - compiler->first;
    size_t count = compiler->sets_start[at + 1] - compiler->sets_start[at];

    return bsearch(&compiler->flat->end, compiler->sets + compiler->sets_start[at], count,
                   sizeof(uint32_t), compare_numbers)
           != NULL;
}

/* All states of a rule: each set that is found is a state, whose moves find others. */
static enum status compile_graph(struct compiler *compiler, uint32_t rule, struct error *err)
{
    struct grammar_draft *draft = compiler->draft;
    const struct flat_rule *flat = compiler->flat;
    uint32_t count = 0, *rules = ARENA_ARRAY(compiler->arena, uint32_t, flat->edges_count + 1);

    compiler->first = draft->states_count;
    compiler->marks = ARENA_ARRAY(compiler->arena, uint32_t, flat->states_count);
    compiler->members = ARENA_ARRAY(compiler->arena, uint32_t, flat->states_count);
    compiler->sets = NULL;
    compiler->sets_capacity = 0;
    compiler->mark = 0;
    compiler->stamp++;
    if (rules == NULL || compiler->marks == NULL || compiler->members == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a grammar");
    begin_set(compiler);
    add_member(compiler, flat->start, &count);
    close_set(compiler, &count);
    draft->rules[rule].start = (uint16_t)state_of_set(compiler, rule, count);
    for (uint32_t state = compiler->first; state < draft->states_count && !compiler->is_full;
         state++) {
        draft_end_calls(draft, state);
        if (has_end(compiler, state))
            draft->flags[state] |= GRAMMAR_STATE_FINAL;
        put_moves(compiler, rule, state, rules);
    }
    if (compiler->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                         "the grammar is too large: over %d states, or too many steps to find them",
                         GRAMMAR_STATES_MAX);
    return STATUS_OK;
}

/* A counted rule has one state, which calls what it repeats and comes back. */
static enum status compile_counted(struct grammar_draft *draft, struct flatten *flatten,
                                   uint32_t rule, struct error *err)
{
    uint32_t item = flatten_item(flatten, rule), state = draft->states_count;

    draft->rules[rule].start = (uint16_t)state;
    draft->rules[rule].min = flatten_rule(flatten, rule)->min;
    draft->rules[rule].max = flatten_rule(flatten, rule)->max;
    if (!draft_put_state(draft, rule))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the grammar is over %d states",
                         GRAMMAR_STATES_MAX);
    draft_end_calls(draft, state);
    draft->flags[state] |= GRAMMAR_STATE_COUNTED;
    return draft_put_call(draft, state, item, state)
               ? STATUS_OK
               : error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a grammar");
}

static enum status compile_rules(struct compiler *compiler, struct flatten *flatten,
                                 struct error *err)
{
    for (uint32_t rule = 0; rule < flatten_count(flatten); rule++) {
        struct flat_rule flat;
        enum status status;

        if (flatten_rule(flatten, rule)->item != GRAMMAR_NONE) {
            status = compile_counted(compiler->draft, flatten, rule, err);
        } else {
            status = flatten_graph(flatten, rule, compiler->arena, &flat, err);
            compiler->flat = &flat;
            if (status == STATUS_OK)
                status = compile_graph(compiler, rule, err);
        }
        if (status != STATUS_OK)
            return status;
    }
    draft_end_calls(compiler->draft, compiler->draft->states_count);
    compiler->draft->rules_count = flatten_count(flatten);
    return STATUS_OK;
}

enum status grammar_compile(const struct grammar *grammar, uint32_t root, struct arena *scratch,
                            struct arena *arena, struct grammar_machine *machine, struct error *err)
{
    struct compiler compiler = { .arena = scratch };
    struct flatten *flatten = flatten_create(grammar, root, scratch);
    struct grammar_draft draft;

    compiler.draft = &draft;
    compiler.slots = ARENA_ARRAY(scratch, struct slot, SLOTS);
    compiler.sets_start = ARENA_ARRAY(scratch, uint32_t, GRAMMAR_STATES_MAX + 2);
    if (flatten == NULL || compiler.slots == NULL || compiler.sets_start == NULL
        || !draft_init(&draft, grammar, scratch))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a grammar");
    if (compile_rules(&compiler, flatten, err) != STATUS_OK)
        return err->status;
    return grammar_trim(&draft, scratch, arena, machine, err);
}
