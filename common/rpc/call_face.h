/* How a call that did not come by gRPC does what call.h says. Only for files of common/rpc. */
#ifndef RPC_CALL_FACE_H
#define RPC_CALL_FACE_H

#include "rpc/call.h"

struct call_face {
    void (*end)(struct call *call, const void *reply,
                const struct error *err); /* either may be NULL */
    bool (*send)(struct call *call, const void *message);
    void (*on_writable)(struct call *call, void (*on_writable)(struct call *call));
    void (*read)(struct call *call, void (*on_message)(struct call *call, const void *message));
    bool (*is_cancelled)(const struct call *call);
    void (*on_cancel)(struct call *call, void (*on_cancel)(struct call *call));
};

#endif
