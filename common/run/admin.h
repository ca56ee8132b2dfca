/* The administration port: HTTP/1.1 on the loop. GET /metrics (Prometheus text), GET /healthz (200
 * when alive), GET /readyz (200 or 503, from @is_ready). Nothing else, 404 and 405. Slow or
 * oversized requests are cut off. */
#ifndef RUN_ADMIN_H
#define RUN_ADMIN_H

#include <stdbool.h>

#include "base/error.h"
#include "run/loop.h"

struct admin;

/* Listen on @address ("127.0.0.1:9101", "[::]:9101"; port 0 picks one, see admin_port). NULL and
 * @err: ALREADY_EXISTS when it is taken; libuv then still holds a handle that it lets go in
 * loop_run. @is_ready is asked on the loop; NULL: always. Loop thread. */
struct admin *admin_start(struct loop *loop, const char *address, bool (*is_ready)(void *owner),
                          void *owner, struct error *err);

int admin_port(const struct admin *admin);

/* Stop listening, close connections, free when libuv has let go. Loop thread. */
void admin_stop(struct admin *admin);

#endif
