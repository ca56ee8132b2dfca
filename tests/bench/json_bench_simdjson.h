/* The peer of our JSON reader: simdjson, into the same tree (json_bench_simdjson.cpp). */
#ifndef JSON_BENCH_SIMDJSON_H
#define JSON_BENCH_SIMDJSON_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "fhir/json.h"

/* What simdjson reads past the end of a document, and never uses. */
#define JSON_SIMDJSON_PADDING 64

/* Read @size bytes at @data, which have JSON_SIMDJSON_PADDING readable bytes behind them and live
 * in @arena: strings without escapes and numbers become views into them. @key_seed is for the
 * tables that find duplicate keys. Any thread. */
enum status json_simdjson_read(const char *data, size_t size, uint64_t key_seed,
                               struct arena *arena, struct json **root, struct error *err);

/* Whether @text is a number as RFC 8259 writes it. */
bool json_simdjson_is_number(struct slice text);

#ifdef __cplusplus
}
#endif

#endif
