#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fetch/fetch.h"

static void takes_https_and_http_of_this_machine_alone(void **state)
{
    static const struct {
        const char *url;
        bool is_taken;
    } rows[] = {
        { "https://ehr.example/fhir", true },
        { "https://ehr.example:8443/a?b=c", true },
        { "http://127.0.0.1:8080/jwks.json", true },
        { "http://localhost/jwks.json", true },
        { "http://[::1]:9/x", true },
        { "http://ehr.example/fhir", false },
        { "http://127.0.0.1.evil.example/", false },
        { "http://127.0.0.1@evil.example/", false },
        { "https://user:secret@ehr.example/", false },
        { "https://user@ehr.example/", false },
        { "http://0.0.0.0/", false },
        { "http://169.254.169.254/latest/meta-data", false },
        { "file:///etc/passwd", false },
        { "gopher://127.0.0.1/", false },
        { "ftp://localhost/", false },
        { "ehr.example/fhir", false },
        { "//ehr.example/fhir", false },
        { "https://", false },
        { "https://ehr.example:99999/", false },
        { "https://ehr example/", false },
        { "", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (fetch_takes(rows[i].url) != rows[i].is_taken)
            fail_msg("%s", rows[i].url);
}

static void an_address_can_be_only_so_long(void **state)
{
    static char url[8192];

    (void)state;
    memset(url, 'a', sizeof(url) - 1);
    memcpy(url, "https://ehr.example/", 20);
    assert_false(fetch_takes(url));
    url[4000] = '\0';
    assert_true(fetch_takes(url));
}

static void an_origin_is_scheme_host_and_port(void **state)
{
    (void)state;
    assert_true(fetch_is_same_origin("https://a.example/x", "https://A.example:443/y?z"));
    assert_false(fetch_is_same_origin("https://a.example/", "http://a.example/"));
    assert_false(fetch_is_same_origin("https://a.example/", "https://a.example:444/"));
    assert_false(fetch_is_same_origin("https://a.example/", "https://a.example.evil/"));
    assert_false(fetch_is_same_origin("https://a.example/", "https://a.example@evil.example/"));
    assert_false(fetch_is_same_origin("https://a.example/", "https://u@a.example/"));
    assert_false(fetch_is_same_origin("https://a.example/", ""));
}

static void relative_addresses_are_resolved(void **state)
{
    static const char *const rows[][2] = {
        { "https://b.example/n", "https://b.example/n" },
        { "?page=2", "https://a.example/fhir/Patient/1/$everything?page=2" },
        { "/next", "https://a.example/next" },
        { "//evil.example/x", "https://evil.example/x" },
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(fetch_resolve("https://a.example/fhir/Patient/1/$everything",
                                          slice_from(rows[i][0]), &arena),
                            rows[i][1]);
    assert_null(fetch_resolve("nonsense", SLICE("/x"), &arena));
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_https_and_http_of_this_machine_alone),
        cmocka_unit_test(an_address_can_be_only_so_long),
        cmocka_unit_test(an_origin_is_scheme_host_and_port),
        cmocka_unit_test(relative_addresses_are_resolved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
