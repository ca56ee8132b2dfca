/* A server on a loop in a thread of its own, and clients that block: raw sockets, and the commands
 * curl and nghttp, which we did not write. */
#ifndef HTTP_FIXTURE_H
#define HTTP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/list.h"
#include "http/http.h"

#include <cmocka.h>

static struct {
    struct http_options options;
    const char *addresses[2];
    pthread_t thread;
    pthread_barrier_t ready;
    struct loop loop;
    struct http_server *server;
    struct letter stop;
    int port;
    uint32_t grace_ms;
    bool is_running;
    atomic_uint gone, writable, requests, sent, waiting;
    char reply[1 << 20];
    size_t reply_size;
} fixture;

struct fixture_stream {
    unsigned left, bytes;
};

static void stream_more(struct http_exchange *exchange)
{
    struct fixture_stream *stream = exchange->state;
    char chunk[4096];

    memset(chunk, 'x', sizeof(chunk));
    while (stream->left > 0) {
        stream->left--;
        fixture.sent++;
        if (!http_send(exchange, slice_of(chunk, stream->bytes)))
            return;
    }
    http_finish(exchange);
}

static void on_stream_writable(struct http_exchange *exchange)
{
    fixture.writable++;
    stream_more(exchange);
}

static void on_stream_gone(struct http_exchange *exchange)
{
    fixture.gone++;
    http_finish(exchange);
}

static unsigned query_number(struct http_exchange *exchange, const char *name)
{
    struct slice text = http_query(exchange, name);

    return text.data == NULL ? 0 : (unsigned)atoi(text.data);
}

static void start_stream(struct http_exchange *exchange)
{
    struct fixture_stream *stream = ARENA_NEW(&exchange->arena, struct fixture_stream);

    stream->left = query_number(exchange, "chunks");
    stream->bytes = query_number(exchange, "bytes");
    exchange->state = stream;
    http_on_writable(exchange, on_stream_writable);
    http_on_gone(exchange, on_stream_gone);
    http_start(exchange, 200, "text/plain");
    stream_more(exchange);
}

static void start_wait(struct http_exchange *exchange)
{
    fixture.waiting++;
    http_on_gone(exchange, on_stream_gone);
    http_start(exchange, 200, "text/event-stream");
    http_send(exchange, SLICE("data: begun\n\n"));
}

static void on_request(struct http_exchange *exchange)
{
    fixture.requests++;
    if (slice_is(exchange->path, "/hello"))
        http_reply(exchange, 200, "text/plain", SLICE("hello"));
    else if (slice_is(exchange->path, "/empty"))
        http_reply(exchange, 204, NULL, SLICE(""));
    else if (slice_is(exchange->path, "/echo") || slice_is(exchange->path, "/large"))
        http_reply(exchange, 200, "application/octet-stream", exchange->body);
    else if (slice_is(exchange->path, "/query"))
        http_reply(exchange, 200, "text/plain", http_query(exchange, "q"));
    else if (slice_is(exchange->path, "/stream"))
        start_stream(exchange);
    else if (slice_is(exchange->path, "/wait"))
        start_wait(exchange);
    else if (slice_is(exchange->path, "/sleep")) { /* the loop stands still */
        usleep(query_number(exchange, "ms") * 1000);
        http_reply(exchange, 204, NULL, SLICE(""));
    } else if (slice_is(exchange->path, "/broken")) {
        http_start(exchange, 200, "text/plain");
        http_send(exchange, SLICE("half of"));
        http_abort(exchange);
    } else
        http_reply(exchange, 404, "text/plain", SLICE("nothing here"));
}

static void on_head(struct http_exchange *exchange)
{
    if (slice_is(exchange->path, "/locked"))
        http_reply(exchange, 401, "text/plain", SLICE("who are you"));
    else if (slice_is(exchange->path, "/large"))
        exchange->body_bytes_max = 8 * MIB;
}

static void on_refused(struct http_exchange *exchange, unsigned code, const char *text)
{
    http_reply(exchange, code, "text/plain", slice_from(text));
}

static const struct http_handlers handlers = { on_head, on_request, on_refused };

