/* TLS 1.2 and 1.3 as bytes in, bytes out, by OpenSSL over memory. The files are watched: a pair
 * that was replaced serves new connections, a bad one is refused with a log line while the last
 * good one serves on. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <stdbool.h>

#include "base/error.h"
#include "http/http_bytes.h"
#include "run/loop.h"

struct http_tls_files;
struct http_tls;

/* FAILED_PRECONDITION when the files do not make a good pair. Loop thread, as everything here. */
struct http_tls_files *http_tls_files_open(struct loop *loop, const char *certificate_file,
                                           const char *key_file, struct error *err);
/* Tell @on_look, whenever the files have been replaced: by a good pair (@err is OK), or by one that
 * cannot be used. */
void http_tls_files_on_look(struct http_tls_files *files,
                            void (*on_look)(void *arg, const struct error *err), void *arg);
/* Memory goes back when libuv has let go of the timer. */
void http_tls_files_close(struct http_tls_files *files);

/* One connection. NULL without memory. */
struct http_tls *http_tls_create(struct http_tls_files *files);
void http_tls_destroy(struct http_tls *tls);

/* Ciphertext of the client. False without memory. */
bool http_tls_receive(struct http_tls *tls, struct slice bytes);

enum http_tls_got {
    HTTP_TLS_GOT_BYTES,
    HTTP_TLS_GOT_NOTHING, /* more must arrive */
    HTTP_TLS_GOT_END,     /* the client has closed its side, or broke the protocol */
};

/* The next plain bytes, into @out of @capacity. */
enum http_tls_got http_tls_read(struct http_tls *tls, char *out, size_t capacity, size_t *size);

/* Encrypt all of @plain; after the handshake. False: the connection is lost. */
bool http_tls_write(struct http_tls *tls, struct slice plain);

/* Say that nothing more will be written. */
void http_tls_end(struct http_tls *tls);

/* Append what is to go to the client. False without memory. */
bool http_tls_take(struct http_tls *tls, struct http_bytes *wire);

bool http_tls_is_ready(const struct http_tls *tls); /* the handshake is over */
bool http_tls_is_http2(const struct http_tls *tls); /* by ALPN */

#endif
