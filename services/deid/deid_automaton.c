/* expression → tree → nodes (Thompson) → states, each a set of nodes.
 *
 * The states are all made at the start: a few thousand for the whole set, because every expression
 * begins at the same place and most count alike from there. */
#include "deid_automaton.h"

#include <stdlib.h>

#include "base/check.h"

#define SETS_MAX 512
#define NODES_MAX 60000
#define STATES_MAX 30000
#define DEPTH_MAX 16
#define REPEAT_MAX 64
#define REPEAT_ENDLESS 255
#define SLOTS_COUNT 65536 /* of the table of states; a power of two, over twice STATES_MAX */
#define SCRATCH_BYTES_MAX ((size_t)256 << 20)

struct byte_set {
    uint64_t bits[4];
};

enum tree_kind { TREE_SET, TREE_BOTH, TREE_EITHER, TREE_REPEAT, TREE_EMPTY };

struct tree {
    enum tree_kind kind;
    unsigned set, min, max;
    struct tree *left, *right;
};

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
    struct byte_set sets[SETS_MAX];
    unsigned sets_count;
    struct node *nodes;
    unsigned nodes_count;
    uint8_t representative[256]; /* a byte of each class */
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

struct parser {
    struct builder *builder;
    const char *start, *at;
    bool is_any_case, is_wrong;
    unsigned depth;
};

static void set_add(struct byte_set *set, unsigned byte)
{
    set->bits[byte / 64] |= 1ull << (byte % 64);
}

static bool set_has(const struct byte_set *set, unsigned byte)
{
    return set->bits[byte / 64] >> (byte % 64) & 1;
}

static void set_add_range(struct byte_set *set, unsigned first, unsigned last)
{
    for (; first <= last; first++)
        set_add(set, first);
}

static void set_add_word(struct byte_set *set)
{
    set_add_range(set, '0', '9');
    set_add_range(set, 'A', 'Z');
    set_add_range(set, 'a', 'z');
}

static void set_fold(struct byte_set *set)
{
    for (unsigned c = 'a'; c <= 'z'; c++)
        if (set_has(set, c) || set_has(set, c - 32)) {
            set_add(set, c);
            set_add(set, c - 32);
        }
}

static unsigned set_number(struct builder *builder, const struct byte_set *set)
{
    unsigned i;

    for (i = 0; i < builder->sets_count; i++)
        if (memcmp(&builder->sets[i], set, sizeof(*set)) == 0)
            return i;
    if (i == SETS_MAX) {
        builder->is_full = true;
        return 0;
    }
    builder->sets[builder->sets_count++] = *set;
    return i;
}

static struct tree *tree_make(struct parser *parser, enum tree_kind kind, struct tree *left,
                              struct tree *right)
{
    struct tree *tree = ARENA_NEW(&parser->builder->scratch, struct tree);

    if (tree == NULL) {
        parser->builder->is_full = true;
        return NULL;
    }
    *tree = (struct tree){ .kind = kind, .left = left, .right = right };
    return tree;
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* What follows a backslash, added to @set; its byte where it is one, else -1. */
static int parse_escape(struct parser *parser, struct byte_set *set)
{
    char c = *parser->at;
    int high, low;

    if (c == '\0') {
        parser->is_wrong = true;
        return -1;
    }
    parser->at++;
    if (c == 'd')
        set_add_range(set, '0', '9');
    else if (c == 'w')
        set_add_word(set);
    if (c == 'd' || c == 'w')
        return -1;
    if (c != 'x') {
        parser->is_wrong |= (c | 32) >= 'a' && (c | 32) <= 'z';
        set_add(set, (uint8_t)c);
        return (uint8_t)c;
    }
    high = hex_of(*parser->at);
    low = high < 0 ? -1 : hex_of(parser->at[1]);
    if (low < 0) {
        parser->is_wrong = true;
        return -1;
    }
    parser->at += 2;
    set_add(set, (unsigned)(high * 16 + low));
    return high * 16 + low;
}

/* After "[", past "]". */
static void parse_brackets(struct parser *parser, struct byte_set *set)
{
    bool is_inverse = *parser->at == '^';

    parser->at += is_inverse;
    while (*parser->at != ']' && !parser->is_wrong) {
        int first = (uint8_t)*parser->at++;
        int last;

        if (first == '\0') {
            parser->is_wrong = true;
            return;
        }
        if (first == '\\')
            first = parse_escape(parser, set);
        else
            set_add(set, (unsigned)first);
        if (*parser->at != '-' || parser->at[1] == ']' || parser->at[1] == '\0' || first < 0)
            continue;
        parser->at++;
        last = (uint8_t)*parser->at++;
        if (last == '\\')
            last = parse_escape(parser, set);
        parser->is_wrong |= last < first;
        if (!parser->is_wrong)
            set_add_range(set, (unsigned)first, (unsigned)last);
    }
    parser->at++;
    if (is_inverse)
        for (int i = 0; i < 4; i++)
            set->bits[i] = ~set->bits[i];
}

static struct tree *parse_either(struct parser *parser);

static struct tree *parse_group(struct parser *parser)
{
    struct tree *tree;

    if (++parser->depth > DEPTH_MAX) {
        parser->is_wrong = true;
        return NULL;
    }
    tree = parse_either(parser);
    parser->depth--;
    if (*parser->at == ')')
        parser->at++;
    else
        parser->is_wrong = true;
    return tree;
}

static struct tree *parse_atom(struct parser *parser)
{
    struct byte_set set = { { 0 } };
    struct tree *tree;
    char c = *parser->at++;

