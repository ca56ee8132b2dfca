#include <json-c/json.h>

#include "base/limits.h"
#include "json_bench.h"

const char *const json_bench_name = "json-c";

static struct json *copy(struct json_object *from, struct json *parent, struct json *last,
                         struct arena *arena)
{
    struct json *node = json_bench_add(arena, parent, last), *child = NULL;

    switch (json_object_get_type(from)) {
    case json_type_object:
        node->kind = JSON_KIND_OBJECT;
        json_object_object_foreach(from, key, value)
        {
            child = copy(value, node, child, arena);
            child->key = arena_copy(arena, slice_from(key));
        }
        break;
    case json_type_array:
        node->kind = JSON_KIND_ARRAY;
        for (size_t i = 0; i < json_object_array_length(from); i++)
            child = copy(json_object_array_get_idx(from, i), node, child, arena);
        break;
    case json_type_string:
        node->kind = JSON_KIND_STRING;
        node->text = arena_copy(arena, slice_of(json_object_get_string(from),
                                                (size_t)json_object_get_string_len(from)));
        break;
    case json_type_int:
    case json_type_double:
        node->kind = JSON_KIND_NUMBER;
        node->text = arena_copy(arena, slice_from(json_object_to_json_string(from)));
        break;
    default:
        node->kind = JSON_KIND_NULL;
    }
    return node;
}

struct json *json_bench_read(struct slice bytes, struct arena *arena)
{
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
    struct json_object *root = json_tokener_parse_ex(tokener, bytes.data, (int)bytes.size);
    struct json *tree = root == NULL ? NULL : copy(root, NULL, NULL, arena);

    json_object_put(root);
    json_tokener_free(tokener);
    return tree;
}
