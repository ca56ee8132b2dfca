/* HTTP/2, by nghttp2, for one connection: bytes in, bytes out. An exchange is a stream.
 *
 * nghttp2 holds what the peer may cost in frames (settings, pings, resets, continuations); here are
 * the bounds of heads, bodies, exchanges and time. */
#include <nghttp2/nghttp2.h>
#include <stdio.h>

#include "http/http_state.h"
#include "run/clock.h"

#define ACKS_MAX 1000
#define SETTINGS_MAX 32
#define CONTINUATIONS_MAX 16
#define RESETS_BURST 500
#define RESETS_PER_S 50

struct http2 {
    nghttp2_session *session;
    enum { DRAIN_NONE, DRAIN_NOTICED, DRAIN_SENT } drain;
};

static nghttp2_session *session_of(const struct http_connection *connection)
{
    return ((struct http2 *)connection->state)->session;
}

static void reset(struct exchange *exchange, uint32_t code)
{
    nghttp2_submit_rst_stream(session_of(exchange->connection), NGHTTP2_FLAG_NONE, exchange->stream,
                              code);
    connection_mark(exchange->connection);
}

/* ---- in ---- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct http_connection *connection = user_data;
    struct exchange *exchange;

    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    exchange = exchange_open(connection);
    if (exchange == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    exchange->stream = frame->hd.stream_id;
    exchange->public.is_http2 = true;
    connection->due_ns = CLOCK_NEVER;
    nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, exchange);
    return 0;
}

static struct exchange *find(nghttp2_session *session, int32_t stream)
{
    return nghttp2_session_get_stream_user_data(session, stream);
}

static unsigned take_field(struct exchange *exchange, struct slice name, struct slice value)
{
    if (slice_is(name, ":method"))
        return head_set_method(exchange, value);
    if (slice_is(name, ":path"))
        return head_set_target(exchange, value);
    if (slice_is(name, ":authority"))
        return head_add_field(exchange, SLICE("host"), value);
    if (name.size > 0 && name.data[0] == ':')
        return 0;
    /* A client may say both; they were found equal or not by whoever made the request. */
    if (slice_is(name, "host") && http_find(&exchange->public, "host").data != NULL)
        return 0;
    return head_add_field(exchange, name, value);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                     void *user_data)
{
    struct exchange *exchange;
    unsigned code;

    (void)flags;
    (void)user_data;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0; /* a trailer */
    exchange = find(session, frame->hd.stream_id);
    if (exchange == NULL || exchange->is_given)
        return 0;
    code = take_field(exchange, slice_of(name, name_size), slice_of(value, value_size));
    if (code != 0)
        exchange_refuse(exchange, code);
    return 0;
}

static uint64_t content_length(const struct exchange *exchange)
{
    struct slice text = http_find(&exchange->public, "content-length");
    uint64_t length = 0;
    size_t i;

    for (i = 0; i < text.size && i < 19; i++)
        length = length * 10 + (uint64_t)(text.data[i] - '0');
    return length; /* nghttp2 has seen to it that these are digits */
}

static void submit_continue(struct exchange *exchange)
{
    nghttp2_nv status = { (uint8_t *)":status", (uint8_t *)"100", 7, 3, NGHTTP2_NV_FLAG_NONE };

    nghttp2_submit_headers(session_of(exchange->connection), NGHTTP2_FLAG_NONE, exchange->stream,
                           NULL, &status, 1, NULL);
}

static void take_head(struct exchange *exchange, bool has_body)
{
    unsigned code = 0;

    if (!exchange->is_given)
        code = exchange_take_head(exchange);
    exchange->has_head = true;
    if (code == 0 && !exchange->is_given
        && content_length(exchange) > exchange->public.body_bytes_max)
        code = 413;
    if (code != 0)
        exchange_refuse(exchange, code);
    else if (has_body && !exchange->is_given
             && slice_equal_fold(http_find(&exchange->public, "expect"), SLICE("100-continue")))
        submit_continue(exchange);
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    bool is_last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    struct exchange *exchange;

    (void)user_data;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    exchange = find(session, frame->hd.stream_id);
    if (exchange == NULL)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        take_head(exchange, !is_last);
    if (is_last)
        exchange_take_whole(exchange);
    return 0;
}

