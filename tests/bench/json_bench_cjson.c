#include <cjson/cJSON.h>

#include "json_bench.h"

const char *const json_bench_name = "cJSON";

static struct json *copy(const cJSON *from, struct json *parent, struct json *last,
                         struct arena *arena)
{
    struct json *node = json_bench_add(arena, parent, last), *child = NULL;
    const cJSON *item;

    node->kind = cJSON_IsObject(from)   ? JSON_KIND_OBJECT
                 : cJSON_IsArray(from)  ? JSON_KIND_ARRAY
                 : cJSON_IsString(from) ? JSON_KIND_STRING
                 : cJSON_IsNumber(from) ? JSON_KIND_NUMBER
                 : cJSON_IsTrue(from)   ? JSON_KIND_TRUE
                 : cJSON_IsFalse(from)  ? JSON_KIND_FALSE
                                        : JSON_KIND_NULL;
    if (from->string != NULL)
        node->key = arena_copy(arena, slice_from(from->string));
    if (cJSON_IsString(from))
        node->text = arena_copy(arena, slice_from(from->valuestring));
    if (cJSON_IsNumber(from)) /* cJSON keeps a double only */
        node->text = slice_from(arena_format(arena, "%.17g", from->valuedouble));
    cJSON_ArrayForEach(item, from) child = copy(item, node, child, arena);
    return node;
}

struct json *json_bench_read(struct slice bytes, struct arena *arena)
{
    cJSON *root = cJSON_ParseWithLength(bytes.data, bytes.size);
    struct json *tree = root == NULL ? NULL : copy(root, NULL, NULL, arena);

    cJSON_Delete(root);
    return tree;
}