    if (c == '(')
        return parse_group(parser);
    if (c == '[')
        parse_brackets(parser, &set);
    else if (c == '\\')
        parse_escape(parser, &set);
    else if (strchr("?*+{}.^$", c) != NULL)
        parser->is_wrong = true; /* "." and anchors have no meaning here: better refused */
    else
        set_add(&set, (uint8_t)c);
    if (parser->is_any_case)
        set_fold(&set);
    tree = tree_make(parser, TREE_SET, NULL, NULL);
    if (tree != NULL)
        tree->set = set_number(parser->builder, &set);
    return tree;
}

static unsigned parse_count(struct parser *parser)
{
    unsigned count = 0;

    if (*parser->at < '0' || *parser->at > '9')
        parser->is_wrong = true;
    while (*parser->at >= '0' && *parser->at <= '9' && count <= REPEAT_MAX)
        count = count * 10 + (unsigned)(*parser->at++ - '0');
    parser->is_wrong |= count > REPEAT_MAX;
    return count;
}

static struct tree *parse_repeat(struct parser *parser)
{
    struct tree *tree = parse_atom(parser);
    char c = *parser->at;

    if (tree == NULL || c == '\0' || strchr("?*+{", c) == NULL)
        return tree;
    tree = tree_make(parser, TREE_REPEAT, tree, NULL);
    if (tree == NULL)
        return NULL;
    parser->at++;
    tree->min = c == '+';
    tree->max = c == '?' ? 1 : REPEAT_ENDLESS;
    if (c != '{')
        return tree;
    tree->min = tree->max = parse_count(parser);
    if (*parser->at == ',') {
        parser->at++;
        tree->max = *parser->at == '}' ? REPEAT_ENDLESS : parse_count(parser);
    }
    parser->is_wrong |= *parser->at != '}' || tree->max < tree->min || tree->max == 0;
    parser->at++;
    return tree;
}

static struct tree *parse_both(struct parser *parser)
{
    struct tree *tree = NULL;

    while (*parser->at != '\0' && *parser->at != '|' && *parser->at != ')' && !parser->is_wrong
           && !parser->builder->is_full) {
        struct tree *part = parse_repeat(parser);

        tree = tree == NULL ? part : tree_make(parser, TREE_BOTH, tree, part);
    }
    return tree == NULL ? tree_make(parser, TREE_EMPTY, NULL, NULL) : tree;
}

static struct tree *parse_either(struct parser *parser)
{
    struct tree *tree = parse_both(parser);

    while (*parser->at == '|' && !parser->is_wrong && !parser->builder->is_full) {
        parser->at++;
        tree = tree_make(parser, TREE_EITHER, tree, parse_both(parser));
    }
    return tree;
}

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
static uint16_t emit(struct builder *builder, const struct tree *tree, uint16_t next);

static uint16_t emit_repeat(struct builder *builder, const struct tree *tree, uint16_t next)
{
    uint16_t start = next;

    if (tree->max == REPEAT_ENDLESS) {
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

static uint16_t emit(struct builder *builder, const struct tree *tree, uint16_t next)
{
    uint16_t left;

    if (builder->is_full)
        return 0;
    switch (tree->kind) {
    case TREE_SET:
        return node_make(builder, (struct node){ NODE_SET, (uint16_t)tree->set, next, 0 });
    case TREE_BOTH:
        return emit(builder, tree->left, emit(builder, tree->right, next));
    case TREE_EITHER:
        left = emit(builder, tree->left, next);
        return node_make(builder,
                         (struct node){ NODE_SPLIT, 0, left, emit(builder, tree->right, next) });
    case TREE_REPEAT:
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
    for (unsigned s = 0; s < builder->sets_count; s++) {
        int inside[256];

        memset(inside, -1, sizeof(inside));
        for (unsigned byte = 0, old = count; byte < 256; byte++) {
            unsigned class = automaton->class_of[byte];
            bool is_whole = true;

            if (class >= old || !set_has(&builder->sets[s], byte))
                continue;
            for (unsigned other = 0; other < 256 && is_whole; other++)
                is_whole = automaton->class_of[other] != class || set_has(&builder->sets[s], other);
            if (inside[class] < 0 && !is_whole)
                inside[class] = (int)count++;
            if (inside[class] >= 0)
                automaton->class_of[byte] = (uint8_t)inside[class];
        }
    }
    automaton->classes = count;
    for (unsigned byte = 0; byte < 256; byte++)
        builder->representative[automaton->class_of[byte]] = (uint8_t)byte;
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

static int node_compare(const void *left, const void *right)
{
    return (int)*(const uint16_t *)left - (int)*(const uint16_t *)right;
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
    qsort(builder->found, builder->found_count, sizeof(uint16_t), node_compare);
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

static void state_expand(struct builder *builder, unsigned number)
{
    unsigned classes = builder->automaton->classes;
    struct state state = builder->states[number];

    for (unsigned class = 0; class < classes && !builder->is_full; class ++) {
        builder->found_count = 0;
        builder->stamp++;
        for (unsigned i = 0; i < state.count; i++) {
            const struct node *node = &builder->nodes[state.nodes[i]];

            if (node->kind == NODE_SET
                && set_has(&builder->sets[node->value], builder->representative[class]))
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
        struct parser parser = { .builder = builder,
                                 .start = expressions[i].text,
                                 .at = expressions[i].text,
                                 .is_any_case = expressions[i].is_any_case };
        struct tree *tree = parse_either(&parser);

        if (builder->is_full || tree == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for expression %u", i);
        if (parser.is_wrong || *parser.at != '\0')
            return error_set(err, STATUS_INVALID_ARGUMENT, "expression %u is wrong at byte %zu", i,
                             (size_t)(parser.at - parser.start));
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