static int on_data_chunk_recv(nghttp2_session *session, uint8_t flags, int32_t stream,
                              const uint8_t *data, size_t size, void *user_data)
{
    struct exchange *exchange = find(session, stream);
    unsigned code;

    (void)flags;
    (void)user_data;
    if (exchange == NULL)
        return 0;
    code = exchange_put_body(exchange, slice_of(data, size));
    if (code != 0)
        exchange_refuse(exchange, code);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t code, void *user_data)
{
    struct http_connection *connection = user_data;
    struct exchange *exchange = find(session, stream);

    (void)code;
    if (exchange == NULL)
        return 0;
    nghttp2_session_set_stream_user_data(session, stream, NULL);
    exchange_let_go(exchange);
    if (connection->exchanges_count == 0)
        connection_set_idle(connection);
    return 0;
}

static void receive(struct http_connection *connection, struct slice bytes)
{
    ssize_t took =
        nghttp2_session_mem_recv(session_of(connection), (const uint8_t *)bytes.data, bytes.size);

    if (took < 0)
        connection_close(connection);
}

/* ---- out ---- */

static ssize_t read_answer(nghttp2_session *session, int32_t stream, uint8_t *out, size_t capacity,
                           uint32_t *flags, nghttp2_data_source *source, void *user_data)
{
    struct exchange *exchange = source->ptr;
    struct slice piece;
    size_t size = 0;

    (void)session;
    (void)stream;
    (void)user_data;
    while (size < capacity && (piece = exchange_peek(exchange, capacity - size)).size > 0) {
        memcpy(out + size, piece.data, piece.size);
        size += piece.size;
        exchange_pulled(exchange, piece.size);
    }
    if (exchange->first == NULL && exchange->is_broken)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (exchange->first == NULL && exchange->is_ended)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    else if (size == 0)
        return NGHTTP2_ERR_DEFERRED;
    return (ssize_t)size;
}

static void pull(struct http_connection *connection)
{
    nghttp2_session *session = session_of(connection);
    const uint8_t *data;
    ssize_t size = 0;

    while (connection->out.size < HTTP_OUT_BYTES
           && (size = nghttp2_session_mem_send(session, &data)) > 0) {
        if (!http_bytes_put(&connection->out, slice_of(data, (size_t)size))) {
            connection_close(connection);
            return;
        }
    }
    if (size < 0)
        connection_close(connection);
    else if (!nghttp2_session_want_read(session) && !nghttp2_session_want_write(session))
        connection->is_ending = true;
}

static nghttp2_nv pair(struct slice name, struct slice value)
{
    return (nghttp2_nv){ (uint8_t *)name.data, (uint8_t *)value.data, name.size, value.size,
                         NGHTTP2_NV_FLAG_NONE };
}

static void submit(struct exchange *exchange)
{
    nghttp2_nv fields[HTTP_REPLY_FIELDS_MAX + 2];
    nghttp2_data_provider provider = { .source.ptr = exchange, .read_callback = read_answer };
    bool has_body = exchange->length != 0 && !head_is_bodiless(exchange->code)
                    && exchange->public.verb != HTTP_VERB_HEAD;
    char code[12], length[24];
    unsigned i, count = 0;

    snprintf(code, sizeof(code), "%03u", exchange->code);
    fields[count++] = pair(SLICE(":status"), slice_from(code));
    for (i = 0; i < exchange->reply_fields_count; i++)
        fields[count++] = pair(exchange->reply_fields[i].name, exchange->reply_fields[i].value);
    if (exchange->length >= 0 && !head_is_bodiless(exchange->code)) {
        snprintf(length, sizeof(length), "%lld", (long long)exchange->length);
        fields[count++] = pair(SLICE("content-length"), slice_from(length));
    }
    if (nghttp2_submit_response(session_of(exchange->connection), exchange->stream, fields, count,
                                has_body ? &provider : NULL)
        != 0)
        reset(exchange, NGHTTP2_INTERNAL_ERROR);
    exchange->is_submitted = true;
}

