/* Objects: members that have names in the schema, in its order, then others. From every place on
 * the way there are as many states as members can have come by then, as far as that matters. */
#include "grammar_schema_state.h"

/* Members of one schema; with more than a few of them, each is a rule of its own, so that those
 * that may be left out do not multiply. */
#define NAMES_MAX 2048
#define NAMES_COPIED_MAX 16
#define COUNTED_MAX 64

struct member {
    struct slice name;
    bool is_required, is_forbidden;
    uint32_t value; /* rule */
};

struct pattern {
    const struct words *words;
    const struct json *node;
    uint32_t part; /* whose it is */
};

struct object {
    struct schema *schema;
    const struct schema_set *set;
    const struct json *value; /* NULL: none in particular */
    struct member *members;   /* [capacity] */
    uint32_t capacity;
    uint32_t count, min, max;
    uint32_t counted; /* more members than that are counted as so many */
    struct pattern patterns[SCHEMA_PATTERNS_MAX];
    uint32_t patterns_count;
    struct schema_set names;       /* of propertyNames */
    const struct words *all_names; /* NULL: any */
};

/* Reading
 * --------------------------------------------------------------------------------------- */

static struct member *find_member(struct object *object, struct slice name)
{
    for (uint32_t i = 0; i < object->count; i++) {
        if (slice_equal(object->members[i].name, name))
            return &object->members[i];
    }
    return NULL;
}

static void add_member(struct object *object, struct slice name, bool is_required)
{
    struct member *member = find_member(object, name);

    if (!schema_work(object->schema, object->count))
        return;
    if (member != NULL) {
        member->is_required |= is_required;
    } else if (object->count == object->capacity) {
        schema_fail(object->schema, STATUS_RESOURCE_EXHAUSTED, "an object of over 2048 names");
    } else {
        object->members[object->count++] =
            (struct member){ .name = name, .is_required = is_required };
    }
}

/* As many names as there can be. */
static void make_room(struct object *object)
{
    for (uint32_t i = 0; i < object->set->count; i++) {
        const struct json *names = schema_get(&object->set->parts[i], "properties");
        const struct json *required = schema_get(&object->set->parts[i], "required");

        object->capacity +=
            (names == NULL ? 0 : names->count) + (required == NULL ? 0 : required->count);
    }
    object->capacity += object->value == NULL ? 0 : object->value->count;
    if (object->capacity > NAMES_MAX)
        object->capacity = NAMES_MAX;
    object->members = ARENA_ARRAY(object->schema->arena, struct member, object->capacity + 1);
    if (object->members == NULL)
        schema_fail(object->schema, STATUS_RESOURCE_EXHAUSTED, "no memory for a schema");
}

static void read_names(struct object *object, const struct schema_part *part)
{
    const struct json *properties = schema_get(part, "properties");

    if (properties != NULL && properties->kind != JSON_KIND_OBJECT)
        return schema_wrong(object->schema, "properties", "an object");
    for (const struct json *at = json_first(properties); at != NULL; at = at->next)
        add_member(object, at->key, false);
}

/* After all names are known, so that they keep the order of the schema. */
static void read_required(struct object *object, const struct schema_part *part)
{
    const struct json *required = schema_get(part, "required");

    if (required != NULL && required->kind != JSON_KIND_ARRAY)
        return schema_wrong(object->schema, "required", "an array of names");
    for (const struct json *at = json_first(required); at != NULL; at = at->next) {
        if (at->kind != JSON_KIND_STRING)
            return schema_wrong(object->schema, "required", "an array of names");
        add_member(object, at->text, true);
    }
}

static void read_patterns(struct object *object, uint32_t part)
{
    const struct json *patterns = schema_get(&object->set->parts[part], "patternProperties");

    if (patterns != NULL && patterns->kind != JSON_KIND_OBJECT)
        return schema_wrong(object->schema, "patternProperties", "an object");
    for (const struct json *at = json_first(patterns); at != NULL; at = at->next) {
        const struct words *words = schema_pattern_of(object->schema, at->key);

        if (words == NULL)
            return;
        if (object->patterns_count == SCHEMA_PATTERNS_MAX)
            return schema_fail(object->schema, STATUS_INVALID_ARGUMENT,
                               "\"patternProperties\" of over four patterns are not supported");
        object->patterns[object->patterns_count++] = (struct pattern){ words, at, part };
    }
}

