/* Calls of the gateway by HTTP, as gRPC-Web: the side that asks. */
#ifndef CONSILIUM_WEB_H
#define CONSILIUM_WEB_H

#include "consilium.h"

struct web;

/* As rpc/client.h: on_reply of methods with one reply, the other two of those with many. Never
 * called before the function that started it has returned. */
struct web_callbacks {
    rpc_reply_cb on_reply;
    void (*on_message)(void *arg, const void *message);
    void (*on_end)(void *arg, const struct error *err);
    void *arg;
};

/* Get ready to ask --gateway. INVALID_ARGUMENT for an address that is not https, nor http on this
 * machine: a key would be read by whoever listens in between. */
enum status web_reach(struct consilium *consilium, struct error *err);

/* A call in consilium->web, in the command's arena: messages are added, then it starts. */
enum status web_open(struct consilium *consilium, const struct method *method,
                     const struct web_callbacks *callbacks, struct error *err);
enum status web_add(struct web *web, const void *message, struct error *err);
enum status web_start(struct web *web, struct error *err);

/* The same for one whose messages come one after the other. What fails is told by its callback. */
void web_send(struct web *web, const void *message, void (*on_sent)(void *arg));
void web_close_send(struct web *web);

/* Its callback comes with CANCELLED. */
void web_cancel(struct web *web);

#endif
