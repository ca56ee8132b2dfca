/* hiredis on the loop. The store's own; others see redis.h. */
#ifndef STORE_REDIS_ADAPTER_H
#define STORE_REDIS_ADAPTER_H

#include <hiredis/async.h>
#include <uv.h>

/* Watch the socket of @context on @uv until hiredis frees the context; @closed is called, with
 * @arg, when libuv has let go after that. A negative uv error when it cannot be watched, and then
 * @closed is not called. Loop thread. */
int redis_adapter_attach(redisAsyncContext *context, uv_loop_t *uv, void (*closed)(void *arg),
                         void *arg);

#endif
