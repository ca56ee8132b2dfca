/* What json_read.c replaced: simdjson's on-demand reader, into the same tree. */
#include "json_bench_simdjson.h"

#include "json_bench.h"

const char *const json_bench_name = "simdjson";

struct json *json_bench_read(struct slice bytes, struct arena *arena)
{
    char *copy = arena_alloc(arena, bytes.size + JSON_SIMDJSON_PADDING);
    struct json *root;
    struct error err;

    if (copy == NULL)
        return NULL;
    memcpy(copy, bytes.data, bytes.size);
    memset(copy + bytes.size, ' ', JSON_SIMDJSON_PADDING);
    return json_simdjson_read(copy, bytes.size, 1, arena, &root, &err) == STATUS_OK ? root : NULL;
}
