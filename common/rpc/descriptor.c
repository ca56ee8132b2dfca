/* A walk over google.protobuf.FileDescriptorSet. The few fields that are looked at:
 *
 *   FileDescriptorSet    file = 1
 *   FileDescriptorProto  name = 1, package = 2, dependency = 3, message_type = 4, enum_type = 5,
 * service = 6 DescriptorProto      name = 1, field = 2, nested_type = 3, enum_type = 4 the rest
 * name = 1; ServiceDescriptorProto method = 2 */
#include "rpc/descriptor.h"

#include <stdint.h>

/* Symbols of the proto library. */
extern const char proto_descriptors[], proto_descriptors_end[];

enum {
    NAME = 1,
    SET_FILE = 1,
    FILE_PACKAGE = 2,
    FILE_DEPENDENCY = 3,
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
    MESSAGE_FIELD = 2,
    MESSAGE_MESSAGE = 3,
    MESSAGE_ENUM = 4,
    SERVICE_METHOD = 2,
};

#define WIRE_VARINT 0
#define WIRE_FIXED64 1
#define WIRE_BYTES 2
#define WIRE_FIXED32 5

static uint64_t take_varint(struct slice *rest)
{
    uint64_t value = 0;
    unsigned shift = 0;

    while (rest->size > 0 && shift < 64) {
        uint8_t byte = (uint8_t)rest->data[0];

        *rest = slice_cut(*rest, 1, rest->size);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            break;
        shift += 7;
    }
    return value;
}

/* The next length-delimited field of @rest; the others are stepped over. False at the end. */
static bool next_field(struct slice *rest, unsigned *number, struct slice *value)
{
    while (rest->size > 0) {
        uint64_t tag = take_varint(rest), size;

        *number = (unsigned)(tag >> 3);
        switch (tag & 7) {
        case WIRE_VARINT:
            take_varint(rest);
            continue;
        case WIRE_FIXED64:
            *rest = slice_cut(*rest, 8, rest->size);
            continue;
        case WIRE_FIXED32:
            *rest = slice_cut(*rest, 4, rest->size);
            continue;
        case WIRE_BYTES:
            size = take_varint(rest);
            *value = slice_cut(*rest, 0, size);
            *rest = slice_cut(*rest, size, rest->size);
            return true;
        default:
            return false;
        }
    }
    return false;
}

/* The first field @number of @message. */
static struct slice find_field(struct slice message, unsigned number)
{
    struct slice value;
    unsigned at;

    while (next_field(&message, &at, &value))
        if (at == number)
            return value;
    return (struct slice){ NULL, 0 };
}

static struct slice all_files(void)
{
    return slice_of(proto_descriptors, (size_t)(proto_descriptors_end - proto_descriptors));
}

struct slice descriptor_find_file(struct slice name)
{
    struct slice set = all_files(), file;
    unsigned number;

    while (next_field(&set, &number, &file))
        if (number == SET_FILE && slice_equal(find_field(file, NAME), name))
            return file;
    return (struct slice){ NULL, 0 };
}

/* Take "@name" off the front of the dotted @path. False, and nothing taken, when another name
 * stands there. */
static bool take_name(struct slice *path, struct slice name)
{
    if (!slice_starts_with(*path, name))
        return false;
    if (path->size > name.size && (path->data[name.size] != '.' || path->size == name.size + 1))
        return false;
    *path = slice_cut(*path, name.size + 1, path->size);
    return true;
}

/* Whether a child of @parent in one of the fields whose bits are in @fields is called @name. */
static bool has_child(struct slice parent, unsigned fields, struct slice name)
{
    struct slice child;
    unsigned number;

    while (next_field(&parent, &number, &child))
        if (number < 32 && (fields & 1u << number) != 0
            && slice_equal(find_field(child, NAME), name))
            return true;
    return false;
}

/* Whether @path, relative to @message, names it or something in it. */
static bool message_declares(struct slice message, struct slice path)
{
    struct slice rest = message, child;
    unsigned number;

    if (path.size == 0)
        return true;
    if (has_child(message, 1u << MESSAGE_FIELD | 1u << MESSAGE_ENUM, path))
        return true;
    while (next_field(&rest, &number, &child)) {
        struct slice below = path;

        if (number == MESSAGE_MESSAGE && take_name(&below, find_field(child, NAME))
            && message_declares(child, below))
            return true;
    }
    return false;
}

static bool part_declares(unsigned number, struct slice part, struct slice path)
{
    if (!take_name(&path, find_field(part, NAME)))
        return false;
    switch (number) {
    case FILE_MESSAGE:
        return message_declares(part, path);
    case FILE_ENUM:
        return path.size == 0;
    case FILE_SERVICE:
        return path.size == 0 || has_child(part, 1u << SERVICE_METHOD, path);
    default:
        return false;
    }
}

static bool file_declares(struct slice file, struct slice symbol)
{
    struct slice package = find_field(file, FILE_PACKAGE), part;
    unsigned number;

    if (package.size > 0 && (!take_name(&symbol, package) || symbol.size == 0))
        return false;
    while (next_field(&file, &number, &part))
        if (number >= FILE_MESSAGE && number <= FILE_SERVICE && part_declares(number, part, symbol))
            return true;
    return false;
}

struct slice descriptor_find_symbol(struct slice symbol)
{
    struct slice set = all_files(), file;
    unsigned number;

    while (next_field(&set, &number, &file))
        if (number == SET_FILE && file_declares(file, symbol))
            return file;
    return (struct slice){ NULL, 0 };
}

static bool is_listed(struct slice file, const struct slice *files, unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++)
        if (files[i].data == file.data)
            return true;
    return false;
}

unsigned descriptor_closure(struct slice file, struct slice files[DESCRIPTOR_FILES_MAX])
{
    unsigned count = 1, at, number;

    files[0] = file;
    for (at = 0; at < count; at++) {
        struct slice rest = files[at], name;

        while (next_field(&rest, &number, &name)) {
            struct slice import =
                number == FILE_DEPENDENCY ? descriptor_find_file(name) : (struct slice){ NULL, 0 };

            if (import.data != NULL && count < DESCRIPTOR_FILES_MAX
                && !is_listed(import, files, count))
                files[count++] = import;
        }
    }
    return count;
}
