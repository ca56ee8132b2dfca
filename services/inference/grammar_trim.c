/* What can be finished, and what may be empty, spreads backwards from final states: over moves and
 * over calls of rules that are marked themselves. */
#include "grammar_trim.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"

/* The draft
 * -------------------------------------------------------------------------------------- */

static void make_classes(struct grammar_draft *draft, const struct grammar *grammar)
{
    bool begins[257] = { true };

    for (uint32_t i = 0; i < grammar->edges_count; i++) {
        if (grammar->edges[i].kind != GRAMMAR_EDGE_BYTES)
            continue;
        begins[grammar->edges[i].low] = true;
        begins[grammar->edges[i].high + 1] = true;
    }
    for (unsigned byte = 0; byte < 256; byte++) {
        if (begins[byte])
            draft->lows[draft->classes_count++] = (uint8_t)byte;
        draft->classes[byte] = (uint8_t)(draft->classes_count - 1);
    }
}

bool draft_init(struct grammar_draft *draft, const struct grammar *grammar, struct arena *arena)
{
    *draft = (struct grammar_draft){ .arena = arena };
    make_classes(draft, grammar);
    draft->calls_start = ARENA_ARRAY(arena, uint32_t, GRAMMAR_STATES_MAX + 2);
    draft->rules = ARENA_ARRAY(arena, struct grammar_machine_rule, GRAMMAR_RULES_MAX + 1);
    return draft->calls_start != NULL && draft->rules != NULL;
}

static bool grow_states(struct grammar_draft *draft)
{
    uint32_t capacity = draft->states_capacity == 0 ? 256 : draft->states_capacity * 2;
    size_t row = draft->classes_count * sizeof(uint16_t), used = draft->states_count;
    uint16_t *moves = arena_alloc(draft->arena, capacity * row);
    uint8_t *flags = ARENA_ARRAY(draft->arena, uint8_t, capacity);
    uint16_t *rules_of = ARENA_ARRAY(draft->arena, uint16_t, capacity);

    if (moves == NULL || flags == NULL || rules_of == NULL)
        return false;
    if (used > 0) {
        memcpy(moves, draft->moves, used * row);
        memcpy(flags, draft->flags, used);
        memcpy(rules_of, draft->rules_of, used * sizeof(*rules_of));
    }
    memset((char *)moves + used * row, 0xff, (capacity - used) * row);
    draft->moves = moves;
    draft->flags = flags;
    draft->rules_of = rules_of;
    draft->states_capacity = capacity;
    return true;
}

bool draft_put_state(struct grammar_draft *draft, uint32_t rule)
{
    if (draft->states_count == GRAMMAR_STATES_MAX)
        return false;
    if (draft->states_count == draft->states_capacity && !grow_states(draft))
        return false;
    draft->rules_of[draft->states_count++] = (uint16_t)rule;
    return true;
}

bool draft_put_call(struct grammar_draft *draft, uint32_t state, uint32_t rule, uint32_t to)
{
    if (draft->calls_count == draft->calls_capacity) {
        uint32_t capacity = draft->calls_capacity == 0 ? 256 : draft->calls_capacity * 2;
        struct draft_call *calls = arena_alloc(draft->arena, capacity * sizeof(*calls));

        if (calls == NULL)
            return false;
        if (draft->calls_count > 0)
            memcpy(calls, draft->calls, draft->calls_count * sizeof(*calls));
        draft->calls = calls;
        draft->calls_capacity = capacity;
    }
    draft->calls[draft->calls_count++] = (struct draft_call){ state, rule, to };
    return true;
}

void draft_end_calls(struct grammar_draft *draft, uint32_t state)
{
    draft->calls_start[state] = draft->calls_count;
}

/* Spreading
 * -------------------------------------------------------------------------------------- */

/* Lists of numbers, one list for each key. */
struct lists {
    uint32_t *start, *items;
};

struct spread {
    const struct grammar_draft *draft;
    struct lists before;   /* of a state: the states that move to it */
    struct lists calls_to; /* of a state: the calls that lead to it */
    struct lists calls_of; /* of a rule: its calls */
    bool *states, *rules;  /* marked */
    uint32_t *stack, stack_count;
};

static bool lists_init(struct lists *lists, uint32_t keys, uint32_t items, struct arena *arena)
{
    lists->start = ARENA_ARRAY(arena, uint32_t, (size_t)keys + 2);
    lists->items = ARENA_ARRAY(arena, uint32_t, (size_t)items + 1);
    return lists->start != NULL && lists->items != NULL;
}

