/* expression → tree → nodes (Thompson) → states, each a set of nodes.
 *
 * The states are all made at the start: a few thousand for the whole set, because every expression
 * begins at the same place and most count alike from there. */
#include "deid_automaton.h"

#include <stdlib.h>

#include "base/check.h"
#include "deid_expression.h"

#define NODES_MAX 60000
#define STATES_MAX 30000
#define SLOTS_COUNT 65536 /* of the table of states; a power of two, over twice STATES_MAX */
#define SCRATCH_BYTES_MAX ((size_t)256 << 20)

enum node_kind { NODE_SET, NODE_SPLIT, NODE_ACCEPT };

struct node {
    uint8_t kind;
    uint16_t value; /* a set, or the number of an expression */
    uint16_t next, other;
};

struct state {
    const uint16_t *nodes; /* sorted: those that take a byte or accept */
    uint32_t count, hash;
};

struct builder {
    struct arena scratch;
    struct deid_byte_sets sets;
    struct deid_byte_set classes[DEID_BYTE_SETS_MAX]; /* of each set, as a set of classes */
    struct node *nodes;
    unsigned nodes_count;
    struct deid_automaton *automaton;
    struct state *states;
    uint16_t *slots; /* state numbers; 0: free */
    uint16_t *next;
    unsigned states_count;
    uint16_t *found; /* the set at hand */
    unsigned found_count;
    uint32_t *seen, stamp; /* of nodes, so that each is taken once */
    bool is_full;
};

static uint16_t node_make(struct builder *builder, struct node node)
{
    if (builder->nodes_count == NODES_MAX) {
        builder->is_full = true;
        return 0;
    }
    builder->nodes[builder->nodes_count] = node;
    return (uint16_t)builder->nodes_count++;
}

/* The node where @tree begins, with @next after its end. */
static uint16_t emit(struct builder *builder, const struct deid_tree *tree, uint16_t next);

static uint16_t emit_repeat(struct builder *builder, const struct deid_tree *tree, uint16_t next)
{
    uint16_t start = next;

    if (tree->max == DEID_REPEAT_ENDLESS) {
        start = node_make(builder, (struct node){ NODE_SPLIT, 0, next, next });
        builder->nodes[start].other = emit(builder, tree->left, start);
    } else {
        for (unsigned i = tree->min; i < tree->max; i++)
            start = node_make(
                builder, (struct node){ NODE_SPLIT, 0, next, emit(builder, tree->left, start) });
    }
    for (unsigned i = 0; i < tree->min && !builder->is_full; i++)
        start = emit(builder, tree->left, start);
    return start;
}

static uint16_t emit(struct builder *builder, const struct deid_tree *tree, uint16_t next)
{
    uint16_t left;

    if (builder->is_full)
        return 0;
    switch (tree->kind) {
    case DEID_TREE_SET:
        return node_make(builder, (struct node){ NODE_SET, (uint16_t)tree->set, next, 0 });
    case DEID_TREE_BOTH:
        return emit(builder, tree->left, emit(builder, tree->right, next));
    case DEID_TREE_EITHER:
        left = emit(builder, tree->left, next);
        return node_make(builder,
                         (struct node){ NODE_SPLIT, 0, left, emit(builder, tree->right, next) });
    case DEID_TREE_REPEAT:
        return emit_repeat(builder, tree, next);
    default:
        return next;
    }
}

/* Bytes that are in the same sets are one class. */
static void classes_make(struct builder *builder)
{
    struct deid_automaton *automaton = builder->automaton;
    unsigned count = 1;

    memset(automaton->class_of, 0, sizeof(automaton->class_of));
    for (unsigned s = 0; s < builder->sets.count; s++) {
        int inside[256];

        memset(inside, -1, sizeof(inside));
        for (unsigned byte = 0, old = count; byte < 256; byte++) {
            unsigned class = automaton->class_of[byte];
            bool is_whole = true;

            if (class >= old || !deid_byte_set_has(&builder->sets.items[s], byte))
                continue;
            for (unsigned other = 0; other < 256 && is_whole; other++)
                is_whole = automaton->class_of[other] != class
                           || deid_byte_set_has(&builder->sets.items[s], other);
            if (inside[class] < 0 && !is_whole)
                inside[class] = (int)count++;
            if (inside[class] >= 0)
                automaton->class_of[byte] = (uint8_t)inside[class];
        }
    }
    automaton->classes = count;
    for (unsigned s = 0; s < builder->sets.count; s++)
        for (unsigned byte = 0; byte < 256; byte++)
            if (deid_byte_set_has(&builder->sets.items[s], byte))
                deid_byte_set_add(&builder->classes[s], automaton->class_of[byte]);
}

