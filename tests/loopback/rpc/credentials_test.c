#include "client_fixture.h"

#include "certificates.h"
#include "rpc/credentials.h"

#define SERVER_NAMES "IP:127.0.0.1,DNS:deid,URI:spiffe://consilium/deid"
#define WATCH_MS 20

/* What the server's handler saw of its caller. */
static char peer_spiffe_id[128], peer_name[128];

static void start_encode(struct call *call)
{
    Consilium__V1__EncodeReply reply = CONSILIUM__V1__ENCODE_REPLY__INIT;

    snprintf(peer_spiffe_id, sizeof(peer_spiffe_id), "%s",
             call->peer.spiffe_id == NULL ? "" : call->peer.spiffe_id);
    snprintf(peer_name, sizeof(peer_name), "%s", call->peer.name == NULL ? "" : call->peer.name);
    call_reply(call, &reply);
}

static const struct server_method methods[] = {
    { .method = &method_tokenizer_encode, .place = METHOD_PLACE_LOOP, .start = start_encode },
    { 0 },
};

static struct fixture fixture; /* its own server and channel are plaintext */
static char folder[64];
static struct credentials *server_credentials, *client_credentials;
static struct server *server;
static struct channel *plain;
static char target[64];

static struct credentials *credentials_of(const char *name, const char *authority)
{
    char certificate[32], key[32], ca[32];
    struct error err = { 0 };
    struct credentials *credentials;
    struct credentials_options options = { .watch_ms = WATCH_MS };

    if (name != NULL) {
        snprintf(certificate, sizeof(certificate), "%s.crt", name);
        snprintf(key, sizeof(key), "%s.key", name);
        options.certificate_file = certificates_path(folder, certificate);
        options.key_file = certificates_path(folder, key);
    }
    if (authority != NULL) {
        snprintf(ca, sizeof(ca), "%s.crt", authority);
        options.authority_file = certificates_path(folder, ca);
    }
    credentials = credentials_create(&fixture.loop, &options, &err);
    if (credentials == NULL)
        fail_msg("%s", err.text);
    return credentials;
}

static bool use(const char *from, const char *to)
{
    char a[32], b[32], c[32], d[32];

    snprintf(a, sizeof(a), "%s.crt", from);
    snprintf(b, sizeof(b), "%s.crt", to);
    snprintf(c, sizeof(c), "%s.key", from);
    snprintf(d, sizeof(d), "%s.key", to);
    return certificates_copy(folder, a, b, 0) && certificates_copy(folder, c, d, 0);
}

static int make_certificates(void **state)
{
    (void)state;
    certificates_open(folder);
    return certificates_authority(folder, "ca") && certificates_authority(folder, "foreign")
                   && certificates_leaf(folder, "ca", "one", SERVER_NAMES, 1)
                   && certificates_leaf(folder, "ca", "two", "IP:127.0.0.1,DNS:two", 1)
                   && certificates_leaf(folder, "ca", "gateway",
                                        "DNS:gateway,URI:spiffe://consilium/gateway", 1)
                   && certificates_leaf(folder, "ca", "console", "DNS:console", 1)
                   && certificates_leaf(folder, "foreign", "stranger", "IP:127.0.0.1,DNS:gateway",
                                        1)
               ? 0
               : -1;
}

static int remove_certificates(void **state)
{
    (void)state;
    certificates_remove(folder);
    return 0;
}

/* A server that wants certificates of "ca". */
static int open_fixture(void **state)
{
    (void)state;
    if (!use("one", "server") || !use("gateway", "client"))
        return -1;
    fixture_open(&fixture, methods);
    server_credentials = credentials_of("server", "ca");
    server = fixture_server(&fixture, "127.0.0.1:0", methods, &fixture, server_credentials);
    snprintf(target, sizeof(target), "127.0.0.1:%d", server_port(server, 0));
    plain = fixture.channel;
    client_credentials = NULL;
    fixture.channel = NULL;
    return 0;
}

static void connect_as(const char *name, const char *authority, const char *expected_name)
{
    if (fixture.channel != NULL)
        channel_destroy(fixture.channel);
    if (client_credentials != NULL)
        credentials_destroy(client_credentials);
    client_credentials = credentials_of(name, authority);
    fixture.channel = fixture_channel(&fixture, target, client_credentials, expected_name);
}

static int close_fixture(void **state)
{
    (void)state;
    if (fixture.channel != NULL)
        channel_destroy(fixture.channel);
    fixture.channel = plain;
    fixture.second = server;
    fixture_stop_server(&fixture, server);
    fixture.second = NULL;
    if (client_credentials != NULL)
        credentials_destroy(client_credentials);
    credentials_destroy(server_credentials);
    fixture_close(&fixture);
    return 0;
}

static struct outcome call_once(void)
{
    struct rpc_options options = fixture_options(10000);

    options.attempts_max = 1;
    peer_name[0] = peer_spiffe_id[0] = '\0';
    return outcome_of(&fixture, &method_tokenizer_encode, "x", &options);
}

static void mutual_tls_carries_calls_and_says_who_calls(void **state)
{
    (void)state;
    connect_as("client", "ca", NULL);
    assert_int_equal(call_once().err.status, STATUS_OK);
    assert_string_equal(peer_spiffe_id, "spiffe://consilium/gateway");
    assert_string_equal(peer_name, "gateway");
}

