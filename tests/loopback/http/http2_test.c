/* HTTP/2 and TLS, against clients that we did not write: curl, nghttp, h2load, openssl. */
#include "http_fixture.h"

#include "certificates.h"

static char folder[64];

#define CURL2 "curl -sS --http2-prior-knowledge --max-time 20 "

static void answers_over_prior_knowledge(void **state)
{
    (void)state;
    begin();
    assert_string_equal(command(CURL2 "-w ' %%{http_version} %%{http_code}' "
                                      "http://127.0.0.1:%d/hello",
                                fixture.port),
                        "hello 2 200");
    assert_string_equal(command(CURL2 "-d abc http://127.0.0.1:%d/echo", fixture.port), "abc");
    assert_string_equal(
        command(CURL2 "-I http://127.0.0.1:%d/hello | grep -c 'content-length: 5'", fixture.port),
        "1\n");
    assert_string_equal(command(CURL2 "-w '%%{http_code}' http://127.0.0.1:%d/empty", fixture.port),
                        "204");
}

static void echoes_a_large_body(void **state)
{
    (void)state;
    begin();
    assert_string_equal(command("head -c 5000000 /dev/urandom >/tmp/http2_test.$$; " CURL2
                                "--data-binary @/tmp/http2_test.$$ http://127.0.0.1:%d/large | "
                                "cmp - /tmp/http2_test.$$ && echo same; rm -f /tmp/http2_test.$$",
                                fixture.port),
                        "same\n");
}

static void refuses_a_body_over_the_limit(void **state)
{
    (void)state;
    fixture.options.body_bytes_max = 10;
    begin();
    assert_string_equal(command(CURL2
                                "-w ' %%{http_code}' -d 01234567890 http://127.0.0.1:%d/echo 2>&1",
                                fixture.port),
                        "the body is larger than this path takes 413");
    /* And one whose length was not told. */
    assert_string_equal(command("head -c 100000 /dev/zero | " CURL2
                                "-w '%%{http_code}' -o /dev/null -T - http://127.0.0.1:%d/echo",
                                fixture.port),
                        "413");
}

static void answers_on_the_head_without_reading_the_body(void **state)
{
    (void)state;
    begin();
    assert_string_equal(command("head -c 900000 /dev/zero | " CURL2
                                "-w ' %%{http_code}' --data-binary @- "
                                "http://127.0.0.1:%d/locked",
                                fixture.port),
                        "who are you 401");
    assert_int_equal(fixture.requests, 0);
}

static void many_streams_share_a_connection(void **state)
{
    (void)state;
    begin();
    const char *reply = command("h2load -n 2000 -c 4 -m 50 "
                                "'http://127.0.0.1:%d/stream?chunks=5&bytes=1000' 2>&1",
                                fixture.port);

    assert_true(has(reply, "2000 succeeded, 0 failed, 0 errored"));
    assert_true(has(reply, "status codes: 2000 2xx"));
}

static void holds_a_stream_whose_client_does_not_read(void **state)
{
    (void)state;
    begin();
    /* The client's window stays where it was: 1 MB at most can have gone out. */
    command("timeout 1 sh -c 'nghttp -w 16 -W 16 \"http://127.0.0.1:%d/stream?chunks=8000&"
            "bytes=4000\" | sleep 1.2'",
            fixture.port);
    assert_true(fixture.sent < 8000);
    wait_for(&fixture.gone, 1);
}

static void tells_a_handler_that_its_client_has_gone(void **state)
{
    (void)state;
    begin();
    command("timeout 0.5 nghttp http://127.0.0.1:%d/wait", fixture.port);
    wait_for(&fixture.gone, 1);
}

static void an_answer_that_breaks_off_is_an_error(void **state)
{
    (void)state;
    begin();
    assert_true(has(command(CURL2 "-S http://127.0.0.1:%d/broken 2>&1", fixture.port),
                    "was not closed cleanly"));
}

static void a_drain_lets_running_streams_end(void **state)
{
    int status;

    (void)state;
    fixture.grace_ms = 20000;
    begin();
    char line[256];
    FILE *pipe;
    size_t total = 0, got;
    char piece[65536];

    snprintf(line, sizeof(line), CURL2 "'http://127.0.0.1:%d/stream?chunks=8000&bytes=4000'",
             fixture.port);
    pipe = popen(line, "r");
    wait_for(&fixture.sent, 1);
    post_stop();
    while ((got = fread(piece, 1, sizeof(piece), pipe)) > 0)
        total += got;
    status = pclose(pipe);
    assert_int_equal(status, 0);
    assert_int_equal(total, 8000u * 4000u);
    join();
}

static void a_flood_of_resets_ends_the_connection(void **state)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    unsigned i;
    int fd;

    (void)state;
    begin();
    fd = dial();
    send(fd, preface, sizeof(preface) - 1, MSG_NOSIGNAL);
    /* GET /wait with the static table, then RST_STREAM, a few thousand times. */
    for (i = 0; i < 4000; i++) {
        unsigned stream = 2 * i + 1;
        unsigned char frames[] = { 0,
                                   0,
                                   8,
                                   1,
                                   5,
                                   0,
                                   0,
                                   stream >> 8 & 255,
                                   stream & 255,
                                   0x82,
                                   0x86,
                                   0x41,
                                   1,
                                   'x',
                                   0x04,
                                   0,
                                   0x84,
                                   0,
                                   0,
                                   4,
                                   3,
                                   0,
                                   0,
                                   0,
                                   stream >> 8 & 255,
                                   stream & 255,
                                   0,
                                   0,
                                   0,
                                   8 };

        if (send(fd, frames, sizeof(frames), MSG_NOSIGNAL) < 0)
            break;
    }
    hear(fd); /* and not the test's end of patience */
    assert_true(fixture.requests < 4000);
}

