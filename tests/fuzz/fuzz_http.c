/* A server and a client's bytes, over a real socket. The first byte says whether an HTTP/2 preface
 * goes before them, and where they are cut in two.
 *
 * Holds for any bytes: what a handler is given has a path, fields with names in lower case and
 * values without control characters, and a body within the limit; an HTTP/1.1 answer begins with a
 * status line; and when the client has gone, nothing of it is left. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "fuzz_target.h"
#include "http/http.h"

#define BODY_MAX 1000
#define TURNS_MAX 10000

static struct loop loop;
static struct http_server *server;
static struct http_exchange *held; /* one that is answered only when its client has gone */

static void check_request(const struct http_exchange *exchange)
{
    unsigned i;
    size_t at;

    CHECK(exchange->path.size > 0 && (exchange->path.data[0] == '/' || exchange->path.size == 1));
    CHECK(exchange->body.size <= BODY_MAX && strlen(exchange->id) > 0);
    for (i = 0; i < exchange->fields_count; i++) {
        struct slice name = exchange->fields[i].name, value = exchange->fields[i].value;

        CHECK(name.size > 0);
        for (at = 0; at < name.size; at++)
            CHECK(!(name.data[at] >= 'A' && name.data[at] <= 'Z') && name.data[at] > ' ');
        for (at = 0; at < value.size; at++)
            CHECK((unsigned char)value.data[at] >= ' ' || value.data[at] == '\t');
    }
}

static void on_gone(struct http_exchange *exchange)
{
    CHECK(exchange == held);
    held = NULL;
    http_finish(exchange);
}

static void on_request(struct http_exchange *exchange)
{
    check_request(exchange);
    http_query(exchange, "q");
    if (exchange->verb == HTTP_VERB_GET && held == NULL) {
        held = exchange;
        http_on_gone(exchange, on_gone);
        http_start(exchange, 200, "text/plain");
        http_send(exchange, SLICE("begun"));
    } else if (exchange->verb == HTTP_VERB_PUT) {
        http_start(exchange, 200, "text/plain");
        http_send(exchange, exchange->body);
        http_abort(exchange);
    } else {
        http_reply(exchange, 200, "text/plain", exchange->body);
    }
}

static void on_refused(struct http_exchange *exchange, unsigned code, const char *text)
{
    CHECK(code >= 400 && code <= 599);
    http_reply(exchange, code, "text/plain", slice_from(text));
}

static void start(void)
{
    static const struct http_handlers handlers = { NULL, on_request, on_refused };
    static const char *const addresses[] = { "127.0.0.1:0", NULL };
    const struct http_options options = {
        .loop = &loop, .addresses = addresses, .handlers = &handlers, .body_bytes_max = BODY_MAX
    };
    struct error err;

    CHECK(loop_init(&loop, NULL, NULL, &err) == STATUS_OK);
    server = http_server_start(&options, &err);
    CHECK(server != NULL);
}

static int dial(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)http_server_port(server, 0)) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

static void turn(unsigned times)
{
    while (times-- > 0)
        uv_run(&loop.uv, UV_RUN_NOWAIT);
}

/* The server may have closed already. */
static void say(int fd, const uint8_t *data, size_t size)
{
    if (size > 0)
        (void)!send(fd, data, size, MSG_NOSIGNAL);
    turn(4);
}

static void check_reply(int fd, bool is_http2)
{
    char reply[16];
    ssize_t got = recv(fd, reply, sizeof(reply), MSG_DONTWAIT);

    if (!is_http2 && got >= 9)
        CHECK(memcmp(reply, "HTTP/1.1 ", 9) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    struct linger linger = { 1, 0 };
    unsigned exchanges = 1, connections = 1, turns;
    bool is_http2;
    size_t cut;
    int fd;

    if (size < 1)
        return 0;
    if (server == NULL)
        start();
    is_http2 = (data[0] & 1) != 0;
    cut = data[0] / 2 < size - 1 ? data[0] / 2 : size - 1;
    fd = dial();
    if (is_http2)
        say(fd, (const uint8_t *)preface, sizeof(preface) - 1);
    say(fd, data + 1, cut);
    say(fd, data + 1 + cut, size - 1 - cut);
    check_reply(fd, is_http2 || (size > 3 && memcmp(data + 1, "PRI", 3) == 0));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(fd);
    for (turns = 0; turns < TURNS_MAX && (exchanges > 0 || connections > 0); turns++) {
        turn(1);
        http_server_count(server, &exchanges, &connections);
    }
    CHECK(exchanges == 0 && connections == 0 && held == NULL);
    return 0;
}
