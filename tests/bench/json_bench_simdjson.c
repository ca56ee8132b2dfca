#include "json_bench.h"

const char *const json_bench_name = "simdjson";

struct json *json_bench_read(struct slice bytes, struct arena *arena)
{
    struct json *root;

    return json_parse(bytes, arena, &root, NULL) == STATUS_OK ? root : NULL;
}
