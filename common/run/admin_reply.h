/* What the administration port answers. The port's own; others see admin.h. */
#ifndef RUN_ADMIN_REPLY_H
#define RUN_ADMIN_REPLY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"

enum admin_method {
    ADMIN_METHOD_GET,
    ADMIN_METHOD_HEAD,
    ADMIN_METHOD_OTHER,
};

struct admin_request {
    enum admin_method method;
    struct slice path;
    bool keeps_alive;
    bool takes_openmetrics;        /* of metrics, by its Accept */
    bool (*is_ready)(void *owner); /* NULL: always */
    void *owner;
};

struct admin_reply {
    struct slice head, body; /* in the arena; the body is empty for HEAD */
};

/* The answer to @request. False when the arena has no room for it. */
bool admin_reply_make(const struct admin_request *request, struct arena *arena,
                      struct admin_reply *reply);

/* The last answer on a connection: HTTP status @code with an empty body. False as above. */
bool admin_reply_refuse(unsigned code, struct arena *arena, struct admin_reply *reply);

#endif