/* Everything that @node leads to without taking a byte. */
static void found_add(struct builder *builder, uint16_t node)
{
    while (builder->seen[node] != builder->stamp) {
        builder->seen[node] = builder->stamp;
        if (builder->nodes[node].kind != NODE_SPLIT) {
            builder->found[builder->found_count++] = node;
            return;
        }
        found_add(builder, builder->nodes[node].other);
        node = builder->nodes[node].next;
    }
}

/* They come nearly in order. */
static void found_sort(struct builder *builder)
{
    uint16_t *found = builder->found;

    for (unsigned i = 1; i < builder->found_count; i++) {
        uint16_t node = found[i];
        unsigned at = i;

        for (; at > 0 && found[at - 1] > node; at--)
            found[at] = found[at - 1];
        found[at] = node;
    }
}

/* The number of the state that is the found set; made when it is new. */
static uint16_t state_number(struct builder *builder)
{
    uint32_t hash = 2166136261u;
    unsigned slot, size = builder->found_count * (unsigned)sizeof(uint16_t);
    struct state *state;
    uint16_t *nodes;

    if (builder->found_count == 0)
        return 0;
    found_sort(builder);
    for (unsigned i = 0; i < builder->found_count; i++)
        hash = (hash ^ builder->found[i]) * 16777619u;
    for (slot = hash % SLOTS_COUNT; builder->slots[slot] != 0; slot = (slot + 1) % SLOTS_COUNT) {
        state = &builder->states[builder->slots[slot]];
        if (state->hash == hash && state->count == builder->found_count
            && memcmp(state->nodes, builder->found, size) == 0)
            return builder->slots[slot];
    }
    nodes = arena_alloc(&builder->scratch, size);
    if (builder->states_count == STATES_MAX || nodes == NULL) {
        builder->is_full = true;
        return 0;
    }
    memcpy(nodes, builder->found, size);
    builder->states[builder->states_count] = (struct state){ nodes, builder->found_count, hash };
    builder->slots[slot] = (uint16_t)builder->states_count;
    return (uint16_t)builder->states_count++;
}

/* The classes that lead on from @state. */
static struct deid_byte_set state_classes(const struct builder *builder, const struct state *state)
{
    struct deid_byte_set classes = { { 0 } };

    for (unsigned i = 0; i < state->count; i++) {
        const struct node *node = &builder->nodes[state->nodes[i]];

        for (int j = 0; node->kind == NODE_SET && j < 4; j++)
            classes.bits[j] |= builder->classes[node->value].bits[j];
    }
    return classes;
}

static void state_expand(struct builder *builder, unsigned number)
{
    unsigned classes = builder->automaton->classes;
    struct state state = builder->states[number];
    struct deid_byte_set open = state_classes(builder, &state);

    memset(builder->next + number * classes, 0, classes * sizeof(uint16_t));
    for (unsigned class = 0; class < classes && !builder->is_full; class ++) {
        if (!deid_byte_set_has(&open, class))
            continue;
        builder->found_count = 0;
        builder->stamp++;
        for (unsigned i = 0; i < state.count; i++) {
            const struct node *node = &builder->nodes[state.nodes[i]];

            if (node->kind == NODE_SET && deid_byte_set_has(&builder->classes[node->value], class))
                found_add(builder, node->next);
        }
        builder->next[number * classes + class] = state_number(builder);
    }
}

/* The lists of what each state accepts, one for each different list. */
static bool accepts_make(struct builder *builder, struct arena *arena)
{
    struct deid_automaton *automaton = builder->automaton;
    uint16_t *sets = ARENA_ARRAY(arena, uint16_t, builder->states_count);
    size_t total = 1, used = 1;
    uint16_t *ids;

    for (unsigned i = 0; i < builder->states_count; i++)
        for (unsigned j = 0; j < builder->states[i].count; j++)
            total += builder->nodes[builder->states[i].nodes[j]].kind == NODE_ACCEPT ? 2 : 0;
    ids = ARENA_ARRAY(arena, uint16_t, total);
    if (sets == NULL || ids == NULL || total > UINT16_MAX)
        return false;
    ids[0] = UINT16_MAX;
    for (unsigned i = 0; i < builder->states_count; i++) {
        size_t first = used, at = 1;

        for (unsigned j = 0; j < builder->states[i].count; j++) {
            const struct node *node = &builder->nodes[builder->states[i].nodes[j]];

            if (node->kind == NODE_ACCEPT)
                ids[used++] = node->value;
        }
        if (used == first)
            continue;
        ids[used++] = UINT16_MAX;
        while (at < first && memcmp(ids + at, ids + first, (used - first) * sizeof(*ids)) != 0) {
            while (ids[at] != UINT16_MAX)
                at++;
            at++;
        }
        sets[i] = (uint16_t)at;
        if (at < first)
            used = first;
    }
    automaton->sets = sets;
    automaton->ids = ids;
    return true;
}

