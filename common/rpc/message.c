/* Check, then unpack: bytes of a stranger become a struct of ours.
 *
 * The walk follows what protobuf-c's parser does (the same tags, the same lengths), so that what
 * passes here is neither too deep nor cut there. Unknown fields are stepped over: they are bytes to
 * protobuf-c too. */
#include "rpc/message.h"

#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

enum wire_type {
    WIRE_TYPE_VARINT = 0,
    WIRE_TYPE_FIXED64 = 1,
    WIRE_TYPE_BYTES = 2,
    WIRE_TYPE_FIXED32 = 5,
};

#define VARINT_BYTES_MAX 10
#define FIELD_ID_MAX ((1u << 29) - 1)

/* One message on the way down. */
struct level {
    const ProtobufCMessageDescriptor *descriptor;
    const char *end;
};

/* What the allocator of protobuf-c works with. */
struct source {
    struct arena *arena;
    bool is_full;
};

/* False when no varint of at most 10 bytes stands at @at. */
static bool take_varint(const char **at, const char *end, uint64_t *value)
{
    unsigned i;

    *value = 0;
    for (i = 0; i < VARINT_BYTES_MAX && *at < end; i++) {
        uint8_t byte = (uint8_t) * (*at)++;

        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

static bool skip(const char **at, const char *end, size_t size)
{
    if ((size_t)(end - *at) < size)
        return false;
    *at += size;
    return true;
}

static enum status refuse(const struct level *level, const char *why, struct error *err)
{
    return error_set(err, STATUS_INVALID_ARGUMENT, "%s is malformed: %s",
                     level->descriptor->short_name, why);
}

static enum status check_string(const struct level *level, const ProtobufCFieldDescriptor *field,
                                struct slice text, struct error *err)
{
    if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s.%s holds a NUL byte",
                         level->descriptor->short_name, field->name);
    if (!utf8_is_valid(text))
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s.%s is not UTF-8",
                         level->descriptor->short_name, field->name);
    return STATUS_OK;
}

/* A length-delimited field at @at. A message inside becomes the next level, to be walked first. */
static enum status check_bytes(struct level *levels, unsigned *depth, const char **at,
                               const ProtobufCFieldDescriptor *field, struct error *err)
{
    const struct level *level = &levels[*depth];
    struct slice bytes;
    uint64_t size;

    if (!take_varint(at, level->end, &size) || size > (uint64_t)(level->end - *at))
        return refuse(level, "a length passes the end", err);
    bytes = slice_of(*at, size);
    if (field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (*depth + 1 == MESSAGE_DEPTH_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "a message is nested deeper than %d levels", MESSAGE_DEPTH_MAX);
        levels[++*depth] = (struct level){ field->descriptor, bytes.data + bytes.size };
        return STATUS_OK;
    }
    *at += size;
    if (field != NULL && field->type == PROTOBUF_C_TYPE_STRING)
        return check_string(level, field, bytes, err);
    return STATUS_OK;
}

static enum status check_field(struct level *levels, unsigned *depth, const char **at,
                               struct error *err)
{
    const struct level *level = &levels[*depth];
    uint64_t tag, value;
    bool is_whole;

    if (!take_varint(at, level->end, &tag) || tag >> 3 == 0 || tag >> 3 > FIELD_ID_MAX)
        return refuse(level, "a field has no valid number", err);
    switch (tag & 7) {
    case WIRE_TYPE_VARINT:
        is_whole = take_varint(at, level->end, &value);
        break;
    case WIRE_TYPE_FIXED64:
        is_whole = skip(at, level->end, 8);
        break;
    case WIRE_TYPE_FIXED32:
        is_whole = skip(at, level->end, 4);
        break;
    case WIRE_TYPE_BYTES:
        return check_bytes(levels, depth, at,
                           protobuf_c_message_descriptor_get_field(level->descriptor, tag >> 3),
                           err);
    default:
        return refuse(level, "a field has an unknown wire type", err);
    }
    return is_whole ? STATUS_OK : refuse(level, "a value passes the end", err);
}

enum status message_check(const ProtobufCMessageDescriptor *descriptor, struct slice bytes,
                          struct error *err)
{
    struct level levels[MESSAGE_DEPTH_MAX];
    const char *at = bytes.data;
    unsigned depth = 0;

    levels[0] = (struct level){ descriptor, bytes.data + bytes.size };
    for (;;) {
        while (at == levels[depth].end) {
            if (depth-- == 0)
                return STATUS_OK;
        }
        if (check_field(levels, &depth, &at, err) != STATUS_OK)
            return err == NULL ? STATUS_INVALID_ARGUMENT : err->status;
    }
}

static void *take_memory(void *data, size_t size)
{
    struct source *source = data;
    void *memory = arena_alloc(source->arena, size);

    if (memory == NULL)
        source->is_full = true;
    return memory;
}

/* It goes back with the arena. */
static void leave_memory(void *data, void *memory)
{
    (void)data;
    (void)memory;
}

void *message_unpack(const ProtobufCMessageDescriptor *descriptor, struct slice bytes,
                     struct arena *arena, struct error *err)
{
    struct source source = { arena, false };
    ProtobufCAllocator allocator = { take_memory, leave_memory, &source };
    ProtobufCMessage *message;

    if (message_check(descriptor, bytes, err) != STATUS_OK)
        return NULL;
    message =
        protobuf_c_message_unpack(descriptor, &allocator, bytes.size, (const uint8_t *)bytes.data);
    if (message != NULL)
        return message;
    if (source.is_full)
        error_set(err, STATUS_RESOURCE_EXHAUSTED,
                  "%s of %zu bytes needs more than the %zu bytes a call may use",
                  descriptor->short_name, bytes.size, arena->limit_bytes);
    else
        error_set(err, STATUS_INVALID_ARGUMENT, "%s does not parse", descriptor->short_name);
    return NULL;
}