static void refuse_rest(struct schema *schema, const struct schema_part *part)
{
    static const char *const keywords[] = { "dependentRequired", "dependentSchemas",
                                            "dependencies" };
    const struct json *unevaluated = schema_get(part, "unevaluatedProperties");

    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        const struct json *node = schema_get(part, keywords[i]);

        if (node != NULL && json_first(node) != NULL)
            schema_refuse(schema, keywords[i]);
    }
    if (unevaluated != NULL && unevaluated->kind != JSON_KIND_TRUE)
        schema_refuse(schema, "unevaluatedProperties");
}

static void read_part(struct object *object, uint32_t at)
{
    const struct schema_part *part = &object->set->parts[at];
    const struct json *names = schema_get(part, "propertyNames");
    uint32_t min = 0, max = GRAMMAR_FOREVER;

    read_names(object, part);
    read_patterns(object, at);
    refuse_rest(object->schema, part);
    schema_get_count(object->schema, part, "minProperties", &min);
    schema_get_count(object->schema, part, "maxProperties", &max);
    object->min = min > object->min ? min : object->min;
    object->max = max < object->max ? max : object->max;
    if (names != NULL)
        schema_add_node(object->schema, &object->names, names);
}

static void read_object(struct object *object)
{
    for (uint32_t i = 0; i < object->set->count && object->schema->status == STATUS_OK; i++)
        read_part(object, i);
    for (const struct json *at = json_first(object->value); at != NULL; at = at->next)
        add_member(object, at->key, true);
    for (uint32_t i = 0; i < object->set->count && object->schema->status == STATUS_OK; i++)
        read_required(object, &object->set->parts[i]);
    if (object->names.count > 0)
        object->all_names = schema_names_of(object->schema, &object->names);
}

/* Values
 * ---------------------------------------------------------------------------------------- */

/* What the value of @name has to be; false: there must be no such member. */
static bool value_set(struct object *object, struct slice name, struct schema_set *value)
{
    value->count = 0;
    if (object->all_names != NULL && !words_has(object->all_names, name))
        return false;
    for (uint32_t i = 0; i < object->set->count; i++) {
        const struct schema_part *part = &object->set->parts[i];
        const struct json *own =
            json_find(part->is_value ? part->node : schema_get(part, "properties"), name);
        const struct json *others = schema_get(part, "additionalProperties");
        bool is_named = own != NULL;

        if (part->is_value && own == NULL)
            return false;
        if (own != NULL)
            schema_add(object->schema, value, (struct schema_part){ own, part->is_value, 0 });
        for (uint32_t j = 0; j < object->patterns_count; j++) {
            const struct pattern *pattern = &object->patterns[j];

            if (pattern->part != i || !words_has(pattern->words, name))
                continue;
            schema_add_node(object->schema, value, pattern->node);
            is_named = true;
        }
        if (!is_named && others != NULL)
            schema_add_node(object->schema, value, others);
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (!value->parts[i].is_value && schema_is_false(value->parts[i].node))
            return false;
    }
    return true;
}

/* The value of other members, those whose names match the patterns in @group and no others. */
static bool other_set(struct object *object, uint32_t group, struct schema_set *value)
{
    value->count = 0;
    if (object->value != NULL)
        return false;
    for (uint32_t i = 0; i < object->set->count; i++) {
        const struct json *others = schema_get(&object->set->parts[i], "additionalProperties");
        bool is_named = false;

        for (uint32_t j = 0; j < object->patterns_count; j++) {
            if (object->patterns[j].part != i || (group >> j & 1) == 0)
                continue;
            schema_add_node(object->schema, value, object->patterns[j].node);
            is_named = true;
        }
        if (!is_named && others != NULL)
            schema_add_node(object->schema, value, others);
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (schema_is_false(value->parts[i].node))
            return false;
    }
    return true;
}

static const struct words *other_names(struct object *object, uint32_t group)
{
    struct arena *arena = object->schema->arena;
    struct slice *names = ARENA_ARRAY(arena, struct slice, object->count + 1);
    const struct words *words;

    for (uint32_t i = 0; names != NULL && i < object->count; i++)
        names[i] = object->members[i].name;
    words = names == NULL ? NULL : words_not(words_of_texts(names, object->count, arena), arena);
    for (uint32_t i = 0; i < object->patterns_count; i++) {
        const struct words *own = object->patterns[i].words;

        words = words_both(words, (group >> i & 1) != 0 ? own : words_not(own, arena), arena);
    }
    if (object->all_names != NULL)
        words = words_both(words, object->all_names, arena);
    if (words == NULL)
        schema_fail(object->schema, STATUS_RESOURCE_EXHAUSTED,
                    "the names of an object have too many states");
    return words;
}

