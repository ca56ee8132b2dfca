/* JSON through simdjson's on-demand reader: it finds the structure and checks UTF-8 at some gigabytes a second, we build our tree from
 * what it finds. Every value is visited, so everything is checked: what on-demand would let pass (numbers we do not convert, words
 * like "truex") is checked here. No exceptions: simdjson's error codes only. Runs on any thread; each keeps its own parser. */
#define SIMDJSON_EXCEPTIONS 0
#include "json_bench_simdjson.h"

#include <simdjson.h>

#include <string_view>
#include <utility>

extern "C" {
#include "base/hash.h"
#include "base/limits.h"
#include "base/utf8.h"
}

namespace ondemand = simdjson::ondemand;

namespace {

/* A parser's buffers are about five times its document. One that has grown past this is not kept by its thread. */
constexpr size_t PARSER_KEEP_BYTES = 4 * MIB;

/* Objects up to this many members look for a duplicate key by comparing all pairs. */
constexpr unsigned PAIRS_MAX = 12;

struct reader {
    struct arena *arena;
    struct error *err;
    const char *data;
    size_t size;
    uint64_t key_seed;
    ondemand::document *document;
};

size_t where(const struct reader *reader)
{
    const char *at;

    if (reader->document->current_location().get(at) != simdjson::SUCCESS || at < reader->data)
        return reader->size;
    size_t offset = (size_t)(at - reader->data);
    return offset < reader->size ? offset : reader->size;
}

enum status fail(const struct reader *reader, const char *what)
{
    return error_set(reader->err, STATUS_INVALID_ARGUMENT, "JSON: %s near byte %zu", what, where(reader));
}

enum status fail_full(const struct reader *reader)
{
    return error_set(reader->err, STATUS_RESOURCE_EXHAUSTED, "JSON: no room for the tree of %zu bytes (limit %zu)", reader->size,
                     reader->arena->limit_bytes);
}

bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* A token of simdjson runs up to the next one. */
struct slice token_of(std::string_view raw)
{
    size_t size = raw.size();

    while (size > 0 && is_space(raw[size - 1]))
        size--;
    return slice_of(raw.data(), size);
}

bool take_text(const struct reader *reader, std::string_view text, struct slice *out)
{
    *out = arena_copy(reader->arena, slice_of(text.data(), text.size()));
    return out->data != NULL;
}

enum status read_key(const struct reader *reader, ondemand::field &field, struct slice *key)
{
    const char *at = field.key().raw();
    const char *end = at;
    std::string_view text;

    while (*end != '"' && *end != '\\')
        end++;
    if (*end == '"') {
        *key = slice_of(at, (size_t)(end - at));
        return STATUS_OK;
    }
    if (field.unescaped_key().get(text) != simdjson::SUCCESS)
        return fail(reader, "a bad escape");
    if (!take_text(reader, text, key))
        return fail_full(reader);
    return utf8_is_valid(*key) ? STATUS_OK : fail(reader, "half a surrogate pair");
}

enum status read_string(const struct reader *reader, ondemand::value &value, struct json *node)
{
    struct slice token = token_of(value.raw_json_token());
    std::string_view text;

    node->kind = JSON_KIND_STRING;
    if (token.size < 2 || token.data[token.size - 1] != '"')
        return fail(reader, "an unfinished string");
    node->text = slice_cut(token, 1, token.size - 1);
    if (memchr(node->text.data, '\\', node->text.size) == NULL)
        return STATUS_OK;
    if (value.get_string().get(text) != simdjson::SUCCESS)
        return fail(reader, "a bad escape");
    if (!take_text(reader, text, &node->text))
        return fail_full(reader);
    return utf8_is_valid(node->text) ? STATUS_OK : fail(reader, "half a surrogate pair");
}

/* A number or a word. */
enum status read_bare(const struct reader *reader, ondemand::value &value, struct json *node)
{
    struct slice token = token_of(value.raw_json_token());

