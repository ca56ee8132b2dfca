/* HTTP/1.1 and 1.0, by http_parser (Debian's libhttp-parser), for one connection.
 *
 *   reading a head → a body → whole: the parser is paused → answered → the next
 *
 * Requests are answered one after the other; what a client sends ahead is kept,
 * HTTP_AHEAD_BYTES_MAX of it, and parsed when its turn comes. What cannot be parsed, or is refused
 * before its body is whole, is answered and ends the connection: where the next request would begin
 * is not known. */
#include <http_parser.h>
#include <stdio.h>

#include "base/check.h"
#include "http/http_state.h"
#include "run/clock.h"

struct http1 {
    struct http_connection *connection;
    http_parser parser;
    struct exchange *current; /* that is read or answered; NULL: none */
    struct http_bytes head;   /* target, then the field that is being read */
    size_t name_size;
    enum { PART_TARGET, PART_NAME, PART_VALUE, PART_DONE } part;
    size_t head_bytes; /* of the request, as they came */
    unsigned refusal;  /* what a callback found wrong; 0: nothing */
    struct http_bytes ahead;
    bool is_stopped; /* nothing more is parsed */
    bool keeps_alive, has_reply_head, is_chunked;
};

static void put(struct http_connection *connection, struct slice bytes)
{
    if (!http_bytes_put(&connection->out, bytes))
        connection_close(connection);
}

/* ---- the parser's callbacks: 0, or nonzero with a refusal ---- */

static int refuse_later(struct http1 *http1, unsigned code)
{
    if (code != 0)
        http1->refusal = code;
    return code != 0;
}

static int on_message_begin(http_parser *parser)
{
    struct http1 *http1 = parser->data;

    http1->current = exchange_open(http1->connection);
    http1->head.size = http1->name_size = http1->head_bytes = 0;
    http1->part = PART_TARGET;
    http1->connection->due_ns = CLOCK_NEVER; /* the exchange has limits of its own */
    return http1->current == NULL ? refuse_later(http1, 503) : 0;
}

static int add_to_head(struct http1 *http1, const char *at, size_t size, unsigned code)
{
    if (http1->head.size + size > HTTP_HEAD_BYTES_MAX
        || !http_bytes_put(&http1->head, slice_of(at, size)))
        return refuse_later(http1, code);
    return 0;
}

static int on_url(http_parser *parser, const char *at, size_t size)
{
    struct http1 *http1 = parser->data;

    if (http1->head.size + size > HTTP_TARGET_BYTES_MAX)
        return refuse_later(http1, 414);
    return add_to_head(http1, at, size, 414);
}

/* The target or a field is complete. */
static unsigned take_part(struct http1 *http1)
{
    struct slice bytes = http_bytes_slice(&http1->head);
    unsigned code = 0;

    if (http1->part == PART_TARGET) {
        code = head_set_method(http1->current,
                               slice_from(http_method_str((enum http_method)http1->parser.method)));
        if (code == 0)
            code = head_set_target(http1->current, bytes);
    } else if (http1->part == PART_VALUE) {
        code = head_add_field(http1->current, slice_cut(bytes, 0, http1->name_size),
                              slice_cut(bytes, http1->name_size, bytes.size));
    }
    http1->head.size = 0;
    return code;
}

static int on_header_field(http_parser *parser, const char *at, size_t size)
{
    struct http1 *http1 = parser->data;

    if (http1->part == PART_DONE)
        return 0; /* a trailer */
    if (http1->part != PART_NAME && refuse_later(http1, take_part(http1)))
        return 1;
    http1->part = PART_NAME;
    return add_to_head(http1, at, size, 431);
}

static int on_header_value(http_parser *parser, const char *at, size_t size)
{
    struct http1 *http1 = parser->data;

    if (http1->part == PART_DONE)
        return 0;
    if (http1->part == PART_NAME)
        http1->name_size = http1->head.size;
    http1->part = PART_VALUE;
    return add_to_head(http1, at, size, 431);
}

static unsigned check_version(const http_parser *parser)
{
    return parser->http_major == 1 && parser->http_minor <= 1 ? 0 : 505;
}

/* A 1.1 request names its host, even if nobody here looks. A transfer coding besides chunked would
 * be read by each server in its own way. */
static unsigned check_fields(const struct http1 *http1)
{
    const struct http_exchange *request = &http1->current->public;
    struct slice coding = http_find(request, "transfer-encoding");

    if (http1->parser.http_minor == 1 && http_find(request, "host").data == NULL)
        return 400;
    if (coding.data != NULL && !slice_equal_fold(coding, SLICE("chunked")))
        return 501;
    if (coding.data != NULL
        && (http_find(request, "content-length").data != NULL || http1->parser.http_minor == 0))
        return 400;
    return 0;
}

static unsigned check_length(const struct http1 *http1)
{
    uint64_t length = http1->parser.content_length;

    if ((http1->parser.flags & F_CHUNKED) || length == UINT64_MAX
        || length <= http1->current->public.body_bytes_max)
        return 0;
    return http1->current->is_given ? 0 : 413;
}

