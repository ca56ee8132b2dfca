#include "deid_stream_split.h"

#include "base/limits.h"
#include "fhir/json.h"

#define KEY_BYTES_MAX 1024

/* Room for a piece that grows by doubling, and for what is small. */
static size_t arena_bytes(size_t piece_bytes_max)
{
    return 5 * piece_bytes_max + (1u << 20);
}

void deid_stream_split_init(struct deid_stream_split *split, size_t piece_bytes_max,
                            deid_stream_piece_cb take, void *data)
{
    *split = (struct deid_stream_split){ .piece_bytes_max = piece_bytes_max,
                                         .take = take,
                                         .data = data };
    arena_init(&split->arena, arena_bytes(piece_bytes_max));
    deid_stream_split_reset(split);
}

void deid_stream_split_close(struct deid_stream_split *split)
{
    arena_close(&split->arena);
}

void deid_stream_split_reset(struct deid_stream_split *split)
{
    arena_reuse(&split->arena, arena_bytes(split->piece_bytes_max));
    split->state = DEID_STREAM_SPLIT_START;
    split->is_bundle = false;
    split->keys_count = 0;
    split->is_started = false;
    split->end = (struct json_end){ 0 };
    buffer_init(&split->piece, &split->arena);
    buffer_init(&split->key, &split->arena);
    buffer_init(&split->opening, &split->arena);
}

static enum status fail(struct error *err, const char *what)
{
    return error_set(err, STATUS_INVALID_ARGUMENT, "a Bundle: %s", what);
}

static enum status put(struct deid_stream_split *split, struct buffer *buffer, struct slice bytes,
                       struct error *err)
{
    if (buffer->size + bytes.size > split->piece_bytes_max)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "a resource of more than %zu bytes",
                         split->piece_bytes_max);
    buffer_put(buffer, bytes);
    return buffer->is_full ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a resource")
                           : STATUS_OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Where a string, a number or a word ends, of which the byte behind it is not a part. */
static size_t scalar_scan(struct deid_stream_split *split, struct slice bytes, bool *is_done)
{
    size_t at = 0;

    while (at < bytes.size && !*is_done) {
        char c = bytes.data[at];

        if (split->end.is_escape) {
            split->end.is_escape = false;
        } else if (split->end.is_string) {
            split->end.is_escape = c == '\\';
            *is_done = c == '"';
        } else if (c == '"' && !split->is_started) {
            split->end.is_string = true;
        } else if (c == ',' || c == '}' || c == ']' || is_space(c)) {
            *is_done = true;
            return at;
        }
        split->is_started = true;
        at++;
    }
    return at;
}

/* Take what @bytes has of the value at hand. *@is_done: it is whole; then *@used is where it ended.
 */
static enum status value_scan(struct deid_stream_split *split, struct slice bytes, size_t *used,
                              bool *is_done, struct error *err)
{
    *is_done = false;
    if (!split->is_started && (bytes.data[0] == '{' || bytes.data[0] == '[')) {
        split->is_started = true;
        split->end.depth = 1;
        *used = 1 + json_end_take(&split->end, slice_cut(bytes, 1, bytes.size));
        *is_done = split->end.depth == 0;
    } else if (split->end.depth > 0) {
        *used = json_end_take(&split->end, bytes);
        *is_done = split->end.depth == 0;
    } else {
        *used = scalar_scan(split, bytes, is_done);
    }
    if (split->end.depth > JSON_DEPTH_MAX)
        return fail(err, "nested too deep");
    return put(split, &split->piece, slice_cut(bytes, 0, *used), err);
}

static void value_start(struct deid_stream_split *split, enum deid_stream_split_state state)
{
    split->state = state;
    split->piece.size = 0;
    split->is_started = false;
    split->end = (struct json_end){ 0 };
}

static struct slice key_of(const struct deid_stream_split *split)
{
    return slice_cut(buffer_slice(&split->key), 1, split->key.size - 1);
}