    if (slice_is(token, "true"))
        node->kind = JSON_KIND_TRUE;
    else if (slice_is(token, "false"))
        node->kind = JSON_KIND_FALSE;
    else if (slice_is(token, "null"))
        node->kind = JSON_KIND_NULL;
    else if (json_simdjson_is_number(token))
        *node = (struct json){ JSON_KIND_NUMBER, 0, node->key, token, NULL, NULL };
    else
        return fail(reader, "neither a value nor a word");
    return STATUS_OK;
}

bool has_duplicate_in_pairs(const struct json *object)
{
    for (const struct json *a = object->first; a != NULL; a = a->next)
        for (const struct json *b = a->next; b != NULL; b = b->next)
            if (slice_equal(a->key, b->key))
                return true;
    return false;
}

/* The table goes back to the arena at once. */
bool has_duplicate_in_table(const struct reader *reader, const struct json *object, bool *is_full)
{
    size_t slots = 64;
    bool is_found = false;
    struct arena_mark mark = arena_mark(reader->arena);
    const struct json **table;

    while (slots < 2 * (size_t)object->count)
        slots *= 2;
    table = ARENA_ARRAY(reader->arena, const struct json *, slots);
    *is_full = table == NULL;
    for (const struct json *item = object->first; item != NULL && table != NULL && !is_found; item = item->next) {
        size_t at = hash_bytes(item->key, reader->key_seed) & (slots - 1);

        for (; table[at] != NULL && !is_found; at = (at + 1) & (slots - 1))
            is_found = slice_equal(table[at]->key, item->key);
        table[at] = item;
    }
    arena_rewind(reader->arena, mark);
    return is_found;
}

enum status check_duplicates(const struct reader *reader, const struct json *object)
{
    bool is_full = false;
    bool is_found = object->count <= PAIRS_MAX ? has_duplicate_in_pairs(object) : has_duplicate_in_table(reader, object, &is_full);

    if (is_full)
        return fail_full(reader);
    return is_found ? fail(reader, "a key twice in the object that ends") : STATUS_OK;
}

enum status read_value(const struct reader *reader, ondemand::value &value, struct json *node, unsigned depth);

enum status read_object(const struct reader *reader, ondemand::object object, struct json *node, unsigned depth)
{
    struct json **next = &node->first;

    node->kind = JSON_KIND_OBJECT;
    for (auto &&result : object) {
        ondemand::field field;
        enum status status;

        if (std::move(result).get(field) != simdjson::SUCCESS)
            return fail(reader, "a malformed object");
        *next = ARENA_NEW(reader->arena, struct json);
        if (*next == NULL)
            return fail_full(reader);
        status = read_key(reader, field, &(*next)->key);
        if (status == STATUS_OK)
            status = read_value(reader, field.value(), *next, depth);
        if (status != STATUS_OK)
            return status;
        next = &(*next)->next;
        node->count++;
    }
    return check_duplicates(reader, node);
}

enum status read_array(const struct reader *reader, ondemand::array array, struct json *node, unsigned depth)
{
    struct json **next = &node->first;

    node->kind = JSON_KIND_ARRAY;
    for (auto &&result : array) {
        ondemand::value value;
        enum status status;

        if (std::move(result).get(value) != simdjson::SUCCESS)
            return fail(reader, "a malformed array");
        *next = ARENA_NEW(reader->arena, struct json);
        if (*next == NULL)
            return fail_full(reader);
        status = read_value(reader, value, *next, depth);
        if (status != STATUS_OK)
            return status;
        next = &(*next)->next;
        node->count++;
    }
    return STATUS_OK;
}

/* @depth containers are open around @value. */
enum status read_value(const struct reader *reader, ondemand::value &value, struct json *node, unsigned depth)
{
    ondemand::json_type type;
    ondemand::object object;
    ondemand::array array;