/* Writing
 * --------------------------------------------------------------------------------------- */

/* After the name: a colon, perhaps a blank, the value. */
static void put_value(struct schema *schema, uint32_t from, uint32_t value, uint32_t to)
{
    uint32_t colon = schema_put_literal(schema, from, ":");
    uint32_t blank = grammar_state(schema->grammar);

    grammar_join(schema->grammar, colon, blank);
    grammar_bytes(schema->grammar, colon, blank, ' ', ' ');
    grammar_call(schema->grammar, blank, to, value);
}

/* A member that is not named, as a rule; GRAMMAR_NONE: there can be none. */
static uint32_t other_rule(struct object *object)
{
    struct schema *schema = object->schema;
    struct grammar *grammar = schema->grammar;
    uint32_t rule = GRAMMAR_NONE;

    for (uint32_t group = 0; group < 1u << object->patterns_count; group++) {
        const struct words *names;
        struct schema_set value;
        uint32_t at, inner;

        if (!other_set(object, group, &value) || schema->status != STATUS_OK)
            continue;
        names = other_names(object, group);
        if (names == NULL || words_is_empty(names))
            continue;
        if (rule == GRAMMAR_NONE)
            rule = grammar_rule(grammar, SLICE("member"));
        inner = grammar_state(grammar);
        at = schema_rule_of(schema, &value);
        if (grammar->is_full)
            return GRAMMAR_NONE;
        words_put(names, grammar, schema_put_literal(schema, grammar->rules[rule].start, "\""),
                  inner, schema->arena);
        put_value(schema, schema_put_literal(schema, inner, "\""), at, grammar->rules[rule].end);
    }
    return rule;
}

/* @member as a rule, or as a copy of it where there are few. */
static void put_member(struct object *object, const struct member *member, uint32_t from,
                       uint32_t to)
{
    struct schema *schema = object->schema;
    struct grammar *grammar = schema->grammar;
    uint32_t rule;

    if (object->count <= NAMES_COPIED_MAX)
        return put_value(schema, schema_put_text(schema, from, member->name), member->value, to);
    rule = grammar_rule(grammar, SLICE("member"));
    grammar_call(grammar, from, to, rule);
    if (grammar->is_full)
        return;
    grammar->rules[rule].is_shared = true;
    put_value(schema, schema_put_text(schema, grammar->rules[rule].start, member->name),
              member->value, grammar->rules[rule].end);
}

/* The states at one name, by how many members have come. */
struct place {
    uint32_t before[COUNTED_MAX + 1], after[COUNTED_MAX + 1];
};

static void init_place(struct object *object, struct place *place)
{
    for (uint32_t i = 0; i <= object->counted; i++) {
        place->before[i] = grammar_state(object->schema->grammar);
        place->after[i] = grammar_state(object->schema->grammar);
    }
}

static void put_comma(struct object *object, uint32_t from, uint32_t to)
{
    struct schema *schema = object->schema;

    grammar_join(schema->grammar, schema_put_blank(schema, schema_put_literal(schema, from, ",")),
                 to);
}

/* How many members there are after one more than @count. */
static uint32_t one_more(const struct object *object, uint32_t count)
{
    return count < object->counted ? count + 1 : count;
}

static bool is_room(const struct object *object, uint32_t count)
{
    return object->max == GRAMMAR_FOREVER || count < object->max;
}

static bool is_enough(const struct object *object, uint32_t count)
{
    return count >= object->min || count == object->counted;
}

static void put_place(struct object *object, const struct member *member, const struct place *now,
                      const struct place *next)
{
    struct grammar *grammar = object->schema->grammar;
    uint32_t begin[COUNTED_MAX + 1];

    for (uint32_t i = 0; i <= object->counted; i++)
        begin[i] = grammar_state(grammar);
    for (uint32_t i = 0; i <= object->counted; i++) {
        if (!member->is_required)
            grammar_join(grammar, now->before[i], next->before[i]);
        if (!member->is_forbidden && is_room(object, i))
            grammar_join(grammar, now->before[i], begin[one_more(object, i)]);
    }
    for (uint32_t i = 1; i <= object->counted && !member->is_forbidden; i++)
        put_member(object, member, begin[i], next->after[i]);
}

