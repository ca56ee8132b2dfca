#include "jinja/jinja_value.h"

/* Values that a template nests deeper are compared no further. */
#define DEPTH_MAX 64

struct jinja_value jinja_list_create(struct arena *arena)
{
    return (struct jinja_value){ .kind = JINJA_KIND_LIST,
                                 .list = ARENA_NEW(arena, struct jinja_list) };
}

struct jinja_value jinja_dict_create(struct arena *arena)
{
    return (struct jinja_value){ .kind = JINJA_KIND_DICT,
                                 .dict = ARENA_NEW(arena, struct jinja_dict) };
}

/* Room for one more of @size bytes each; what was there is copied. */
static void *grow(void *items, size_t count, size_t *capacity, size_t size, struct arena *arena)
{
    size_t wanted = *capacity == 0 ? 4 : *capacity * 2;
    void *grown;

    if (count < *capacity)
        return items;
    grown = arena_alloc(arena, wanted * size);
    if (grown == NULL)
        return NULL;
    if (count > 0)
        memcpy(grown, items, count * size);
    *capacity = wanted;
    return grown;
}

bool jinja_list_add(struct jinja_list *list, struct jinja_value value, struct arena *arena)
{
    struct jinja_value *items =
        list == NULL ? NULL : grow(list->items, list->count, &list->capacity, sizeof(value), arena);

    if (items == NULL)
        return false;
    list->items = items;
    list->items[list->count++] = value;
    return true;
}

bool jinja_dict_set(struct jinja_dict *dict, struct jinja_value key, struct jinja_value value,
                    struct arena *arena)
{
    struct jinja_pair *pairs;

    if (dict == NULL)
        return false;
    for (size_t i = 0; i < dict->count; i++) {
        if (jinja_equal(dict->pairs[i].key, key)) {
            dict->pairs[i].value = value;
            return true;
        }
    }
    pairs = grow(dict->pairs, dict->count, &dict->capacity, sizeof(*pairs), arena);
    if (pairs == NULL)
        return false;
    dict->pairs = pairs;
    dict->pairs[dict->count++] = (struct jinja_pair){ key, value };
    return true;
}

const struct jinja_value *jinja_dict_find(const struct jinja_dict *dict, struct jinja_value key)
{
    for (size_t i = 0; i < dict->count; i++)
        if (jinja_equal(dict->pairs[i].key, key))
            return &dict->pairs[i].value;
    return NULL;
}

const struct jinja_value *jinja_dict_find_name(const struct jinja_dict *dict, struct slice name)
{
    for (size_t i = 0; i < dict->count; i++)
        if (dict->pairs[i].key.kind == JINJA_KIND_STRING
            && slice_equal(jinja_text_slice(dict->pairs[i].key.text), name))
            return &dict->pairs[i].value;
    return NULL;
}

bool jinja_is_true(struct jinja_value value)
{
    switch (value.kind) {
    case JINJA_KIND_UNDEFINED:
    case JINJA_KIND_NONE:
        return false;
    case JINJA_KIND_BOOL:
        return value.truth;
    case JINJA_KIND_INT:
        return value.integer != 0;
    case JINJA_KIND_FLOAT:
        return value.real != 0;
    case JINJA_KIND_STRING:
        return value.text.size > 0;
    case JINJA_KIND_LIST:
        return value.list->count > 0 || value.is_lazy;
    case JINJA_KIND_DICT:
        return value.dict->count > 0;
    default:
        return true;
    }
}

bool jinja_is_number(struct jinja_value value)
{
    return value.kind == JINJA_KIND_BOOL || value.kind == JINJA_KIND_INT
           || value.kind == JINJA_KIND_FLOAT;
}

double jinja_number(struct jinja_value value)
{
    return value.kind == JINJA_KIND_FLOAT  ? value.real
           : value.kind == JINJA_KIND_BOOL ? (double)value.truth
                                           : (double)value.integer;
}

