/* Any message of ours as JSON, by the proto3 mapping
 * (https://protobuf.dev/programming-guides/json/): lowerCamelCase names, enums by name, 64-bit
 * integers as strings, bytes in base64, fields at their default left out. */
#ifndef CONSILIUM_JSON_H
#define CONSILIUM_JSON_H

#include <protobuf-c/protobuf-c.h>

#include "base/buffer.h"

void json_message(const ProtobufCMessage *message, struct buffer *buffer);

/* The same as a line on stdout. */
void json_print(const void *message);

#endif
