/* One pass over the tokens. Open containers lie on a stack of JSON_DEPTH_MAX; each value is checked
 * when it is met, so that a tree means that the whole text was JSON.
 *
 * Keys of an object that is open wait in a row of signatures (size and first bytes): two keys that
 * are the same have the same, and hardly any others do. */
#include "json_read.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "json_scan.h"

/* Nodes are taken from the arena so many at a time: what an element of a Bundle has. */
#define NODES_AT_ONCE 512

struct nodes {
    struct nodes *next;
    struct json items[NODES_AT_ONCE];
};

/* Objects up to this many members look for a duplicate key by comparing all pairs. */
#define PAIRS_MAX 16

struct open {
    struct json *node;
    struct json **next; /* where the next member goes */
    uint32_t keys;      /* of the reader's keys, where this object's begin */
};

struct reader {
    struct json_scan scan;
    struct arena *arena;
    struct error *err;
    uint64_t key_seed;
    struct nodes *nodes, *first_nodes; /* that are being given out; those of elements */
    size_t nodes_used;
    const struct json_each *each; /* NULL: the whole tree is kept */
    struct json *each_array;      /* the array whose elements are told of; NULL: not met yet */
    size_t element_at;            /* where the element that is being read begins */
    struct arena strings;         /* unescaped strings of an element */
    uint64_t *keys;
    size_t keys_count, keys_room;
    size_t depth;
    struct open open[JSON_DEPTH_MAX + 1];
};

static enum status fail(struct reader *reader, const char *what, size_t at)
{
    if (reader->scan.fault != JSON_FAULT_NONE) {
        static const char *const faults[] = { "", "invalid UTF-8",
                                              "a control character in a string",
                                              "an unfinished string" };

        what = faults[reader->scan.fault];
        at = reader->scan.fault_at;
    }
    return error_set(reader->err, STATUS_INVALID_ARGUMENT, "JSON: %s near byte %zu", what, at);
}

static enum status fail_full(struct reader *reader)
{
    return error_set(reader->err, STATUS_RESOURCE_EXHAUSTED,
                     "JSON: no room for the tree of %zu bytes (limit %zu)", reader->scan.size,
                     reader->arena->limit_bytes);
}

/* ---- tokens ---- */

/* Where the next token begins; the text's size at its end, or where the scan found a fault. */
static inline uint32_t peek(struct reader *reader)
{
    if (reader->scan.next == reader->scan.count && !json_scan_more(&reader->scan)
        && reader->scan.count == 0)
        return (uint32_t)reader->scan.size;
    return reader->scan.tokens[reader->scan.next];
}

static inline char byte_at(const struct reader *reader, size_t at)
{
    return at < reader->scan.size ? reader->scan.data[at] : '\0';
}

static inline void skip(struct reader *reader)
{
    if (reader->scan.next < reader->scan.count)
        reader->scan.next++;
}

/* What stands from @start to the next token, without blanks behind it. */
static inline struct slice token_from(struct reader *reader, size_t start)
{
    size_t end = peek(reader);
    const char *data = reader->scan.data;

    while (end > start
           && (data[end - 1] == ' ' || data[end - 1] == '\n' || data[end - 1] == '\r'
               || data[end - 1] == '\t'))
        end--;
    return slice_of(data + start, end - start);
}

/* ---- strings ---- */