static bool equal(struct jinja_value a, struct jinja_value b, unsigned depth);

static bool equal_lists(const struct jinja_list *a, const struct jinja_list *b, unsigned depth)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!equal(a->items[i], b->items[i], depth))
            return false;
    return true;
}

static bool equal_dicts(const struct jinja_dict *a, const struct jinja_dict *b, unsigned depth)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct jinja_value *other = jinja_dict_find(b, a->pairs[i].key);

        if (other == NULL || !equal(a->pairs[i].value, *other, depth))
            return false;
    }
    return true;
}

static bool equal(struct jinja_value a, struct jinja_value b, unsigned depth)
{
    if (depth == 0)
        return false;
    if (jinja_is_number(a) && jinja_is_number(b))
        return a.kind == JINJA_KIND_INT && b.kind == JINJA_KIND_INT
                   ? a.integer == b.integer
                   : jinja_number(a) == jinja_number(b);
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case JINJA_KIND_UNDEFINED:
    case JINJA_KIND_NONE:
        return true;
    case JINJA_KIND_STRING:
        return slice_equal(jinja_text_slice(a.text), jinja_text_slice(b.text));
    case JINJA_KIND_LIST:
        return a.is_tuple == b.is_tuple && equal_lists(a.list, b.list, depth - 1);
    case JINJA_KIND_DICT:
        return equal_dicts(a.dict, b.dict, depth - 1);
    case JINJA_KIND_FUNCTION:
        return a.name == b.name;
    default:
        return a.dict == b.dict;
    }
}

bool jinja_equal(struct jinja_value a, struct jinja_value b)
{
    return equal(a, b, DEPTH_MAX);
}

static bool compare(struct jinja_value a, struct jinja_value b, int *order, unsigned depth)
{
    if (a.kind == JINJA_KIND_INT && b.kind == JINJA_KIND_INT) {
        *order = (a.integer > b.integer) - (a.integer < b.integer);
        return true;
    }
    if (jinja_is_number(a) && jinja_is_number(b)) {
        *order = (jinja_number(a) > jinja_number(b)) - (jinja_number(a) < jinja_number(b));
        return true;
    }
    if (a.kind == JINJA_KIND_STRING && b.kind == JINJA_KIND_STRING) {
        *order = slice_compare(jinja_text_slice(a.text), jinja_text_slice(b.text));
        return true;
    }
    if (a.kind != JINJA_KIND_LIST || b.kind != JINJA_KIND_LIST || a.is_tuple != b.is_tuple
        || depth == 0)
        return false;
    for (size_t i = 0; i < a.list->count && i < b.list->count; i++) {
        if (!equal(a.list->items[i], b.list->items[i], depth - 1))
            return compare(a.list->items[i], b.list->items[i], order, depth - 1);
    }
    *order = (a.list->count > b.list->count) - (a.list->count < b.list->count);
    return true;
}

bool jinja_compare(struct jinja_value a, struct jinja_value b, int *order)
{
    return compare(a, b, order, DEPTH_MAX);
}

const char *jinja_kind_name(struct jinja_value value)
{
    static const char *const names[] = {
        [JINJA_KIND_UNDEFINED] = "undefined", [JINJA_KIND_NONE] = "None",
        [JINJA_KIND_BOOL] = "bool",           [JINJA_KIND_INT] = "int",
        [JINJA_KIND_FLOAT] = "float",         [JINJA_KIND_STRING] = "str",
        [JINJA_KIND_LIST] = "list",           [JINJA_KIND_DICT] = "dict",
        [JINJA_KIND_NAMESPACE] = "namespace", [JINJA_KIND_LOOP] = "loop",
        [JINJA_KIND_MACRO] = "macro",         [JINJA_KIND_FUNCTION] = "function",
        [JINJA_KIND_METHOD] = "method",
    };

    return value.kind == JINJA_KIND_LIST && value.is_lazy ? "generator" : names[value.kind];
}
