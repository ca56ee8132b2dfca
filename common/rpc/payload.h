/* Messages in gRPC's byte buffers. Only for files of common/rpc. */
#ifndef RPC_PAYLOAD_H
#define RPC_PAYLOAD_H

#include <grpc/byte_buffer.h>
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/error.h"

/* @message packed into one slice, in a buffer that the caller destroys. NULL without memory. */
grpc_byte_buffer *payload_pack(const ProtobufCMessage *message, size_t *size_bytes);

/* Check and unpack into @arena; in place when the bytes arrived in one piece. @payload stays the
 * caller's; NULL there is an error, for a message had to come. */
void *payload_unpack(const ProtobufCMessageDescriptor *descriptor, grpc_byte_buffer *payload,
                     struct arena *arena, struct error *err);

#endif