static enum status expressions_read(struct builder *builder,
                                    const struct deid_expression *expressions, unsigned count,
                                    uint16_t *starts, struct error *err)
{
    for (unsigned i = 0; i < count; i++) {
        struct deid_tree *tree;
        size_t wrong;
        enum status status =
            deid_expression_parse(expressions[i].text, expressions[i].is_any_case, &builder->sets,
                                  &builder->scratch, &tree, &wrong);

        if (status == STATUS_RESOURCE_EXHAUSTED)
            return error_set(err, status, "no room for expression %u", i);
        if (status != STATUS_OK)
            return error_set(err, status, "expression %u is wrong at byte %zu", i, wrong);
        starts[i] = emit(builder, tree,
                         node_make(builder, (struct node){ NODE_ACCEPT, (uint16_t)i, 0, 0 }));
        if (builder->is_full)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for expression %u", i);
    }
    return STATUS_OK;
}

static bool builder_open(struct builder *builder)
{
    arena_init(&builder->scratch, SCRATCH_BYTES_MAX);
    builder->nodes = ARENA_ARRAY(&builder->scratch, struct node, NODES_MAX);
    builder->seen = ARENA_ARRAY(&builder->scratch, uint32_t, NODES_MAX);
    builder->found = ARENA_ARRAY(&builder->scratch, uint16_t, NODES_MAX);
    builder->states = ARENA_ARRAY(&builder->scratch, struct state, STATES_MAX);
    builder->slots = ARENA_ARRAY(&builder->scratch, uint16_t, SLOTS_COUNT);
    builder->states_count = 1; /* 0 is the end */
    return builder->nodes != NULL && builder->seen != NULL && builder->found != NULL
           && builder->states != NULL && builder->slots != NULL;
}

static enum status states_make(struct builder *builder, const uint16_t *starts, unsigned count,
                               struct arena *arena, struct error *err)
{
    struct deid_automaton *automaton = builder->automaton;
    uint16_t *next;
    size_t size;

    classes_make(builder);
    builder->next =
        arena_alloc(&builder->scratch, (size_t)STATES_MAX * automaton->classes * sizeof(uint16_t));
    if (builder->next == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the states");
    builder->stamp = 1;
    for (unsigned i = 0; i < count; i++)
        found_add(builder, starts[i]);
    state_number(builder);
    for (unsigned i = 1; i < builder->states_count && !builder->is_full; i++)
        state_expand(builder, i);
    memset(builder->next, 0, automaton->classes * sizeof(uint16_t));
    size = (size_t)builder->states_count * automaton->classes * sizeof(uint16_t);
    next = arena_alloc(arena, size);
    if (builder->is_full || next == NULL || !accepts_make(builder, arena))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the automaton of %u states",
                         builder->states_count);
    memcpy(next, builder->next, size);
    automaton->next = next;
    automaton->states = builder->states_count;
    return STATUS_OK;
}

enum status deid_automaton_init(struct deid_automaton *automaton,
                                const struct deid_expression *expressions, unsigned count,
                                struct arena *arena, struct error *err)
{
    struct builder *builder;
    uint16_t starts[DEID_EXPRESSIONS_MAX];
    enum status status;

    CHECK(count > 0 && count <= DEID_EXPRESSIONS_MAX);
    *automaton = (struct deid_automaton){ .classes = 0 };
    builder = calloc(1, sizeof(*builder));
    if (builder == NULL || !builder_open(builder)) {
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to build an automaton");
    } else {
        builder->automaton = automaton;
        status = expressions_read(builder, expressions, count, starts, err);
        if (status == STATUS_OK)
            status = states_make(builder, starts, count, arena, err);
    }
    if (builder != NULL)
        arena_close(&builder->scratch);
    free(builder);
    return status;
}

unsigned deid_automaton_run(const struct deid_automaton *automaton, struct slice text, size_t at,
                            size_t limit, struct deid_hit *hits)
{
    unsigned state = 1, count = 0;
    size_t end = text.size - at < limit ? text.size : at + limit;

    while (at < end) {
        state =
            automaton
                ->next[state * automaton->classes + automaton->class_of[(uint8_t)text.data[at++]]];
        if (state == 0)
            break;
        if (automaton->sets[state] == 0)
            continue;
        if (count == DEID_HITS_MAX)
            memmove(hits, hits + 1, --count * sizeof(*hits));
        hits[count++] = (struct deid_hit){ (uint32_t)at, automaton->sets[state] };
    }
    return count;
}
