/*     schema_rule_of → a rule for a set, put at the end of the list
 *     build          → the set expanded → alternatives: a rule for each → types: put_…
 *
 * Each set that a part of a value needs becomes a rule in turn, until no new one comes. What
 * "oneOf" must not have, a value of two alternatives, becomes rules too: they have to be empty. */
#include "grammar_schema.h"

#include <stdlib.h>
#include <string.h>

#include "grammar_schema_state.h"

#define SLOTS (4 * GRAMMAR_RULES_MAX)
#define ONE_OF_MAX 128

struct schema_rule {
    struct schema_part *parts;
    uint32_t count, rule;
};

struct schema_check {
    uint32_t rule, first, second; /* alternatives by number */
    struct schema_check *next;
};

/* Types
 * ----------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned types;
} types_known[] = {
    { "null", SCHEMA_TYPE_NULL },     { "boolean", SCHEMA_TYPE_BOOLEAN },
    { "number", SCHEMA_TYPE_NUMBER }, { "integer", SCHEMA_TYPE_NUMBER },
    { "string", SCHEMA_TYPE_STRING }, { "array", SCHEMA_TYPE_ARRAY },
    { "object", SCHEMA_TYPE_OBJECT },
};

/* 0: it is not known. */
static unsigned type_of(const struct json *name)
{
    for (size_t i = 0; i < sizeof(types_known) / sizeof(types_known[0]); i++) {
        if (name->kind == JSON_KIND_STRING && slice_is(name->text, types_known[i].name))
            return types_known[i].types;
    }
    return 0;
}

static bool is_integer_type(const struct json *name)
{
    return name->kind == JSON_KIND_STRING && slice_is(name->text, "integer");
}

/* The types that "type" names; *is_integer: numbers only as integers. 0: it is wrong. */
static unsigned types_named(const struct json *type, bool *is_integer)
{
    unsigned types = 0, own;
    bool has_integer = false, has_number = false;
    const struct json *at = type->kind == JSON_KIND_ARRAY ? type->first : type;

    for (; at != NULL; at = type->kind == JSON_KIND_ARRAY ? at->next : NULL) {
        own = type_of(at);
        if (own == 0)
            return 0;
        types |= own;
        has_integer |= is_integer_type(at);
        has_number |= own == SCHEMA_TYPE_NUMBER && !is_integer_type(at);
    }
    *is_integer = has_integer && !has_number;
    return types;
}

bool schema_is_types(const struct json *node, unsigned *types)
{
    const struct json *type = json_get(node, "type");
    bool is_integer = false;

    *types = SCHEMA_TYPE_ALL;
    if (node->kind == JSON_KIND_TRUE || (node->kind == JSON_KIND_OBJECT && node->count == 0))
        return true;
    if (type == NULL || node->count != 1)
        return false;
    *types = types_named(type, &is_integer);
    return *types != 0 && !is_integer;
}

static unsigned type_of_value(const struct json *value)
{
    switch (value->kind) {
    case JSON_KIND_NULL:
        return SCHEMA_TYPE_NULL;
    case JSON_KIND_FALSE:
    case JSON_KIND_TRUE:
        return SCHEMA_TYPE_BOOLEAN;
    case JSON_KIND_NUMBER:
        return SCHEMA_TYPE_NUMBER;
    case JSON_KIND_STRING:
        return SCHEMA_TYPE_STRING;
    case JSON_KIND_ARRAY:
        return SCHEMA_TYPE_ARRAY;
    case JSON_KIND_OBJECT:
        return SCHEMA_TYPE_OBJECT;
    }
    return 0;
}

static unsigned types_of_part(struct schema *schema, const struct schema_part *part,
                              bool *is_integer)
{
    const struct json *type = schema_get(part, "type"), *not = schema_get(part, "not");
    const struct json *nullable = schema_get(part, "nullable");
    unsigned types = SCHEMA_TYPE_ALL, taken = 0;
    bool own_integer = false;

    if (part->is_value)
        return type_of_value(part->node);
    if (type != NULL)
        types = types_named(type, &own_integer);
    if (types == 0)
        schema_wrong(schema, "type", "the name of a type, or several");
    if (type != NULL && nullable != NULL && nullable->kind == JSON_KIND_TRUE)
        types |= SCHEMA_TYPE_NULL;
    if (not != NULL && !schema_is_false(not ) && schema_is_types(not, &taken))
        types &= ~taken;
    *is_integer |= own_integer;
    return types;
}