static void the_name_to_expect_may_be_given(void **state)
{
    (void)state;
    connect_as("client", "ca", "deid");
    assert_int_equal(call_once().err.status, STATUS_OK);
    connect_as("client", "ca", "tokenizer");
    assert_int_equal(call_once().err.status, STATUS_UNAVAILABLE);
}

static void a_caller_without_a_certificate_is_refused(void **state)
{
    (void)state;
    connect_as(NULL, "ca", NULL);
    assert_int_equal(call_once().err.status, STATUS_UNAVAILABLE);
}

static void a_caller_of_a_foreign_authority_is_refused(void **state)
{
    (void)state;
    connect_as("stranger", "ca", NULL);
    assert_int_equal(call_once().err.status, STATUS_UNAVAILABLE);
    assert_string_equal(peer_name, "");
}

static void a_server_of_a_foreign_authority_is_refused(void **state)
{
    (void)state;
    connect_as("client", "foreign", NULL);
    assert_int_equal(call_once().err.status, STATUS_UNAVAILABLE);
}

/* Until the server's certificate is for @name: a new connection each time, for old ones keep what
 * they have. */
static bool comes_to_be(const char *name)
{
    unsigned i;

    for (i = 0; i < 200; i++) {
        connect_as("client", "ca", name);
        if (call_once().err.status == STATUS_OK)
            return true;
        fixture_pause(&fixture, WATCH_MS);
    }
    return false;
}

static void a_server_serves_with_replaced_certificates(void **state)
{
    (void)state;
    connect_as("client", "ca", "deid");
    assert_int_equal(call_once().err.status, STATUS_OK);
    use("two", "server");
    assert_true(comes_to_be("two"));
    connect_as("client", "ca", "deid");
    assert_int_equal(call_once().err.status, STATUS_UNAVAILABLE);
    use("one", "server");
    assert_true(comes_to_be("deid"));
}

static void a_client_calls_with_replaced_certificates(void **state)
{
    unsigned i;

    (void)state;
    connect_as("client", "ca", NULL);
    assert_int_equal(call_once().err.status, STATUS_OK);
    use("console", "client");
    /* The same channel goes on. */
    for (i = 0; i < 200 && strcmp(peer_name, "console") != 0; i++) {
        fixture_pause(&fixture, WATCH_MS);
        assert_int_equal(call_once().err.status, STATUS_OK);
    }
    assert_string_equal(peer_name, "console");
}

static void a_pair_that_does_not_fit_leaves_the_last_good_one(void **state)
{
    (void)state;
    connect_as("client", "ca", "deid");
    assert_int_equal(call_once().err.status, STATUS_OK);
    certificates_copy(folder, "two.crt", "server.crt", 0);
    fixture_pause(&fixture, 5 * WATCH_MS);
    connect_as("client", "ca", "deid");
    assert_int_equal(call_once().err.status, STATUS_OK);
    certificates_copy(folder, "two.key", "server.key", 100);
    fixture_pause(&fixture, 5 * WATCH_MS);
    connect_as("client", "ca", "deid");
    assert_int_equal(call_once().err.status, STATUS_OK);
    /* The rest of the new pair comes, and it is used. */
    use("two", "server");
    assert_true(comes_to_be("two"));
}

static void files_that_go_away_leave_the_last_good_pair(void **state)
{
    (void)state;
    remove(certificates_path(folder, "server.key"));
    fixture_pause(&fixture, 5 * WATCH_MS);
    connect_as("client", "ca", "deid");
    assert_int_equal(call_once().err.status, STATUS_OK);
}

static void bad_files_at_the_start_are_refused(void **state)
{
    struct credentials_options options = { .certificate_file = certificates_path(folder, "one.crt"),
                                           .key_file = certificates_path(folder, "two.key") };
    struct error err = { 0 };

    (void)state;
    assert_null(credentials_create(&fixture.loop, &options, &err));
    assert_int_equal(err.status, STATUS_FAILED_PRECONDITION);
    options.key_file = certificates_path(folder, "nowhere.key");
    assert_null(credentials_create(&fixture.loop, &options, &err));
    assert_int_equal(err.status, STATUS_FAILED_PRECONDITION);
}

static void a_plaintext_caller_of_a_tls_server_is_refused(void **state)
{
    (void)state;
    fixture.channel = fixture_channel(&fixture, target, NULL, NULL);
    assert_int_equal(call_once().err.status, STATUS_UNAVAILABLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mutual_tls_carries_calls_and_says_who_calls),
        TEST(the_name_to_expect_may_be_given),
        TEST(a_caller_without_a_certificate_is_refused),
        TEST(a_caller_of_a_foreign_authority_is_refused),
        TEST(a_server_of_a_foreign_authority_is_refused),
        TEST(a_server_serves_with_replaced_certificates),
        TEST(a_client_calls_with_replaced_certificates),
        TEST(a_pair_that_does_not_fit_leaves_the_last_good_one),
        TEST(files_that_go_away_leave_the_last_good_pair),
        TEST(bad_files_at_the_start_are_refused),
        TEST(a_plaintext_caller_of_a_tls_server_is_refused),
    };

    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
