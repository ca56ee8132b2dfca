/* Messages between the wire and protobuf-c. Before protobuf-c sees a message it is walked once
 * against its descriptor: nesting depth (protobuf-c recurses without a limit), strings that are
 * UTF-8 and hold no NUL (proto3 asks for the one, protobuf-c cuts at the other), lengths inside the
 * message. */
#ifndef RPC_MESSAGE_H
#define RPC_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/error.h"

/* INVALID_ARGUMENT for bytes that are not such a message. */
enum status message_check(const ProtobufCMessageDescriptor *descriptor, struct slice bytes,
                          struct error *err);

/* Check and unpack @bytes into @arena. RESOURCE_EXHAUSTED when the arena's limit is met. The
 * message holds no pointer into
 * @bytes and is freed with the arena. NULL on failure. */
void *message_unpack(const ProtobufCMessageDescriptor *descriptor, struct slice bytes,
                     struct arena *arena, struct error *err);

#endif
