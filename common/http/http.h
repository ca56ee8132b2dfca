/* HTTP on the loop: HTTP/1.1 and HTTP/2, with TLS or without, one struct http_exchange a request.
 *
 * The protocol is chosen by ALPN under TLS and by the first bytes without (HTTP/2 with prior
 * knowledge). A request comes to its handler whole, body and all; the answer is one piece or a
 * stream. A handler ends its exchange exactly once, with http_reply, http_finish or http_abort, now
 * or later; until then it owns the exchange and everything in its arena.
 *
 * When the client goes away the exchange lives on, http_is_gone, until the handler ends it; what is
 * sent then goes nowhere. A client that closes its sending side while it waits for an answer counts
 * as gone: nothing tells it apart from one that has left.
 *
 * Everything here is on the loop's thread. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "run/loop.h"

#define HTTP_ID_BYTES_MAX 64

enum http_verb {
    HTTP_VERB_GET,
    HTTP_VERB_HEAD,
    HTTP_VERB_POST,
    HTTP_VERB_PUT,
    HTTP_VERB_DELETE,
    HTTP_VERB_OPTIONS,
    HTTP_VERB_OTHER,
};

struct http_field {
    struct slice name; /* in lower case */
    struct slice value;
};

struct http_exchange {
    struct arena arena;
    void *service; /* as given to http_server_start */
    enum http_verb verb;
    struct slice path;  /* as sent, from the first '/' to the '?' */
    struct slice query; /* what follows the '?' */
    const struct http_field *fields;
    unsigned fields_count;
    struct slice body; /* empty until it is whole */
    char id[HTTP_ID_BYTES_MAX
            + 1]; /* x-request-id: the client's, where it is a plain word, or ours */
    uint64_t arrived_ns;
    size_t body_bytes_max; /* on_head may lower or raise it */
    bool is_http2, is_tls;
    void *state; /* the handler's own */
};

struct http_handlers {
    /* The head is there, the body is still to come: the time to refuse it (end the exchange; there
     * is no on_request then) or to set body_bytes_max. May be NULL. */
    void (*on_head)(struct http_exchange *exchange);
    void (*on_request)(struct http_exchange *exchange);
    /* This layer has refused the request with HTTP status @code: end the exchange now, with
     * http_reply, in the form that the path asks for. What could be read of the request is there;
     * path may be empty. @text is static. */
    void (*on_refused)(struct http_exchange *exchange, unsigned code, const char *text);
};

struct http_options {
    struct loop *loop;
    const char *const
        *addresses; /* "127.0.0.1:8080", "[::]:8080"; ends with NULL. Port 0 picks one */
    const char *certificate_file, *key_file; /* PEM, watched; NULL: no TLS */
    const struct http_handlers *handlers;
    /* The files were replaced: by a good pair (@err is OK), or by one that cannot be used. NULL:
     * nobody is told. */
    void (*on_certificate)(void *service, const struct error *err);
    void *service;
    unsigned
        connections_max;    /* beyond, the longest idle one is closed, or the next waits; 0: 4096 */
    unsigned exchanges_max; /* at once; beyond, 503; 0: 4096 */
    size_t body_bytes_max;  /* of one request, where on_head says nothing; 0: 1 MiB */
    size_t bodies_bytes_max; /* of all requests together; beyond, 503; 0: 512 MiB */
    size_t arena_bytes_max;  /* of one exchange; 0: 4 MiB */
    uint32_t head_ms; /* from the first byte (or the connection's start) to a whole head; 0: 10 s */
    uint32_t body_ms; /* for a body, besides a second for each HTTP_BODY_RATE bytes; 0: 20 s */
    uint32_t stall_ms; /* that a client may take nothing of an answer; 0: 30 s */
    uint32_t idle_ms;  /* between requests; 0: 75 s */
};

struct http_server;

/* Listen. NULL and @err: ALREADY_EXISTS when an address is taken, FAILED_PRECONDITION for TLS files
 * that are no good pair. */
struct http_server *http_server_start(const struct http_options *options, struct error *err);

/* The port bound for address @index. */
int http_server_port(const struct http_server *server, unsigned index);

/* Exchanges that a handler has or that are being read, and connections. */
void http_server_count(const struct http_server *server, unsigned *exchanges,
                       unsigned *connections);

/* Stop listening; running exchanges finish within @grace_ms, then their clients are cut off.
 * @drained is called when no exchange and no connection is left; the server is gone then. */
void http_server_drain(struct http_server *server, uint32_t grace_ms, void (*drained)(void *arg),
                       void *arg);

/* The first field @name (lower case), trimmed; {NULL, 0} when there is none. */
struct slice http_find(const struct http_exchange *exchange, const char *name);

/* The value of @name in the query, percent-decoded in the exchange's arena; {NULL, 0} when there is
 * none or it cannot be decoded. */
struct slice http_query(struct http_exchange *exchange, const char *name);

/* Percent-decode into @arena; {NULL, 0} for what is no such text. */
struct slice http_decode(struct slice text, bool plus_is_space, struct arena *arena);

/* A further field of the answer, before http_reply or http_start. @name is in lower case; a @value
 * with control characters is not sent. */
void http_add(struct http_exchange *exchange, const char *name, struct slice value);

/* Answer with one piece, which is copied. @content_type may be NULL where @body is empty. */
void http_reply(struct http_exchange *exchange, unsigned code, const char *content_type,
                struct slice body);

/* Begin an answer of unknown size. */
void http_start(struct http_exchange *exchange, unsigned code, const char *content_type);

/* The next bytes, copied; they leave at the end of this turn of the loop. False: the client is
 * slow, wait for on_writable (what is sent all the same is taken). */
bool http_send(struct http_exchange *exchange, struct slice bytes);

/* Everything is sent. */
void http_finish(struct http_exchange *exchange);

/* Break off: the client sees that the answer is not whole. Before http_start it is a 500 without a
 * body. */
void http_abort(struct http_exchange *exchange);

bool http_is_gone(const struct http_exchange *exchange);

/* Set once, by the handler. Neither is called from inside a function of this header, nor after the
 * end of the exchange. */
void http_on_writable(struct http_exchange *exchange,
                      void (*on_writable)(struct http_exchange *exchange));
void http_on_gone(struct http_exchange *exchange, void (*on_gone)(struct http_exchange *exchange));

#endif
