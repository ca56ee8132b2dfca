#include "http_fixture.h"

#define CLOSE "Host: x\r\nConnection: close\r\n\r\n"

static void answers_a_request(void **state)
{
    (void)state;
    begin();
    const char *reply = answer_to("GET /hello HTTP/1.1\r\n" CLOSE);

    assert_true(has(reply, "HTTP/1.1 200 OK\r\n"));
    assert_true(has(reply, "content-length: 5\r\n"));
    assert_true(has(reply, "connection: close\r\n"));
    assert_true(has(reply, "\r\n\r\nhello"));
}

static void keeps_the_connection_for_further_requests(void **state)
{
    int fd;

    (void)state;
    begin();
    fd = dial();
    say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear_until(fd, "hello"));
    assert_false(has(fixture.reply, "connection: close"));
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    assert_true(hear_until(fd, "abc"));
    say(fd, "GET /hello HTTP/1.1\r\n" CLOSE);
    assert_true(has(hear(fd), "hello"));
}

static void answers_what_came_at_once_in_its_order(void **state)
{
    (void)state;
    begin();
    const char *reply = answer_to("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nfirst"
                                  "GET /query?q=second HTTP/1.1\r\nHost: x\r\n\r\n"
                                  "GET /query?q=third HTTP/1.1\r\n" CLOSE);
    const char *first = strstr(reply, "first");
    const char *second = strstr(reply, "second");
    const char *third = strstr(reply, "third");

    assert_true(first != NULL && first < second && second < third);
}

