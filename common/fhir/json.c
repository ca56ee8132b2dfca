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

/* Where a tree is written to. A run is a part of the source that is still to be copied: as long as
 * what comes next stands behind it there, it only grows. */
struct writer {
    struct buffer *out;
    const char *start, *end; /* of the source; NULL: none */
    const char *run, *run_end;
};

static void flush(struct writer *writer)
{
    if (writer->run != NULL)
        buffer_put(writer->out, slice_of(writer->run, (size_t)(writer->run_end - writer->run)));
    writer->run = writer->run_end = NULL;
}

static inline bool is_source(const struct writer *writer, struct slice bytes)
{
    return (uintptr_t)bytes.data > (uintptr_t)writer->start
           && (uintptr_t)bytes.data + bytes.size < (uintptr_t)writer->end;
}

static inline void put_byte(struct writer *writer, char byte)
{
    if (writer->run != NULL && writer->run_end < writer->end && *writer->run_end == byte) {
        writer->run_end++;
        return;
    }
    flush(writer);
    buffer_put_byte(writer->out, byte);
}

/* Bytes of the source. */
static inline void put_run(struct writer *writer, const char *data, size_t size)
{
    if (writer->run == NULL || data != writer->run_end) {
        flush(writer);
        writer->run = data;
    }
    writer->run_end = data + size;
}

static void put_word(struct writer *writer, struct slice word)
{
    if (writer->run != NULL && (size_t)(writer->end - writer->run_end) >= word.size
        && memcmp(writer->run_end, word.data, word.size) == 0) {
        writer->run_end += word.size;
        return;
    }
    flush(writer);
    buffer_put(writer->out, word);
}

/* A view has no escapes, and what has none needs none. */
static inline void put_string(struct writer *writer, struct slice text)
{
    if (!is_source(writer, text)) {
        flush(writer);
        buffer_put_json(writer->out, text);
    } else if (text.data[-1] == '"' && text.data[text.size] == '"') {
        put_run(writer, text.data - 1, text.size + 2);
    } else {
        put_byte(writer, '"');
        put_run(writer, text.data, text.size);
        put_byte(writer, '"');
    }
}

static void put_number(struct writer *writer, struct slice text)
{
    if (is_source(writer, text)) {
        put_run(writer, text.data, text.size);
    } else {
        flush(writer);
        buffer_put(writer->out, text);
    }
}

static void put_node(struct writer *writer, const struct json *node);

static void put_children(struct writer *writer, const struct json *parent)
{
    const struct json *item;

    for (item = parent->first; item != NULL; item = item->next) {
        if (item != parent->first)
            put_byte(writer, ',');
        if (parent->kind == JSON_KIND_OBJECT) {
            put_string(writer, item->key);
            put_byte(writer, ':');
        }
        put_node(writer, item);
    }
}

/* Recursion goes as deep as the tree; a parsed one has at most JSON_DEPTH_MAX. */
static void put_node(struct writer *writer, const struct json *node)
{
    bool is_object = node->kind == JSON_KIND_OBJECT;

    switch (node->kind) {
    case JSON_KIND_NULL:
        put_word(writer, SLICE("null"));
        break;
    case JSON_KIND_FALSE:
        put_word(writer, SLICE("false"));
        break;
    case JSON_KIND_TRUE:
        put_word(writer, SLICE("true"));
        break;
    case JSON_KIND_NUMBER:
        put_number(writer, node->text);
        break;
    case JSON_KIND_STRING:
        put_string(writer, node->text);
        break;
    case JSON_KIND_ARRAY:
    case JSON_KIND_OBJECT:
        put_byte(writer, is_object ? '{' : '[');
        put_children(writer, node);
        put_byte(writer, is_object ? '}' : ']');
        break;
    }
}

void json_write_from(const struct json *root, struct slice source, struct buffer *buffer)
{
    struct writer writer = { .out = buffer,
                             .start = source.data,
                             .end = source.size == 0 ? source.data : source.data + source.size };

    put_node(&writer, root);
    flush(&writer);
}

void json_write(const struct json *root, struct buffer *buffer)
{
    json_write_from(root, (struct slice){ NULL, 0 }, buffer);
}

/* The first and the last byte tell most keys of one size apart, without a call. */
static inline bool is_key(struct slice key, struct slice asked)
{
    return key.size == asked.size
           && (key.size == 0
               || (key.data[0] == asked.data[0]
                   && key.data[key.size - 1] == asked.data[key.size - 1]
                   && memcmp(key.data, asked.data, key.size) == 0));
}

const struct json *json_find(const struct json *object, struct slice key)
{
    const struct json *item;

    if (object == NULL || object->kind != JSON_KIND_OBJECT)
        return NULL;
    for (item = object->first; item != NULL; item = item->next)
        if (is_key(item->key, key))
            return item;
    return NULL;
}