unsigned schema_types_of(struct schema *schema, const struct schema_set *set, bool *is_integer)
{
    unsigned types = SCHEMA_TYPE_ALL;

    *is_integer = false;
    for (uint32_t i = 0; i < set->count; i++)
        types &= types_of_part(schema, &set->parts[i], is_integer);
    return types;
}

/* Rules
 * ----------------------------------------------------------------------------------------- */

static int compare_parts(const void *a, const void *b)
{
    const struct schema_part *x = a, *y = b;

    if (x->node != y->node)
        return (uintptr_t)x->node < (uintptr_t)y->node ? -1 : 1;
    return x->is_value - y->is_value;
}

static bool is_same(const struct schema_rule *rule, const struct schema_set *set)
{
    for (uint32_t i = 0; i < set->count && rule->count == set->count; i++) {
        const struct schema_part *a = &rule->parts[i], *b = &set->parts[i];

        if (a->node != b->node || a->is_value != b->is_value || a->chosen != b->chosen)
            return false;
    }
    return rule->count == set->count;
}

static uint64_t hash_of(const struct schema_set *set)
{
    uint64_t hash = set->count;

    for (uint32_t i = 0; i < set->count; i++) {
        hash ^= (uintptr_t)set->parts[i].node + set->parts[i].chosen * 8u + set->parts[i].is_value;
        hash *= 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

/* Without what says nothing, in an order of its own. */
static void sort(const struct schema_set *set, struct schema_set *sorted)
{
    sorted->count = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        const struct schema_part *part = &set->parts[i];

        if (part->is_value
            || (part->node->kind != JSON_KIND_TRUE
                && (part->node->kind != JSON_KIND_OBJECT || part->node->count > 0)))
            sorted->parts[sorted->count++] = *part;
    }
    qsort(sorted->parts, sorted->count, sizeof(sorted->parts[0]), compare_parts);
}

static uint32_t put_rule(struct schema *schema, const struct schema_set *set)
{
    struct schema_part *parts = ARENA_ARRAY(schema->arena, struct schema_part, set->count + 1);

    if (parts == NULL || schema->rules_count == GRAMMAR_RULES_MAX) {
        schema->grammar->is_full = true;
        return 0;
    }
    memcpy(parts, set->parts, set->count * sizeof(*parts));
    schema->rules[schema->rules_count++] =
        (struct schema_rule){ parts, set->count, grammar_rule(schema->grammar, SLICE("schema")) };
    return schema->rules_count;
}

uint32_t schema_rule_of(struct schema *schema, const struct schema_set *set)
{
    struct schema_set sorted;
    uint64_t slot;

    sort(set, &sorted);
    for (slot = hash_of(&sorted); schema->status == STATUS_OK && !schema->grammar->is_full;
         slot++) {
        uint32_t *at = &schema->table[slot % SLOTS];

        if (*at == 0)
            *at = put_rule(schema, &sorted);
        if (*at != 0 && is_same(&schema->rules[*at - 1], &sorted))
            return schema->rules[*at - 1].rule;
    }
    return 0;
}

/* Alternatives
 * ---------------------------------------------------------------------------------- */

struct choice {
    uint32_t part;
    uint8_t kind;             /* SCHEMA_CHOSEN_… */
    const struct json *first; /* of the alternatives */
    uint32_t count;
};

static bool find_choice_of(struct schema *schema, const struct schema_set *set, const char *keyword,
                           uint8_t kind, struct choice *choice)
{
    for (uint32_t i = 0; i < set->count; i++) {
        const struct json *list = schema_get(&set->parts[i], keyword);

        if (list == NULL || (set->parts[i].chosen & kind) != 0)
            continue;
        if (list->kind != JSON_KIND_ARRAY || list->count == 0)
            schema_wrong(schema, keyword, "an array that is not empty");
        *choice = (struct choice){ i, kind, list->first, list->count };
        return true;
    }
    return false;
}

static void put_alternative(struct schema *schema, const struct schema_set *set,
                            struct schema_part part, uint32_t from, uint32_t to)
{
    struct schema_set own = *set;

    schema_add(schema, &own, part);
    grammar_call(schema->grammar, from, to, schema_rule_of(schema, &own));
}

static bool is_scalar(const struct json *node)
{
    return node != NULL && node->kind != JSON_KIND_ARRAY && node->kind != JSON_KIND_OBJECT;
}

/* Alternatives of which it is seen at once that they have nothing in common. */
static bool are_apart(const struct json *a, const struct json *b)
{
    const struct json *value = json_get(a, "const"), *other = json_get(b, "const");
    const struct json *type = json_get(a, "type"), *other_type = json_get(b, "type");

    if (is_scalar(value) && is_scalar(other) && !schema_equal(value, other))
        return true;
    return is_scalar(type) && is_scalar(other_type) && (type_of(type) & type_of(other_type)) == 0;
}

static void put_check(struct schema *schema, const struct schema_set *set, const struct json *a,
                      const struct json *b, uint32_t first, uint32_t second)
{
    struct schema_check *check = ARENA_NEW(schema->arena, struct schema_check);
    struct schema_set both = *set;

    if (check == NULL)
        return schema_fail(schema, STATUS_RESOURCE_EXHAUSTED, "no memory for a schema");
    if (are_apart(a, b))
        return;
    schema_add_node(schema, &both, a);
    schema_add_node(schema, &both, b);
    *check = (struct schema_check){ schema_rule_of(schema, &both), first, second, schema->checks };
    schema->checks = check;
}

/* Where two of the alternatives are one schema, any value of it is of both. */
static void put_checks(struct schema *schema, const struct schema_set *set,
                       const struct choice *choice)
{
    uint32_t i = 0;

    if (choice->count > ONE_OF_MAX)
        return schema_fail(schema, STATUS_INVALID_ARGUMENT,
                           "\"oneOf\" of over 128 alternatives is not supported");
    for (const struct json *a = choice->first; a != NULL; a = a->next, i++) {
        uint32_t j = i + 1;

        for (const struct json *b = a->next; b != NULL; b = b->next, j++)
            put_check(schema, set, a, b, i, j);
    }
}

static void put_choice(struct schema *schema, const struct schema_set *set,
                       const struct choice *choice, uint32_t from, uint32_t to)
{
    struct schema_set chosen = *set;

    chosen.parts[choice->part].chosen |= choice->kind;
    if (choice->kind == SCHEMA_CHOSEN_ONE)
        put_checks(schema, &chosen, choice);
    for (const struct json *at = choice->first; at != NULL && schema->status == STATUS_OK;
         at = at->next)
        put_alternative(schema, &chosen, (struct schema_part){ at, false, 0 }, from, to);
}

/* Values
 * ---------------------------------------------------------------------------------------- */

/* Whether every "enum" of @set has @value. */
static bool is_listed(struct schema *schema, const struct schema_set *set, const struct json *value)
{
    for (uint32_t i = 0; i < set->count; i++) {
        const struct json *list = schema_get(&set->parts[i], "enum");
        const struct json *at = json_first(list);

        if (list != NULL && list->kind != JSON_KIND_ARRAY)
            schema_wrong(schema, "enum", "an array");
        if (!schema_work(schema, list == NULL ? 0 : list->count))
            return false;
        while (at != NULL && !schema_equal(at, value))
            at = at->next;
        if (list != NULL && at == NULL)
            return false;
    }
    return true;
}

static void put_scalar(struct schema *schema, const struct schema_set *set,
                       const struct json *value, uint32_t from, uint32_t to)
{
    bool is_integer;
    unsigned types = schema_types_of(schema, set, &is_integer);

    if ((types & type_of_value(value)) == 0)
        return;
    switch (value->kind) {
    case JSON_KIND_NULL:
        from = schema_put_literal(schema, from, "null");
        break;
    case JSON_KIND_FALSE:
    case JSON_KIND_TRUE:
        from = schema_put_literal(schema, from, value->kind == JSON_KIND_TRUE ? "true" : "false");
        break;
    case JSON_KIND_NUMBER:
        if (!schema_has_number(schema, set, is_integer, value->text))
            return;
        from = schema_put_number(schema, from, value->text);
        break;
    default:
        if (!schema_has_text(schema, set, value->text))
            return;
        from = schema_put_text(schema, from, value->text);
    }
    grammar_join(schema->grammar, from, to);
}

static void put_listed(struct schema *schema, const struct schema_set *set,
                       const struct choice *choice, uint32_t from, uint32_t to)
{
    struct schema_set chosen = *set;

    chosen.parts[choice->part].chosen |= choice->kind;
    for (const struct json *at = choice->first; at != NULL && schema->status == STATUS_OK;
         at = at->next) {
        if (!is_listed(schema, set, at))
            continue;
        if (is_scalar(at))
            put_scalar(schema, set, at, from, to);
        else
            put_alternative(schema, &chosen, (struct schema_part){ at, true, 0 }, from, to);
    }
}

static void put_types(struct schema *schema, const struct schema_set *set, uint32_t from,
                      uint32_t to)
{
    struct grammar *grammar = schema->grammar;
    bool is_integer;
    unsigned types = schema_types_of(schema, set, &is_integer);

    if ((types & SCHEMA_TYPE_NULL) != 0)
        grammar_join(grammar, schema_put_literal(schema, from, "null"), to);
    if ((types & SCHEMA_TYPE_BOOLEAN) != 0) {
        grammar_join(grammar, schema_put_literal(schema, from, "true"), to);
        grammar_join(grammar, schema_put_literal(schema, from, "false"), to);
    }
    if ((types & SCHEMA_TYPE_NUMBER) != 0)
        schema_put_numbers(schema, set, is_integer, from, to);
    if ((types & SCHEMA_TYPE_STRING) != 0)
        schema_put_texts(schema, set, from, to);
    if ((types & SCHEMA_TYPE_ARRAY) != 0)
        schema_put_arrays(schema, set, from, to);
    if ((types & SCHEMA_TYPE_OBJECT) != 0)
        schema_put_objects(schema, set, from, to);
}

/* Building
 * -------------------------------------------------------------------------------------- */

static void put_set(struct schema *schema, const struct schema_set *set, uint32_t from, uint32_t to)
{
    const struct json *value = schema_value_of(set);
    struct choice choice;

    if (value != NULL && !is_listed(schema, set, value))
        return;
    if (find_choice_of(schema, set, "anyOf", SCHEMA_CHOSEN_ANY, &choice)
        || find_choice_of(schema, set, "oneOf", SCHEMA_CHOSEN_ONE, &choice))
        put_choice(schema, set, &choice, from, to);
    else if (is_scalar(value))
        put_scalar(schema, set, value, from, to);
    else if (value == NULL && find_choice_of(schema, set, "enum", SCHEMA_CHOSEN_ENUM, &choice))
        put_listed(schema, set, &choice, from, to);
    else
        put_types(schema, set, from, to);
}

static void build(struct schema *schema, const struct schema_rule *rule)
{
    const struct grammar_rule *own = &schema->grammar->rules[rule->rule];
    struct schema_set set = { .count = rule->count }, expanded;

    memcpy(set.parts, rule->parts, rule->count * sizeof(*rule->parts));
    if (schema_expand(schema, &set, &expanded))
        put_set(schema, &expanded, own->start, own->end);
}

/* "oneOf"
 * ---------------------------------------------------------------------------------------- */

struct found {
    bool *reached; /* [states] */
    bool *made;    /* [rules] a text can be made by it */
};

static bool spread(const struct grammar *grammar, struct found *found)
{
    bool is_more = false;

    for (uint32_t i = 0; i < grammar->edges_count; i++) {
        const struct grammar_edge *edge = &grammar->edges[i];

        if (!found->reached[edge->from] || found->reached[edge->to]
            || (edge->kind == GRAMMAR_EDGE_CALL && !found->made[edge->low]))
            continue;
        found->reached[edge->to] = is_more = true;
    }
    for (uint32_t i = 0; i < grammar->rules_count; i++) {
        const struct grammar_rule *rule = &grammar->rules[i];
        bool is_made = rule->item == GRAMMAR_NONE ? found->reached[rule->end]
                                                  : rule->min == 0 || found->made[rule->item];

        is_more |= is_made && !found->made[i];
        found->made[i] = is_made;
    }
    return is_more;
}

static void check_one_of(struct schema *schema)
{
    const struct grammar *grammar = schema->grammar;
    struct found found = { ARENA_ARRAY(schema->arena, bool, grammar->states_count + 1),
                           ARENA_ARRAY(schema->arena, bool, grammar->rules_count + 1) };
    const struct schema_check *check;

    if (found.reached == NULL || found.made == NULL)
        return schema_fail(schema, STATUS_RESOURCE_EXHAUSTED, "no memory for a schema");
    for (uint32_t i = 0; i < grammar->rules_count; i++)
        found.reached[grammar->rules[i].start] |= grammar->rules[i].item == GRAMMAR_NONE;
    while (schema->status == STATUS_OK && spread(grammar, &found))
        schema_work(schema, grammar->edges_count / 64);
    for (check = schema->checks; check != NULL && schema->status == STATUS_OK;
         check = check->next) {
        if (found.made[check->rule])
            schema->status =
                error_set(schema->err, STATUS_INVALID_ARGUMENT,
                          "the keyword \"oneOf\": a value can be of its alternatives %u "
                          "and %u at one time (\"anyOf\" may be meant)",
                          check->first + 1, check->second + 1);
    }
}

/* Names
 * ----------------------------------------------------------------------------------------- */

static const struct words *listed_names(struct schema *schema, const struct schema_set *set,
                                        const struct json *first, uint32_t count)
{
    struct slice *names = ARENA_ARRAY(schema->arena, struct slice, count + 1);
    uint32_t kept = 0;

    for (const struct json *at = first; at != NULL && names != NULL; at = at->next) {
        if (at->kind == JSON_KIND_STRING && is_listed(schema, set, at)
            && schema_has_text(schema, set, at->text))
            names[kept++] = at->text;
    }
    return names == NULL ? NULL : words_of_texts(names, kept, schema->arena);
}

const struct words *schema_names_of(struct schema *schema, const struct schema_set *set)
{
    const struct words *words;
    struct schema_set expanded;
    struct choice choice;
    bool is_integer, is_any = schema_expand(schema, set, &expanded);
    const struct json *value = is_any ? schema_value_of(&expanded) : NULL;

    if (is_any
        && (find_choice_of(schema, &expanded, "anyOf", SCHEMA_CHOSEN_ANY, &choice)
            || find_choice_of(schema, &expanded, "oneOf", SCHEMA_CHOSEN_ONE, &choice)))
        schema_refuse(schema, "propertyNames");
    if (!is_any || (schema_types_of(schema, &expanded, &is_integer) & SCHEMA_TYPE_STRING) == 0)
        words = words_of_size(1, 0, schema->arena);
    else if (value != NULL)
        words = listed_names(schema, &expanded, value, 1);
    else if (find_choice_of(schema, &expanded, "enum", SCHEMA_CHOSEN_ENUM, &choice))
        words = listed_names(schema, &expanded, choice.first, choice.count);
    else if ((words = schema_words_of(schema, &expanded)) == NULL)
        words = words_of_size(0, GRAMMAR_FOREVER, schema->arena);
    if (words == NULL)
        schema_fail(schema, STATUS_RESOURCE_EXHAUSTED, "\"propertyNames\" takes too many states");
    return schema->status == STATUS_OK ? words : NULL;
}

/* The whole
 * ------------------------------------------------------------------------------------- */

static bool is_old_draft(const struct json *root)
{
    static const char *const drafts[] = { "draft-03", "draft-04", "draft-06", "draft-07" };
    struct slice name = json_get_string(root, "$schema");

    for (size_t i = 0; i < sizeof(drafts) / sizeof(drafts[0]); i++) {
        if (name.data != NULL && memmem(name.data, name.size, drafts[i], 8) != NULL)
            return true;
    }
    return false;
}

static enum status open_schema(struct schema *schema, struct slice text, struct error *err)
{
    struct json *root;

    if (text.size > GRAMMAR_SCHEMA_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a schema of %zu bytes: the limit is %d",
                         text.size, GRAMMAR_SCHEMA_BYTES_MAX);
    if (json_parse(text, schema->arena, &root, err) != STATUS_OK)
        return error_wrap(err, "the schema");
    schema->root = root;
    schema->is_old = is_old_draft(root);
    schema->blank = schema->letter = schema->any_text = GRAMMAR_NONE;
    schema->rules = ARENA_ARRAY(schema->arena, struct schema_rule, GRAMMAR_RULES_MAX);
    schema->table = ARENA_ARRAY(schema->arena, uint32_t, SLOTS);
    if (schema->rules == NULL || schema->table == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a schema");
    return STATUS_OK;
}

enum status grammar_schema(struct slice text, struct grammar *grammar, uint32_t *root,
                           struct error *err)
{
    struct error local;
    struct schema schema = { .grammar = grammar,
                             .arena = grammar->arena,
                             .err = err == NULL ? &local : err };
    struct schema_set set = { .count = 0 };

    if (open_schema(&schema, text, schema.err) != STATUS_OK)
        return schema.err->status;
    schema_add_node(&schema, &set, schema.root);
    *root = schema_rule_of(&schema, &set);
    for (uint32_t at = 0;
         at < schema.rules_count && schema.status == STATUS_OK && !grammar->is_full; at++)
        build(&schema, &schema.rules[at]);
    if (schema.status == STATUS_OK && !grammar->is_full && schema.checks != NULL)
        check_one_of(&schema);
    return schema.status != STATUS_OK ? schema.status : grammar_check(grammar, schema.err);
}