static void on_drained(void *arg)
{
    (void)arg;
    loop_stop(&fixture.loop);
}

static void on_stop_letter(struct letter *letter)
{
    (void)letter;
    http_server_drain(fixture.server, fixture.grace_ms, on_drained, NULL);
}

static void *serve(void *arg)
{
    struct error err = { 0 };

    (void)arg;
    if (loop_init(&fixture.loop, NULL, NULL, &err) != STATUS_OK)
        abort();
    fixture.options.loop = &fixture.loop;
    fixture.server = http_server_start(&fixture.options, &err);
    if (fixture.server == NULL) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    fixture.port = http_server_port(fixture.server, 0);
    pthread_barrier_wait(&fixture.ready);
    loop_run(&fixture.loop);
    loop_close(&fixture.loop); /* and CHECKs that nothing was left open */
    return NULL;
}

/* Serve with what the test has put into fixture.options. */
static void begin(void)
{
    fixture.addresses[0] = "127.0.0.1:0";
    fixture.options.addresses = fixture.addresses;
    fixture.options.handlers = &handlers;
    fixture.gone = fixture.writable = fixture.requests = fixture.sent = fixture.waiting = 0;
    pthread_barrier_init(&fixture.ready, NULL, 2);
    assert_int_equal(pthread_create(&fixture.thread, NULL, serve, NULL), 0);
    pthread_barrier_wait(&fixture.ready);
    fixture.is_running = true;
}

static void post_stop(void)
{
    fixture.stop.open = on_stop_letter;
    mailbox_post(&fixture.loop.mailbox, &fixture.stop);
}

static void join(void)
{
    pthread_join(fixture.thread, NULL);
    pthread_barrier_destroy(&fixture.ready);
    fixture.is_running = false;
}

static void end(void)
{
    post_stop();
    join();
}

static int setup(void **state)
{
    (void)state;
    memset(&fixture, 0, sizeof(fixture));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (fixture.is_running)
        end();
    return 0;
}

/* ---- a client of bytes ---- */

static int dial(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)fixture.port) };
    struct timeval patience = { .tv_sec = 20 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

__attribute__((unused)) static void say(int fd, const char *text)
{
    send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Everything until the server closes. */
static const char *hear(int fd)
{
    ssize_t got;

    fixture.reply_size = 0;
    while ((got = recv(fd, fixture.reply + fixture.reply_size,
                       sizeof(fixture.reply) - 1 - fixture.reply_size, 0))
           > 0)
        fixture.reply_size += (size_t)got;
    fixture.reply[fixture.reply_size] = '\0';
    close(fd);
    return fixture.reply;
}

/* Read on until @text has come. */
__attribute__((unused)) static bool hear_until(int fd, const char *text)
{
    fixture.reply_size = 0;
    for (;;) {
        ssize_t got = recv(fd, fixture.reply + fixture.reply_size,
                           sizeof(fixture.reply) - 1 - fixture.reply_size, 0);

        if (got <= 0)
            return false;
        fixture.reply_size += (size_t)got;
        fixture.reply[fixture.reply_size] = '\0';
        if (strstr(fixture.reply, text) != NULL)
            return true;
    }
}

__attribute__((unused)) static const char *answer_to(const char *request)
{
    int fd = dial();

    say(fd, request);
    return hear(fd);
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* ---- commands ---- */

/* What @format printed, with the port in place of its one %d. */
__attribute__((format(printf, 1, 2))) static const char *command(const char *format, ...)
{
    char line[1024];
    va_list args;
    FILE *pipe;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    pipe = popen(line, "r");
    assert_non_null(pipe);
    fixture.reply_size = fread(fixture.reply, 1, sizeof(fixture.reply) - 1, pipe);
    fixture.reply[fixture.reply_size] = '\0';
    pclose(pipe);
    return fixture.reply;
}

static void wait_for(atomic_uint *counter, unsigned value)
{
    unsigned tries;

    for (tries = 0; *counter < value && tries < 2000; tries++)
        usleep(10000);
    assert_true(*counter >= value);
}

#endif
