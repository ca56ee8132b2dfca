/* Real sockets: a client in a thread writes bytes and reads until the end, while the loop runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "run/admin.h"

#define CLIENTS_MAX (ADMIN_CONNECTIONS_MAX + 8)

struct client {
    const char *request;
    size_t request_size;
    char reply[65536];
    size_t reply_size;
    struct letter finished;
};

static struct loop loop;
static struct admin *admin;
static unsigned finished_count, finished_wanted;
static bool is_ready;

static bool ask_ready(void *owner)
{
    (void)owner;
    return is_ready;
}

static void on_finished(struct letter *letter)
{
    (void)letter;
    if (++finished_count < finished_wanted)
        return;
    admin_stop(admin);
    loop_stop(&loop);
}

static int connect_to_admin(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)admin_port(admin)) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return -1;
    return fd;
}

static void *client_main(void *arg)
{
    struct client *client = arg;
    int fd = connect_to_admin();
    ssize_t got;

    if (send(fd, client->request, client->request_size, MSG_NOSIGNAL) >= 0) {
        while ((got = recv(fd, client->reply + client->reply_size,
                           sizeof(client->reply) - 1 - client->reply_size, 0))
               > 0)
            client->reply_size += (size_t)got;
    }
    close(fd);
    client->finished.open = on_finished;
    mailbox_post(&loop.mailbox, &client->finished);
    return NULL;
}

static void begin(void)
{
    struct error err;

    assert_int_equal(loop_init(&loop, NULL, NULL, &err), STATUS_OK);
    admin = admin_start(&loop, "127.0.0.1:0", ask_ready, NULL, &err);
    assert_non_null(admin);
    assert_true(admin_port(admin) > 0);
    finished_count = 0;
}

/* Until each of @clients has been answered and closed. */
static void run_clients(struct client *clients, unsigned count)
{
    pthread_t threads[CLIENTS_MAX];
    unsigned i;

    finished_wanted = count;
    for (i = 0; i < count; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, client_main, &clients[i]), 0);
    loop_run(&loop);
    for (i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    loop_close(&loop);
}

static const char *reply_to(struct client *client, const char *request)
{
    memset(client, 0, sizeof(*client));
    client->request = request;
    client->request_size = strlen(request);
    begin();
    run_clients(client, 1);
    return client->reply;
}

static struct client client;

#define CLOSE "Host: x\r\nConnection: close\r\n\r\n"