/* The first member decides whether the rest is taken apart. */
static enum status member_done(struct deid_stream_split *split, struct error *err)
{
    split->state = DEID_STREAM_SPLIT_MEMBER_NEXT;
    if (split->is_bundle)
        return split->take(split->data, DEID_STREAM_PIECE_MEMBER, key_of(split),
                           buffer_slice(&split->piece), err);
    split->is_bundle = slice_is(key_of(split), "resourceType")
                       && slice_is(buffer_slice(&split->piece), "\"Bundle\"");
    if (!split->is_bundle) {
        split->state = DEID_STREAM_SPLIT_WHOLE;
        return put(split, &split->opening, SLICE(""), err);
    }
    return split->take(split->data, DEID_STREAM_PIECE_MEMBER, SLICE("resourceType"),
                       buffer_slice(&split->piece), err);
}

static enum status entry_done(struct deid_stream_split *split, struct error *err)
{
    split->state = DEID_STREAM_SPLIT_ENTRY_NEXT;
    return split->take(split->data, DEID_STREAM_PIECE_ENTRY, SLICE(""), buffer_slice(&split->piece),
                       err);
}

static enum status entries_start(struct deid_stream_split *split, struct error *err)
{
    split->state = DEID_STREAM_SPLIT_ENTRY_FIRST;
    return split->take(split->data, DEID_STREAM_PIECE_ENTRIES_START, SLICE(""), SLICE(""), err);
}

static enum status entries_end(struct deid_stream_split *split, struct error *err)
{
    split->state = DEID_STREAM_SPLIT_MEMBER_NEXT;
    return split->take(split->data, DEID_STREAM_PIECE_ENTRIES_END, SLICE(""), SLICE(""), err);
}

static enum status document_end(struct deid_stream_split *split, struct error *err)
{
    split->state = DEID_STREAM_SPLIT_END;
    return split->take(split->data, DEID_STREAM_PIECE_END, SLICE(""), SLICE(""), err);
}

/* A member twice would be one thing to us and another to the next reader. */
static enum status key_remember(struct deid_stream_split *split, struct error *err)
{
    struct slice key = buffer_slice(&split->key);

    for (unsigned i = 0; i < split->keys_count; i++)
        if (slice_equal(split->keys[i], key))
            return fail(err, "a member twice");
    if (split->keys_count == DEID_STREAM_KEYS_MAX)
        return fail(err, "more members than a Bundle has");
    split->keys[split->keys_count] = arena_copy(&split->arena, key);
    if (split->keys[split->keys_count++].data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a name");
    return STATUS_OK;
}

/* A key, to its closing quote; an escape in one is nobody's and not taken apart. */
static enum status key_take(struct deid_stream_split *split, char c, struct error *err)
{
    if (split->key.size >= KEY_BYTES_MAX)
        return fail(err, "a name that is too long");
    if (c == '\\' && split->is_bundle)
        return fail(err, "a name with an escape");
    buffer_put_byte(&split->key, c);
    if (c == '\\') {
        split->state = DEID_STREAM_SPLIT_WHOLE;
        return STATUS_OK;
    }
    if (split->key.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a name");
    if (c != '"' || split->key.size == 1)
        return STATUS_OK;
    split->state = DEID_STREAM_SPLIT_COLON;
    return key_remember(split, err);
}

static enum status key_start(struct deid_stream_split *split, struct error *err)
{
    split->key.size = 0;
    split->state = DEID_STREAM_SPLIT_KEY;
    return key_take(split, '"', err);
}

/* A byte of the structure of the Bundle itself. */
static enum status structure_take(struct deid_stream_split *split, char c, struct error *err)
{
    switch (split->state) {
    case DEID_STREAM_SPLIT_START:
        if (c != '{')
            return error_set(err, STATUS_INVALID_ARGUMENT, "not a FHIR resource: no JSON object");
        split->state = DEID_STREAM_SPLIT_MEMBER_FIRST;
        return STATUS_OK;
    case DEID_STREAM_SPLIT_MEMBER_FIRST:
    case DEID_STREAM_SPLIT_MEMBER:
        if (c == '"')
            return key_start(split, err);
        return fail(err, "a name is missing");
    case DEID_STREAM_SPLIT_COLON:
        if (c != ':')
            return fail(err, "a colon is missing");
        value_start(split, DEID_STREAM_SPLIT_VALUE);
        return STATUS_OK;
    case DEID_STREAM_SPLIT_MEMBER_NEXT:
        if (c == '}')
            return document_end(split, err);
        split->state = DEID_STREAM_SPLIT_MEMBER;
        return c == ',' ? STATUS_OK : fail(err, "a comma is missing");
    case DEID_STREAM_SPLIT_ENTRY_NEXT:
        if (c == ']')
            return entries_end(split, err);
        value_start(split, DEID_STREAM_SPLIT_ENTRY);
        return c == ',' ? STATUS_OK : fail(err, "a comma is missing between entries");
    default:
        return fail(err, "something after its end");
    }
}

/* Where a value is expected: its first byte says which. True: it is none of a value's. */
static bool value_begins(struct deid_stream_split *split, char c, enum status *status,
                         struct error *err)
{
    if (split->state == DEID_STREAM_SPLIT_VALUE && split->is_bundle && c == '['
        && slice_is(key_of(split), "entry")) {
        *status = entries_start(split, err);
        return true;
    }
    if (split->state == DEID_STREAM_SPLIT_ENTRY_FIRST) {
        if (c == ']') {
            *status = entries_end(split, err);
            return true;
        }
        value_start(split, DEID_STREAM_SPLIT_ENTRY);
    }
    if (split->state == DEID_STREAM_SPLIT_ENTRY && c != '{') {
        *status = fail(err, "an entry that is no object");
        return true;
    }
    if (c == ',' || c == '}' || c == ']' || c == ':') {
        *status = fail(err, "a value is missing");
        return true;
    }
    return false;
}

static bool expects_value(const struct deid_stream_split *split)
{
    return split->state == DEID_STREAM_SPLIT_VALUE || split->state == DEID_STREAM_SPLIT_ENTRY
           || split->state == DEID_STREAM_SPLIT_ENTRY_FIRST;
}

/* One step over the front of @bytes; *@used bytes of them were taken. */
static enum status step(struct deid_stream_split *split, struct slice bytes, size_t *used,
                        struct error *err)
{
    char c = bytes.data[0];
    enum status status = STATUS_OK;
    bool is_done;

