/* The gateway by either of its doors: gRPC where --gateway is a target, gRPC-Web (by HTTP) where it
 * is an address that begins with http:// or https://. A verb makes one call at a time; which door
 * it goes through is known here alone. All on the loop; callbacks as in rpc/client.h. */
#ifndef CONSILIUM_DOOR_H
#define CONSILIUM_DOOR_H

#include "consilium.h"

/* Whether --gateway is an address of HTTP. */
bool door_is_web(const struct consilium *consilium);

/* Get ready for calls of the gateway. False: told, and the verb has ended. */
bool door_reach(struct consilium *consilium);

/* One call, with the deadline of --timeout. Fails only where nothing was started. */
enum status door_call(struct consilium *consilium, const struct method *method, const void *request,
                      rpc_reply_cb on_reply, void *arg, struct error *err);
enum status door_stream(struct consilium *consilium, const struct method *method,
                        const void *request, const struct rpc_stream_callbacks *callbacks,
                        void *arg, struct error *err);
enum status door_open(struct consilium *consilium, const struct method *method,
                      rpc_reply_cb on_reply, void *arg, struct error *err);

/* Of the stream that door_open began. */
void door_send(struct consilium *consilium, const void *message, void (*on_sent)(void *arg));
void door_close_send(struct consilium *consilium);

/* Ready for one more message of the stream that door_stream began. */
void door_proceed(struct consilium *consilium);

/* Whether a call is out; one that has ended is put away with door_over, before the next. */
bool door_is_open(const struct consilium *consilium);
void door_over(struct consilium *consilium);

#endif