static bool take_hex(struct slice *text, uint32_t *code)
{
    *code = 0;
    if (text->size < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = text->data[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;

        if (digit > 15)
            return false;
        *code = *code << 4 | digit;
    }
    *text = slice_cut(*text, 4, text->size);
    return true;
}

/* What follows "\u"; a pair of surrogates is one character. */
static size_t unescape_unicode(struct slice *text, char *out)
{
    uint32_t code, low;

    if (!take_hex(text, &code))
        return 0;
    if (code >= 0xd800 && code < 0xdc00 && slice_starts_with(*text, SLICE("\\u"))) {
        *text = slice_cut(*text, 2, text->size);
        if (!take_hex(text, &low) || low < 0xdc00 || low > 0xdfff)
            return 0;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    return code >= 0xd800 && code < 0xe000 ? 0 : utf8_encode(code, out);
}

/* The size of what the escape at the front of @text (its backslash is gone) stands for, 0 for none.
 */
static size_t unescape_one(struct slice *text, char *out)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    char name = text->size == 0 ? '\0' : text->data[0];
    const char *at = name == '\0' ? NULL : strchr(names, name);

    *text = slice_cut(*text, 1, text->size);
    if (name == 'u')
        return unescape_unicode(text, out);
    if (at == NULL)
        return 0;
    *out = bytes[at - names];
    return 1;
}

static enum status unescape(struct reader *reader, struct slice text, struct slice *out)
{
    /* What is inside of an element that is told of goes when it does. */
    bool is_short = reader->each_array != NULL && reader->depth >= 2
                    && reader->open[1].node == reader->each_array;
    char *copy = arena_alloc(is_short ? &reader->strings : reader->arena, text.size + 1);
    size_t size = 0;

    if (copy == NULL)
        return fail_full(reader);
    while (text.size > 0) {
        size_t plain = slice_find_byte(text, '\\'), one;

        memcpy(copy + size, text.data, plain);
        size += plain;
        if (plain == text.size)
            break;
        text = slice_cut(text, plain + 1, text.size);
        one = unescape_one(&text, copy + size);
        if (one == 0)
            return fail(reader, "a bad escape", (size_t)(text.data - reader->scan.data));
        size += one;
    }
    *out = slice_of(copy, size);
    return STATUS_OK;
}

/* The string whose quote is at @start; its token has been taken. Hardly any has blanks behind it.
 */
static inline enum status read_string(struct reader *reader, size_t start, struct slice *out)
{
    size_t end = peek(reader);
    const char *data = reader->scan.data;
    struct slice token = end > start && data[end - 1] == '"' ? slice_of(data + start, end - start)
                                                             : token_from(reader, start);

    if (token.size < 2 || token.data[token.size - 1] != '"')
        return fail(reader, "an unfinished string", start);
    *out = slice_of(token.data + 1, token.size - 2);
    if (!json_scan_may_escape(&reader->scan, start, start + token.size)
        || memchr(out->data, '\\', out->size) == NULL)
        return STATUS_OK;
    return unescape(reader, *out, out);
}

/* ---- numbers and words ---- */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool is_number(struct slice text)
{
    const char *at = text.data, *end = text.data + text.size, *start;

    if (at < end && *at == '-')
        at++;
    start = at;
    at = at < end && *at == '0' ? at + 1 : skip_digits(at, end);
    if (at == start)
        return false;
    if (at < end && *at == '.') {
        start = ++at;
        at = skip_digits(at, end);
        if (at == start)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        start = at;
        at = skip_digits(at, end);
        if (at == start)
            return false;
    }
    return at == end;
}

static enum status read_bare(struct reader *reader, size_t start, struct json *node)
{
    struct slice token = token_from(reader, start);

    if (token.size > 0 && (token.data[0] == '-' || (token.data[0] >= '0' && token.data[0] <= '9'))
        && is_number(token)) {
        node->kind = JSON_KIND_NUMBER;
        node->text = token;
    } else if (slice_is(token, "true")) {
        node->kind = JSON_KIND_TRUE;
    } else if (slice_is(token, "false")) {
        node->kind = JSON_KIND_FALSE;
    } else if (slice_is(token, "null")) {
        node->kind = JSON_KIND_NULL;
    } else {
        return fail(reader, token.size == 0 ? "no value" : "neither a value nor a word", start);
    }
    return STATUS_OK;
}

/* ---- keys ---- */

/* The size and the first seven bytes. Those of a key that stands in the document are read eight at
 * once, as long as the document goes on behind it. */
static inline uint64_t signature_of(const struct reader *reader, struct slice key)
{
    const char *data = reader->scan.data;
    uint64_t first = 0;

    if (key.data >= data && key.data + sizeof(first) <= data + reader->scan.size) {
        memcpy(&first, key.data, sizeof(first));
        first &= key.size < sizeof(first) ? ((uint64_t)1 << 8 * key.size) - 1 : UINT64_MAX;
    } else if (key.size > 0) {
        memcpy(&first, key.data, key.size < 7 ? key.size : 7);
    }
    return first << 8 | (key.size & 0xff);
}

static inline bool put_key(struct reader *reader, struct slice key)
{
    if (reader->keys_count == reader->keys_room) {
        size_t room = reader->keys_room == 0 ? 256 : 2 * reader->keys_room;
        uint64_t *keys = arena_alloc(reader->arena, room * sizeof(*keys));

        if (keys == NULL)
            return false;
        if (reader->keys_count > 0)
            memcpy(keys, reader->keys, reader->keys_count * sizeof(*keys));
        reader->keys = keys;
        reader->keys_room = room;
    }
    reader->keys[reader->keys_count++] = signature_of(reader, key);
    return true;
}

static bool has_key_twice_in_pairs(const struct json *object)
{
    for (const struct json *a = object->first; a != NULL; a = a->next)
        for (const struct json *b = a->next; b != NULL; b = b->next)
            if (slice_equal(a->key, b->key))
                return true;
    return false;
}

/* The table goes back to the arena at once. */
static bool has_key_twice_in_table(struct reader *reader, const struct json *object, bool *is_full)
{
    struct arena_mark mark = arena_mark(reader->arena);
    const struct json **table;
    size_t slots = 64;
    bool is_found = false;

    while (slots < 2 * (size_t)object->count)
        slots *= 2;
    table = ARENA_ARRAY(reader->arena, const struct json *, slots);
    *is_full = table == NULL;
    for (const struct json *item = object->first; item != NULL && table != NULL && !is_found;
         item = item->next) {
        size_t at = hash_bytes(item->key, reader->key_seed) & (slots - 1);

        for (; table[at] != NULL && !is_found; at = (at + 1) & (slots - 1))
            is_found = slice_equal(table[at]->key, item->key);
        table[at] = item;
    }
    arena_rewind(reader->arena, mark);
    return is_found;
}

static bool has_same_signature(const uint64_t *keys, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (keys[i] == keys[j])
                return true;
    return false;
}

static enum status check_keys(struct reader *reader, const struct open *open)
{
    const struct json *object = open->node;
    bool is_full = false, is_found = false;

    if (object->count > PAIRS_MAX)
        is_found = has_key_twice_in_table(reader, object, &is_full);
    else if (object->count > 1 && has_same_signature(reader->keys + open->keys, object->count))
        is_found = has_key_twice_in_pairs(object);
    if (is_full)
        return fail_full(reader);
    return is_found ? fail(reader, "a key twice in the object that ends", peek(reader)) : STATUS_OK;
}

/* ---- the tree ---- */

/* Another piece of nodes: one that an earlier element is through with, or a new one. */
static bool more_nodes(struct reader *reader)
{
    struct nodes *nodes = reader->nodes == NULL ? NULL : reader->nodes->next;

    if (nodes == NULL) {
        nodes = arena_alloc(reader->arena, sizeof(*nodes));
        if (nodes == NULL)
            return false;
        nodes->next = NULL;
        if (reader->nodes != NULL)
            reader->nodes->next = nodes;
    }
    reader->nodes = nodes;
    reader->nodes_used = 0;
    return true;
}

static inline struct json *make_node(struct reader *reader)
{
    struct json *node;

    if (reader->nodes_used == NODES_AT_ONCE && !more_nodes(reader))
        return NULL;
    node = &reader->nodes->items[reader->nodes_used++];
    *node = (struct json){ 0 };
    return node;
}

/* Whether @node is the array whose elements are told of: a member of the root. */
static bool is_each_array(const struct reader *reader, const struct json *node)
{
    return reader->each != NULL && reader->each_array == NULL && reader->depth == 2
           && node->kind == JSON_KIND_ARRAY && reader->open[0].node->kind == JSON_KIND_OBJECT
           && slice_equal(node->key, reader->each->key);
}

/* Elements get pieces of nodes of their own, which serve again for each. */
static bool start_elements(struct reader *reader, struct json *array)
{
    reader->each_array = array;
    reader->nodes_used = NODES_AT_ONCE;
    if (!more_nodes(reader))
        return false;
    reader->first_nodes = reader->nodes;
    return true;
}

static enum status end_element(struct reader *reader, struct json *element)
{
    struct slice bytes =
        slice_of(reader->scan.data + reader->element_at, peek(reader) - reader->element_at);
    enum status status = reader->each->on_element(reader->each->arg, element, bytes, reader->err);

    reader->nodes = reader->first_nodes;
    reader->nodes_used = 0;
    arena_reuse(&reader->strings, reader->arena->limit_bytes);
    reader->open[1].node->first = NULL;
    reader->open[1].next = &reader->open[1].node->first;
    return status;
}

static inline enum status open_container(struct reader *reader, struct json *node,
                                         enum json_kind kind, size_t at)
{
    if (reader->depth == JSON_DEPTH_MAX)
        return error_set(reader->err, STATUS_INVALID_ARGUMENT,
                         "JSON: nested deeper than %d near byte %zu", JSON_DEPTH_MAX, at);
    node->kind = kind;
    reader->open[reader->depth++] =
        (struct open){ node, &node->first, (uint32_t)reader->keys_count };
    if (reader->depth == 2 && is_each_array(reader, node) && !start_elements(reader, node))
        return fail_full(reader);
    return STATUS_OK;
}

/* The value that the next token begins. */
static inline enum status read_value(struct reader *reader, struct json *node)
{
    size_t start = peek(reader);
    char c = byte_at(reader, start);

    skip(reader);
    if (c == '"') {
        node->kind = JSON_KIND_STRING;
        return read_string(reader, start, &node->text);
    }
    if (c == '{' || c == '[')
        return open_container(reader, node, c == '{' ? JSON_KIND_OBJECT : JSON_KIND_ARRAY, start);
    return read_bare(reader, start, node);
}

/* Whether what has just been read is an element that is told of. */
static inline bool is_element(const struct reader *reader)
{
    return reader->depth == 2 && reader->each_array != NULL
           && reader->open[1].node == reader->each_array;
}

static inline enum status close_container(struct reader *reader)
{
    struct open *open = &reader->open[reader->depth - 1];
    enum status status = STATUS_OK;

    skip(reader);
    if (open->node->kind == JSON_KIND_OBJECT) {
        status = check_keys(reader, open);
        reader->keys_count = open->keys;
    }
    reader->depth--;
    return status == STATUS_OK && is_element(reader) ? end_element(reader, open->node) : status;
}

static inline enum status read_key(struct reader *reader, struct json *node)
{
    size_t start = peek(reader);
    enum status status;

    if (byte_at(reader, start) != '"')
        return fail(reader, "a malformed object", start);
    skip(reader);
    status = read_string(reader, start, &node->key);
    if (status != STATUS_OK)
        return status;
    if (byte_at(reader, peek(reader)) != ':')
        return fail(reader, "a malformed object", peek(reader));
    skip(reader);
    return put_key(reader, node->key) ? STATUS_OK : fail_full(reader);
}

/* The end of the innermost container, or its next member. */
static inline enum status step(struct reader *reader)
{
    struct open *open = &reader->open[reader->depth - 1];
    bool is_object = open->node->kind == JSON_KIND_OBJECT;
    size_t at = peek(reader);
    char c = byte_at(reader, at);
    struct json *node;
    enum status status;

    if (c == (is_object ? '}' : ']'))
        return close_container(reader);
    if (open->node->count > 0) {
        if (c != ',')
            return fail(reader, is_object ? "a malformed object" : "a malformed array", at);
        skip(reader);
    }
    node = make_node(reader);
    if (node == NULL)
        return fail_full(reader);
    if (is_element(reader))
        reader->element_at = peek(reader);
    *open->next = node;
    open->next = &node->next;
    open->node->count++;
    if (is_object) {
        status = read_key(reader, node);
        if (status != STATUS_OK)
            return status;
    }
    status = read_value(reader, node);
    if (status == STATUS_OK && node->kind < JSON_KIND_ARRAY && is_element(reader))
        status = end_element(reader, node);
    return status;
}

/* The whole text. @root is the first node. */
static enum status read_all(struct reader *reader, struct json *root)
{
    enum status status = read_value(reader, root);

    while (status == STATUS_OK && reader->depth > 0)
        status = step(reader);
    if (status != STATUS_OK)
        return status;
    if (peek(reader) < reader->scan.size || reader->scan.fault != JSON_FAULT_NONE)
        return fail(reader, "something after the document", peek(reader));
    return STATUS_OK;
}

enum status json_read(struct slice data, uint64_t key_seed, const struct json_each *each,
                      struct arena *arena, struct json **root, struct error *err)
{
    struct reader reader;
    uint64_t *escapes = ARENA_ARRAY(arena, uint64_t, json_scan_escapes(data.size));
    enum status status;

    reader.arena = arena;
    reader.err = err;
    reader.key_seed = key_seed;
    reader.nodes = reader.first_nodes = NULL;
    reader.nodes_used = NODES_AT_ONCE;
    reader.each = each;
    reader.each_array = NULL;
    reader.keys_count = reader.keys_room = reader.depth = 0;
    reader.keys = NULL;
    json_scan_init(&reader.scan, data, escapes);
    if (escapes == NULL || (*root = make_node(&reader)) == NULL)
        return fail_full(&reader);
    arena_init(&reader.strings, arena->limit_bytes);
    status = read_all(&reader, *root);
    arena_close(&reader.strings);
    return status;
}