/* After a member: the end, where no name that is required comes any more, or the next. */
static void put_after(struct object *object, uint32_t at, const struct place *place, uint32_t close)
{
    bool may_end = true;

    for (uint32_t i = at; i < object->count; i++)
        may_end &= !object->members[i].is_required;
    for (uint32_t i = 1; i <= object->counted; i++) {
        if (may_end && is_enough(object, i))
            grammar_join(object->schema->grammar, place->after[i], close);
        put_comma(object, place->after[i], place->before[i]);
    }
    if (at == 0 && may_end && object->min == 0)
        grammar_join(object->schema->grammar, place->before[0], close);
}

/* Members that are not named. Two of them may have one name and be one: only the first is sure to
 * be one more. */
static void put_others(struct object *object, const struct place *now, uint32_t close)
{
    struct grammar *grammar = object->schema->grammar;
    uint32_t rule = other_rule(object);
    struct place last;

    if (rule == GRAMMAR_NONE)
        return;
    if (object->min > object->count + 1)
        return schema_fail(object->schema, STATUS_INVALID_ARGUMENT,
                           "\"minProperties\" is over the names that the schema has");
    init_place(object, &last);
    for (uint32_t i = 0; i <= object->counted; i++) {
        uint32_t more = one_more(object, i);

        if (i > 0) {
            grammar_join(grammar, last.after[i], close);
            put_comma(object, last.after[i], last.before[i]);
        }
        if (!is_room(object, i))
            continue;
        if (i > 0)
            grammar_call(grammar, last.before[i], last.after[more], rule);
        if (is_enough(object, i + 1))
            grammar_call(grammar, now->before[i], last.after[more], rule);
    }
}

static void put_members(struct object *object, uint32_t from, uint32_t close)
{
    struct grammar *grammar = object->schema->grammar;
    struct place now, next;

    init_place(object, &now);
    grammar_join(grammar, from, now.before[0]);
    for (uint32_t i = 0; i < object->count && !grammar->is_full; i++) {
        init_place(object, &next);
        put_after(object, i, &now, close);
        put_place(object, &object->members[i], &now, &next);
        now = next;
    }
    put_after(object, object->count, &now, close);
    put_others(object, &now, close);
}

/* False: nothing can be so. */
static bool find_values(struct object *object)
{
    for (uint32_t i = 0; i < object->count && object->schema->status == STATUS_OK; i++) {
        struct member *member = &object->members[i];
        struct schema_set value;

        member->is_forbidden = !value_set(object, member->name, &value);
        if (member->is_forbidden && member->is_required)
            return false;
        if (!member->is_forbidden)
            member->value = schema_rule_of(object->schema, &value);
    }
    return object->schema->status == STATUS_OK;
}

/* How far members have to be counted. */
static void find_counted(struct object *object)
{
    uint32_t required = 0;

    for (uint32_t i = 0; i < object->count; i++)
        required += object->members[i].is_required;
    if (object->min <= required)
        object->min = 0;
    object->counted = object->max != GRAMMAR_FOREVER ? object->max : object->min;
    if (object->counted == 0)
        object->counted = 1;
    if (object->counted > COUNTED_MAX)
        schema_fail(object->schema, STATUS_INVALID_ARGUMENT,
                    "\"minProperties\" and \"maxProperties\" over 64 are not supported");
}

void schema_put_objects(struct schema *schema, const struct schema_set *set, uint32_t from,
                        uint32_t to)
{
    struct object object = {
        .schema = schema, .set = set, .value = schema_value_of(set), .max = GRAMMAR_FOREVER
    };
    uint32_t close = grammar_state(schema->grammar);

    make_room(&object);
    read_object(&object);
    find_counted(&object);
    if (schema->status != STATUS_OK || object.min > object.max || !find_values(&object))
        return;
    from = schema_put_blank(schema, schema_put_literal(schema, from, "{"));
    put_members(&object, from, close);
    grammar_join(schema->grammar, schema_put_literal(schema, schema_put_blank(schema, close), "}"),
                 to);
}
