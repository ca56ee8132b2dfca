/* Arrays: elements that have places of their own, then as many of the others as may be. */
#include "grammar_schema_state.h"

struct array {
    struct schema *schema;
    const struct schema_set *set;
    const struct json *value; /* NULL: none in particular */
    uint32_t places, min, max;
};

/* The schemas of the first elements, under either draft's name. */
static const struct json *prefix_of(const struct schema_part *part)
{
    const struct json *prefix = schema_get(part, "prefixItems"), *items = schema_get(part, "items");

    if (prefix != NULL)
        return prefix;
    return items != NULL && items->kind == JSON_KIND_ARRAY ? items : NULL;
}

static const struct json *others_of(const struct schema_part *part)
{
    const struct json *items = schema_get(part, "items");

    return items != NULL && items->kind == JSON_KIND_ARRAY ? schema_get(part, "additionalItems")
                                                           : items;
}

static bool is_true(const struct json *node)
{
    return node->kind == JSON_KIND_TRUE || (node->kind == JSON_KIND_OBJECT && node->count == 0);
}

static void refuse_rest(struct schema *schema, const struct schema_part *part, uint32_t max)
{
    const struct json *unique = schema_get(part, "uniqueItems");
    const struct json *unevaluated = schema_get(part, "unevaluatedItems");

    if (schema_get(part, "contains") != NULL)
        schema_refuse(schema, "contains");
    if (unique != NULL && unique->kind != JSON_KIND_FALSE && max > 1)
        schema_refuse(schema, "uniqueItems");
    if (unevaluated != NULL && !is_true(unevaluated))
        schema_refuse(schema, "unevaluatedItems");
}

static void read_array(struct array *array)
{
    for (uint32_t i = 0; i < array->set->count; i++) {
        const struct schema_part *part = &array->set->parts[i];
        const struct json *prefix = prefix_of(part);
        uint32_t min = 0, max = GRAMMAR_FOREVER;

        if (prefix != NULL && prefix->kind != JSON_KIND_ARRAY)
            schema_wrong(array->schema, "prefixItems", "an array");
        else if (prefix != NULL && prefix->count > array->places)
            array->places = prefix->count;
        schema_get_count(array->schema, part, "minItems", &min);
        schema_get_count(array->schema, part, "maxItems", &max);
        array->min = min > array->min ? min : array->min;
        array->max = max < array->max ? max : array->max;
    }
    if (array->value != NULL) {
        array->places = array->value->count > array->places ? array->value->count : array->places;
        array->min = array->value->count > array->min ? array->value->count : array->min;
        array->max = array->value->count < array->max ? array->value->count : array->max;
    }
    for (uint32_t i = 0; i < array->set->count; i++)
        refuse_rest(array->schema, &array->set->parts[i], array->max);
    if (array->places > array->max)
        array->places = array->max;
}

static const struct json *element_of(const struct json *array, uint32_t place)
{
    const struct json *element = json_first(array);

    while (element != NULL && place-- > 0)
        element = element->next;
    return element;
}

/* What the element at @place has to be; at array->places: any after them. False: there is none. */
static bool element_set(struct array *array, uint32_t place, struct schema_set *element)
{
    element->count = 0;
    for (uint32_t i = 0; i < array->set->count; i++) {
        const struct schema_part *part = &array->set->parts[i];
        const struct json *own = element_of(prefix_of(part), place);

        if (part->is_value)
            schema_add(array->schema, element,
                       (struct schema_part){ element_of(array->value, place), true, 0 });
        else if (own != NULL || (own = others_of(part)) != NULL)
            schema_add_node(array->schema, element, own);
        if (own != NULL && schema_is_false(own))
            return false;
    }
    return true;
}

static uint32_t put_comma(struct schema *schema, uint32_t from)
{
    return schema_put_blank(schema, schema_put_literal(schema, from, ","));
}

/* Elements after those with places of their own: @least to @most of them. */
static void put_others(struct array *array, uint32_t from, uint32_t close, uint32_t least,
                       uint32_t most)
{
    struct schema *schema = array->schema;
    struct grammar *grammar = schema->grammar;
    uint32_t item, more, first;
    struct schema_set element;

    if (least == 0)
        grammar_join(grammar, from, close);
    if (most == 0 || !element_set(array, array->places, &element))
        return;
    item = schema_rule_of(schema, &element);
    more = grammar_rule(grammar, SLICE("items"));
    if (grammar->is_full)
        return;
    grammar_call(grammar, put_comma(schema, grammar->rules[more].start), grammar->rules[more].end,
                 item);
    if (array->places == 0) {
        first = grammar_state(grammar);
        grammar_call(grammar, from, first, item);
        from = first;
        least -= least > 0;
        most -= most != GRAMMAR_FOREVER;
    }
    if (most > 0)
        from = grammar_repeat(grammar, from, more, least, most);
    grammar_join(grammar, from, close);
}

void schema_put_arrays(struct schema *schema, const struct schema_set *set, uint32_t from,
                       uint32_t to)
{
    struct array array = { schema, set, schema_value_of(set), 0, 0, GRAMMAR_FOREVER };
    struct grammar *grammar = schema->grammar;
    uint32_t close = grammar_state(grammar), place;
    struct schema_set element;

    read_array(&array);
    if (schema->status != STATUS_OK || array.min > array.max)
        return;
    grammar_join(grammar, schema_put_literal(schema, schema_put_blank(schema, close), "]"), to);
    from = schema_put_blank(schema, schema_put_literal(schema, from, "["));
    for (place = 0; place < array.places && schema->status == STATUS_OK; place++) {
        uint32_t next = grammar_state(grammar);

        if (place >= array.min)
            grammar_join(grammar, from, close);
        if (!element_set(&array, place, &element))
            return;
        if (place > 0)
            from = put_comma(schema, from);
        grammar_call(grammar, from, next, schema_rule_of(schema, &element));
        from = next;
    }
    put_others(&array, from, close, array.min > place ? array.min - place : 0,
               array.max == GRAMMAR_FOREVER ? GRAMMAR_FOREVER : array.max - place);
}
