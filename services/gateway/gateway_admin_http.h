/* What an operator may see by HTTP, with the scope admin: what the gateway runs with, and its audit
 * log as far as it is of the caller's tenant or of none. Whoever looks is in that log before the
 * reply leaves. Loop thread; the log is read on a worker.
 *
 *   GET /v1/admin/configuration               one object of JSON
 *   GET /v1/admin/audit?first=N&count=M       lines, as they stand in the log; the header
 *                                             x-consilium-next is the number after the last looked
 * at */
#ifndef GATEWAY_ADMIN_HTTP_H
#define GATEWAY_ADMIN_HTTP_H

#include "gateway_http.h"

void admin_http_configuration(struct http_exchange *exchange, struct slice rest);
void admin_http_audit(struct http_exchange *exchange, struct slice rest);

#endif