/* Whether what is still to come of a request that was answered on its head is little enough to be
 * read and thrown away, so that the connection lives on. */
static bool is_short(const struct http1 *http1)
{
    uint64_t length = http1->parser.content_length;

    return !(http1->parser.flags & F_CHUNKED)
           && (length == UINT64_MAX || length <= HTTP_AHEAD_BYTES_MAX);
}

static bool expects_continue(const struct http1 *http1)
{
    return http1->parser.http_minor == 1
           && slice_equal_fold(http_find(&http1->current->public, "expect"), SLICE("100-continue"));
}

/* What a client expects besides cannot be known. */
static unsigned check_expectation(const struct http1 *http1)
{
    struct slice expect = http_find(&http1->current->public, "expect");

    return expect.data == NULL || slice_equal_fold(expect, SLICE("100-continue")) ? 0 : 417;
}

static int on_headers_complete(http_parser *parser)
{
    struct http1 *http1 = parser->data;
    unsigned code = check_version(parser);

    if (code == 0)
        code = take_part(http1);
    http1->part = PART_DONE;
    if (code == 0)
        code = check_fields(http1);
    if (code == 0)
        code = check_expectation(http1);
    if (code == 0)
        code = exchange_take_head(http1->current);
    if (code == 0)
        code = check_length(http1);
    if (code != 0)
        return refuse_later(http1, code) ? -1 : 0;
    if (http1->current->is_given && !is_short(http1)) {
        http1->is_stopped = true;
        http_parser_pause(parser, 1);
    } else if (!http1->current->is_given && expects_continue(http1)) {
        put(http1->connection, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
        connection_mark(http1->connection);
    }
    /* Offers to go over to another protocol are passed over. */
    parser->upgrade = 0;
    return 0;
}

static int on_body(http_parser *parser, const char *at, size_t size)
{
    struct http1 *http1 = parser->data;

    return refuse_later(http1, exchange_put_body(http1->current, slice_of(at, size)));
}

/* Paused, so that what follows stays unparsed until this request has been answered. */
static int on_message_complete(http_parser *parser)
{
    struct http1 *http1 = parser->data;

    http1->current->is_whole = true;
    http1->keeps_alive = http_should_keep_alive(parser);
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings settings = {
    .on_message_begin = on_message_begin,
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* ---- in ---- */

static void refuse(struct http1 *http1, unsigned code)
{
    http1->is_stopped = true;
    http1->keeps_alive = false;
    if (http1->current == NULL)
        http1->current = exchange_open(http1->connection);
    if (http1->current == NULL)
        connection_close(http1->connection);
    else
        exchange_refuse(http1->current, code);
}

/* Bytes between requests are not bounded by a head that has begun, so they are counted too. */
static unsigned count_head(struct http1 *http1, size_t parsed)
{
    if (http1->part == PART_DONE)
        return 0;
    http1->head_bytes += parsed;
    return http1->head_bytes > 2 * HTTP_HEAD_BYTES_MAX ? 431 : 0;
}

/* Parse one request at most; what is left of @bytes. */
static struct slice parse(struct http1 *http1, struct slice bytes)
{
    size_t parsed = http_parser_execute(&http1->parser, &settings, bytes.data, bytes.size);
    unsigned code = http1->refusal;
    enum http_errno problem = HTTP_PARSER_ERRNO(&http1->parser);

    if (http1->connection->is_closing)
        return SLICE("");
    if (http1->is_stopped) {
        http1->keeps_alive = false;
        return SLICE("");
    }
    if (code == 0 && problem != HPE_OK && problem != HPE_PAUSED)
        code = problem == HPE_HEADER_OVERFLOW ? 431 : problem == HPE_INVALID_VERSION ? 505 : 400;
    if (code == 0)
        code = count_head(http1, parsed);
    if (code != 0) {
        refuse(http1, code);
        return SLICE("");
    }
    if (http1->current != NULL && http1->current->is_whole)
        exchange_take_whole(http1->current);
    return slice_cut(bytes, parsed, bytes.size);
}

static bool is_busy(const struct http1 *http1)
{
    return http1->is_stopped || (http1->current != NULL && http1->current->is_whole);
}

static void receive(struct http_connection *connection, struct slice bytes)
{
    struct http1 *http1 = connection->state;

    if (!is_busy(http1))
        bytes = parse(http1, bytes);
    if (connection->is_closing || http1->is_stopped || bytes.size == 0)
        return;
    if (!http_bytes_put(&http1->ahead, bytes))
        connection_close(connection);
    else if (http1->ahead.size > HTTP_AHEAD_BYTES_MAX)
        connection_pause(connection, true);
}

/* The exchange is over: on with what came ahead, or the end. */
static void next(struct http1 *http1)
{
    struct http_connection *connection = http1->connection;
    struct slice rest;

    exchange_let_go(http1->current);
    http1->current = NULL;
    http1->has_reply_head = false;
    if (!http1->keeps_alive || http1->is_stopped || connection->server->is_draining) {
        http1->is_stopped = true;
        connection_end(connection);
        return;
    }
    http1->part = PART_TARGET;
    http1->head_bytes = 0;
    http_parser_pause(&http1->parser, 0);
    connection_set_idle(connection);
    connection_pause(connection, false);
    if (http1->ahead.size == 0)
        return;
    rest = parse(http1, http_bytes_slice(&http1->ahead));
    if (!connection->is_closing)
        http_bytes_drop(&http1->ahead, http1->ahead.size - rest.size);
}

/* ---- out ---- */

static void put_text(struct http_connection *connection, const char *text)
{
    put(connection, slice_from(text));
}

static void put_reply_field(struct http_connection *connection, struct slice name,
                            struct slice value)
{
    put(connection, name);
    put_text(connection, ": ");
    put(connection, value);
    put_text(connection, "\r\n");
}

static void put_framing(struct http1 *http1, const struct exchange *exchange)
{
    char line[48];

    http1->is_chunked = false;
    if (head_is_bodiless(exchange->code))
        return;
    if (exchange->length >= 0) {
        snprintf(line, sizeof(line), "content-length: %lld\r\n", (long long)exchange->length);
        put_text(http1->connection, line);
    } else if (http1->parser.http_minor >= 1) {
        http1->is_chunked = exchange->public.verb != HTTP_VERB_HEAD;
        put_text(http1->connection, "transfer-encoding: chunked\r\n");
    } else {
        http1->keeps_alive = false; /* the end of the answer is the end of the connection */
    }
}

static void put_reply_head(struct http1 *http1, const struct exchange *exchange)
{
    struct http_connection *connection = http1->connection;
    char line[80];
    unsigned i;

    if (!exchange->is_whole || connection->server->is_draining)
        http1->keeps_alive = false;
    snprintf(line, sizeof(line), "HTTP/1.1 %u %s\r\n", exchange->code, head_reason(exchange->code));
    put_text(connection, line);
    for (i = 0; i < exchange->reply_fields_count; i++)
        put_reply_field(connection, exchange->reply_fields[i].name,
                        exchange->reply_fields[i].value);
    put_framing(http1, exchange);
    if (!http1->keeps_alive)
        put_text(connection, "connection: close\r\n");
    else if (http1->parser.http_minor == 0)
        put_text(connection, "connection: keep-alive\r\n");
    put_text(connection, "\r\n");
    http1->has_reply_head = true;
}

static void put_piece(struct http1 *http1, struct slice piece)
{
    char line[24];

    if (http1->is_chunked) {
        snprintf(line, sizeof(line), "%zx\r\n", piece.size);
        put_text(http1->connection, line);
    }
    put(http1->connection, piece);
    if (http1->is_chunked)
        put_text(http1->connection, "\r\n");
}

/* True: the answer is complete, or it broke off and the connection with it. */
static bool pull_answer(struct http1 *http1, struct exchange *exchange)
{
    struct http_connection *connection = http1->connection;
    struct slice piece;

    if (!http1->has_reply_head)
        put_reply_head(http1, exchange);
    while (!connection->is_closing && connection->out.size < HTTP_OUT_BYTES) {
        piece = exchange_peek(exchange, HTTP_OUT_BYTES);
        if (piece.size == 0)
            break;
        put_piece(http1, piece);
        if (connection->is_closing)
            return false;
        exchange_pulled(exchange, piece.size);
    }
    if (connection->is_closing || exchange->first != NULL)
        return false;
    if (exchange->is_broken) {
        connection_close(connection);
        return false;
    }
    if (!exchange->is_ended)
        return false;
    if (http1->is_chunked)
        put_text(connection, "0\r\n\r\n");
    return !connection->is_closing;
}

static void pull(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;

    while (!connection->is_closing && connection->out.size < HTTP_OUT_BYTES
           && http1->current != NULL && http1->current->is_started) {
        if (!pull_answer(http1, http1->current))
            return;
        next(http1);
    }
}

static void on_answer(struct exchange *exchange)
{
    (void)exchange; /* pulled at the end of the turn */
}

/* ---- time ---- */

static void on_due(struct http_connection *connection)
{
    connection_end(connection); /* idle for too long */
}

static void on_late(struct exchange *exchange)
{
    struct http1 *http1 = exchange->connection->state;

    if (exchange->is_given)
        connection_close(exchange->connection);
    else
        refuse(http1, 408);
}

static void drain(struct http_connection *connection)
{
    struct http1 *http1 = connection->state;

    if (http1->current == NULL && !connection->is_ending)
        connection_end(connection);
}

static void *create(struct http_connection *connection)
{
    struct http1 *http1 = calloc(1, sizeof(*http1));

    if (http1 == NULL)
        return NULL;
    http1->connection = connection;
    http_parser_init(&http1->parser, HTTP_REQUEST);
    http1->parser.data = http1;
    return http1;
}

static void destroy(void *state)
{
    struct http1 *http1 = state;

    http_bytes_close(&http1->head);
    http_bytes_close(&http1->ahead);
    free(http1);
}

const struct http_protocol http1_protocol = {
    .create = create,
    .destroy = destroy,
    .receive = receive,
    .pull = pull,
    .on_answer = on_answer,
    .on_due = on_due,
    .on_late = on_late,
    .drain = drain,
};