/* From counts at key + 2 to where each list begins; put then moves start[key + 1] on. */
static void lists_begin(struct lists *lists, uint32_t keys)
{
    for (uint32_t i = 0; i < keys; i++)
        lists->start[i + 2] += lists->start[i + 1];
}

static void lists_put(struct lists *lists, uint32_t key, uint32_t item)
{
    lists->items[lists->start[key + 1]++] = item;
}

static bool index_calls(struct spread *spread, struct arena *arena)
{
    const struct grammar_draft *draft = spread->draft;

    if (!lists_init(&spread->calls_to, draft->states_count, draft->calls_count, arena)
        || !lists_init(&spread->calls_of, draft->rules_count, draft->calls_count, arena))
        return false;
    for (uint32_t i = 0; i < draft->calls_count; i++) {
        spread->calls_to.start[draft->calls[i].to + 2]++;
        spread->calls_of.start[draft->calls[i].rule + 2]++;
    }
    lists_begin(&spread->calls_to, draft->states_count);
    lists_begin(&spread->calls_of, draft->rules_count);
    for (uint32_t i = 0; i < draft->calls_count; i++) {
        lists_put(&spread->calls_to, draft->calls[i].to, i);
        lists_put(&spread->calls_of, draft->calls[i].rule, i);
    }
    return true;
}

/* Whether the move is there, and is not that of the class before once more. */
static bool is_new_move(const struct grammar_draft *draft, size_t at)
{
    uint16_t to = draft->moves[at];

    return to != GRAMMAR_NO_MOVE && (at % draft->classes_count == 0 || draft->moves[at - 1] != to);
}

static bool index_moves(struct spread *spread, struct arena *arena)
{
    const struct grammar_draft *draft = spread->draft;
    size_t count = (size_t)draft->states_count * draft->classes_count;
    uint32_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += is_new_move(draft, i);
    if (!lists_init(&spread->before, draft->states_count, found, arena))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (is_new_move(draft, i))
            spread->before.start[draft->moves[i] + 2]++;
    }
    lists_begin(&spread->before, draft->states_count);
    for (size_t i = 0; i < count; i++) {
        if (is_new_move(draft, i))
            lists_put(&spread->before, draft->moves[i], (uint32_t)(i / draft->classes_count));
    }
    return true;
}

static void mark_state(struct spread *spread, uint32_t state)
{
    if (spread->states[state])
        return;
    spread->states[state] = true;
    spread->stack[spread->stack_count++] = state;
}

static void mark_rule(struct spread *spread, uint32_t rule)
{
    const struct grammar_draft *draft = spread->draft;

    if (spread->rules[rule])
        return;
    spread->rules[rule] = true;
    for (uint32_t i = spread->calls_of.start[rule]; i < spread->calls_of.start[rule + 1]; i++) {
        const struct draft_call *call = &draft->calls[spread->calls_of.items[i]];

        /* As many times as it must be can a rule be taken that can be taken once. */
        if (spread->states[call->to] || (draft->flags[call->state] & GRAMMAR_STATE_COUNTED) != 0)
            mark_state(spread, call->state);
    }
}

static bool is_seed(const struct grammar_draft *draft, uint32_t state)
{
    if ((draft->flags[state] & GRAMMAR_STATE_COUNTED) != 0)
        return draft->rules[draft->rules_of[state]].min == 0;
    return (draft->flags[state] & GRAMMAR_STATE_FINAL) != 0;
}

static void spread_run(struct spread *spread, bool with_moves)
{
    const struct grammar_draft *draft = spread->draft;

    memset(spread->states, 0, draft->states_count * sizeof(*spread->states));
    memset(spread->rules, 0, draft->rules_count * sizeof(*spread->rules));
    for (uint32_t state = 0; state < draft->states_count; state++) {
        if (is_seed(draft, state))
            mark_state(spread, state);
    }
    while (spread->stack_count > 0) {
        uint32_t state = spread->stack[--spread->stack_count], rule = draft->rules_of[state];

        for (uint32_t i = spread->before.start[state];
             with_moves && i < spread->before.start[state + 1]; i++)
            mark_state(spread, spread->before.items[i]);
        for (uint32_t i = spread->calls_to.start[state]; i < spread->calls_to.start[state + 1];
             i++) {
            const struct draft_call *call = &draft->calls[spread->calls_to.items[i]];

            if (spread->rules[call->rule])
                mark_state(spread, call->state);
        }
        if (draft->rules[rule].start == state)
            mark_rule(spread, rule);
    }
}

