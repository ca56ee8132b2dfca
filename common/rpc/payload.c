#include "rpc/payload.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>

#include "base/fault.h"
#include "rpc/message.h"

grpc_byte_buffer *payload_pack(const ProtobufCMessage *message, size_t *size_bytes)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    grpc_byte_buffer *payload;
    grpc_slice slice;

    if (fault_is_due())
        return NULL;
    slice = grpc_slice_malloc(size);
    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    payload = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    *size_bytes = size;
    return payload;
}

static struct slice view(const grpc_slice *slice)
{
    return slice_of(GRPC_SLICE_START_PTR(*slice), GRPC_SLICE_LENGTH(*slice));
}

void *payload_unpack(const ProtobufCMessageDescriptor *descriptor, grpc_byte_buffer *payload,
                     struct arena *arena, struct error *err)
{
    grpc_byte_buffer_reader reader;
    grpc_slice *piece, whole;
    void *message;

    if (payload == NULL || !grpc_byte_buffer_reader_init(&reader, payload)) {
        error_set(err, STATUS_INVALID_ARGUMENT, "no %s arrived", descriptor->short_name);
        return NULL;
    }
    if (grpc_byte_buffer_reader_peek(&reader, &piece)
        && GRPC_SLICE_LENGTH(*piece) == grpc_byte_buffer_length(payload)) {
        message = message_unpack(descriptor, view(piece), arena, err);
        grpc_byte_buffer_reader_destroy(&reader);
        return message;
    }
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_reader_init(&reader, payload);
    whole = grpc_byte_buffer_reader_readall(&reader);
    message = message_unpack(descriptor, view(&whole), arena, err);
    grpc_slice_unref(whole);
    grpc_byte_buffer_reader_destroy(&reader);
    return message;
}
