/* What an operator writes for "where is the service", as gRPC's name for it. */
#ifndef RPC_TARGET_H
#define RPC_TARGET_H

#include "base/error.h"

/* "127.0.0.1:7101" and lists of such with commas, "localhost:7101", "[::1]:7101", "unix:/path",
 * "dns:///name:port" or "name:port". @target is the gRPC name, @authority the name that a
 * certificate would carry (the first of several); both malloced. INVALID_ARGUMENT says what is
 * wrong and what to write. Any thread. */
enum status target_parse(const char *text, char **target, char **authority, struct error *err);

#endif