static void takes_a_request_byte_by_byte(void **state)
{
    static const char request[] =
        "POST /echo?a=b HTTP/1.1\r\nHost: x\r\nX-Request-Id: abc.def-1\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        "3\r\nabc\r\n4\r\ndefg\r\n0\r\nTrailer: x\r\n\r\n";
    size_t i;
    int fd;

    (void)state;
    begin();
    fd = dial();
    for (i = 0; i < sizeof(request) - 1; i++)
        assert_int_equal(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
    const char *reply = hear(fd);

    assert_true(has(reply, "x-request-id: abc.def-1\r\n"));
    assert_true(has(reply, "\r\n\r\nabcdefg"));
}

static void gives_an_id_of_its_own_where_the_clients_is_no_plain_word(void **state)
{
    (void)state;
    begin();
    const char *reply = answer_to("GET /hello HTTP/1.1\r\nX-Request-Id: a b<script>\r\n" CLOSE);

    assert_true(has(reply, "x-request-id: "));
    assert_false(has(reply, "script"));
}

static void does_not_send_a_body_where_none_belongs(void **state)
{
    (void)state;
    begin();
    const char *reply = answer_to("HEAD /hello HTTP/1.1\r\n" CLOSE);

    assert_true(has(reply, "content-length: 5\r\n"));
    assert_false(has(reply, "hello"));
    reply = answer_to("GET /empty HTTP/1.1\r\n" CLOSE);
    assert_true(has(reply, "HTTP/1.1 204 No Content\r\n"));
    assert_false(has(reply, "content-length"));
}

static void serves_http_1_0(void **state)
{
    (void)state;
    begin();
    const char *reply = answer_to("GET /stream?chunks=3&bytes=4 HTTP/1.0\r\n\r\n");

    assert_false(has(reply, "chunked"));
    assert_true(has(reply, "\r\n\r\nxxxxxxxxxxxx"));
    assert_true(has(answer_to("GET /hello HTTP/1.0\r\n\r\n"), "hello"));
}

/* Each is answered, with the status, and the connection ends. */
static void refuses_what_is_no_request(void **state)
{
    static const struct {
        const char *request, *status;
    } cases[] = {
        { "nonsense\r\n\r\n", "400" },
        { "GET / HTTP/1.1\r\n\r\n", "400" }, /* no host */
        { "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400" },
        { "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "400" },
        { "GET /#x HTTP/1.1\r\nHost: x\r\n\r\n", "400" },
        { "GET a HTTP/1.1\r\nHost: x\r\n\r\n", "400" },
        { "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "400" },
        { "GET / HTTP/3.0\r\nHost: x\r\n\r\n", "505" },
        { "GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n", "417" },
        { "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", "501" },
        { "GET / HTTP/1.1\r\nHost: x\r\nA: b\001c\r\n\r\n", "400" },
        { "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
          "400" },
        { "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n", "400" },
        { "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", "400" },
        { "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
          "\r\n0\r\n\r\n",
          "400" },
        { "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
          "501" },
        { "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400" },
        { "POST /echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400" },
    };
    char expected[40];
    size_t i;

    (void)state;
    begin();
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *reply = answer_to(cases[i].request);

        snprintf(expected, sizeof(expected), "HTTP/1.1 %s ", cases[i].status);
        if (strncmp(reply, expected, strlen(expected)) != 0)
            fail_msg("case %zu: %.60s", i, reply);
    }
    assert_int_equal(fixture.requests, 0);
}

static char *repeat(const char *before, char byte, size_t count, const char *after)
{
    char *text = malloc(strlen(before) + count + strlen(after) + 1);
    size_t at = strlen(before);

    memcpy(text, before, at);
    memset(text + at, byte, count);
    strcpy(text + at + count, after);
    return text;
}

static void refuses_heads_that_are_too_large(void **state)
{
    char *target = repeat("GET /", 'a', HTTP_TARGET_BYTES_MAX, " HTTP/1.1\r\nHost: x\r\n\r\n");
    char *value = repeat("GET / HTTP/1.1\r\nHost: x\r\nA: ", 'a', HTTP_HEAD_BYTES_MAX, "\r\n\r\n");
    char many[8192] = "GET / HTTP/1.1\r\nHost: x\r\n";
    unsigned i;

    (void)state;
    for (i = 0; i < HTTP_FIELDS_MAX; i++)
        strcat(many, "A: b\r\n");
    strcat(many, "\r\n");
    begin();
    assert_true(has(answer_to(target), "HTTP/1.1 414 "));
    assert_true(has(answer_to(value), "HTTP/1.1 431 "));
    assert_true(has(answer_to(many), "HTTP/1.1 431 "));
    free(target);
    free(value);
}

static void refuses_a_body_over_the_limit_before_it_comes(void **state)
{
    (void)state;
    fixture.options.body_bytes_max = 10;
    begin();
    assert_true(has(answer_to("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n"),
                    "HTTP/1.1 413 "));
    assert_true(has(answer_to("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "b\r\nabcdefghijk\r\n"),
                    "HTTP/1.1 413 "));
    assert_true(has(answer_to("POST /echo HTTP/1.1\r\nContent-Length: 10\r\n" CLOSE "0123456789"),
                    "HTTP/1.1 200 "));
    assert_int_equal(fixture.requests, 1);
}

static void an_answer_to_the_head_needs_no_body(void **state)
{
    int fd;

    (void)state;
    begin();
    assert_true(has(answer_to("POST /locked HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"),
                    "HTTP/1.1 401 "));
    /* A short body is read and thrown away, and the connection lives on. */
    fd = dial();
    say(fd, "POST /locked HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
            "GET /hello HTTP/1.1\r\n" CLOSE);
    const char *reply = hear(fd);

    assert_true(has(reply, "HTTP/1.1 401 "));
    assert_true(has(reply, "\r\n\r\nhello"));
    assert_int_equal(fixture.requests, 1);
}

static void says_continue_to_who_waits_for_it(void **state)
{
    int fd;

    (void)state;
    begin();
    fd = dial();
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_true(hear_until(fd, "HTTP/1.1 100 Continue\r\n\r\n"));
    say(fd, "abc");
    assert_true(hear_until(fd, "\r\n\r\nabc"));
    close(fd);
}

static void cuts_off_who_sends_a_head_too_slowly(void **state)
{
    int fd;

    (void)state;
    fixture.options.head_ms = 100;
    begin();
    fd = dial();
    say(fd, "GET / HTTP/1.1\r\nHo");
    assert_true(has(hear(fd), "HTTP/1.1 408 "));
    assert_string_equal(hear(dial()), ""); /* who says nothing gets nothing */
}

static void cuts_off_who_sends_a_body_too_slowly(void **state)
{
    int fd;

    (void)state;
    fixture.options.head_ms = fixture.options.body_ms = 100;
    begin();
    fd = dial();
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc");
    assert_true(has(hear(fd), "HTTP/1.1 408 "));
}

/* The whole head came in time; that nobody was there to read it is not the client's fault. */
static void who_came_while_the_server_stood_still_is_answered(void **state)
{
    int sleeper, fd;

    (void)state;
    fixture.options.head_ms = 800;
    begin();
    fd = dial();
    say(fd, "GET /hello HTTP/1.1\r\n");
    sleeper = dial();
    say(sleeper, "GET /sleep?ms=1500 HTTP/1.1\r\nHost: x\r\n\r\n");
    usleep(300000);
    say(fd, "Host: x\r\n\r\n");
    assert_true(hear_until(fd, "HTTP/1.1 200 "));
    close(fd);
    close(sleeper);
}

static void closes_a_connection_that_idles(void **state)
{
    int fd;

    (void)state;
    fixture.options.idle_ms = 100;
    begin();
    fd = dial();
    say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(has(hear(fd), "hello")); /* the end comes by itself */
}

static void holds_a_stream_whose_client_does_not_read(void **state)
{
    const unsigned chunks = 8000;
    size_t total = 0;
    char piece[65536];
    ssize_t got;
    int fd;

    (void)state;
    begin();
    fd = dial();
    say(fd, "GET /stream?chunks=8000&bytes=4000 HTTP/1.1\r\n" CLOSE);
    usleep(300000);
    assert_true(fixture.sent < chunks); /* 32 MB do not fit into any buffer on the way */
    while ((got = recv(fd, piece, sizeof(piece), 0)) > 0)
        total += (size_t)got;
    close(fd);
    assert_true(total > 8000u * 4000u);
    assert_true(fixture.writable > 0);
    assert_int_equal(fixture.sent, chunks);
}

static void cuts_off_who_takes_nothing_of_an_answer(void **state)
{
    int fd;

    (void)state;
    fixture.options.stall_ms = 200;
    begin();
    fd = dial();
    say(fd, "GET /stream?chunks=8000&bytes=4000 HTTP/1.1\r\n" CLOSE);
    wait_for(&fixture.gone, 1);
    close(fd);
}

static void tells_a_handler_that_its_client_has_gone(void **state)
{
    int fd;

    (void)state;
    begin();
    fd = dial();
    say(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear_until(fd, "data: begun"));
    close(fd);
    wait_for(&fixture.gone, 1);
}

static void an_answer_that_breaks_off_does_not_look_whole(void **state)
{
    (void)state;
    begin();
    const char *reply = answer_to("GET /broken HTTP/1.1\r\n" CLOSE);

    assert_false(has(reply, "\r\n0\r\n\r\n"));
}

static void refuses_more_exchanges_than_are_taken(void **state)
{
    int fd;

    (void)state;
    fixture.options.exchanges_max = 1;
    begin();
    fd = dial();
    say(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear_until(fd, "data: begun"));
    const char *reply = answer_to("GET /hello HTTP/1.1\r\n" CLOSE);

    assert_true(has(reply, "HTTP/1.1 503 "));
    assert_true(has(reply, "retry-after: 1\r\n"));
    close(fd);
}

static void makes_room_by_closing_the_longest_idle(void **state)
{
    int first, second;

    (void)state;
    fixture.options.connections_max = 2;
    begin();
    first = dial();
    say(first, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear_until(first, "hello"));
    second = dial();
    say(second, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear_until(second, "hello"));
    assert_true(has(answer_to("GET /hello HTTP/1.1\r\n" CLOSE), "hello"));
    assert_string_equal(hear(first), "");
    close(second);
}

static void a_drain_lets_running_answers_end(void **state)
{
    int idle, busy;

    (void)state;
    fixture.grace_ms = 20000;
    begin();
    idle = dial();
    say(idle, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear_until(idle, "hello"));
    busy = dial();
    say(busy, "GET /stream?chunks=8000&bytes=4000 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear_until(busy, "xxxx"));
    post_stop();
    assert_string_equal(hear(idle), "");
    {
        char piece[65536], last[8] = "";
        ssize_t got;

        while ((got = recv(busy, piece, sizeof(piece), 0)) > 0)
            if (got >= 7)
                memcpy(last, piece + got - 7, 7);
        assert_string_equal(last, "\r\n0\r\n\r\n");
        close(busy);
    }
    join();
}

static void a_drain_cuts_off_what_outlives_its_grace(void **state)
{
    int fd;

    (void)state;
    fixture.grace_ms = 50;
    begin();
    fd = dial();
    say(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear_until(fd, "data: begun"));
    end();
    assert_int_equal(fixture.gone, 1);
    close(fd);
}

static void curl_uploads_what_comes_back_unchanged(void **state)
{
    (void)state;
    begin();
    const char *reply =
        command("head -c 5000000 /dev/urandom >/tmp/http1_test.$$; "
                "curl -s --http1.1 --data-binary @/tmp/http1_test.$$ http://127.0.0.1:%d/large | "
                "cmp - /tmp/http1_test.$$ && echo same; rm -f /tmp/http1_test.$$",
                fixture.port);

    assert_string_equal(reply, "same\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_a_request),
        TEST(keeps_the_connection_for_further_requests),
        TEST(answers_what_came_at_once_in_its_order),
        TEST(takes_a_request_byte_by_byte),
        TEST(gives_an_id_of_its_own_where_the_clients_is_no_plain_word),
        TEST(does_not_send_a_body_where_none_belongs),
        TEST(serves_http_1_0),
        TEST(refuses_what_is_no_request),
        TEST(refuses_heads_that_are_too_large),
        TEST(refuses_a_body_over_the_limit_before_it_comes),
        TEST(an_answer_to_the_head_needs_no_body),
        TEST(says_continue_to_who_waits_for_it),
        TEST(cuts_off_who_sends_a_head_too_slowly),
        TEST(cuts_off_who_sends_a_body_too_slowly),
        TEST(who_came_while_the_server_stood_still_is_answered),
        TEST(closes_a_connection_that_idles),
        TEST(holds_a_stream_whose_client_does_not_read),
        TEST(cuts_off_who_takes_nothing_of_an_answer),
        TEST(tells_a_handler_that_its_client_has_gone),
        TEST(an_answer_that_breaks_off_does_not_look_whole),
        TEST(refuses_more_exchanges_than_are_taken),
        TEST(makes_room_by_closing_the_longest_idle),
        TEST(a_drain_lets_running_answers_end),
        TEST(a_drain_cuts_off_what_outlives_its_grace),
        TEST(curl_uploads_what_comes_back_unchanged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