static void an_idle_connection_is_told_to_go(void **state)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    int fd;

    (void)state;
    fixture.options.idle_ms = 100;
    begin();
    fd = dial();
    send(fd, preface, sizeof(preface) - 1, MSG_NOSIGNAL);
    hear(fd);
    /* SETTINGS come first; a GOAWAY (type 7) is among what follows. */
    assert_true(fixture.reply_size > 9 + 8);
    assert_int_equal(fixture.reply[3], 4);
    assert_non_null(memmem(fixture.reply, fixture.reply_size, "\0\0\10\7\0", 5));
}

/* ---- TLS ---- */

static void use_tls(const char *name)
{
    char file[80];

    snprintf(file, sizeof(file), "%s.crt", name);
    fixture.options.certificate_file = certificates_path(folder, file);
    snprintf(file, sizeof(file), "%s.key", name);
    fixture.options.key_file = certificates_path(folder, file);
}

#define CURLS "curl -s --max-time 20 --cacert %s "

static void chooses_the_protocol_by_alpn(void **state)
{
    const char *authority = certificates_path(folder, "ca.crt");

    (void)state;
    use_tls("leaf");
    begin();
    assert_string_equal(
        command(CURLS "-w ' %%{http_version}' https://127.0.0.1:%d/hello", authority, fixture.port),
        "hello 2");
    assert_string_equal(command(CURLS "--http1.1 -w ' %%{http_version}' https://127.0.0.1:%d/hello",
                                authority, fixture.port),
                        "hello 1.1");
    assert_string_equal(command(CURLS "--no-alpn -w ' %%{http_version}' https://127.0.0.1:%d/hello",
                                authority, fixture.port),
                        "hello 1.1");
}

static void large_answers_and_bodies_pass_through_tls(void **state)
{
    const char *authority = certificates_path(folder, "ca.crt");
    const char *const versions[] = { "--http1.1", "--http2" };
    unsigned i;

    (void)state;
    use_tls("leaf");
    begin();
    for (i = 0; i < 2; i++)
        assert_string_equal(
            command("head -c 5000000 /dev/urandom >/tmp/http2_test.$$; " CURLS
                    "%s --data-binary @/tmp/http2_test.$$ https://127.0.0.1:%d/large | "
                    "cmp - /tmp/http2_test.$$ && echo same; rm -f /tmp/http2_test.$$",
                    authority, versions[i], fixture.port),
            "same\n");
}

static void refuses_old_versions_of_tls(void **state)
{
    (void)state;
    use_tls("leaf");
    begin();
    assert_false(has(command("openssl s_client -tls1_1 -cipher DEFAULT@SECLEVEL=0 -connect "
                             "127.0.0.1:%d </dev/null 2>&1",
                             fixture.port),
                     "Cipher is ECDHE"));
    assert_true(
        has(command("openssl s_client -tls1_2 -connect 127.0.0.1:%d </dev/null 2>&1", fixture.port),
            "Cipher is ECDHE"));
}

static void what_is_no_tls_is_cut_off(void **state)
{
    (void)state;
    use_tls("leaf");
    begin();
    assert_false(has(answer_to("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"), "hello"));
    assert_int_equal(fixture.requests, 0);
}

static void serves_with_files_that_were_replaced(void **state)
{
    const char *authority = certificates_path(folder, "ca.crt");
    unsigned tries;
    bool is_new = false;

    (void)state;
    certificates_copy(folder, "leaf.crt", "used.crt", 0);
    certificates_copy(folder, "leaf.key", "used.key", 0);
    use_tls("used");
    begin();
    certificates_copy(folder, "other.key", "used.key", 0);
    usleep(1200000); /* a pair that does not fit: the last good one serves on */
    assert_string_equal(command(CURLS "https://127.0.0.1:%d/hello", authority, fixture.port),
                        "hello");
    certificates_copy(folder, "other.crt", "used.crt", 0);
    for (tries = 0; tries < 100 && !is_new; tries++) {
        usleep(100000);
        is_new = has(command("openssl s_client -connect 127.0.0.1:%d </dev/null 2>/dev/null | "
                             "openssl x509 -noout -ext subjectAltName",
                             fixture.port),
                     "other.example");
    }
    assert_true(is_new);
}

static int make_certificates(void **state)
{
    (void)state;
    certificates_open(folder);
    return certificates_authority(folder, "ca")
                   && certificates_leaf(folder, "ca", "leaf", "IP:127.0.0.1", 10)
                   && certificates_leaf(folder, "ca", "other", "IP:127.0.0.1,DNS:other.example", 10)
               ? 0
               : -1;
}

static int remove_certificates(void **state)
{
    (void)state;
    certificates_remove(folder);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_over_prior_knowledge),
        TEST(echoes_a_large_body),
        TEST(refuses_a_body_over_the_limit),
        TEST(answers_on_the_head_without_reading_the_body),
        TEST(many_streams_share_a_connection),
        TEST(holds_a_stream_whose_client_does_not_read),
        TEST(tells_a_handler_that_its_client_has_gone),
        TEST(an_answer_that_breaks_off_is_an_error),
        TEST(a_drain_lets_running_streams_end),
        TEST(a_flood_of_resets_ends_the_connection),
        TEST(an_idle_connection_is_told_to_go),
        TEST(chooses_the_protocol_by_alpn),
        TEST(large_answers_and_bodies_pass_through_tls),
        TEST(refuses_old_versions_of_tls),
        TEST(what_is_no_tls_is_cut_off),
        TEST(serves_with_files_that_were_replaced),
    };

    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
