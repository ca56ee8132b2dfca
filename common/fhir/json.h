/* JSON in memory: a tree in an arena, read by a library (docs/decisions says which, and why) and
 * walked by ours.
 *
 * Strings are unescaped UTF-8, numbers keep the text they had (FHIR decimals have a precision),
 * members keep their order, and a duplicate key is refused. */
#ifndef FHIR_JSON_H
#define FHIR_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

enum json_kind {
    JSON_KIND_NULL,
    JSON_KIND_FALSE,
    JSON_KIND_TRUE,
    JSON_KIND_NUMBER,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT,
};

struct json {
    enum json_kind kind;
    unsigned count;     /* members or elements */
    struct slice key;   /* in an object; else empty */
    struct slice text;  /* of a string (unescaped) or a number (as written) */
    struct json *first; /* member or element, in order; NULL: none */
    struct json *next;  /* the next of the same parent */
};

/* Parse one whole document into @arena. INVALID_ARGUMENT with the byte offset, never with text:
 * malformed JSON, invalid UTF-8, nesting over JSON_DEPTH_MAX, anything after the document.
 * RESOURCE_EXHAUSTED when the arena is full. The tree holds no pointer into @bytes. */
enum status json_parse(struct slice bytes, struct arena *arena, struct json **root,
                       struct error *err);

/* Write a tree as compact JSON. */
void json_write(const struct json *root, struct buffer *buffer);

/* The member @key, or NULL; also NULL when @object is NULL or no object, so that lookups chain. */
const struct json *json_get(const struct json *object, const char *key);

/* json_get for the text of a string member; {NULL, 0} when there is none. */
struct slice json_get_string(const struct json *object, const char *key);

/* Every element or member: for (item = json_first(array); item != NULL; item = item->next).
 * NULL-safe. */
const struct json *json_first(const struct json *array);

#endif
