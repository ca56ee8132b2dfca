/* gRPC-Web (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md): every method of the
 * gateway at its own path, with the messages of its proto, for what speaks HTTP alone: browsers,
 * and the command where only this door is open to it. Loop thread.
 *
 *   request   frames: a byte of 0, the size in four bytes, the message; of PutRecord as many as
 *             there are chunks
 *   reply     200 and the same frames; in the last, whose byte is 0x80, how the call ended */
#ifndef GATEWAY_WEB_HTTP_H
#define GATEWAY_WEB_HTTP_H

#include "gateway_http.h"

/* The paths begin with it. */
#define WEB_PATH "/consilium.v1.Gateway/"

/* A path's handler; the method is the path. */
void web_http_start(struct http_exchange *exchange, struct slice method);

/* Whether @exchange came by such a path: it is refused with web_http_fail. */
bool web_http_is(const struct http_exchange *exchange);
void web_http_fail(struct http_exchange *exchange, const struct api_error *api);

#endif
