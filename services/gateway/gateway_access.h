/* Who calls the gateway and what they may (access/access.h): asked before any method begins, noted
 * on the call; who is refused is in the audit log. Loop thread. */
#ifndef GATEWAY_ACCESS_H
#define GATEWAY_ACCESS_H

#include "access/access.h"
#include "gateway.h"

/* Read the file that the configuration names, if any, and watch it: a changed one takes the place
 * of the old when it can be used, and either is a record of the audit log. */
enum status gateway_access_open(struct gateway *gateway, struct error *err);

/* Stop watching; the loop runs on until that is through. */
void gateway_access_close(struct gateway *gateway);

/* @start @call, now or later, when it is known who calls, that they may one of @scopes, and that it
 * is not more than their rate. Else the call is refused. */
void gateway_admit(struct call *call, unsigned scopes, void (*start)(struct call *call));

/* Who @peer is, for a face that asks before it makes a call; NULL where nobody is asked. Its rate
 * is the face's to take: a call that the face makes is not counted again. Not STATUS_OK: @err says
 * why it is nobody, and that is in the audit log. */
enum status gateway_identify(struct gateway *gateway, const struct peer *peer, struct arena *arena,
                             const struct access_identity **identity, struct error *err);

/* What the audit log calls them: their name by the access file, else their certificate's; NULL:
 * nobody said. */
const char *gateway_caller(const struct call *call);

/* Whether they may see originals. */
bool gateway_may_restore(const struct call *call);

/* @tenant as the call means it, empty being the caller's own. PERMISSION_DENIED for another's. */
enum status gateway_check_tenant(const struct call *call, const char **tenant, struct error *err);

#endif