    *used = 1;
    if (split->state == DEID_STREAM_SPLIT_KEY)
        return key_take(split, c, err);
    if (!split->is_started && is_space(c))
        return STATUS_OK;
    if (!expects_value(split))
        return is_space(c) ? STATUS_OK : structure_take(split, c, err);
    if (!split->is_started && value_begins(split, c, &status, err))
        return status;
    status = value_scan(split, bytes, used, &is_done, err);
    if (status != STATUS_OK || !is_done)
        return status;
    split->is_started = false;
    return split->state == DEID_STREAM_SPLIT_ENTRY ? entry_done(split, err)
                                                   : member_done(split, err);
}

enum status deid_stream_split_feed(struct deid_stream_split *split, struct slice bytes,
                                   struct error *err)
{
    enum status status = STATUS_OK;
    size_t at = 0, used = 0;

    if (split->state == DEID_STREAM_SPLIT_START && split->opening.size == 0
        && slice_starts_with(bytes, SLICE("\xEF\xBB\xBF")))
        at = 3;
    if (split->state == DEID_STREAM_SPLIT_START && split->keeps_whole)
        split->state = DEID_STREAM_SPLIT_WHOLE;
    while (status == STATUS_OK && at < bytes.size && split->state != DEID_STREAM_SPLIT_WHOLE) {
        struct slice rest = slice_cut(bytes, at, bytes.size);

        status = step(split, rest, &used, err);
        if (status == STATUS_OK && !split->is_bundle)
            status = put(split, &split->opening, slice_cut(rest, 0, used), err);
        at += used;
    }
    if (status == STATUS_OK && split->state == DEID_STREAM_SPLIT_WHOLE)
        status = put(split, &split->opening, slice_cut(bytes, at, bytes.size), err);
    return status;
}

enum status deid_stream_split_finish(struct deid_stream_split *split, struct error *err)
{
    if (split->state == DEID_STREAM_SPLIT_WHOLE)
        return split->take(split->data, DEID_STREAM_PIECE_WHOLE, SLICE(""),
                           buffer_slice(&split->opening), err);
    return split->state == DEID_STREAM_SPLIT_END
               ? STATUS_OK
               : error_set(err, STATUS_INVALID_ARGUMENT, "a resource that is cut short");
}