static void on_answer(struct exchange *exchange)
{
    if (!exchange->is_submitted)
        submit(exchange);
    else
        nghttp2_session_resume_data(session_of(exchange->connection), exchange->stream);
}

/* ---- time ---- */

static void go_away(struct http_connection *connection, uint32_t code)
{
    nghttp2_session *session = session_of(connection);

    nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session), code, NULL, 0);
    connection_mark(connection);
}

static void on_due(struct http_connection *connection)
{
    nghttp2_session_terminate_session(session_of(connection), NGHTTP2_NO_ERROR);
    connection->due_ns = clock_now() + HTTP_LINGER_MS * CLOCK_NS_PER_MS;
    connection_flush(connection);
    connection_end(connection);
}

static void on_late(struct exchange *exchange)
{
    if (exchange->is_ended && exchange->queue_bytes == 0)
        reset(exchange, NGHTTP2_NO_ERROR);
    else if (exchange->is_given || !exchange->has_head)
        reset(exchange, NGHTTP2_CANCEL);
    else
        exchange_refuse(exchange, 408);
}

/* First the notice, so that requests under way are still taken; a sweep later the last word. */
static void drain(struct http_connection *connection)
{
    struct http2 *http2 = connection->state;

    if (http2->drain == DRAIN_NONE) {
        nghttp2_submit_shutdown_notice(http2->session);
        connection_mark(connection);
        http2->drain = DRAIN_NOTICED;
    } else if (http2->drain == DRAIN_NOTICED) {
        go_away(connection, NGHTTP2_NO_ERROR);
        http2->drain = DRAIN_SENT;
    }
}

/* ---- opening ---- */

static nghttp2_session_callbacks *make_callbacks(void)
{
    nghttp2_session_callbacks *callbacks;

    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return NULL;
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk_recv);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    return callbacks;
}

static nghttp2_option *make_options(void)
{
    nghttp2_option *option;

    if (nghttp2_option_new(&option) != 0)
        return NULL;
    nghttp2_option_set_max_outbound_ack(option, ACKS_MAX);
    nghttp2_option_set_max_settings(option, SETTINGS_MAX);
    nghttp2_option_set_max_continuations(option, CONTINUATIONS_MAX);
    nghttp2_option_set_stream_reset_rate_limit(option, RESETS_BURST, RESETS_PER_S);
    nghttp2_option_set_no_closed_streams(option, 1);
    return option;
}

static bool begin(struct http_connection *connection, struct http2 *http2)
{
    static const nghttp2_settings_entry entries[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, HTTP_STREAMS_MAX },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, HTTP_WINDOW_BYTES },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_HEAD_BYTES_MAX },
    };
    nghttp2_session_callbacks *callbacks = make_callbacks();
    nghttp2_option *option = make_options();
    bool is_good =
        callbacks != NULL && option != NULL
        && nghttp2_session_server_new2(&http2->session, callbacks, connection, option) == 0;

    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    return is_good
           && nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, entries,
                                      sizeof(entries) / sizeof(entries[0]))
                  == 0
           && nghttp2_session_set_local_window_size(http2->session, NGHTTP2_FLAG_NONE, 0,
                                                    4 * HTTP_WINDOW_BYTES)
                  == 0;
}

static void destroy(void *state)
{
    struct http2 *http2 = state;

    nghttp2_session_del(http2->session);
    free(http2);
}

static void *create(struct http_connection *connection)
{
    struct http2 *http2 = calloc(1, sizeof(*http2));

    if (http2 == NULL)
        return NULL;
    if (!begin(connection, http2)) {
        destroy(http2);
        return NULL;
    }
    connection_set_idle(connection);
    return http2;
}

const struct http_protocol http2_protocol = {
    .create = create,
    .destroy = destroy,
    .receive = receive,
    .pull = pull,
    .on_answer = on_answer,
    .on_due = on_due,
    .on_late = on_late,
    .drain = drain,
};
