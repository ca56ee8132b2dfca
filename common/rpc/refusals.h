/* Who a service's table of peers (rpc/peers.h) has refused, in an audit log of the service's own:
 * leaves do no work of their own that is to be told, but whoever comes past the gateway is.
 *
 * Who is refused again and again does not fill the disk: a record a second at most, which says how
 * many it stands for. */
#ifndef RPC_REFUSALS_H
#define RPC_REFUSALS_H

#include "base/error.h"
#include "run/loop.h"

struct refusals;

/* Open the log at @folder, signed with the key of @key_file (audit/audit_log.h; both are made where
 * they are not there). NULL and @err as audit_open. Loop thread. */
struct refusals *refusals_open(struct loop *loop, const char *service, const char *folder,
                               const char *key_file, struct error *err);

/* @peer ("" where it has no name) was refused @method, a static name. Any thread. */
void refusals_note(struct refusals *refusals, const char *peer, const char *method);

/* When what was noted is in the log, close it and call @closed. Nobody may note any more. Loop
 * thread. */
void refusals_close(struct refusals *refusals, void (*closed)(void *owner), void *owner);

#endif