static bool spread_init(struct spread *spread, const struct grammar_draft *draft,
                        struct arena *arena)
{
    *spread = (struct spread){ .draft = draft };
    spread->states = ARENA_ARRAY(arena, bool, draft->states_count);
    spread->rules = ARENA_ARRAY(arena, bool, draft->rules_count);
    spread->stack = ARENA_ARRAY(arena, uint32_t, draft->states_count);
    return spread->states != NULL && spread->rules != NULL && spread->stack != NULL
           && index_calls(spread, arena) && index_moves(spread, arena);
}

/* The machine
 * ------------------------------------------------------------------------------------ */

static void copy_rules(const struct grammar_draft *draft, const bool *is_nullable,
                       struct grammar_machine *machine)
{
    for (uint32_t i = 0; i < draft->rules_count; i++) {
        machine->rules[i] = draft->rules[i];
        machine->rules[i].is_nullable = is_nullable[i];
        /* A rule that may be empty is taken often enough by not being taken. */
        if (is_nullable[i])
            machine->rules[i].min = 0;
    }
    machine->rules_count = draft->rules_count;
}

/* Numbers for the states that are kept. */
static uint32_t number_states(const struct grammar_draft *draft, const bool *is_kept,
                              uint16_t *numbers)
{
    uint32_t count = 0;

    for (uint32_t state = 0; state < draft->states_count; state++)
        numbers[state] = is_kept[state] ? (uint16_t)count++ : GRAMMAR_NO_MOVE;
    return count;
}

static uint64_t hash_class(const struct grammar_draft *draft, const uint16_t *numbers,
                           uint32_t class)
{
    uint64_t hash = 0;

    for (uint32_t state = 0; state < draft->states_count; state++) {
        uint16_t to = draft->moves[(size_t)state * draft->classes_count + class];

        if (numbers[state] != GRAMMAR_NO_MOVE && to != GRAMMAR_NO_MOVE)
            hash = (hash ^ (numbers[to] + ((uint64_t)state << 16))) * 0xd6e8feb86659fd93u,
            hash ^= hash >> 32;
    }
    return hash;
}

static bool is_same_class(const struct grammar_draft *draft, const uint16_t *numbers, uint32_t a,
                          uint32_t b)
{
    for (uint32_t state = 0; state < draft->states_count; state++) {
        const uint16_t *row = &draft->moves[(size_t)state * draft->classes_count];
        uint16_t x = row[a] == GRAMMAR_NO_MOVE ? row[a] : numbers[row[a]];
        uint16_t y = row[b] == GRAMMAR_NO_MOVE ? row[b] : numbers[row[b]];

        if (numbers[state] != GRAMMAR_NO_MOVE && x != y)
            return false;
    }
    return true;
}

/* Classes that no state tells apart become one; *first: a class of the draft for each. */
static void merge_classes(const struct grammar_draft *draft, const uint16_t *numbers,
                          struct grammar_machine *machine, uint32_t *first)
{
    uint64_t hashes[256];
    uint8_t merged[256];

    for (uint32_t class = 0; class < draft->classes_count; class ++) {
        uint32_t same = 0;
        uint64_t hash = hash_class(draft, numbers, class);

        while (same < machine->classes_count
               && (hashes[same] != hash || !is_same_class(draft, numbers, first[same], class)))
            same++;
        if (same == machine->classes_count) {
            hashes[same] = hash;
            first[machine->classes_count++] = class;
        }
        merged[class] = (uint8_t)same;
    }
    for (unsigned byte = 0; byte < 256; byte++)
        machine->classes[byte] = merged[draft->classes[byte]];
}

static void copy_state(const struct grammar_draft *draft, const struct spread *live,
                       const uint16_t *numbers, const uint32_t *first, uint32_t state,
                       struct grammar_machine *machine, uint32_t *calls_count)
{
    uint32_t number = numbers[state];
    bool is_moving = false;

