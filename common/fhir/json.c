/* The tree's own functions; json_read.c reads.
 *
 * json_parse copies the document into the arena once; strings without escapes, keys and numbers
 * then are views into that copy. */
#include "fhir/json.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/limits.h"
#include "fhir/json_read.h"

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

static enum status parse(struct slice bytes, const struct json_each *each, struct arena *arena,
                         struct json **root, struct error *err)
{
    pthread_once(&key_seed_once, make_key_seed);
    *root = NULL;
    if (slice_trim(bytes).size == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "JSON: empty");
    if (bytes.size >= UINT32_MAX)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "JSON: %zu bytes are over 4 GiB",
                         bytes.size);
    return json_read(bytes, key_seed, each, arena, root, err);
}

enum status json_parse_view(struct slice bytes, struct arena *arena, struct json **root,
                            struct error *err)
{
    return parse(without_mark(bytes), NULL, arena, root, err);
}

enum status json_parse_each(struct slice bytes, const char *key, json_on_element on_element,
                            void *arg, struct arena *arena, struct json **root, struct error *err)
{
    struct json_each each = { slice_from(key), on_element, arg };

    return parse(without_mark(bytes), &each, arena, root, err);
}

enum status json_parse(struct slice bytes, struct arena *arena, struct json **root,
                       struct error *err)
{
    struct slice copy;

    bytes = without_mark(bytes);
    copy = bytes.size == 0 ? bytes : arena_copy(arena, bytes);
    if (bytes.size > 0 && copy.data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "JSON: no room for %zu bytes", bytes.size);
    return parse(copy, NULL, arena, root, err);
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

const struct json *json_find(const struct json *object, struct slice key)
{
    const struct json *item;

    if (object == NULL || object->kind != JSON_KIND_OBJECT)
        return NULL;
    for (item = object->first; item != NULL; item = item->next)
        if (item->key.size == key.size && memcmp(item->key.data, key.data, key.size) == 0)
            return item;
    return NULL;
}
