/* The inside of common/http; others see http.h.
 *
 *   socket ── bytes ──► http_connection.c ── http_tls.c ──► http1.c or http2.c ──► exchange ──► handler
 *   handler ── http_send ──► exchange's queue ──► pulled and framed ──► connection->out ──► socket
 *
 * What a handler sends is only queued; connections with something to send are flushed at the end of
 * the loop's turn, and what handlers are to be told (writable, gone) is told then too, so that
 * nothing is called from inside something else. */
#ifndef HTTP_STATE_H
#define HTTP_STATE_H

#include "base/limits.h"
#include "base/list.h"
#include "http/http.h"
#include "http/http_bytes.h"
#include "http/http_tls.h"

#define HTTP_ADDRESSES_MAX 8
#define HTTP_REPLY_FIELDS_MAX 24

struct http_connection;
struct exchange;

/* One of HTTP/1.1 and HTTP/2, for one connection. */
struct http_protocol {
    /* NULL without memory. */
    void *(*create)(struct http_connection *connection);
    /* Exchanges have been let go. */
    void (*destroy)(void *state);
    /* Bytes of the client; all of them are taken. */
    void (*receive)(struct http_connection *connection, struct slice bytes);
    /* Append to connection->out, HTTP_OUT_BYTES or a little more, whatever may be sent. */
    void (*pull)(struct http_connection *connection);
    /* The handler has begun, gone on with or ended its answer. */
    void (*on_answer)(struct exchange *exchange);
    /* connection->due_ns has passed. */
    void (*on_due)(struct http_connection *connection);
    /* One exchange was too slow: see exchange_is_late. */
    void (*on_late)(struct exchange *exchange);
    /* No further requests; called again every sweep. */
    void (*drain)(struct http_connection *connection);
};

extern const struct http_protocol http1_protocol, http2_protocol;

struct http_listener {
    struct http_server *server;
    uv_tcp_t tcp;
    bool is_open, has_waiting;
};

struct http_server {
    struct loop *loop;
    const struct http_handlers *handlers;
    void *service;
    struct http_tls_files *tls; /* NULL: none */
    unsigned connections_max, exchanges_max;
    size_t body_bytes_max, bodies_bytes_max, arena_bytes_max;
    uint64_t head_ns, body_ns, stall_ns, idle_ns;

    struct http_listener listeners[HTTP_ADDRESSES_MAX];
    unsigned listeners_count, handles_open;
    struct list connections; /* the longest idle first */
    struct list dirty;       /* connections to flush */
    struct list due;         /* exchanges whose handler is to be told something */
    unsigned connections_count, exchanges_count;
    size_t bodies_bytes;
    struct timer sweep;
    uint64_t swept_ns; /* when it last was */
    uv_prepare_t prepare;
    uv_check_t check;
    bool is_draining, is_ended;
    uint64_t cut_ns; /* when what still runs is cut off */
    void (*drained)(void *arg);
    void *drained_arg;
    char scratch[64 * 1024];
};

struct http_connection {
    struct list in_server, in_dirty;
    struct http_server *server;
    uv_tcp_t tcp;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct http_tls *tls;                 /* NULL: none */
    const struct http_protocol *protocol; /* NULL: not yet known */
    void *state;                          /* the protocol's */
    char first[24];                       /* bytes read while it is not known */
    size_t first_size;
    struct list exchanges;
    unsigned exchanges_count;
    struct http_bytes out, wire; /* framed; what the socket has */
    size_t wire_at;
    uint64_t due_ns, wrote_ns;
    bool is_writing, is_closing, is_ending, is_lingering, is_reading, is_flushing;
};

struct http_chunk {
    struct http_chunk *next;
    size_t size, at;
    char data[];
};

struct exchange {
    struct http_exchange public; /* first: a struct http_exchange * is a struct exchange * */
    struct http_server *server;
    struct http_connection *connection; /* NULL: the client has gone, or has all of the answer */
    struct list in_connection, in_due;
    int32_t stream;

    /* the request */
    struct http_field fields[HTTP_FIELDS_MAX];
    size_t head_bytes;
    struct http_bytes body;
    bool has_head, is_whole;

    /* the answer */
    bool is_given, is_ended; /* a handler has it; has ended it */
    bool is_started, is_broken, is_blocked, is_gone;
    bool is_submitted; /* to nghttp2 */
    unsigned code;
    struct http_field reply_fields[HTTP_REPLY_FIELDS_MAX];
    unsigned reply_fields_count;
    int64_t length; /* -1: not known */
    struct http_chunk *first, **last;
    size_t queue_bytes;
    uint64_t moved_ns; /* when the client last took something */
    bool tell_writable, tell_gone;
    void (*on_writable)(struct http_exchange *exchange);
    void (*on_gone)(struct http_exchange *exchange);
};

static inline struct exchange *exchange_of(const struct http_exchange *public)
{
    return (struct exchange *)public;
}

/* http_server.c */

void server_connection_closed(struct http_server *server);
void server_exchange_closed(struct http_server *server);
/* A listener that waits for a free place takes it now. */
void server_accept_more(struct http_server *server);

/* http_connection.c */

void connection_open(struct http_server *server, struct http_listener *listener);
/* At once, in any state. */
void connection_close(struct http_connection *connection);
/* After what is queued; no more requests are read. */
void connection_end(struct http_connection *connection);
/* Flush at the end of this turn. */
void connection_mark(struct http_connection *connection);
void connection_flush(struct http_connection *connection);
void connection_pause(struct http_connection *connection, bool is_paused);
void connection_sweep(struct http_connection *connection, uint64_t now_ns);
void connection_set_idle(struct http_connection *connection);

/* http_exchange.c */

/* NULL without memory. Counted at the server; the connection holds it until exchange_let_go. */
struct exchange *exchange_open(struct http_connection *connection);
/* The connection has nothing more to do with it. */
void exchange_let_go(struct exchange *exchange);
/* One more byte range of the body. 0, or the HTTP status to refuse with. */
unsigned exchange_put_body(struct exchange *exchange, struct slice bytes);
/* The head is complete: 0, or the status to refuse with. Calls on_head. */
unsigned exchange_take_head(struct exchange *exchange);
/* The request is whole: to the handler. */
void exchange_take_whole(struct exchange *exchange);
void exchange_refuse(struct exchange *exchange, unsigned code);
/* The next bytes of the answer, at most @bytes_max; they stay until exchange_pulled. */
struct slice exchange_peek(const struct exchange *exchange, size_t bytes_max);
void exchange_pulled(struct exchange *exchange, size_t bytes);
/* Whether its client takes too long to send the request or to take the answer. */
bool exchange_is_late(const struct exchange *exchange, uint64_t now_ns);
/* Call what is due. */
void exchange_tell(struct exchange *exchange);

/* http_head.c: the parts of a head that both protocols share; 0 or the status to refuse with */

unsigned head_set_method(struct exchange *exchange, struct slice method);
unsigned head_set_target(struct exchange *exchange, struct slice target);
unsigned head_add_field(struct exchange *exchange, struct slice name, struct slice value);
unsigned head_check(struct exchange *exchange);
const char *head_reason(unsigned code);
/* "Sun, 06 Nov 1994 08:49:37 GMT", static until the next call. */
const char *head_date(void);
/* A word in a list with commas, without case. */
bool head_has_word(struct slice list, const char *word);
/* Whether an answer with this status has no body and no length. */
static inline bool head_is_bodiless(unsigned code)
{
    return code == 204 || code == 304 || code < 200;
}

#endif
