/* JSON in memory: a tree in an arena (docs/decisions/0003 says why we read it ourselves).
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

/* The same without the copy: the tree has views into @bytes, which live as long as it. */
enum status json_parse_view(struct slice bytes, struct arena *arena, struct json **root,
                            struct error *err);

/* Told of one element of an array, and of its bytes. Both are gone, and @element's tree with them,
 * when it returns; strings without escapes are views into the document, and stay. A status other
 * than OK ends the parse with it. */
typedef enum status (*json_on_element)(void *arg, const struct json *element, struct slice bytes,
                                       struct error *err);

/* json_parse_view, but for the elements of the array that is member @key of the root: @on_element
 * is told of each as soon as it has been read, and the tree goes without them. So a large document
 * costs no more memory than its largest element. What was told counts only when STATUS_OK comes
 * back: the error may stand further on. */
enum status json_parse_each(struct slice bytes, const char *key, json_on_element on_element,
                            void *arg, struct arena *arena, struct json **root, struct error *err);

/* Write a tree as compact JSON. */
void json_write(const struct json *root, struct buffer *buffer);

/* The same for a tree with views into @source (json_parse_view), changed or not: what stands there
 * as it is to be written is copied in runs. */
void json_write_from(const struct json *root, struct slice source, struct buffer *buffer);

/* The member @key, or NULL; also NULL when @object is NULL or no object, so that lookups chain. */
const struct json *json_find(const struct json *object, struct slice key);

/* The same for a key of the program's own, whose size the compiler knows. */
static inline const struct json *json_get(const struct json *object, const char *key)
{
    return json_find(object, slice_from(key));
}

/* json_get for the text of a string member; {NULL, 0} when there is none. */
static inline struct slice json_get_string(const struct json *object, const char *key)
{
    const struct json *item = json_get(object, key);

    return item == NULL || item->kind != JSON_KIND_STRING ? (struct slice){ NULL, 0 } : item->text;
}

/* Every element or member: for (item = json_first(array); item != NULL; item = item->next).
 * NULL-safe. */
static inline const struct json *json_first(const struct json *array)
{
    return array == NULL ? NULL : array->first;
}

#endif
