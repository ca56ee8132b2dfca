/* Sets: their parts, and what references and "allOf" add to them. */
#include <stdlib.h>

#include "grammar_schema_state.h"

/* Failing
 * --------------------------------------------------------------------------------------- */

void schema_fail(struct schema *schema, enum status status, const char *what)
{
    if (schema->status == STATUS_OK)
        schema->status = error_set(schema->err, status, "%s", what);
}

void schema_refuse(struct schema *schema, const char *keyword)
{
    if (schema->status == STATUS_OK)
        schema->status = error_set(schema->err, STATUS_INVALID_ARGUMENT,
                                   "the keyword \"%s\" is not supported", keyword);
}

void schema_wrong(struct schema *schema, const char *keyword, const char *is_not)
{
    if (schema->status == STATUS_OK)
        schema->status = error_set(schema->err, STATUS_INVALID_ARGUMENT,
                                   "the keyword \"%s\" has to be %s", keyword, is_not);
}

bool schema_work(struct schema *schema, uint64_t steps)
{
    schema->work += steps + 1;
    if (schema->work > SCHEMA_WORK_MAX)
        schema_fail(schema, STATUS_RESOURCE_EXHAUSTED, "the schema takes too many steps");
    return schema->status == STATUS_OK;
}

/* Parts
 * ----------------------------------------------------------------------------------------- */

const struct json *schema_get(const struct schema_part *part, const char *keyword)
{
    return part->is_value ? NULL : json_get(part->node, keyword);
}

bool schema_get_count(struct schema *schema, const struct schema_part *part, const char *keyword,
                      uint32_t *value)
{
    const struct json *node = schema_get(part, keyword);
    double number;

    if (node == NULL)
        return false;
    number = node->kind == JSON_KIND_NUMBER ? strtod(node->text.data, NULL) : -1;
    if (number < 0 || number != (double)(uint64_t)(number < 1e15 ? number : 0)) {
        schema_wrong(schema, keyword, "a whole number, not negative and under 10^15");
        return false;
    }
    *value = number > 1e9 ? 1000000000 : (uint32_t)number;
    return true;
}

bool schema_is_false(const struct json *node)
{
    return node->kind == JSON_KIND_FALSE;
}

const struct json *schema_value_of(const struct schema_set *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->parts[i].is_value)
            return set->parts[i].node;
    }
    return NULL;
}

void schema_add(struct schema *schema, struct schema_set *set, struct schema_part part)
{
    if (!schema_work(schema, set->count))
        return;
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->parts[i].node != part.node || set->parts[i].is_value != part.is_value)
            continue;
        set->parts[i].chosen |= part.chosen;
        return;
    }
    if (set->count == SCHEMA_PARTS_MAX)
        return schema_fail(schema, STATUS_RESOURCE_EXHAUSTED,
                           "over 256 schemas hold for one value");
    set->parts[set->count++] = part;
}

void schema_add_node(struct schema *schema, struct schema_set *set, const struct json *node)
{
    schema_add(schema, set, (struct schema_part){ node, false, 0 });
}

/* Equality
 * -------------------------------------------------------------------------------------- */

static bool equal_members(const struct json *a, const struct json *b)
{
    for (const struct json *at = json_first(a); at != NULL; at = at->next) {
        const struct json *other = json_find(b, at->key);

        if (other == NULL || !schema_equal(at, other))
            return false;
    }
    return true;
}

static bool equal_elements(const struct json *a, const struct json *b)
{
    const struct json *other = json_first(b);

    for (const struct json *at = json_first(a); at != NULL; at = at->next, other = other->next) {
        if (!schema_equal(at, other))
            return false;
    }
    return true;
}

bool schema_equal(const struct json *a, const struct json *b)
{
    if (a->kind != b->kind || a->count != b->count)
        return false;
    switch (a->kind) {
    case JSON_KIND_NUMBER:
        return schema_equal_numbers(a->text, b->text);
    case JSON_KIND_STRING:
        return slice_equal(a->text, b->text);
    case JSON_KIND_ARRAY:
        return equal_elements(a, b);
    case JSON_KIND_OBJECT:
        return equal_members(a, b);
    case JSON_KIND_NULL:
    case JSON_KIND_FALSE:
    case JSON_KIND_TRUE:
        break;
    }
    return true;
}

/* References
 * ------------------------------------------------------------------------------------ */

/* A name of a pointer with ~0, ~1 and %20 undone. */
static struct slice unescape(struct schema *schema, struct slice name)
{
    struct buffer buffer;

    buffer_init(&buffer, schema->arena);
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i], digits[3] = { 0 };

        if (c == '~' && i + 1 < name.size) {
            c = name.data[++i] == '1' ? '/' : '~';
        } else if (c == '%' && i + 2 < name.size) {
            memcpy(digits, name.data + i + 1, 2);
            c = (char)strtol(digits, NULL, 16);
            i += 2;
        }
        buffer_put_byte(&buffer, c);
    }
    return buffer_slice(&buffer);
}

static const struct json *element_of(const struct json *array, struct slice number)
{
    const struct json *element = json_first(array);
    uint32_t at = 0;

    for (size_t i = 0; i < number.size; i++) {
        if (number.data[i] < '0' || number.data[i] > '9' || at > array->count)
            return NULL;
        at = at * 10 + (uint32_t)(number.data[i] - '0');
    }
    while (element != NULL && at-- > 0)
        element = element->next;
    return number.size == 0 ? NULL : element;
}