static void answers_each_path(void **state)
{
    (void)state;
    assert_non_null(
        strstr(reply_to(&client, "GET /healthz HTTP/1.1\r\n" CLOSE), "HTTP/1.1 200 OK\r\n"));
    is_ready = false;
    assert_non_null(strstr(reply_to(&client, "GET /readyz HTTP/1.1\r\n" CLOSE), "HTTP/1.1 503 "));
    is_ready = true;
    assert_non_null(
        strstr(reply_to(&client, "GET /readyz?verbose HTTP/1.1\r\n" CLOSE), "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(reply_to(&client, "GET /metrics HTTP/1.1\r\n" CLOSE),
                           "Content-Type: text/plain; version=0.0.4"));
    assert_non_null(strstr(client.reply, "\nprocess_resident_memory_bytes "));
    assert_non_null(
        strstr(reply_to(&client, "GET /metrics HTTP/1.1\r\nX-Accept: text/plain\r\nACCEPT: "
                                 "application/openmetrics-text;version=1.0.0\r\n" CLOSE),
               "Content-Type: application/openmetrics-text; version=1.0.0"));
    assert_non_null(strstr(client.reply, "\n# EOF\n"));
    assert_non_null(
        strstr(reply_to(&client, "GET http://x/healthz HTTP/1.1\r\n" CLOSE), " 200 OK"));
    assert_non_null(strstr(reply_to(&client, "GET / HTTP/1.1\r\n" CLOSE), "HTTP/1.1 404 "));
    assert_non_null(strstr(reply_to(&client, "GET /metricsx HTTP/1.1\r\n" CLOSE), "HTTP/1.1 404 "));
    assert_non_null(
        strstr(reply_to(&client, "DELETE /metrics HTTP/1.1\r\n" CLOSE), "HTTP/1.1 405 "));
    assert_non_null(strstr(client.reply, "Allow: GET, HEAD\r\n"));
    assert_non_null(
        strstr(reply_to(&client, "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 404 "));
}

static void answers_head_without_a_body(void **state)
{
    (void)state;
    reply_to(&client, "HEAD /healthz HTTP/1.1\r\n" CLOSE);
    assert_non_null(strstr(client.reply, "Content-Length: 6\r\n"));
    assert_string_equal(client.reply + client.reply_size - 4, "\r\n\r\n");
}

static unsigned count_of(const char *text, const char *word)
{
    unsigned count = 0;

    for (text = strstr(text, word); text != NULL; text = strstr(text + 1, word))
        count++;
    return count;
}

static void keeps_a_connection_alive_and_answers_in_order(void **state)
{
    const char *reply =
        reply_to(&client, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                          "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
                          "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
                          "GET /readyz HTTP/1.1\r\n" CLOSE "GET /metrics HTTP/1.1\r\n" CLOSE);

    (void)state;
    assert_int_equal(count_of(reply, "HTTP/1.1 "), 4);
    assert_true(strstr(reply, "alive\n") < strstr(reply, " 405 "));
    assert_true(strstr(reply, " 405 ") < strstr(reply, " 404 "));
    assert_true(strstr(reply, " 404 ") < strstr(reply, "ready\n"));
}

static void closes_after_a_request_of_http_1_0(void **state)
{
    (void)state;
    assert_non_null(
        strstr(reply_to(&client, "GET /healthz HTTP/1.0\r\n\r\n"), "Connection: close"));
}

static void refuses_what_is_not_http_or_too_large(void **state)
{
    static char large[3 * ADMIN_REQUEST_BYTES_MAX];
    int head;

    (void)state;
    assert_non_null(strstr(reply_to(&client, "\x16\x03\x01 hello\r\n\r\n"), "HTTP/1.1 400 "));
    memset(large, 'a', sizeof(large) - 1);
    memcpy(large, "GET /", 5);
    assert_non_null(strstr(reply_to(&client, large), "HTTP/1.1 414 "));
    memset(large, 'a', sizeof(large) - 1);
    memcpy(large, "GET / HTTP/1.1\r\nX: ", 19);
    assert_non_null(strstr(reply_to(&client, large), "HTTP/1.1 431 "));
    memset(large, 'a', sizeof(large) - 1);
    head = sprintf(large, "POST / HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", sizeof(large) * 2);
    large[head] = 'a';
    assert_non_null(strstr(reply_to(&client, large), "HTTP/1.1 413 "));
}

/* More than there are slots for, of which some never finish a request: they are cut off, the others
 * answered. */
static void serves_others_while_slow_clients_hold_every_slot(void **state)
{
    static struct client clients[CLIENTS_MAX];
    unsigned i;

    (void)state;
    begin();
    memset(clients, 0, sizeof(clients));
    for (i = 0; i < CLIENTS_MAX; i++) {
        clients[i].request =
            i < ADMIN_CONNECTIONS_MAX ? "GET /healthz HT" : "GET /healthz HTTP/1.1\r\n" CLOSE;
        clients[i].request_size = strlen(clients[i].request);
    }
    run_clients(clients, CLIENTS_MAX);
    for (i = 0; i < CLIENTS_MAX; i++)
        assert_int_equal(clients[i].reply_size > 0, i >= ADMIN_CONNECTIONS_MAX);
}

static void says_when_the_port_is_taken(void **state)
{
    char address[32];
    struct error err;

    (void)state;
    begin();
    snprintf(address, sizeof(address), "127.0.0.1:%d", admin_port(admin));
    assert_null(admin_start(&loop, address, NULL, NULL, &err));
    assert_int_equal(err.status, STATUS_ALREADY_EXISTS);
    assert_null(admin_start(&loop, "example.org:80", NULL, NULL, &err));
    assert_int_equal(err.status, STATUS_INVALID_ARGUMENT);
    assert_null(admin_start(&loop, "127.0.0.1", NULL, NULL, &err));
    assert_int_equal(err.status, STATUS_INVALID_ARGUMENT);
    admin_stop(admin);
    loop_stop(&loop);
    loop_run(&loop);
    loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_each_path),
        cmocka_unit_test(answers_head_without_a_body),
        cmocka_unit_test(keeps_a_connection_alive_and_answers_in_order),
        cmocka_unit_test(closes_after_a_request_of_http_1_0),
        cmocka_unit_test(refuses_what_is_not_http_or_too_large),
        cmocka_unit_test(serves_others_while_slow_clients_hold_every_slot),
        cmocka_unit_test(says_when_the_port_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
