/* The tree's own functions; reading is simdjson's (json_simdjson.cpp).
 *
 * The document is copied into the arena once, with the padding that simdjson wants; strings without
 * escapes, keys and numbers then are views into that copy. */
#include "fhir/json.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/limits.h"
#include "fhir/json_simdjson.h"

static uint64_t key_seed;
static pthread_once_t key_seed_once = PTHREAD_ONCE_INIT;

/* Keys come from outside: nobody shall be able to choose those that collide. */
static void make_key_seed(void)
{
    if (getrandom(&key_seed, sizeof(key_seed), 0) != (ssize_t)sizeof(key_seed))
        key_seed = (uint64_t)(uintptr_t)&key_seed_once;
}

/* RFC 8259 allows a reader to ignore a byte order mark, and exports made on Windows begin with one.
 */
static struct slice without_mark(struct slice bytes)
{
    return slice_starts_with(bytes, SLICE("\xEF\xBB\xBF")) ? slice_cut(bytes, 3, bytes.size)
                                                           : bytes;
}

/* A document that is one string, number or word is read as the only element of an array: on-demand
 * treats it apart. */
static bool is_container(struct slice bytes)
{
    struct slice text = slice_trim(bytes);

    return text.size > 0 && (text.data[0] == '{' || text.data[0] == '[');
}

static enum status parse_alone(char *copy, size_t size, struct arena *arena, struct json **root,
                               struct error *err)
{
    enum status status;

    copy[0] = '[';
    copy[size + 1] = ']';
    status = json_simdjson_read(copy, size + 2, key_seed, arena, root, err);
    if (status != STATUS_OK)
        return status;
    if ((*root)->count != 1)
        return error_set(err, STATUS_INVALID_ARGUMENT, "JSON: not one value in %zu bytes", size);
    *root = (*root)->first;
    return STATUS_OK;
}

enum status json_parse(struct slice bytes, struct arena *arena, struct json **root,
                       struct error *err)
{
    char *copy;

    *root = NULL;
    pthread_once(&key_seed_once, make_key_seed);
    bytes = without_mark(bytes);
    if (slice_trim(bytes).size == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "JSON: empty");
    copy = arena_alloc(arena, bytes.size + 2 + JSON_SIMDJSON_PADDING);
    if (copy == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "JSON: no room for %zu bytes", bytes.size);
    memcpy(copy + 1, bytes.data, bytes.size);
    memset(copy + 1 + bytes.size, ' ', JSON_SIMDJSON_PADDING + 1);
    if (!is_container(bytes))
        return parse_alone(copy, bytes.size, arena, root, err);
    return json_simdjson_read(copy + 1, bytes.size, key_seed, arena, root, err);
}

static void write_children(const struct json *parent, struct buffer *buffer)
{
    const struct json *item;

    for (item = parent->first; item != NULL; item = item->next) {
        if (item != parent->first)
            buffer_put_byte(buffer, ',');
        if (parent->kind == JSON_KIND_OBJECT) {
            buffer_put_json(buffer, item->key);
            buffer_put_byte(buffer, ':');
        }
        json_write(item, buffer);
    }
}

/* Recursion goes as deep as the tree; a parsed one has at most JSON_DEPTH_MAX. */
void json_write(const struct json *root, struct buffer *buffer)
{
    switch (root->kind) {
    case JSON_KIND_NULL:
        buffer_put_string(buffer, "null");
        break;
    case JSON_KIND_FALSE:
        buffer_put_string(buffer, "false");
        break;
    case JSON_KIND_TRUE:
        buffer_put_string(buffer, "true");
        break;
    case JSON_KIND_NUMBER:
        buffer_put(buffer, root->text);
        break;
    case JSON_KIND_STRING:
        buffer_put_json(buffer, root->text);
        break;
    case JSON_KIND_ARRAY:
        buffer_put_byte(buffer, '[');
        write_children(root, buffer);
        buffer_put_byte(buffer, ']');
        break;
    case JSON_KIND_OBJECT:
        buffer_put_byte(buffer, '{');
        write_children(root, buffer);
        buffer_put_byte(buffer, '}');
        break;
    }
}

const struct json *json_get(const struct json *object, const char *key)
{
    const struct json *item;
    struct slice wanted = slice_from(key);

    if (object == NULL || object->kind != JSON_KIND_OBJECT)
        return NULL;
    for (item = object->first; item != NULL; item = item->next)
        if (slice_equal(item->key, wanted))
            return item;
    return NULL;
}

struct slice json_get_string(const struct json *object, const char *key)
{
    const struct json *item = json_get(object, key);

    if (item == NULL || item->kind != JSON_KIND_STRING)
        return (struct slice){ NULL, 0 };
    return item->text;
}

const struct json *json_first(const struct json *array)
{
    return array == NULL ? NULL : array->first;
}
