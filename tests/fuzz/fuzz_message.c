/* Messages: what the check lets pass, protobuf-c unpacks; packed again it is a message with the
 * same bytes for good. The first byte of the input picks the message. */
#include "base/check.h"
#include "base/limits.h"
#include "consilium/v1/context.pb-c.h"
#include "consilium/v1/deid.pb-c.h"
#include "consilium/v1/gateway.pb-c.h"
#include "consilium/v1/inference.pb-c.h"
#include "consilium/v1/tokenizer.pb-c.h"
#include "fuzz_target.h"
#include "rpc/message.h"

static const ProtobufCMessageDescriptor *const descriptors[] = {
    &consilium__v1__ask_request__descriptor,      &consilium__v1__put_record_request__descriptor,
    &consilium__v1__redact_request__descriptor,   &consilium__v1__redact_reply__descriptor,
    &consilium__v1__assemble_request__descriptor, &consilium__v1__assemble_reply__descriptor,
    &consilium__v1__encode_request__descriptor,   &consilium__v1__decode_request__descriptor,
    &consilium__v1__generate_request__descriptor, &consilium__v1__timeline_reply__descriptor,
};

static struct slice pack(const ProtobufCMessage *message, struct arena *arena)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc(arena, size);

    CHECK(bytes != NULL && protobuf_c_message_pack(message, bytes) == size);
    return slice_of(bytes, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ProtobufCMessageDescriptor *descriptor;
    struct slice bytes, first, second;
    struct error err = { 0 };
    struct arena arena;
    void *message;

    if (size == 0)
        return 0;
    descriptor = descriptors[data[0] % (sizeof(descriptors) / sizeof(descriptors[0]))];
    bytes = slice_of(data + 1, size - 1);
    arena_init(&arena, 256 * MIB);
    message = message_unpack(descriptor, bytes, &arena, &err);
    if (message_check(descriptor, bytes, NULL) == STATUS_OK) {
        CHECK(message != NULL || err.status == STATUS_RESOURCE_EXHAUSTED
              || err.status == STATUS_INVALID_ARGUMENT);
    } else {
        CHECK(message == NULL && err.status == STATUS_INVALID_ARGUMENT);
    }
    if (message != NULL) {
        first = pack(message, &arena);
        message = message_unpack(descriptor, first, &arena, &err);
        CHECK(message != NULL);
        second = pack(message, &arena);
        CHECK(slice_equal(first, second));
    }
    arena_close(&arena);
    return 0;
}
