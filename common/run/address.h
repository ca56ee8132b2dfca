/* An address as people type it: "127.0.0.1:6379", "[::1]:6379", "redis.hospital:6379" or
 * "unix:/path/to/socket". */
#ifndef RUN_ADDRESS_H
#define RUN_ADDRESS_H

#include <stdbool.h>

#include "base/error.h"

struct address {
    bool is_unix;
    char host[256]; /* a name of DNS is at most 253 bytes; without the brackets of IPv6; or the
                       socket's path */
    int port;       /* 0 to 65535 */
};

/* INVALID_ARGUMENT for what is none of these. Nothing is looked up. */
enum status address_parse(const char *text, struct address *address, struct error *err);

bool address_equal(const struct address *a, const struct address *b);

#endif
