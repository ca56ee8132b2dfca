/* One JSON library under measurement: json_bench_LIBRARY.c defines both, json_bench.c times them.
 */
#ifndef JSON_BENCH_H
#define JSON_BENCH_H

#include "base/arena.h"
#include "fhir/json.h"

extern const char *const json_bench_name;

/* The document as a tree of struct json in @arena, or NULL. */
struct json *json_bench_read(struct slice bytes, struct arena *arena);

/* Link a new node in @arena as the last child of @parent (NULL: a root); @last is the child before.
 */
static inline struct json *json_bench_add(struct arena *arena, struct json *parent,
                                          struct json *last)
{
    struct json *node = ARENA_NEW(arena, struct json);

    if (node == NULL || parent == NULL)
        return node;
    parent->count++;
    if (last == NULL)
        parent->first = node;
    else
        last->next = node;
    return node;
}

#endif
