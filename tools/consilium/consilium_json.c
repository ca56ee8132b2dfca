#include "consilium_json.h"

#include <stdio.h>

#include "base/limits.h"

static void put_name(struct buffer *buffer, const char *name)
{
    bool is_upper = false;

    buffer_put_byte(buffer, '"');
    for (; *name != '\0'; name++) {
        if (*name == '_') {
            is_upper = true;
            continue;
        }
        buffer_put_byte(buffer, is_upper && *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A')
                                                                         : *name);
        is_upper = false;
    }
    buffer_put_string(buffer, "\":");
}

static void put_bytes(struct buffer *buffer, const ProtobufCBinaryData *bytes)
{
    buffer_put_byte(buffer, '"');
    buffer_put_base64(buffer, slice_of(bytes->data, bytes->len));
    buffer_put_byte(buffer, '"');
}

static void put_enum(struct buffer *buffer, const ProtobufCEnumDescriptor *descriptor, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);

    if (value == NULL)
        buffer_put_number(buffer, number);
    else
        buffer_format(buffer, "\"%s\"", value->name);
}

static void put_value(struct buffer *buffer, const ProtobufCFieldDescriptor *field, const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        buffer_put_number(buffer, *(const int32_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        buffer_put_number(buffer, *(const uint32_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        buffer_format(buffer, "\"%lld\"", (long long)*(const int64_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        buffer_format(buffer, "\"%llu\"", (unsigned long long)*(const uint64_t *)at);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        buffer_format(buffer, "%.9g", (double)*(const float *)at);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        buffer_format(buffer, "%.17g", *(const double *)at);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        buffer_put_string(buffer, *(const protobuf_c_boolean *)at ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        put_enum(buffer, field->descriptor, *(const int *)at);
        break;
    case PROTOBUF_C_TYPE_STRING:
        buffer_put_json(buffer, slice_from(*(char *const *)at));
        break;
    case PROTOBUF_C_TYPE_BYTES:
        put_bytes(buffer, at);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        json_message(*(ProtobufCMessage *const *)at, buffer);
        break;
    }
}

/* Bytes of one element in an array of such a field. */
static size_t element_bytes(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 4;
    }
}

static void put_array(struct buffer *buffer, const ProtobufCFieldDescriptor *field,
                      const char *first, size_t count)
{
    size_t i;

    buffer_put_byte(buffer, '[');
    for (i = 0; i < count; i++) {
        if (i > 0)
            buffer_put_byte(buffer, ',');
        put_value(buffer, field, first + i * element_bytes(field->type));
    }
    buffer_put_byte(buffer, ']');
}

static bool is_default(const ProtobufCFieldDescriptor *field, const void *at)
{
    static const char zeros[8];

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return *(char *const *)at == NULL || **(char *const *)at == '\0';
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)at)->len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(void *const *)at == NULL;
    default:
        return memcmp(at, zeros, element_bytes(field->type)) == 0;
    }
}

/* Whether @field stands in @message at all: repeated ones by count, those of a oneof by its case.
 */
static bool is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)(base + field->quantifier_offset) > 0;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)(base + field->quantifier_offset) == field->id;
    return !is_default(field, base + field->offset);
}

void json_message(const ProtobufCMessage *message, struct buffer *buffer)
{
    const char *base = (const char *)message;
    bool is_first = true;
    unsigned i;

    buffer_put_byte(buffer, '{');
    for (i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

        if (!is_present(message, field))
            continue;
        if (!is_first)
            buffer_put_byte(buffer, ',');
        is_first = false;
        put_name(buffer, field->name);
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            put_array(buffer, field, *(char *const *)(base + field->offset),
                      *(const size_t *)(base + field->quantifier_offset));
        else
            put_value(buffer, field, base + field->offset);
    }
    buffer_put_byte(buffer, '}');
}

void json_print(const void *message)
{
    struct arena arena;
    struct buffer buffer;

    arena_init(&arena, 512 * MIB);
    buffer_init(&buffer, &arena);
    json_message(message, &buffer);
    buffer_put_byte(&buffer, '\n');
    if (buffer.is_full)
        fputs(
            "{\"error\":{\"status\":\"RESOURCE_EXHAUSTED\",\"text\":\"the reply is too large to print\"}}\n",
            stderr);
    else
        fwrite(buffer.data, 1, buffer.size, stdout);
    fflush(stdout);
    arena_close(&arena);
}