    for (uint32_t i = 0; i < machine->classes_count; i++) {
        uint16_t to = draft->moves[(size_t)state * draft->classes_count + first[i]];

        to = to == GRAMMAR_NO_MOVE ? to : numbers[to];
        machine->moves[(size_t)number * machine->classes_count + i] = to;
        is_moving |= to != GRAMMAR_NO_MOVE;
    }
    machine->calls_start[number] = *calls_count;
    for (uint32_t i = draft->calls_start[state]; i < draft->calls_start[state + 1]; i++) {
        const struct draft_call *call = &draft->calls[i];

        if (live->rules[call->rule] && numbers[call->to] != GRAMMAR_NO_MOVE)
            machine->calls[(*calls_count)++] =
                (struct grammar_call){ (uint16_t)call->rule, numbers[call->to] };
    }
    machine->calls_start[number + 1] = *calls_count;
    machine->state_rules[number] = draft->rules_of[state];
    machine->flags[number] = draft->flags[state];
    if (machine->flags[number] == 0 && machine->calls_start[number] == *calls_count)
        machine->flags[number] |= GRAMMAR_STATE_PLAIN;
    if ((machine->flags[number] & GRAMMAR_STATE_FINAL) != 0 && !is_moving
        && machine->calls_start[number] == *calls_count)
        machine->flags[number] |= GRAMMAR_STATE_LAST;
}

static bool copy_machine(const struct grammar_draft *draft, const struct spread *live,
                         const uint16_t *numbers, struct arena *arena,
                         struct grammar_machine *machine)
{
    uint32_t first[256], calls_count = 0, states = machine->states_count;

    merge_classes(draft, numbers, machine, first);
    machine->moves = ARENA_ARRAY(arena, uint16_t, (size_t)states * machine->classes_count + 1);
    machine->flags = ARENA_ARRAY(arena, uint8_t, states);
    machine->state_rules = ARENA_ARRAY(arena, uint16_t, states);
    machine->calls_start = ARENA_ARRAY(arena, uint32_t, states + 1);
    machine->calls = ARENA_ARRAY(arena, struct grammar_call, draft->calls_count + 1);
    if (machine->moves == NULL || machine->flags == NULL || machine->state_rules == NULL
        || machine->calls_start == NULL || machine->calls == NULL)
        return false;
    for (uint32_t state = 0; state < draft->states_count; state++) {
        if (numbers[state] != GRAMMAR_NO_MOVE)
            copy_state(draft, live, numbers, first, state, machine, &calls_count);
    }
    return true;
}

static bool list_sites(struct grammar_machine *machine, struct arena *arena)
{
    uint32_t count = machine->calls_start[machine->states_count], *at;

    machine->sites = ARENA_ARRAY(arena, uint16_t, count + 1);
    if (machine->sites == NULL)
        return false;
    for (uint32_t i = 0; i < machine->rules_count + 1; i++)
        machine->rules[i].sites_start = 0;
    for (uint32_t i = 0; i < count; i++)
        machine->rules[machine->calls[i].rule + 1].sites_start++;
    for (uint32_t i = 0; i < machine->rules_count; i++)
        machine->rules[i + 1].sites_start += machine->rules[i].sites_start;
    for (uint32_t i = count; i-- > 0;) {
        at = &machine->rules[machine->calls[i].rule + 1].sites_start;
        machine->sites[--*at] = machine->calls[i].to;
    }
    /* Each start has moved to the end of the list before it: move them back. */
    for (uint32_t i = 0; i < machine->rules_count; i++)
        machine->rules[i].sites_start = machine->rules[i + 1].sites_start;
    machine->rules[machine->rules_count].sites_start = count;
    return true;
}

enum status grammar_trim(struct grammar_draft *draft, struct arena *scratch, struct arena *arena,
                         struct grammar_machine *machine, struct error *err)
{
    uint16_t *numbers = ARENA_ARRAY(scratch, uint16_t, draft->states_count);
    struct spread spread;

    *machine = (struct grammar_machine){ 0 };
    machine->rules = ARENA_ARRAY(arena, struct grammar_machine_rule, draft->rules_count + 1);
    if (numbers == NULL || machine->rules == NULL || !spread_init(&spread, draft, scratch))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a grammar");
    spread_run(&spread, false);
    copy_rules(draft, spread.rules, machine);
    spread_run(&spread, true);
    if (!spread.rules[0])
        return error_set(err, STATUS_INVALID_ARGUMENT, "no text can ever be what is asked for");
    machine->states_count = number_states(draft, spread.states, numbers);
    for (uint32_t i = 0; i < draft->rules_count; i++)
        machine->rules[i].start = numbers[draft->rules[i].start];
    if (!copy_machine(draft, &spread, numbers, arena, machine) || !list_sites(machine, arena))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a grammar");
    CHECK(machine->rules[0].start != GRAMMAR_NO_MOVE);
    return STATUS_OK;
}
