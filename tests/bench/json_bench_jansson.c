#include <jansson.h>

#include "json_bench.h"

const char *const json_bench_name = "jansson";

static struct json *copy(const json_t *from, struct json *parent, struct json *last,
                         struct arena *arena)
{
    struct json *node = json_bench_add(arena, parent, last), *child = NULL;
    const char *key;
    json_t *value;
    size_t i;
    char *text;

    switch (json_typeof(from)) {
    case JSON_OBJECT:
        node->kind = JSON_KIND_OBJECT;
        json_object_foreach((json_t *)from, key, value)
        {
            child = copy(value, node, child, arena);
            child->key = arena_copy(arena, slice_from(key));
        }
        break;
    case JSON_ARRAY:
        node->kind = JSON_KIND_ARRAY;
        json_array_foreach(from, i, value) child = copy(value, node, child, arena);
        break;
    case JSON_STRING:
        node->kind = JSON_KIND_STRING;
        node->text = arena_copy(arena, slice_of(json_string_value(from), json_string_length(from)));
        break;
    case JSON_INTEGER: /* jansson keeps no text of numbers: this is already a loss */
    case JSON_REAL:
        node->kind = JSON_KIND_NUMBER;
        text = json_is_integer(from)
                   ? arena_format(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(from))
                   : arena_format(arena, "%.17g", json_real_value(from));
        node->text = slice_from(text);
        break;
    default:
        node->kind = json_is_true(from)    ? JSON_KIND_TRUE
                     : json_is_false(from) ? JSON_KIND_FALSE
                                           : JSON_KIND_NULL;
    }
    return node;
}

struct json *json_bench_read(struct slice bytes, struct arena *arena)
{
    json_t *root = json_loadb(bytes.data, bytes.size, JSON_REJECT_DUPLICATES, NULL);
    struct json *tree = root == NULL ? NULL : copy(root, NULL, NULL, arena);

    json_decref(root);
    return tree;
}
