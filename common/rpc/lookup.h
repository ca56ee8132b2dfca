/* A name's addresses, looked up again and again: how a caller learns of servers that come and go
 * while its connections live on. Loop thread. */
#ifndef RPC_LOOKUP_H
#define RPC_LOOKUP_H

#include <netdb.h>

#include "run/address.h"
#include "run/loop.h"

struct lookup;

/* @found is a list, to look at until the callback returns. A name that cannot be looked up for now
 * has the addresses that it had: no call. */
typedef void (*lookup_found_cb)(void *arg, const struct addrinfo *found);

/* Whether @target (as in channel_options) is a name, and which. */
bool lookup_reads_name(const char *target, struct address *name);

/* First after @delay_ms, then every @interval_ms. NULL: no memory. */
struct lookup *lookup_create(struct loop *loop, const struct address *name, uint64_t delay_ms,
                             uint64_t interval_ms, lookup_found_cb on_found, void *arg);

/* No callback comes any more. The loop must run on for the rest. */
void lookup_destroy(struct lookup *lookup);

#endif
