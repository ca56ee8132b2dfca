#include <yajl/yajl_parse.h>

#include "base/limits.h"
#include "json_bench.h"

const char *const json_bench_name = "yajl";

struct building {
    struct arena *arena;
    struct json *open[JSON_DEPTH_MAX + 1], *last[JSON_DEPTH_MAX + 1];
    struct json *root;
    struct slice key;
    int depth; /* containers that are open */
};

static struct json *add(struct building *b, enum json_kind kind, const void *text, size_t size)
{
    struct json *node =
        json_bench_add(b->arena, b->depth == 0 ? NULL : b->open[b->depth], b->last[b->depth]);

    if (node == NULL)
        return NULL;
    if (b->depth == 0)
        b->root = node;
    b->last[b->depth] = node;
    node->kind = kind;
    node->key = b->key;
    b->key = (struct slice){ NULL, 0 };
    if (text != NULL)
        node->text = arena_copy(b->arena, slice_of(text, size));
    return node;
}

static int on_null(void *b)
{
    return add(b, JSON_KIND_NULL, NULL, 0) != NULL;
}

static int on_boolean(void *b, int value)
{
    return add(b, value ? JSON_KIND_TRUE : JSON_KIND_FALSE, NULL, 0) != NULL;
}

static int on_number(void *b, const char *text, size_t size)
{
    return add(b, JSON_KIND_NUMBER, text, size) != NULL;
}

static int on_string(void *b, const unsigned char *text, size_t size)
{
    return add(b, JSON_KIND_STRING, text, size) != NULL;
}

static int on_key(void *arg, const unsigned char *text, size_t size)
{
    struct building *b = arg;

    b->key = arena_copy(b->arena, slice_of(text, size));
    return b->key.data != NULL;
}

static int open_container(struct building *b, enum json_kind kind)
{
    struct json *node = add(b, kind, NULL, 0);

    if (node == NULL || b->depth == JSON_DEPTH_MAX)
        return 0;
    b->open[++b->depth] = node;
    b->last[b->depth] = NULL;
    return 1;
}

static int on_start_map(void *b)
{
    return open_container(b, JSON_KIND_OBJECT);
}

static int on_start_array(void *b)
{
    return open_container(b, JSON_KIND_ARRAY);
}

static int on_end(void *b)
{
    ((struct building *)b)->depth--;
    return 1;
}

struct json *json_bench_read(struct slice bytes, struct arena *arena)
{
    static const yajl_callbacks callbacks = { on_null,   on_boolean,     NULL,         NULL,
                                              on_number, on_string,      on_start_map, on_key,
                                              on_end,    on_start_array, on_end };
    struct building b = { .arena = arena };
    yajl_handle handle = yajl_alloc(&callbacks, NULL, &b);
    bool is_good =
        yajl_parse(handle, (const unsigned char *)bytes.data, bytes.size) == yajl_status_ok
        && yajl_complete_parse(handle) == yajl_status_ok;

    yajl_free(handle);
    return is_good ? b.root : NULL;
}