    if (value.type().get(type) != simdjson::SUCCESS)
        return fail(reader, "no value");
    if (type != ondemand::json_type::object && type != ondemand::json_type::array)
        return type == ondemand::json_type::string ? read_string(reader, value, node) : read_bare(reader, value, node);
    if (depth >= JSON_DEPTH_MAX)
        return error_set(reader->err, STATUS_INVALID_ARGUMENT, "JSON: nested deeper than %d near byte %zu", JSON_DEPTH_MAX,
                         where(reader));
    if (type == ondemand::json_type::array)
        return value.get_array().get(array) == simdjson::SUCCESS ? read_array(reader, array, node, depth + 1)
                                                                 : fail(reader, "a malformed array");
    return value.get_object().get(object) == simdjson::SUCCESS ? read_object(reader, object, node, depth + 1)
                                                               : fail(reader, "a malformed object");
}

/* Past the last token there is no location. */
bool is_at_end(const struct reader *reader)
{
    const char *at;

    return reader->document->current_location().get(at) == simdjson::OUT_OF_BOUNDS;
}

enum status read_root(const struct reader *reader, struct json *node)
{
    ondemand::object object;
    ondemand::array array;
    ondemand::json_type type;
    enum status status;

    if (reader->document->type().get(type) != simdjson::SUCCESS)
        return fail(reader, "no value");
    if (type == ondemand::json_type::object && reader->document->get_object().get(object) == simdjson::SUCCESS)
        status = read_object(reader, object, node, 1);
    else if (type == ondemand::json_type::array && reader->document->get_array().get(array) == simdjson::SUCCESS)
        status = read_array(reader, array, node, 1);
    else
        return fail(reader, "a malformed document");
    if (status != STATUS_OK)
        return status;
    return is_at_end(reader) ? STATUS_OK : fail(reader, "something after the document");
}

/* Where the first pass failed: simdjson says only that, so the text is looked through again. */
size_t find_bad_byte(const struct reader *reader)
{
    bool in_string = false;
    size_t i = 0, size = 0;

    for (; i < reader->size; i += size) {
        unsigned char c = (unsigned char)reader->data[i];

        if (utf8_decode(slice_of(reader->data + i, reader->size - i), &size) == UTF8_INVALID || (in_string && c < 0x20))
            return i;
        if (c == '"')
            in_string = !in_string;
        else if (c == '\\' && in_string && i + 1 < reader->size && (unsigned char)reader->data[i + 1] < 0x80)
            size = 2;
    }
    return i;
}

enum status fail_first_pass(const struct reader *reader, simdjson::error_code code)
{
    const char *what = "malformed";

    if (code == simdjson::MEMALLOC || code == simdjson::CAPACITY)
        return error_set(reader->err, STATUS_RESOURCE_EXHAUSTED, "JSON: no memory to read %zu bytes", reader->size);
    if (code == simdjson::EMPTY)
        what = "empty";
    else if (code == simdjson::UTF8_ERROR)
        what = "invalid UTF-8";
    else if (code == simdjson::UNCLOSED_STRING)
        what = "an unfinished string";
    else if (code == simdjson::UNESCAPED_CHARS)
        what = "a control character in a string";
    return error_set(reader->err, STATUS_INVALID_ARGUMENT, "JSON: %s near byte %zu", what, find_bad_byte(reader));
}

} // namespace

/* A number, digit by digit: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
bool json_simdjson_is_number(struct slice text)
{
    const char *at = text.data, *end = text.data + text.size;
    auto digits = [&] {
        const char *start = at;

        while (at < end && *at >= '0' && *at <= '9')
            at++;
        return at > start;
    };

    if (at < end && *at == '-')
        at++;
    if (at < end && *at == '0')
        at++;
    else if (!digits())
        return false;
    if (at < end && *at == '.') {
        at++;
        if (!digits())
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        if (!digits())
            return false;
    }
    return at == end;
}

enum status json_simdjson_read(const char *data, size_t size, uint64_t key_seed, struct arena *arena,
                               struct json **root, struct error *err)
{
    static thread_local ondemand::parser kept;
    ondemand::parser fresh;
    ondemand::parser &parser = size <= PARSER_KEEP_BYTES ? kept : fresh;
    ondemand::document document;
    struct reader reader = { arena, err, data, size, key_seed, &document };
    simdjson::error_code code =
        parser.iterate(simdjson::padded_string_view(data, size, size + JSON_SIMDJSON_PADDING)).get(document);

    if (code != simdjson::SUCCESS)
        return fail_first_pass(&reader, code);
    *root = ARENA_NEW(arena, struct json);
    if (*root == NULL)
        return fail_full(&reader);
    return read_root(&reader, *root);
}