static const struct json *child_of(const struct json *node, struct slice name)
{
    if (node->kind == JSON_KIND_OBJECT)
        return json_find(node, name);
    return node->kind == JSON_KIND_ARRAY ? element_of(node, name) : NULL;
}

static const struct json *find_pointer(struct schema *schema, struct slice pointer)
{
    const struct json *node = schema->root;

    while (node != NULL && pointer.size > 0) {
        size_t end = 1;

        while (end < pointer.size && pointer.data[end] != '/')
            end++;
        node = child_of(node, unescape(schema, slice_cut(pointer, 1, end)));
        pointer = slice_cut(pointer, end, pointer.size);
    }
    return node;
}

static const struct json *find_anchor(struct schema *schema, const struct json *node,
                                      struct slice name)
{
    const struct json *found = NULL;
    struct slice own = json_get_string(node, "$anchor");

    if (own.data != NULL && slice_equal(own, name))
        return node;
    if (!schema_work(schema, 1))
        return NULL;
    for (const struct json *at = json_first(node); at != NULL && found == NULL; at = at->next)
        found = find_anchor(schema, at, name);
    return found;
}

static const struct json *find_reference(struct schema *schema, struct slice reference)
{
    struct slice id = json_get_string(schema->root, "$id");
    const struct json *found = NULL;

    if (id.data != NULL && id.size > 0 && id.data[id.size - 1] == '#')
        id.size--;
    if (id.data != NULL && id.size > 0 && slice_starts_with(reference, id))
        reference = slice_cut(reference, id.size, reference.size);
    if (reference.size == 0 || slice_is(reference, "#"))
        return schema->root;
    if (reference.data[0] == '#' && reference.data[1] == '/')
        found = find_pointer(schema, slice_cut(reference, 1, reference.size));
    else if (reference.data[0] == '#')
        found = find_anchor(schema, schema->root, slice_cut(reference, 1, reference.size));
    if (found == NULL)
        schema_fail(schema, STATUS_INVALID_ARGUMENT,
                    "the keyword \"$ref\" names nothing in this schema");
    return found;
}

/* Expanding
 * ------------------------------------------------------------------------------------- */

static void refuse_some(struct schema *schema, const struct schema_part *part)
{
    static const char *const keywords[] = { "$dynamicRef", "$recursiveRef" };
    const struct json *not = schema_get(part, "not");
    unsigned types;

    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (schema_get(part, keywords[i]) != NULL)
            schema_refuse(schema, keywords[i]);
    }
    if (schema_get(part, "if") != NULL
        && (schema_get(part, "then") != NULL || schema_get(part, "else") != NULL))
        schema_refuse(schema, "if");
    if (part->node != schema->root && schema_get(part, "$id") != NULL)
        schema_refuse(schema, "$id");
    if (not != NULL && !schema_is_false(not ) && !schema_is_types(not, &types))
        schema_refuse(schema, "not");
}

static void add_all(struct schema *schema, struct schema_set *set, const struct json *list,
                    const char *keyword)
{
    if (list == NULL)
        return;
    if (list->kind != JSON_KIND_ARRAY || list->count == 0)
        return schema_wrong(schema, keyword, "an array of schemas");
    for (const struct json *at = list->first; at != NULL; at = at->next)
        schema_add_node(schema, set, at);
}

/* What @part brings along. */
static void expand(struct schema *schema, const struct schema_part *part, struct schema_set *set)
{
    const struct json *reference = schema_get(part, "$ref"), *value = schema_get(part, "const");
    const struct json *found;

    if (reference != NULL && reference->kind != JSON_KIND_STRING)
        return schema_wrong(schema, "$ref", "a string");
    if (reference != NULL && (found = find_reference(schema, reference->text)) != NULL)
        schema_add_node(schema, set, found);
    if (reference != NULL && schema->is_old)
        return;
    refuse_some(schema, part);
    add_all(schema, set, schema_get(part, "allOf"), "allOf");
    if (value != NULL)
        schema_add(schema, set, (struct schema_part){ value, true, 0 });
}

/* Several values: all are equal, and one is enough. */
static bool join_values(struct schema_set *set)
{
    const struct json *value = schema_value_of(set);
    uint32_t kept = 0;

    for (uint32_t i = 0; i < set->count; i++) {
        const struct schema_part *part = &set->parts[i];

        if (part->is_value && part->node != value) {
            if (!schema_equal(part->node, value))
                return false;
            continue;
        }
        set->parts[kept++] = *part;
    }
    set->count = kept;
    return true;
}

/* In old drafts what stands beside a reference is nothing. */
static void drop_referring(struct schema *schema, struct schema_set *set)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < set->count; i++) {
        if (!schema->is_old || schema_get(&set->parts[i], "$ref") == NULL)
            set->parts[kept++] = set->parts[i];
    }
    set->count = kept;
}

bool schema_expand(struct schema *schema, const struct schema_set *set, struct schema_set *expanded)
{
    *expanded = *set;
    for (uint32_t i = 0; i < expanded->count && schema->status == STATUS_OK; i++) {
        struct schema_part part = expanded->parts[i];

        if (part.is_value)
            continue;
        if (schema_is_false(part.node))
            return false;
        if (part.node->kind != JSON_KIND_TRUE && part.node->kind != JSON_KIND_OBJECT) {
            schema_fail(schema, STATUS_INVALID_ARGUMENT, "a schema is neither object nor boolean");
            return false;
        }
        expand(schema, &part, expanded);
    }
    drop_referring(schema, expanded);
    return schema->status == STATUS_OK && join_values(expanded);
}
