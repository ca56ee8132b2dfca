/* Web pages of other origins that ask by a browser (CORS). Loop thread. */
#ifndef GATEWAY_HTTP_ORIGIN_H
#define GATEWAY_HTTP_ORIGIN_H

#include "gateway_http.h"

/* Tell a browser what the page may do, by the configured origins. True: it only asked whether it
 * might, and has been answered. */
bool gateway_http_origin(struct http_exchange *exchange);

#endif
